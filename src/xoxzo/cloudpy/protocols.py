"""Define the values and protocols between the client, its transports and its hooks.

A transport carries one HTTP request and reports, in :class:`Progress`, whether it may have reached the server. It does
not retry, follow redirects or interpret the response. You can write one and pass it as ``Client(transport=…)``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol, TypedDict

import msgspec

Phase = Literal["connect", "pool", "write", "read", "deadline"]
"""The time limits, one of which a :class:`TransportFailure` may name."""


class Request(msgspec.Struct, frozen=True):
    """One HTTP request."""

    method: str
    """The HTTP method."""
    url: str
    """The absolute URL, percent-encoded."""
    headers: tuple[tuple[str, str], ...]
    """Names in lower case with their values, without ``host`` and ``content-length``, which the transport adds."""
    body: bytes = b""
    """The encoded body; empty for none."""

    def __repr__(self) -> str:
        # Headers contain the token, the body contains numbers and texts.
        return f"Request({self.method} {self.url})"


class TimeBudget(msgspec.Struct):
    """The time limits of one attempt, in seconds."""

    connect: float
    """For making a connection, TLS included."""
    read: float
    """For each wait for data."""
    expires_at: float
    """The time on the clock at which the whole call ends, whatever the server does."""
    clock: Callable[[], float] = time.monotonic
    """Returns monotonic seconds."""

    def remaining(self) -> float:
        """Return the seconds until ``expires_at``; 0 if it has passed."""
        return max(0.0, self.expires_at - self.clock())

    def next_wait(self) -> float:
        """Return how many seconds the next wait for bytes may take; raise ``TransportFailure`` when no time is left."""
        remaining = self.remaining()
        if not remaining:
            raise TransportFailure("the deadline passed", timeout="deadline")
        return min(self.read, remaining)


class Progress(msgspec.Struct):
    """The progress of a request. The transport sets it, the flow reads it."""

    may_write: Callable[[], bool] | None = None
    """Returns whether the request may still be written, or ``None`` when it always may."""
    write_started: bool = False
    """Whether any byte of the request may have reached the server. Set before the first one is written."""

    def start_write(self) -> None:
        """Set ``write_started``, right before the first byte is written; raise ``TransportFailure`` if it is too late.

        A request may wait in a transport, and a process may be stopped: no check before is worth as much.
        """
        if self.may_write is not None and not self.may_write():
            raise TransportFailure("it was too late to send the request", timeout="deadline")
        self.write_started = True


class TransportFailure(Exception):
    """A request got no complete response.

    Attributes:
        timeout: which time limit was reached; ``None`` for another failure.
        reason: what happened, without a number, a text or a secret.
        code: what programs compare: ``connection_refused``, ``name_not_found``, ``network_unreachable``,
            ``certificate_not_trusted``, ``proxy_refused``, ``connection_failed`` (no connection for another reason),
            ``timeout``, or ``connection_broke`` for what happens after a connection was made.
        proxy: what named the proxy that the connection was tried through, for instance ``HTTPS_PROXY``; else empty.
    """

    def __init__(
        self, reason: str, *, timeout: Phase | None = None, code: str = "connection_broke", proxy: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.timeout = timeout
        self.code = "timeout" if timeout is not None else code
        self.proxy = proxy


class ResponseHead(Protocol):
    """The status and headers of a response."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields, names in lower case."""


class StreamedResponse(ResponseHead, Protocol):
    """A response whose head has arrived and whose body has not been read."""

    def read(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise :class:`TransportFailure` if it breaks off."""

    def close(self) -> None:
        """Release the connection, or close it if the body was not read to its end."""


class Transport(Protocol):
    """Carries requests. Threads may share one. It may have ``fetch``, too, as :class:`AsyncTransport` says."""

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> StreamedResponse:
        """Send one request and return its response; raise :class:`TransportFailure` if none came."""

    def close(self) -> None:
        """Close every connection. Closing twice does nothing."""


class AsyncStreamedResponse(ResponseHead, Protocol):
    """The asynchronous :class:`StreamedResponse`."""

    async def read(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise :class:`TransportFailure` if it breaks off."""

    async def close(self) -> None:
        """Release the connection, or close it if the body was not read to its end."""


class CompleteResponse:
    """A :class:`StreamedResponse` whose body is there, for transports without a network.

    Args:
        status: the HTTP status.
        headers: the header fields, names in lower case.
        body: the body.
        failure: raised after the body.
    """

    def __init__(
        self, status: int, headers: Mapping[str, str], body: bytes, failure: TransportFailure | None = None
    ) -> None:
        self.status = status
        self.headers = headers
        self._body = body
        self._failure = failure

    def read(self, budget: TimeBudget) -> bytes:  # noqa: ARG002 - no waits
        """Return the body, then ``b""``, or raise the failure."""
        body, self._body = self._body, b""
        if not body and self._failure is not None:
            raise self._failure
        return body

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


class AsyncCompleteResponse(CompleteResponse):
    """The asynchronous :class:`CompleteResponse`, with the same arguments."""

    async def read(self, budget: TimeBudget) -> bytes:  # type: ignore[override]
        """Return the body, then ``b""``, or raise the failure."""
        return super().read(budget)

    async def close(self) -> None:  # type: ignore[override]
        """Do nothing: there is nothing to close."""


class AsyncTransport(Protocol):
    """The asynchronous :class:`Transport`. The caller enforces the deadline; it need not check ``expires_at``.

    A transport that does check ``expires_at`` may have a method ``fetch`` as well. It has the arguments of ``send`` and
    a limit, the most bytes to read of the body, and returns a :class:`Response` with its body; with ``cut`` set where
    that breaks off. The client then uses it for every response that is not streamed.
    """

    async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncStreamedResponse:
        """Send one request and return its response; raise :class:`TransportFailure` if none came."""

    async def close(self) -> None:
        """Close every connection. Closing twice does nothing."""


class Response(msgspec.Struct, frozen=True):
    """A response."""

    status: int
    """The HTTP status."""
    headers: Mapping[str, str]
    """The header fields, names in lower case."""
    body: bytes = b""
    """The body, as far as it was read."""
    cut: TransportFailure | None = None
    """Why the body is incomplete; ``None`` if it is complete."""
    too_long: bool = False
    """Whether reading stopped because the body was longer than a record may be."""
    reply: StreamedResponse | AsyncStreamedResponse | None = None
    """The open response if its body is streamed."""


class CallbackUrls(Protocol):
    """Makes the URLs that Xoxzo calls, for ``callbacks=``; ``xoxzo.cloudpy.callbacks.Callbacks`` is one."""

    def url(self, purpose: str, reference: str | None = None, /) -> str:
        """Return an absolute URL.

        Args:
            purpose: ``delivery-report``, ``call-ended``, ``link-clicked``, ``incoming-call`` or ``incoming-sms``.
            reference: the reference that the URL is bound to.
        """


class SendOptions(TypedDict, total=False):
    """Options of every send, each by its name as a keyword; by default none is set."""

    callback_url: str | None
    """The URL of the delivery report, or of the report that a call has ended (API section 10)."""
    callbacks: CallbackUrls | None
    """Makes that URL instead, and the one of the first click with ``track_link``, bound to ``reference``: a
    ``Callbacks`` of yours."""
    reference: str | None
    """Your own key for this send, or ``"auto"`` for a unique one made here. It travels as a tag, so that
    ``client.sms.find`` and ``client.sms.settle`` can look it up when a response was lost. The result and the error
    have it, too. No comma, no blanks around it."""
    tags: Sequence[str]
    """More tags, without commas (API section 2.1). That a conference takes tags is not documented."""
    extra: Mapping[str, str] | None
    """Parameters that this library does not know yet, by their names in the API, with text as their values. A name that
    it does know is refused."""


class SmsOptions(SendOptions, total=False):
    """Options of every SMS (API section 2.1)."""

    track_link: bool
    """Replace the first link in the text by a short one that reports its first click. Costs extra (API section 2.5)."""
    lt_callback_url: str | None
    """The URL that is called at the first click; needs ``track_link``."""
    jp_kp: bool
    """Use the K-premium route to Japan; needs ``jp_kp_sender``."""
    jp_kpl: bool
    """Use K-premium Lite; excludes ``jp_kp``, needs ``jp_kp_sender``."""
    jp_kp_sender: str | None
    """The sender registered for K-premium, digits."""


class SmsFields(SmsOptions, total=False):
    """Parameters of one SMS, as ``client.sms.send_many`` takes them for all messages."""

    recipient: str
    """As for ``client.sms.send``, and so are the others."""
    sender: str
    """Who it comes from."""
    message: str
    """The text."""


class AttemptStart(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that is about to be made, for a :class:`StartHook`. It contains no number and no text."""

    operation: str
    """For instance ``sms.send``."""
    request_id: str
    """The same for every attempt of one call."""
    number: int
    """1 for the first attempt."""
    method: str = ""
    """The HTTP method."""
    url: str = ""
    """The URL without its query, phone numbers in its path left out."""
    reference: str | None = None
    """The reference of a send."""


class Attempt(AttemptStart, frozen=True, kw_only=True):
    """The result of one attempt, for ``on_event`` and the log. It contains no number and no text."""

    outcome: str
    """``ok``, the name of an error class, or ``cancelled``."""
    status: int | None = None
    """The HTTP status; ``None`` if no response came."""
    seconds: float = 0.0
    """The duration of the attempt."""
    retry_in: float | None = None
    """Seconds until the next attempt; ``None`` if there is none."""
    maybe_sent: bool = False
    """Whether the request may have had its effect, in this attempt or an earlier one."""


class EventHook(Protocol):
    """A function for ``on_event``: called after each attempt, in the thread or event loop that made it.

    Its errors are logged. A hook that has a method ``before_attempt`` is a :class:`StartHook`, too.
    """

    def __call__(self, event: Attempt, /) -> None:
        """Take one event."""


class StartHook(Protocol):
    """An event hook that is also called before each attempt, after all waits.

    Its errors are logged, and the attempt is made. Each call of ``before_attempt`` is followed by one event with the
    same ``request_id`` and ``number``, whatever happens to the attempt.
    """

    def before_attempt(self, start: AttemptStart, /) -> Mapping[str, str] | None:
        """Return header fields to add to this attempt, for instance ``traceparent``, or ``None``."""
