"""Tools that only read; they cost nothing and reach nobody."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from xoxzo.cloudpy.integrations.mcp.telling import tool
from xoxzo.cloudpy.phone import parse
from xoxzo.cloudpy.text import estimate

if TYPE_CHECKING:
    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.integrations.mcp.allowance import Allowance
    from xoxzo.cloudpy.integrations.mcp.telling import Showing
    from xoxzo.cloudpy.models import Message

_MOST = 100
_SMS = ("msgid", "status", "recipient", "sender", "sent_time", "cost", "parts", "tags")
_CALL = ("callid", "status", "recipient", "caller", "direction", "start_time", "end_time", "duration", "cost", "tags")

Country = Annotated[str, Field(description="ISO 3166-1 alpha-2, for instance JP", pattern="^[A-Z]{2}$")]


class Looking:
    """The read tools.

    Args:
        client: makes the requests.
        showing: masks numbers.
        allowance: what may be spent, corrected when a real cost is read; ``None`` where nothing may be.
    """

    def __init__(self, client: "AsyncClient", showing: "Showing", allowance: "Allowance | None") -> None:
        self._client = client
        self._showing = showing
        self._allowance = allowance

    @tool
    async def sms_status(
        self, msgid: Annotated[str, Field(description="The id that a send returned")]
    ) -> dict[str, Any]:
        """Say where an SMS is: QUEUED, DELIVERING, DELIVERED or FAIL, with time and cost. Its text is never told."""
        message = await self._client.sms.get(msgid)
        self._settle(msgid, message.cost)
        return self._message(message)

    @tool
    async def sms_list(
        self,
        days: Annotated[int, Field(description="How many days back, today (UTC) included", ge=1, le=90)] = 1,
        limit: Annotated[int, Field(description="The most messages to return", ge=1, le=_MOST)] = 20,
    ) -> dict[str, Any]:
        """List SMS that were sent. Xoxzo throttles this list hard: prefer sms_status, and do not call it in a loop."""
        since = (datetime.now(UTC) - timedelta(days=days - 1)).date()
        found: list[dict[str, Any]] = []
        more = False
        async for message in self._client.sms.list(since=since):
            if len(found) == limit:
                more = True
                break
            found.append(self._message(message))
        return {"messages": found, "more": more}

    @tool
    async def sms_find(
        self,
        reference: Annotated[str, Field(description="The reference that the message was sent with")],
        days: Annotated[int, Field(description="How many days back", ge=1, le=90)] = 2,
    ) -> dict[str, Any]:
        """Look for an SMS by its reference. Found proves that it was sent; not found proves nothing."""
        since = (datetime.now(UTC) - timedelta(days=days - 1)).date()
        found = await self._client.sms.find(reference, since=since)
        return {"found": found.found, "messages": [self._message(message) for message in found.messages]}

    @tool
    async def call_status(
        self, callid: Annotated[str, Field(description="The id that call_say or call_play returned")]
    ) -> dict[str, Any]:
        """Say where a call is: IN PROGRESS, ANSWERED, NO ANSWER or FAILED, with seconds of talk and cost."""
        call = await self._client.calls.get(callid)
        self._settle(callid, call.cost)
        return self._showing.facts(call, *_CALL)

    @tool
    async def credits(self) -> dict[str, Any]:
        """Tell the account's balance; 1 credit is 1 yen before tax."""
        return self._showing.facts(await self._client.account.credits(), "credits")

    @tool
    async def templates(self) -> dict[str, Any]:
        """List the SMS templates with their texts and whether they can be sent (APPROVED) or wait (PENDING)."""
        found = [
            self._showing.facts(one, "id", "name", "status", "approved_content", "pending_content")
            async for one in self._client.templates.list()
        ]
        return {"templates": found}

    @tool
    async def template_render(
        self,
        template_id: Annotated[int, Field(description="The template's number", ge=1)],
        variables: Annotated[dict[str, str], Field(description="A text for each placeholder")],
    ) -> dict[str, Any]:
        """Show what a template becomes, with its SMS parts and cost, without sending it."""
        rendered = (await self._client.templates.get(template_id)).render(variables)
        return self._showing.facts(rendered, "text", "units", "parts", "cost")

    @tool
    async def dins(self) -> dict[str, Any]:
        """List the dial-in numbers that the account subscribes, with where their calls are led."""
        found = [
            {"din_uid": one.din_uid, "din": self._showing.number(one.din), "action_url": one.action_url}
            async for one in self._client.dins.list()
        ]
        return {"dins": found}

    @tool
    async def text_cost(
        self, text: Annotated[str, Field(description="The text of an SMS")], country: Country = "JP"
    ) -> dict[str, Any]:
        """Count the SMS parts of a text and estimate its cost, without sending it."""
        found = estimate(text, country)
        return {
            "parts": found.parts,
            "credits": None if found.credits is None else float(found.credits),
            "notes": list(found.notes),
        }

    @tool
    async def phone_number(
        self,
        text: Annotated[str, Field(description="A phone number as somebody typed it")],
        country: Annotated[Country, Field(description="Where a number without a country code belongs")] = "JP",
    ) -> dict[str, Any]:
        """Turn a phone number into E.164, and tell its kind and whatever had to be assumed."""
        read = parse(text, country)
        # Whoever asks has typed it: there is nothing to mask.
        return {
            "e164": read.e164,
            "kind": read.kind,
            "country": read.country,
            "doubts": [str(doubt) for doubt in read.doubts],
            "notes": [str(note) for note in read.notes],
        }

    @tool
    async def limits(self) -> dict[str, Any]:
        """Tell what this server may send: to whom, and how many credits are left. Nothing, unless it was started so."""
        if self._allowance is None:
            return {"sending": False, "reason": "this server was started without --allow and --budget"}
        people = {name: self._showing.number(number) for name, number in self._allowance.people.items()}
        budget, spent, left = (float(n) for n in (self._allowance.budget, self._allowance.spent, self._allowance.left))
        return {"sending": True, "allowed": people, "budget": budget, "spent": spent, "left": left}

    def _message(self, message: "Message") -> dict[str, Any]:
        return self._showing.facts(message, *_SMS)

    def _settle(self, ident: str, cost: Any) -> None:  # noqa: ANN401 - credits or nothing
        if self._allowance is not None:
            self._allowance.settle(ident, cost)
