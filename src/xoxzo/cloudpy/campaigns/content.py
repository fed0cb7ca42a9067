"""What a campaign sends, frozen when it is created: a message, a template, or a call."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

import msgspec

from xoxzo.cloudpy.campaigns.records import Recipient
from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models.templates import PLACEHOLDER, find_placeholders
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.operations.sms import sms_fields, sms_to_many
from xoxzo.cloudpy.protocols import CallbackUrls
from xoxzo.cloudpy.text import estimate, measure

OPT_OUT = "opt_out"
"""The placeholder of the link to opt out."""
_NO_TOKEN = "x" * 12
_OPTIONS = frozenset({"track_link", "jp_kp", "jp_kpl", "jp_kp_sender"})

Kind = Literal["text", "template", "say", "play"]


# They are needed for each recipient.
_placeholders = lru_cache(maxsize=8)(find_placeholders)


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent. A ``repr`` leaves the message out."""

    kind: Kind
    """``text`` (free-form SMS), ``template`` (SMS by an approved template), ``say`` (a call that speaks) or ``play`` (a
    call that plays an mp3)."""
    sender: str
    """Of an SMS: at most 10 letters and digits, or 15 digits; of a call: the caller's number."""
    message: str
    """The message, the approved text of the template, or what is spoken; ``{name}`` stands for a variable, also in
    double or full-width braces. For ``play`` the URL of the mp3."""
    template: int | None = None
    """The template's id."""
    language: str = "ja"
    """Of a spoken message: ``ja`` or ``en``."""
    tags: tuple[str, ...] = ()
    """Further tags of each message."""
    options: dict[str, Any] = {}
    """``track_link``, ``jp_kp``, ``jp_kpl``, ``jp_kp_sender`` for an SMS (API section 2.1)."""
    price: Decimal | None = None
    """Credits for each part, or call, in place of the published price."""
    opt_out_url: str = ""
    """Where the pages of the links for ``{opt_out}`` are; `Campaign.create` sets it."""

    def __post_init__(self) -> None:
        # Lazy translations are text in the language of this moment.
        for name in ("sender", "message"):
            msgspec.structs.force_setattr(self, name, plain(getattr(self, name)))
        msgspec.structs.force_setattr(self, "tags", tuple(map(plain, self.tags)))

    def __repr__(self) -> str:
        return f"Content(kind={self.kind!r}, sender={self.sender!r})"

    @property
    def is_call(self) -> bool:
        """Whether it is a call."""
        return self.kind in {"say", "play"}

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names in braces, each once."""
        return () if self.kind == "play" else _placeholders(self.message)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names in braces that recipients have a value for."""
        return tuple(name for name in self.placeholders if not (self.opt_out_url and name == OPT_OUT))

    def check(self) -> None:
        """Refuse what Xoxzo would refuse for every recipient, before anything is sent.

        Raises:
            InvalidArgument: the sender, the caller, a tag or an option breaks its rule (API sections 2.1 and 5.1).
        """
        if self.kind == "template" and self.template is None:
            raise InvalidArgument("template", "must be given as its number")
        if not self.message:
            raise InvalidArgument("message", "must not be empty")
        # What Xoxzo's staff have approved in a template is sent as it stands.
        if self.kind in {"text", "say"} and (left := re.search("[{}｛｝]", PLACEHOLDER.sub("", self.message))):
            raise InvalidArgument(
                "message",
                "has a {brace} that belongs to no placeholder: a column's name is missing, or the other brace",
                brace=left[0],
            )
        checks.tags(self.tags, None)
        if self.is_call:
            if self.opt_out_url:
                raise InvalidArgument("message", "has {name}, which is a link: it is for SMS", name="{opt_out}")
            checks.caller(self.sender)
            if self.kind == "play":
                checks.recording_url(self.message)
            else:
                checks.formatted("tts_lang", self.language)
            return
        checks.sender(self.sender)
        if unknown := set(self.options) - _OPTIONS:
            raise InvalidArgument("options", "unknown: {names}", names=", ".join(sorted(unknown)))
        sms_fields(**self.options, tags=self.tags)

    def render(self, variables: Mapping[str, str]) -> str:
        """Fill in the placeholders.

        Raises:
            InvalidArgument: a variable is missing.
        """
        names = self.placeholders
        if not names:
            return self.message
        if missing := [name for name in names if name not in variables]:
            raise InvalidArgument("variables", "missing: {names}", names=", ".join(missing))
        return PLACEHOLDER.sub(lambda found: variables[found[1] or found[2]], self.message)

    def preview(self, variables: Mapping[str, str]) -> str:
        """Fill in the placeholders, and a link of the same length that leads nowhere.

        Raises:
            InvalidArgument: a variable is missing.
        """
        return self.render({**variables, OPT_OUT: f"{self.opt_out_url}/{_NO_TOKEN}"} if self.opt_out_url else variables)

    def parts(self, message: str) -> int | None:
        """Count the SMS parts of a rendered message; ``None`` when it is too long, 0 for a call (API section 2.4)."""
        return 0 if self.is_call else measure(message).parts

    def cost(self, message: str, country: str | None) -> Decimal | None:
        """Estimate the credits of one rendered message; ``None`` where no price is known (API section 1.7)."""
        if self.is_call or country is None:
            return self.price if self.is_call else None
        premium = bool(self.options.get("jp_kp") or self.options.get("jp_kpl"))
        tracked = bool(self.options.get("track_link"))
        if premium and country != "JP":
            return None
        return estimate(message, country, track_link=tracked, k_premium=premium, price=self.price).credits

    def poster(
        self, reference_prefix: str, callbacks: CallbackUrls | None = None, link: Callable[[int], str] | None = None
    ) -> Callable[[AsyncClient, Recipient], Awaitable[str]]:
        """Return a function that sends to one recipient with a client, and returns the msgid or callid.

        A reference is the prefix, a hyphen and the recipient's position; `link` returns the link of a position.
        """

        def variables_of(one: Recipient) -> Mapping[str, str]:
            return one.variables if link is None else {**one.variables, OPT_OUT: link(one.n)}

        if self.kind == "text" and callbacks is None:
            make = sms_to_many(
                sender=self.sender, reference_prefix=reference_prefix, tags=self.tags, options=self.options
            )
            render = self.render if self.placeholders else lambda _variables: self.message
            # As a resource of the client does it, but without what is the same for every message.
            return lambda client, one: client._driver.call(make(one.number, render(variables_of(one)), one.n))  # noqa: SLF001

        def post(client: AsyncClient, one: Recipient) -> Awaitable[str]:
            reference = f"{reference_prefix}-{one.n}"
            return self.send(client, one.number, variables_of(one), reference=reference, callbacks=callbacks)

        return post

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
            APIError: it failed; ``maybe_sent`` says whether it may have been sent.
        """
        args: dict[str, Any] = {"recipient": number, "reference": reference, "tags": self.tags, "callbacks": callbacks}
        if self.kind == "play":
            return (await client.calls.play(caller=self.sender, recording_url=self.message, **args)).callid
        if self.kind == "say":
            message, language = self.render(variables), self.language
            call = await client.calls.say(caller=self.sender, tts_message=message, tts_lang=language, **args)
            return call.callid
        if self.template is None:
            message = self.render(variables)
            sent = await client.sms.send(sender=self.sender, message=message, **args, **self.options)
        else:
            filled = {name: variables[name] for name in self.placeholders}
            sent = await client.templates.send(
                template=self.template, sender=self.sender, variables=filled, **args, **self.options
            )
        return sent.msgid
