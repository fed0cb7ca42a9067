"""Tools that send or cost credits. Each call is checked against the limits before it is sent.

The docstrings are the descriptions for the assistant.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field

from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.errors import APIError, InvalidArgument
from xoxzo.cloudpy.integrations.mcp.formatting import Formatter, tool
from xoxzo.cloudpy.integrations.mcp.limits import SendLimits
from xoxzo.cloudpy.phone import parse
from xoxzo.cloudpy.text import estimate

LOOKUP_CREDITS = Decimal(5)
"""The cost of a carrier look-up, whether the carrier is found or not (API section 8.1)."""

# The length of a recording is unknown before it was played.
_PLAY_MINUTES = 3
# A slow rate for Japanese, which is spoken at five or six characters a second.
_SPOKEN_CHARACTERS_PER_MINUTE = 250

Recipient = Annotated[str, Field(description="A name or a number of the allow-list; `limits` shows the names")]
Reference = Annotated[
    str,
    Field(
        description="Your own key for this one message, such as reminder-anne-1. The same key is never sent twice, so "
        "use the same key when you call again after an error, and a new key for a new message. No comma."
    ),
]


class SendSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The sender, the caller and the prices of a session."""

    sender: str | None = None
    """The sender of SMS; ``None`` leaves out the SMS tools."""
    caller: str | None = None
    """The caller's number of calls; ``None`` leaves out the call tools."""
    sms_price: Decimal | None = None
    """Credits for each part, if yours differ from the published price or none is published."""
    call_price: Decimal | None = None
    """Credits for each started minute; without it no call is placed."""


class SendTools:
    """The tools that send or cost credits, within the allow-list and the budget of `limits`."""

    def __init__(self, client: AsyncClient, formatter: Formatter, limits: SendLimits, settings: SendSettings) -> None:
        self._client = client
        self._formatter = formatter
        self._limits = limits
        self._settings = settings

    @tool
    async def sms_send(
        self,
        recipient: Recipient,
        message: Annotated[str, Field(description="The message, at most 660 characters; each part is billed")],
        reference: Reference,
    ) -> dict[str, Any]:
        """Send one SMS to somebody on the allow-list. It reaches a person and costs credits."""
        number = self._limits.number_of(recipient)
        sender = self._settings.sender or ""

        async def send() -> dict[str, Any]:
            sent = await self._client.sms.send(recipient=number, sender=sender, message=message, reference=reference)
            return {"id": sent.msgid}

        return await self._send(reference, ("sms", number, message), self._sms_cost(message, number), number, send)

    @tool
    async def template_send(
        self,
        template_id: Annotated[int, Field(description="The template's number; see templates", ge=1)],
        recipient: Recipient,
        variables: Annotated[dict[str, str], Field(description="A value for each placeholder")],
        reference: Reference,
    ) -> dict[str, Any]:
        """Send one SMS with an approved template to somebody on the allow-list. It reaches a person and is billed."""
        number = self._limits.number_of(recipient)
        template = await self._client.templates.get(template_id)
        if template.approved_content is None:
            raise InvalidArgument("template_id", "is a template that Xoxzo has not approved yet")
        cost = self._sms_cost(template.render(variables).text, number)

        async def send() -> dict[str, Any]:
            sent = await self._client.templates.send(
                template, recipient=number, sender=self._settings.sender or "", variables=variables, reference=reference
            )
            return {"id": sent.msgid}

        content = ("template", template_id, number, tuple(sorted(variables.items())))
        return await self._send(reference, content, cost, number, send)

    @tool
    async def call_say(
        self,
        recipient: Recipient,
        message: Annotated[str, Field(description="What is spoken; commas make pauses", max_length=1000)],
        language: Annotated[Literal["ja", "en"], Field(description="The language of the message")],
        reference: Reference,
    ) -> dict[str, Any]:
        """Call somebody on the allow-list and speak a message. The first minute costs credits, answered or not."""
        number = self._limits.number_of(recipient)

        async def send() -> dict[str, Any]:
            call = await self._client.calls.say(
                caller=self._settings.caller or "",
                recipient=number,
                tts_message=message,
                tts_lang=language,
                reference=reference,
            )
            return {"id": call.callid}

        minutes = 1 + len(message) // _SPOKEN_CHARACTERS_PER_MINUTE
        content = ("say", number, message, language)
        return await self._send(reference, content, self._call_cost(minutes), number, send)

    @tool
    async def call_play(
        self,
        recipient: Recipient,
        recording_url: Annotated[str, Field(description="A public mp3, http:// only")],
        reference: Reference,
    ) -> dict[str, Any]:
        """Call somebody on the allow-list and play an mp3. Three minutes are charged to the budget, answered or not."""
        number = self._limits.number_of(recipient)

        async def send() -> dict[str, Any]:
            call = await self._client.calls.play(
                caller=self._settings.caller or "", recipient=number, recording_url=recording_url, reference=reference
            )
            return {"id": call.callid}

        cost = self._call_cost(_PLAY_MINUTES)
        return await self._send(reference, ("play", number, recording_url), cost, number, send)

    @tool
    async def lookup(self, recipient: Recipient, reference: Reference) -> dict[str, Any]:
        """Look up the carrier of somebody on the allow-list. It costs 5 credits, found or not."""
        number = self._limits.number_of(recipient)

        async def request() -> dict[str, Any]:
            carrier = await self._client.lookup.carrier(number)
            return self._formatter.fields(carrier, "found", "carrier", "country", "mcc", "mnc")

        return await self._send(reference, ("lookup", number), LOOKUP_CREDITS, number, request)

    def _sms_cost(self, message: str, number: str) -> Decimal | None:
        country = parse(number, test_numbers=True).country or "ZZ"
        return estimate(message, country, price=self._settings.sms_price).credits

    def _call_cost(self, minutes: int) -> Decimal | None:
        return None if self._settings.call_price is None else self._settings.call_price * minutes

    async def _send(
        self,
        reference: str,
        content: tuple[object, ...],
        cost: Decimal | None,
        number: str,
        send: Callable[[], Awaitable[dict[str, Any]]],
    ) -> dict[str, Any]:
        """Charge the cost to the budget, send, and record the outcome."""
        earlier = self._limits.reserve(reference, content, cost)
        if earlier is not None:
            return earlier
        try:
            sent = await send()
        except (InvalidArgument, APIError) as error:
            if isinstance(error, APIError) and error.maybe_sent:
                self._limits.mark_unknown(reference)
            else:
                self._limits.mark_unsent(reference)
            raise
        except BaseException:
            # A cancellation, for instance: the request may have left.
            self._limits.mark_unknown(reference)
            raise
        result = {
            **sent,
            "recipient": self._formatter.number(number),
            "reference": reference,
            "credits_charged": float(cost or 0),
            "credits_left": float(self._limits.left),
            "repeated": False,
        }
        self._limits.mark_sent(reference, result)
        return result
