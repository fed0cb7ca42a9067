"""Tools that reach people or cost credits. Each call is held against the allow-list and the budget beforehand."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from pydantic import Field

from xoxzo.cloudpy.errors import APIError, InvalidArgument
from xoxzo.cloudpy.integrations.mcp.telling import tool
from xoxzo.cloudpy.phone import parse
from xoxzo.cloudpy.text import estimate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.integrations.mcp.allowance import Allowance
    from xoxzo.cloudpy.integrations.mcp.telling import Showing

LOOKUP = Decimal(5)
"""Credits for a look-up, whether something is found or not (API section 8.1)."""

# How long a recording is nobody knows before it was played.
_PLAY_MINUTES = 3
# Slow enough for Japanese, which is spoken at five or six characters a second.
_CHARACTERS_A_MINUTE = 250

Recipient = Annotated[str, Field(description="A name or a number of the allow-list; `limits` shows the names")]
Reference = Annotated[
    str,
    Field(
        description="Your own key for this one message, for instance reminder-anne-1. The same key is never sent "
        "twice, so use the same one when you call again after an error, and a new one for a new message. No comma."
    ),
]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """By what terms is sent.

    Attributes:
        sender: of SMS, or ``None`` when none are sent.
        caller: the number that calls show, or ``None`` when nobody is called.
        sms_price: credits for each part, where yours differ from the published or none is published.
        call_price: credits for each started minute; without it nobody is called.
    """

    sender: str | None = None
    caller: str | None = None
    sms_price: Decimal | None = None
    call_price: Decimal | None = None


class Spending:
    """The tools that spend.

    Args:
        client: makes the requests.
        showing: masks numbers.
        allowance: to whom, and for how much.
        terms: by what terms.
    """

    def __init__(self, client: "AsyncClient", showing: "Showing", allowance: "Allowance", terms: Terms) -> None:
        self._client = client
        self._showing = showing
        self._allowance = allowance
        self._terms = terms

    @tool
    async def sms_send(
        self,
        recipient: Recipient,
        message: Annotated[str, Field(description="The text, at most 660 characters; each part is billed")],
        reference: Reference,
    ) -> dict[str, Any]:
        """Send one SMS to somebody on the allow-list. It reaches a person and costs credits."""
        number = self._allowance.number_of(recipient)
        sender = self._terms.sender or ""

        async def send() -> dict[str, Any]:
            sent = await self._client.sms.send(recipient=number, sender=sender, message=message, reference=reference)
            return {"id": sent.msgid}

        return await self._spend(reference, ("sms", number, message), self._text_cost(message, number), number, send)

    @tool
    async def template_send(
        self,
        template_id: Annotated[int, Field(description="The template's number; see templates", ge=1)],
        recipient: Recipient,
        variables: Annotated[dict[str, str], Field(description="A text for each placeholder")],
        reference: Reference,
    ) -> dict[str, Any]:
        """Send one SMS by an approved template to somebody on the allow-list. It reaches a person and costs credits."""
        number = self._allowance.number_of(recipient)
        template = await self._client.templates.get(template_id)
        if template.approved_content is None:
            raise InvalidArgument("template_id", "is a template that Xoxzo has not approved yet")
        cost = self._text_cost(template.render(variables).text, number)

        async def send() -> dict[str, Any]:
            sent = await self._client.templates.send(
                template,
                recipient=number,
                sender=self._terms.sender or "",
                variables=variables,
                reference=reference,
            )
            return {"id": sent.msgid}

        what = ("template", template_id, number, tuple(sorted(variables.items())))
        return await self._spend(reference, what, cost, number, send)

    @tool
    async def call_say(
        self,
        recipient: Recipient,
        text: Annotated[str, Field(description="What is spoken; commas make pauses", max_length=1000)],
        language: Annotated[Literal["ja", "en"], Field(description="The text's language")],
        reference: Reference,
    ) -> dict[str, Any]:
        """Ring somebody on the allow-list and speak a text. The first minute costs, answered or not."""
        number = self._allowance.number_of(recipient)

        async def send() -> dict[str, Any]:
            call = await self._client.calls.say(
                caller=self._terms.caller or "",
                recipient=number,
                tts_message=text,
                tts_lang=language,
                reference=reference,
            )
            return {"id": call.callid}

        minutes = 1 + len(text) // _CHARACTERS_A_MINUTE
        return await self._spend(reference, ("say", number, text, language), self._call_cost(minutes), number, send)

    @tool
    async def call_play(
        self,
        recipient: Recipient,
        recording_url: Annotated[str, Field(description="A public mp3, http:// only")],
        reference: Reference,
    ) -> dict[str, Any]:
        """Ring somebody on the allow-list and play an mp3. It is reckoned with three minutes, answered or not."""
        number = self._allowance.number_of(recipient)

        async def send() -> dict[str, Any]:
            call = await self._client.calls.play(
                caller=self._terms.caller or "", recipient=number, recording_url=recording_url, reference=reference
            )
            return {"id": call.callid}

        cost = self._call_cost(_PLAY_MINUTES)
        return await self._spend(reference, ("play", number, recording_url), cost, number, send)

    @tool
    async def lookup(self, recipient: Recipient, reference: Reference) -> dict[str, Any]:
        """Ask which carrier the number of somebody on the allow-list belongs to. It costs 5 credits, found or not."""
        number = self._allowance.number_of(recipient)

        async def ask() -> dict[str, Any]:
            answer = await self._client.lookup.carrier(number)
            return self._showing.facts(answer, "found", "carrier", "country", "mcc", "mnc")

        return await self._spend(reference, ("lookup", number), LOOKUP, number, ask)

    def _text_cost(self, text: str, number: str) -> Decimal | None:
        country = parse(number).country or "ZZ"
        return estimate(text, country, price=self._terms.sms_price).credits

    def _call_cost(self, minutes: int) -> Decimal | None:
        return None if self._terms.call_price is None else self._terms.call_price * minutes

    async def _spend(
        self,
        reference: str,
        what: tuple[object, ...],
        cost: Decimal | None,
        number: str,
        send: "Callable[[], Awaitable[dict[str, Any]]]",
    ) -> dict[str, Any]:
        earlier = self._allowance.reserve(reference, what, cost)
        if earlier is not None:
            return earlier
        try:
            answer = await send()
        except (InvalidArgument, APIError) as error:
            if isinstance(error, APIError) and error.maybe_sent:
                self._allowance.doubt(reference)
            else:
                self._allowance.unsent(reference)
            raise
        except BaseException:
            # Cancelled, for instance: nobody knows how far it came.
            self._allowance.doubt(reference)
            raise
        result = {
            **answer,
            "recipient": self._showing.number(number),
            "reference": reference,
            "credits_reckoned": float(cost or 0),
            "credits_left": float(self._allowance.left),
            "repeated": False,
        }
        self._allowance.done(reference, result)
        return result
