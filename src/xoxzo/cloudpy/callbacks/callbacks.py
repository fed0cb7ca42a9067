"""Make callback URLs with a signed token, and receive what is posted to them (API sections 10 and 11).

Xoxzo signs nothing itself. A token holds a purpose, a reference and an expiry, signed with HMAC-SHA256. It stands in
the path of the URL, because the documentation does not say how Xoxzo adds parameters to a query.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from xoxzo.cloudpy.callbacks.events import (
    CallEnded,
    DeliveryReport,
    Event,
    IncomingCall,
    IncomingSMS,
    LinkClicked,
    Purpose,
    parse_body,
    parse_event,
    parse_form,
)
from xoxzo.cloudpy.errors import APIError, CallbackRejected, ConfigurationError, InvalidArgument, NotFound
from xoxzo.cloudpy.models import Call, CallStatus, Conference, Message
from xoxzo.cloudpy.operations import checks

if TYPE_CHECKING:
    from xoxzo.cloudpy.client.async_client import AsyncClient
    from xoxzo.cloudpy.client.client import Client

_Reported = DeliveryReport | LinkClicked | CallEnded

DAY_SECONDS = 86_400
MAX_REFERENCE_LENGTH = 255
MAX_TOKEN_LENGTH = 2048
"""Characters; a longer token is rejected before its signature is computed."""
# Decoding ignores the last two bits of a signature and foreign characters; only what `url` writes is accepted.
_TOKEN = re.compile(r"[\w.-]+\.[\w-]{42}[AEIMQUYcgkosw048]", re.ASCII)
_NOT_CONFIRMED = "the API does not confirm the callback"
_CONFIRMED_FIELDS = {
    Message: ("status", "cost", "tags"),
    Call: ("status", "cost", "duration"),
    Conference: ("cost", "duration"),
}
_SALT = b"xoxzo.cloudpy.callbacks"


class Callbacks:
    """Makes callback URLs that carry a signed token, and receives the requests that come to them.

    Xoxzo signs nothing (API section 10), so anyone who knows a plain callback URL can forge a callback. An event that
    `receive` returns came to a URL made here, for this purpose and this reference, before it expired. You configure the
    public URL, and forwarded headers are ignored, so it works behind any proxy.

    Safe to share between threads; it has no state.

    Args:
        secret: the key that signs the tokens, at least 16 random characters; or several keys, newest first. The first
            signs and all are accepted, so that a key can be replaced while callbacks are under way.
        public_url: the URL under which Xoxzo reaches the receiver, such as ``https://shop.example/xoxzo``.
        lifetime: seconds until the URL of a report expires. The default is 30 days, because a report may come when a
            phone is switched on again. URLs of incoming calls and SMS do not expire.
        max_body: the largest body that is accepted, in bytes.
        clock: returns seconds since 1970.

    Raises:
        ConfigurationError: a key is missing or too short, ``public_url`` is not a URL or has a query, or the extra
            ``callbacks`` is not installed.
    """

    def __init__(
        self,
        secret: str | bytes | Sequence[str | bytes],
        public_url: str,
        *,
        lifetime: float = 30 * DAY_SECONDS,
        max_body: int = 65_536,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.public_url = checks.url_before_token("public_url", public_url)
        try:
            from itsdangerous import BadData, URLSafeSerializer
        except ModuleNotFoundError:
            raise ConfigurationError('callbacks need an extra: pip install "xoxzo-cloudpy[callbacks]"') from None
        self._bad_data = BadData
        # itsdangerous signs with the last key.
        keys, signer = checks.signing_keys(secret)[::-1], {"key_derivation": "hmac", "digest_method": sha256}
        self._serializer = URLSafeSerializer(keys, salt=_SALT, signer_kwargs=signer)
        self.lifetime = lifetime
        self.max_body = max_body
        self._clock = clock

    def __repr__(self) -> str:
        return f"Callbacks(public_url={self.public_url!r})"

    def url(
        self, purpose: Purpose | str, reference: str | None = None, *, expires: datetime | timedelta | None = None
    ) -> str:
        """Return a URL to give to Xoxzo.

        Args:
            purpose: ``delivery-report``, ``call-ended``, ``link-clicked``, ``incoming-call`` or ``incoming-sms``.
            reference: your own key of the message or call, at most 255 characters; ``None`` for any.
            expires: when the URL expires: a time with a time zone, or a duration from now. By default ``lifetime``
                from now, and never for incoming calls and SMS, whose URL is stored with a number.

        Raises:
            InvalidArgument: the purpose is unknown, the reference is invalid, or the time has no time zone.
        """
        try:
            purpose = Purpose(purpose)
        except ValueError:
            raise InvalidArgument("purpose", "must be one of {names}", names=", ".join(Purpose)) from None
        reference = None if reference is None else checks.reference(reference)
        if reference is not None and len(reference) > MAX_REFERENCE_LENGTH:
            raise InvalidArgument(
                "reference",
                "must have at most {max_reference_length} characters to fit into a URL",
                max_reference_length=MAX_REFERENCE_LENGTH,
            )
        token = self._serializer.dumps([purpose.value, reference, self._expiry(purpose, expires)])
        return f"{self.public_url}/{purpose}/{token}"

    def _expiry(self, purpose: Purpose, expires: datetime | timedelta | None) -> int | None:
        if isinstance(expires, datetime):
            if expires.tzinfo is None:
                raise InvalidArgument("expires", "must have a time zone")
            return int(expires.astimezone(UTC).timestamp())
        if isinstance(expires, timedelta):
            return int(self._clock() + expires.total_seconds())
        return None if purpose.is_lasting else int(self._clock() + self.lifetime)

    def _verify(self, token: str) -> tuple[Purpose, str | None]:
        """Return the purpose and the reference of a token that is ours (else 403) and has not expired (else 410)."""
        if len(token) > MAX_TOKEN_LENGTH or not _TOKEN.fullmatch(token):
            raise CallbackRejected("the token has no valid signature", 403)
        try:
            purpose, reference, expires = self._serializer.loads(token)
        except self._bad_data:
            raise CallbackRejected("the token has no valid signature", 403) from None
        if expires is not None and self._clock() >= expires:
            raise CallbackRejected("the token has expired", 410)
        return Purpose(purpose), reference

    def receive(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, confirm: Client | None = None
    ) -> Event:
        """Verify and parse one callback.

        Answer 200 when it returns, and ``error.status`` when it raises: Xoxzo posts again after everything but 200.
        Answer an incoming call with the line of an action.

        Args:
            method: the HTTP method: GET for an incoming call, POST for everything else (API section 10).
            url: the requested URL, or its path with the query; only the last two parts of the path matter.
            headers: the request's headers. ``content-type`` says how the body is encoded; ``content-length``, where
                there is one, is compared with the body.
            body: the request's body; the first ``max_body`` + 1 bytes of a longer one are enough.
            confirm: a client that requests the message or call. It must exist and carry the reference among
                its tags, and the event gets the API's status and cost.

        Returns:
            The event; ``raw`` has every field that was posted.

        Raises:
            CallbackRejected: the token is invalid, the method is wrong, the body is incomplete, too large or not
                understood, or the API does not confirm it; ``reason`` and ``status`` say which.
        """
        event = self._parse(method, url, headers, body)
        # The API knows nothing about incoming calls and SMS.
        if confirm is None or isinstance(event, IncomingCall | IncomingSMS):
            return event
        with _rejecting():
            record = _request_record(event, confirm)
        return _confirmed(event, record)

    async def receive_async(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        confirm: AsyncClient | None = None,
    ) -> Event:
        """Verify and parse one callback as `receive` does, and confirm it with an asynchronous client."""
        event = self._parse(method, url, headers, body)
        if confirm is None or isinstance(event, IncomingCall | IncomingSMS):
            return event
        with _rejecting():
            record = await _request_record(event, confirm)
        return _confirmed(event, record)

    def _parse(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Event:
        path, _, query = url.partition("#")[0].partition("?")
        # Only the end of the path can be ours, so that a very long path costs nothing.
        *_, url_purpose, token = ["", "", *path.rstrip("/")[-MAX_TOKEN_LENGTH - 64 :].split("/")]
        purpose, reference = self._verify(token)
        if url_purpose != purpose:
            raise CallbackRejected("the token was made for another purpose", 403)
        expected_method = "GET" if purpose is Purpose.INCOMING_CALL else "POST"
        if method.upper() != expected_method:
            raise CallbackRejected(
                "a callback of this purpose comes by {expected_method}", 405, expected_method=expected_method
            )
        if len(body) > self.max_body:
            raise CallbackRejected("the body has more than {max_body} bytes", 413, max_body=self.max_body)
        if purpose is Purpose.INCOMING_CALL:
            # Lenient: a call has to be answered, whatever its query holds.
            return parse_event(purpose, reference, parse_form(query, errors="replace"))
        announced = _header(headers, "content-length")
        if announced.isascii() and announced.isdigit() and len(body) < int(announced[:18]):
            raise CallbackRejected("the body is shorter than its Content-Length", 400)
        return parse_event(purpose, reference, parse_body(_header(headers, "content-type"), body))


def _header(headers: Mapping[str, str], name: str) -> str:
    """Return a header, whatever the case of its name; ``""`` when it is missing."""
    if (value := headers.get(name)) is not None:
        return value
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _request_record(event: _Reported, client: Client | AsyncClient) -> Any:  # noqa: ANN401 - a record, or an awaitable of one
    """Request the record of an event's message, call or conference."""
    if isinstance(event, DeliveryReport | LinkClicked):
        return client.sms.get(event.msgid)
    return client.conferences.get(event.conferenceid) if event.conferenceid else client.calls.get(event.callid)


@contextmanager
def _rejecting() -> Iterator[None]:
    try:
        yield
    except (NotFound, InvalidArgument):
        # InvalidArgument: the callback has no id, or an impossible one.
        raise CallbackRejected(_NOT_CONFIRMED, 403) from None
    except APIError as error:
        raise CallbackRejected("the API could not be asked to confirm the callback", 503) from error


def _confirmed(event: _Reported, record: Message | Call | Conference) -> Event:
    """Return an event with the API's own status and cost in it; raise `CallbackRejected` if it is not confirmed."""
    # The reference is sent as one of the tags; a conference has none.
    belongs = isinstance(record, Conference) or event.reference is None or event.reference in record.tags
    match record:
        case Message():
            tracking = record.link_tracking
            happened = isinstance(event, DeliveryReport) or (tracking is not None and tracking.accessed)
        case Call():
            happened = record.status != CallStatus.IN_PROGRESS
        case _:
            happened = record.end_time is not None
    if not (belongs and happened):
        raise CallbackRejected(_NOT_CONFIRMED, 403)
    if isinstance(event, LinkClicked):
        return event
    return replace(event, **{name: getattr(record, name) for name in _CONFIRMED_FIELDS[type(record)]})
