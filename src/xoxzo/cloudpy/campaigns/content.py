"""What a campaign says, frozen when it is created: a text, a template, or a call."""

from __future__ import annotations

import re
from decimal import Decimal  # noqa: TC003 - contents are read from ledgers by their types
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.operations.options import sms_fields
from xoxzo.cloudpy.text import estimate, measure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.models import SentMessage
    from xoxzo.cloudpy.protocols import CallbackUrls

_PLACEHOLDER = re.compile(r"\{(\w+)\}")

_OPTIONS = {"track_link", "jp_kp", "jp_kpl", "jp_kp_sender"}
Kind = Literal["text", "template", "say", "play"]


@lru_cache(maxsize=8)
def _names(message: str) -> tuple[str, ...]:
    """Find the names in ``{}``; they are asked for with every message, and differ by campaign."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(message)))


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody gets. A ``repr`` leaves the message out.

    Attributes:
        kind: ``text`` (free-form SMS), ``template`` (SMS by an approved template), ``say`` (a call that speaks) or
            ``play`` (a call that plays an mp3).
        sender: of an SMS: at most 10 letters and digits, or 15 digits; of a call: the caller's number.
        message: the text, the template's text in force, or what is spoken; ``{name}`` stands for a variable.
            For ``play`` the address of the mp3.
        template: the template's number.
        language: of a spoken text: ``ja`` or ``en``.
        tags: further tags of each message.
        options: ``track_link``, ``jp_kp``, ``jp_kpl``, ``jp_kp_sender`` for an SMS (API section 2.1).
        price: credits for each part, or call, in place of the published price.
    """

    kind: Kind
    sender: str
    message: str
    template: int | None = None
    language: str = "ja"
    tags: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    price: Decimal | None = None

    def __repr__(self) -> str:
        return f"Content(kind={self.kind!r}, sender={self.sender!r})"

    @property
    def is_call(self) -> bool:
        """Whether phones ring."""
        return self.kind in {"say", "play"}

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names in ``{}``, each once."""
        return () if self.kind == "play" else _names(self.message)

    def check(self) -> None:
        """Refuse what Xoxzo would refuse for everybody, before anybody is sent to.

        Raises:
            InvalidArgument: the sender, the caller, a tag or an option breaks its rule (API sections 2.1 and 5.1).
        """
        if self.kind == "template" and self.template is None:
            raise InvalidArgument("template", "must be given as its number")
        if not self.message:
            raise InvalidArgument("message", "must not be empty")
        checks.tags(self.tags, None)
        if self.is_call:
            checks.caller(self.sender)
            if self.kind == "play":
                checks.recording_url(self.message)
            else:
                checks.language(self.language)
            return
        checks.sender(self.sender)
        if unknown := set(self.options) - _OPTIONS:
            raise InvalidArgument("options", f"unknown: {', '.join(sorted(unknown))}")
        sms_fields(**self.options, tags=self.tags)

    def render(self, variables: Mapping[str, str]) -> str:
        """Fill the placeholders.

        Raises:
            InvalidArgument: a variable is missing.
        """
        if self.kind == "play":
            return self.message
        names = self.placeholders
        if not names:
            return self.message
        missing = [name for name in names if name not in variables]
        if missing:
            raise InvalidArgument("variables", f"missing: {', '.join(missing)}")
        return _PLACEHOLDER.sub(lambda found: variables[found.group(1)], self.message)

    def parts(self, text: str) -> int | None:
        """Count the SMS parts of a finished text; ``None`` when it is too long, 0 for a call (API section 2.4)."""
        return 0 if self.is_call else measure(text).parts

    def cost(self, text: str, country: str | None) -> Decimal | None:
        """Estimate the credits of one message; ``None`` where no price is known (API section 1.7)."""
        if self.is_call or country is None:
            return self.price if self.is_call else None
        premium = bool(self.options.get("jp_kp") or self.options.get("jp_kpl"))
        tracked = bool(self.options.get("track_link"))
        if premium and country != "JP":
            return None
        return estimate(text, country, track_link=tracked, k_premium=premium, price=self.price).credits

    async def send(
        self,
        client: AsyncClient,
        number: str,
        variables: Mapping[str, str],
        *,
        reference: str,
        callbacks: CallbackUrls | None = None,
    ) -> str:
        """Send to one recipient and return the msgid or callid.

        Raises:
            InvalidArgument: a value breaks its rule; nothing was sent.
            APIError: it did not end well; ``maybe_sent`` says whether it may be on its way.
        """
        if self.is_call:
            call = {"caller": self.sender, "recipient": number, "reference": reference, "tags": self.tags}
            if self.kind == "play":
                started = await client.calls.play(recording_url=self.message, callbacks=callbacks, **call)  # type: ignore[arg-type]
            else:
                message = self.render(variables)
                started = await client.calls.say(
                    tts_message=message,
                    tts_lang=self.language,
                    callbacks=callbacks,
                    **call,  # type: ignore[arg-type]
                )
            return started.callid
        send: Callable[..., Awaitable[SentMessage]]
        own: dict[str, Any]
        if self.template is None:
            send, own = client.sms.send, {"message": self.render(variables)}
        else:
            send, own = (
                client.templates.send,
                {
                    "template": self.template,
                    "variables": {name: variables[name] for name in self.placeholders},
                },
            )
        sent = await send(
            recipient=number,
            sender=self.sender,
            reference=reference,
            tags=self.tags,
            callbacks=callbacks,
            **own,
            **self.options,
        )
        return sent.msgid
