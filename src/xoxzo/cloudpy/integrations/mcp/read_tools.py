"""Tools that only read: they cost nothing and send nothing. The docstrings are the descriptions for the assistant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.integrations.mcp.formatting import Formatter, tool
from xoxzo.cloudpy.integrations.mcp.limits import SendLimits
from xoxzo.cloudpy.phone import parse
from xoxzo.cloudpy.text import estimate

_MAX_LISTED = 100
_SMS_FIELDS = ("msgid", "status", "recipient", "sender", "sent_time", "cost", "parts", "tags")
_CALL_FIELDS = ("callid", "status", "recipient", "caller", "direction", "start_time", "end_time", "duration", "cost")

Country = Annotated[str, Field(description="ISO 3166-1 alpha-2, such as JP", pattern="^[A-Z]{2}$")]


class ReadTools:
    """The tools that read.

    Args:
        limits: the session's limits, whose charges are corrected when a real cost is read; ``None`` without sending.
    """

    def __init__(self, client: AsyncClient, formatter: Formatter, limits: SendLimits | None) -> None:
        self._client = client
        self._formatter = formatter
        self._limits = limits

    @tool
    async def sms_status(
        self, msgid: Annotated[str, Field(description="The id that a send returned")]
    ) -> dict[str, Any]:
        """Get the status of an SMS: QUEUED, DELIVERING, DELIVERED or FAIL, with time and cost, without its message."""
        message = await self._client.sms.get(msgid)
        self._correct_cost(msgid, message.cost)
        return self._formatter.fields(message, *_SMS_FIELDS)

    @tool
    async def sms_list(
        self,
        days: Annotated[int, Field(description="How many days back, including today (UTC)", ge=1, le=90)] = 1,
        limit: Annotated[int, Field(description="The most messages to return", ge=1, le=_MAX_LISTED)] = 20,
    ) -> dict[str, Any]:
        """List sent SMS. Xoxzo strictly limits the rate of this list: prefer sms_status, and do not loop over it."""
        since = (datetime.now(UTC) - timedelta(days=days - 1)).date()
        messages: list[dict[str, Any]] = []
        more = False
        async for message in self._client.sms.list(since=since):
            if len(messages) == limit:
                more = True
                break
            messages.append(self._formatter.fields(message, *_SMS_FIELDS))
        return {"messages": messages, "more": more}

    @tool
    async def sms_find(
        self,
        reference: Annotated[str, Field(description="The reference that the message was sent with")],
        days: Annotated[int, Field(description="How many days back", ge=1, le=90)] = 2,
    ) -> dict[str, Any]:
        """Find SMS by reference. If one is found, it was sent; if none is found, it may have been sent nevertheless."""
        since = (datetime.now(UTC) - timedelta(days=days - 1)).date()
        result = await self._client.sms.find(reference, since=since)
        messages = [self._formatter.fields(message, *_SMS_FIELDS) for message in result.messages]
        return {"found": result.found, "messages": messages}

    @tool
    async def call_status(
        self, callid: Annotated[str, Field(description="The id that call_say or call_play returned")]
    ) -> dict[str, Any]:
        """Get the status of a call: IN PROGRESS, ANSWERED, NO ANSWER or FAILED, with its seconds and cost."""
        call = await self._client.calls.get(callid)
        self._correct_cost(callid, call.cost)
        return self._formatter.fields(call, *_CALL_FIELDS, "tags")

    @tool
    async def credits(self) -> dict[str, Any]:
        """Get the account's balance in credits; 1 credit is 1 yen before tax."""
        return self._formatter.fields(await self._client.account.credits(), "credits")

    @tool
    async def templates(self) -> dict[str, Any]:
        """List the SMS templates with their texts and status: APPROVED can be sent, PENDING waits for approval."""
        templates = [
            self._formatter.fields(template, "id", "name", "status", "approved_content", "pending_content")
            async for template in self._client.templates.list()
        ]
        return {"templates": templates}

    @tool
    async def template_render(
        self,
        template_id: Annotated[int, Field(description="The template's number", ge=1)],
        variables: Annotated[dict[str, str], Field(description="A value for each placeholder")],
    ) -> dict[str, Any]:
        """Preview the message of a template, with its SMS parts and cost, without sending it."""
        rendered = (await self._client.templates.get(template_id)).render(variables)
        return {"message": rendered.text, **self._formatter.fields(rendered, "units", "parts", "cost")}

    @tool
    async def dins(self) -> dict[str, Any]:
        """List the account's dial-in numbers with their action URLs."""
        dins = [
            {"din_uid": din.din_uid, "din": self._formatter.number(din.din), "action_url": din.action_url}
            async for din in self._client.dins.list()
        ]
        return {"dins": dins}

    @tool
    async def message_cost(
        self, message: Annotated[str, Field(description="The message of an SMS")], country: Country = "JP"
    ) -> dict[str, Any]:
        """Count the SMS parts of a message and estimate its cost, without sending it."""
        estimated = estimate(message, country)
        return {
            "parts": estimated.parts,
            "credits": None if estimated.credits is None else float(estimated.credits),
            "notes": list(estimated.notes),
        }

    @tool
    async def phone_number(
        self,
        number: Annotated[str, Field(description="A phone number as somebody typed it")],
        country: Annotated[Country, Field(description="The country of a number without a country code")] = "JP",
    ) -> dict[str, Any]:
        """Convert a phone number to E.164, with its kind and every assumption that was made."""
        parsed = parse(number, country, test_numbers=True)
        # Not masked: the assistant has just passed this number.
        return {
            "e164": parsed.e164,
            "kind": parsed.kind,
            "country": parsed.country,
            "assumptions": [str(assumption) for assumption in parsed.assumptions],
            "notes": [str(note) for note in parsed.notes],
        }

    @tool
    async def limits(self) -> dict[str, Any]:
        """Get what this server may send: the allow-list, the budget, and the credits that are left."""
        if self._limits is None:
            return {"sending": False, "reason": "this server was started without --allow and --budget"}
        allowed = {name: self._formatter.number(number) for name, number in self._limits.recipients.items()}
        return {
            "sending": True,
            "allowed": allowed,
            "budget": float(self._limits.budget),
            "spent": float(self._limits.spent),
            "left": float(self._limits.left),
        }

    def _correct_cost(self, ident: str, cost: Decimal | None) -> None:
        if self._limits is not None:
            self._limits.correct_cost(ident, cost)
