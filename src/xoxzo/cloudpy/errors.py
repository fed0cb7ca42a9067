"""Every error that this library raises, in one tree.

::

    XoxzoError
    ├── ConfigurationError           no credentials, bad base URL, http:// to a host that is not this machine
    ├── InvalidArgument(ValueError)  refused before any network; names the field and the rule
    ├── APIError                     a request was made, or tried
    │   ├── StatusError              the server answered with something other than success
    │   │   ├── BadRequest           400
    │   │   ├── AuthenticationFailed 401
    │   │   ├── NotEnoughCredits     403, for want of money
    │   │   ├── PermissionDenied     403, for another reason
    │   │   ├── NotFound             404
    │   │   ├── RateLimited          429
    │   │   └── ServerError          5xx
    │   ├── ConnectionFailed         no connection: surely not sent
    │   ├── ResponseLost             the request left, no answer came: may be sent
    │   ├── TimedOut                 time ran out; ``phase`` says where
    │   └── UnexpectedResponse       a success that cannot be read: may be sent
    ├── CallbackRejected             a callback with a bad token, expired or malformed
    └── CodedError                   consists of a code and fields; the sentence is made from them
        ├── CampaignError            a campaign cannot go on
        └── SimulatorError           the simulator cannot do what was asked

All are plain data and survive pickle. ``str(error)`` names the operation, the status, the request id and the first
field error, and never a phone number, a text or a secret.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from xoxzo.cloudpy.masking import mask_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Phase = Literal["connect", "pool", "write", "read", "deadline"]


def _restore(cls: type[XoxzoError], args: tuple[Any, ...], state: dict[str, Any]) -> XoxzoError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class XoxzoError(Exception):
    """The root: ``except XoxzoError`` catches everything that this library raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are pickled as cls(*args), which breaks with the keyword-only constructors below.
        return _restore, (type(self), self.args, self.__dict__)


class ConfigurationError(XoxzoError):
    """The client cannot work as it was set up: no credentials, a bad base URL, a closed client."""


class InvalidArgument(XoxzoError, ValueError):
    """An argument was refused before any network was touched, so nothing was sent and nothing was charged.

    Attributes:
        field: the parameter's name, as in the call.
        reason: the rule that it breaks, without the value itself.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class APIError(XoxzoError):
    """A request was made, or tried, and did not end well.

    Attributes:
        operation: what was asked, for instance ``sms.send``.
        request_id: made by us for each call and sent as ``X-Request-Id``; it stands in our log lines too.
        attempts: how many times the request was tried.
        maybe_sent: whether the request may have had its effect: a message may be on its way, a phone may ring, a
            number may be subscribed. ``False`` is a promise that it had none; reads are always ``False``.
        reference: the ``reference`` given with a send, to look it up by; ``None`` when there was none.
        reason: what went wrong, in words that may be shown.
    """

    operation: str
    request_id: str
    attempts: int
    maybe_sent: bool
    reference: str | None
    reason: str

    def __init__(
        self,
        reason: str,
        *,
        operation: str,
        request_id: str = "",
        attempts: int = 1,
        maybe_sent: bool = False,
        reference: str | None = None,
    ) -> None:
        self.operation = operation
        self.request_id = request_id
        self.attempts = attempts
        self.maybe_sent = maybe_sent
        self.reference = reference
        self.reason = mask_words(reason)
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        tries = f", {self.attempts} attempts" if self.attempts > 1 else ""
        doubt = " It may have been carried out all the same." if self.maybe_sent else ""
        return f"{self.operation}: {self.reason} (request {self.request_id or '-'}{tries}).{doubt}"


class StatusError(APIError):
    """The server answered with a status other than success.

    Attributes:
        status: the HTTP status.
        field_errors: the server's objections by field, ``non_field_errors`` included (API section 1.5). They are the
            server's own words and may repeat what was sent.
        detail: the server's ``detail`` sentence, or ``None``.
        retry_after: seconds to wait that the server asked for, or ``None``.
    """

    def __init__(
        self,
        status: int,
        *,
        operation: str,
        field_errors: Mapping[str, Sequence[str]] | None = None,
        detail: str | None = None,
        retry_after: float | None = None,
        request_id: str = "",
        attempts: int = 1,
        maybe_sent: bool = False,
        reference: str | None = None,
    ) -> None:
        self.status = status
        self.field_errors = {field: tuple(words) for field, words in (field_errors or {}).items()}
        self.detail = detail
        self.retry_after = retry_after
        super().__init__(
            f"status {status}{self._objection()}",
            operation=operation,
            request_id=request_id,
            attempts=attempts,
            maybe_sent=maybe_sent,
            reference=reference,
        )

    def _objection(self) -> str:
        for field, words in self.field_errors.items():
            if words:
                return f", {field}: {words[0]}"
        return f", {self.detail}" if self.detail else ""


class BadRequest(StatusError):
    """400: the server refused a value; ``field_errors`` says which."""


class AuthenticationFailed(StatusError):
    """401: the SID or the token is wrong."""


class NotEnoughCredits(StatusError):
    """403: the account's balance is too low for the request."""

    @property
    def required(self) -> Decimal | None:
        """The credits that the request needs, where the server said so (API section 1.5)."""
        for words in self.field_errors.get("non_field_errors", ()):
            _, found, amount = words.partition("required:")
            if found and amount.strip().replace(".", "", 1).isdecimal():
                return Decimal(amount.strip())
        return None


class PermissionDenied(StatusError):
    """403 for a reason other than money."""


class NotFound(StatusError):
    """404: nothing there has this id."""


class RateLimited(StatusError):
    """429: too many requests; ``retry_after`` says how long to wait. The request was not carried out."""


class ServerError(StatusError):
    """5xx: the server failed, perhaps after it had done the work."""


class ConnectionFailed(APIError):
    """No connection could be made (name, network, TLS, proxy): the request surely did not leave."""


class ResponseLost(APIError):
    """The request left and the connection broke before the whole answer came."""


class TimedOut(APIError):
    """Time ran out.

    Attributes:
        phase: where: ``connect``, ``pool`` (no free connection), ``write``, ``read`` or ``deadline`` (the limit over
            everything, waits between attempts included).
    """

    phase: Phase

    def __init__(
        self,
        phase: Phase,
        *,
        operation: str,
        request_id: str = "",
        attempts: int = 1,
        maybe_sent: bool = False,
        reference: str | None = None,
    ) -> None:
        self.phase = phase
        super().__init__(
            _OUT_OF_TIME[phase],
            operation=operation,
            request_id=request_id,
            attempts=attempts,
            maybe_sent=maybe_sent,
            reference=reference,
        )


_OUT_OF_TIME: dict[Phase, str] = {
    "connect": "no connection in time",
    "pool": "no free connection in time",
    "write": "the request could not be written in time",
    "read": "the request left, no answer came in time",
    "deadline": "the deadline passed",
}


class UnexpectedResponse(APIError):
    """The server reported success with a body that cannot be read."""


class CallbackRejected(XoxzoError):
    """A callback was not believed: its token is bad or expired, or it is malformed.

    Attributes:
        reason: why, without a number, a text or a token.
        status: the HTTP status to answer with. Xoxzo tries again after everything but 200 (API section 10).
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class CodedError(XoxzoError):
    """An error that consists of a code and fields. Its sentence is made from them last, in the reader's language.

    Args:
        code: what is wrong, for programs, for instance ``unknown_status``.
        template: the English sentence, with the names of the fields in braces.
        fields: the values that fill the template, by name; only what JSON can hold.
        more: further fields.
    """

    def __init__(
        self, code: str, template: str = "", fields: Mapping[str, object] | None = None, /, **more: object
    ) -> None:
        super().__init__(code, template, {**(fields or {}), **more})

    @property
    def code(self) -> str:
        """What is wrong, for programs: they decide by it, never by the sentence."""
        return str(self.args[0])

    @property
    def template(self) -> str:
        """The English sentence, with the names of the fields in braces: the key of its translations."""
        return str(self.args[1])

    @property
    def fields(self) -> dict[str, object]:
        """The values that fill the template, by name."""
        return dict(self.args[2])

    def __str__(self) -> str:
        return self.template.format_map(self.fields) if self.template else self.code


class CampaignError(CodedError):
    """A campaign cannot go on."""


class SimulatorError(CodedError):
    """The simulator was asked for something that it cannot do."""


def status_error(status: int, field_errors: Mapping[str, Sequence[str]]) -> type[StatusError]:
    """Return the class for an HTTP status; 403 depends on what the server says (API sections 1.5 and 14.5)."""
    if status == 403:
        words = field_errors.get("non_field_errors", ())
        poor = any(line.startswith("Not enough credits") for line in words)
        return NotEnoughCredits if poor else PermissionDenied
    if status >= 500:
        return ServerError
    return _BY_STATUS.get(status, StatusError)


_BY_STATUS: dict[int, type[StatusError]] = {
    400: BadRequest,
    401: AuthenticationFailed,
    404: NotFound,
    429: RateLimited,
}
