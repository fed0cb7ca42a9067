"""The URLs to hand to Xoxzo, and what is believed of what comes back (API sections 10 and 11)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from xoxzo.cloudpy.callbacks import confirming, reading
from xoxzo.cloudpy.callbacks.interpreting import interpret
from xoxzo.cloudpy.callbacks.tokens import LONGEST, Purpose, Tokens
from xoxzo.cloudpy.errors import CallbackRejected, ConfigurationError, InvalidArgument
from xoxzo.cloudpy.operations import checks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.callbacks.events import Event
    from xoxzo.cloudpy.client import Client

DAY = 86_400
_MOST_REFERENCE = 255


class Callbacks:
    """Makes callback URLs that carry a token of ours, and reads what is posted to them.

    Xoxzo signs nothing (API section 10), so whoever learns of an address could tell us anything. What is received here
    has come to a URL that we made: for this purpose, for this message, and not too long ago. It works behind any proxy,
    since it is told its public address and believes no header.

    Safe to share between threads; it keeps no state.

    Args:
        secret: what the tokens are signed with, at least 16 characters that nobody guesses; or several of them, the
            newest first. The newest signs, all are believed: so a secret can be replaced while callbacks are under way.
        public_url: where the world reaches the receiver, for instance ``https://shop.example/xoxzo``.
        lifetime: seconds for which the URL of a report is believed; 30 days by default, since a report may come when a
            phone is switched on again. Action URLs do not expire.
        max_body: bytes of a body that are read at most.
        clock: seconds since 1970.

    Raises:
        ConfigurationError: there is no secret, one is too short, the address is none, or the extra is missing.
    """

    def __init__(
        self,
        secret: str | bytes | Sequence[str | bytes],
        public_url: str,
        *,
        lifetime: float = 30 * DAY,
        max_body: int = 65_536,
        clock: Callable[[], float] = time.time,
    ) -> None:
        try:
            checks.url("public_url", public_url)
        except InvalidArgument as error:
            raise ConfigurationError(str(error)) from None
        if "?" in public_url or "#" in public_url:
            raise ConfigurationError("public_url: must have no query and no fragment: the token stands in the path")
        self._tokens = Tokens([secret] if isinstance(secret, str | bytes) else secret)
        self.public_url = public_url.rstrip("/")
        self.lifetime = lifetime
        self.max_body = max_body
        self._clock = clock

    def __repr__(self) -> str:
        return f"Callbacks(public_url={self.public_url!r})"

    def url(
        self, purpose: Purpose | str, reference: str | None = None, *, expires: datetime | timedelta | None = None
    ) -> str:
        """Return a URL to hand to Xoxzo.

        Args:
            purpose: what for: ``delivery-report``, ``call-ended``, ``link-clicked``, ``incoming-call`` or
                ``incoming-sms``.
            reference: what it is bound to: your own key of the message or call, at most 255 characters.
            expires: when it stops being believed: a moment with its zone, or from now on; by default after
                ``lifetime``. The URL of an incoming call or SMS stays with a number, so by default it never does.

        Raises:
            InvalidArgument: the purpose is none, the reference could not have been one, or the moment has no zone.
        """
        try:
            purpose = Purpose(purpose)
        except ValueError:
            raise InvalidArgument("purpose", f"must be one of {', '.join(Purpose)}") from None
        if reference is not None and len(checks.reference(reference)) > _MOST_REFERENCE:
            raise InvalidArgument("reference", f"must have at most {_MOST_REFERENCE} characters to stand in a URL")
        token = self._tokens.make(purpose, reference, self._expiry(purpose, expires))
        return f"{self.public_url}/{purpose}/{token}"

    def _expiry(self, purpose: Purpose, expires: datetime | timedelta | None) -> int | None:
        if isinstance(expires, datetime):
            if expires.tzinfo is None:
                raise InvalidArgument("expires", "must have a time zone")
            return int(expires.astimezone(UTC).timestamp())
        if isinstance(expires, timedelta):
            return int(self._clock() + expires.total_seconds())
        return None if purpose.is_lasting else int(self._clock() + self.lifetime)

    def receive(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        confirm: Client | None = None,
    ) -> Event:
        """Read a callback.

        Answer 200 when it returns, and ``error.status`` when it raises: Xoxzo tries again after everything but 200. An
        incoming call is answered with the one line of an action.

        Args:
            method: the HTTP method: POST, and GET for an incoming call (API section 10).
            url: the address that was asked for, or its path with the query; what stands before the last two parts of
                the path does not matter.
            headers: the request's header fields; ``content-type`` alone is looked at.
            body: the request's body. Reading no more than ``max_body`` + 1 bytes of it is enough.
            confirm: ask the API before believing: the message or call must exist, carry the reference where it was sent
                with one, and the status told is the API's own.

        Returns:
            What is told, with everything as it came in ``raw``.

        Raises:
            CallbackRejected: it is not believed; ``reason`` and ``status`` say why.
        """
        event = self._read(method, url, headers, body)
        return event if confirm is None else confirming.confirm(event, confirm)

    async def receive_async(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        confirm: AsyncClient | None = None,
    ) -> Event:
        """Do what `receive` does, with an asynchronous client to confirm with."""
        event = self._read(method, url, headers, body)
        return event if confirm is None else await confirming.confirm_async(event, confirm)

    def _read(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Event:
        path, _, query = url.partition("#")[0].partition("?")
        *_, word, token = ["", "", *path.rstrip("/")[-LONGEST - 64 :].split("/")]
        purpose, reference = self._tokens.read(token, self._clock())
        if word != purpose:
            raise CallbackRejected("the token was made for another purpose", 403)
        wanted = "GET" if purpose is Purpose.INCOMING_CALL else "POST"
        if method.upper() != wanted:
            raise CallbackRejected(f"a callback of this purpose comes by {wanted}", 405)
        if len(body) > self.max_body:
            raise CallbackRejected(f"the body has more than {self.max_body} bytes", 413)
        if purpose is Purpose.INCOMING_CALL:
            raw = reading.from_form(query)
        else:
            raw = reading.body_fields(reading.header(headers, "content-type"), body)
        return interpret(purpose, reference, raw)
