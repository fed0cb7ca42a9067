"""The tools: each public method of `ReadTools`, which only read, and of `SendTools`, which send or cost credits.

Their docstrings are the descriptions for the assistant. Results are plain values; phone numbers in them are masked.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field

from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.errors import APIError, InvalidArgument
from xoxzo.cloudpy.integrations.mcp.limits import SendLimits
from xoxzo.cloudpy.models import CarrierLookup, SentMessage, StartedCall
from xoxzo.cloudpy.models.base import Model
from xoxzo.cloudpy.phone import parse
from xoxzo.cloudpy.text import estimate

_MAX_LISTED = 100
_NUMBER_FIELDS = frozenset({"recipient", "caller", "din"})
_SMS_FIELDS = ("msgid", "status", "recipient", "sender", "sent_time", "cost", "parts", "tags")
_CALL_FIELDS = ("callid", "status", "recipient", "caller", "direction", "start_time", "end_time", "duration", "cost")

Country = Annotated[str, Field(description="ISO 3166-1 alpha-2, such as JP", pattern="^[A-Z]{2}$")]


class _Tools:
    def __init__(self, client: AsyncClient, *, show_numbers: bool) -> None:
        self._client = client
        self._show_numbers = show_numbers

    def _number(self, number: str) -> str:
        return number if self._show_numbers else mask_number(number)

    def _fields(self, model: Model, *names: str) -> dict[str, Any]:
        """Return fields of a record; credits as numbers, times in UTC as ISO 8601."""
        return {name: self._value(name, getattr(model, name)) for name in names}

    def _value(self, name: str, value: Any) -> Any:  # noqa: ANN401 - a field's
        if name in _NUMBER_FIELDS and value:
            return self._number(value)
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, Decimal):
            return float(value)
        return list(value) if isinstance(value, tuple) else value


class ReadTools(_Tools):
    """The tools that read. The charges of `limits` are corrected by costs that are read; ``None`` without sending."""

    def __init__(self, client: AsyncClient, limits: SendLimits | None, *, show_numbers: bool) -> None:
        super().__init__(client, show_numbers=show_numbers)
        self._limits = limits

    async def sms_status(
        self, msgid: Annotated[str, Field(description="The id that a send returned")]
    ) -> dict[str, Any]:
        """Get the status of an SMS: QUEUED, DELIVERING, DELIVERED or FAIL, with time and cost, without its message."""
        message = await self._client.sms.get(msgid)
        self._correct_cost(msgid, message.cost)
        return self._fields(message, *_SMS_FIELDS)

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
            messages.append(self._fields(message, *_SMS_FIELDS))
        return {"messages": messages, "more": more}

    async def sms_find(
        self,
        reference: Annotated[str, Field(description="The reference that the message was sent with")],
        days: Annotated[int, Field(description="How many days back", ge=1, le=90)] = 2,
    ) -> dict[str, Any]:
        """Find SMS by reference. If one is found, it was sent; if none is found, it may have been sent nevertheless."""
        since = (datetime.now(UTC) - timedelta(days=days - 1)).date()
        result = await self._client.sms.find(reference, since=since)
        messages = [self._fields(message, *_SMS_FIELDS) for message in result.messages]
        return {"found": result.found, "messages": messages}

    async def call_status(
        self, callid: Annotated[str, Field(description="The id that call_say or call_play returned")]
    ) -> dict[str, Any]:
        """Get the status of a call: IN PROGRESS, ANSWERED, NO ANSWER or FAILED, with its seconds and cost."""
        call = await self._client.calls.get(callid)
        self._correct_cost(callid, call.cost)
        return self._fields(call, *_CALL_FIELDS, "tags")

    async def credits(self) -> dict[str, Any]:
        """Get the account's balance in credits; 1 credit is 1 yen before tax."""
        return self._fields(await self._client.account.credits(), "credits")

    async def templates(self) -> dict[str, Any]:
        """List the SMS templates with their texts and status: APPROVED can be sent, PENDING waits for approval."""
        templates = [
            self._fields(template, "id", "name", "status", "approved_content", "pending_content")
            async for template in self._client.templates.list()
        ]
        return {"templates": templates}

    async def template_render(
        self,
        template_id: Annotated[int, Field(description="The template's number", ge=1)],
        variables: Annotated[dict[str, str], Field(description="A value for each placeholder")],
    ) -> dict[str, Any]:
        """Preview the message of a template, with its SMS parts and cost, without sending it."""
        rendered = (await self._client.templates.get(template_id)).render(variables)
        return {"message": rendered.text, **self._fields(rendered, "units", "parts", "cost")}

    async def dins(self) -> dict[str, Any]:
        """List the account's dial-in numbers with their action URLs."""
        dins = [self._fields(din, "din_uid", "din", "action_url") async for din in self._client.dins.list()]
        return {"dins": dins}

    async def message_cost(
        self, message: Annotated[str, Field(description="The message of an SMS")], country: Country = "JP"
    ) -> dict[str, Any]:
        """Count the SMS parts of a message and estimate its cost, without sending it."""
        estimated = estimate(message, country)
        return {name: self._value(name, getattr(estimated, name)) for name in ("parts", "credits", "notes")}

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

    async def limits(self) -> dict[str, Any]:
        """Get what this server may send: the allow-list, the budget, and the credits that are left."""
        if self._limits is None:
            return {"sending": False, "reason": "this server was started without --allow and --budget"}
        allowed = {name: self._number(number) for name, number in self._limits.recipients.items()}
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


class SendTools(_Tools):
    """The tools that send or cost credits, within the allow-list and the budget of `limits`."""

    def __init__(self, client: AsyncClient, limits: SendLimits, settings: SendSettings, *, show_numbers: bool) -> None:
        super().__init__(client, show_numbers=show_numbers)
        self._limits = limits
        self._settings = settings

    async def lookup(self, recipient: Recipient, reference: Reference) -> dict[str, Any]:
        """Look up the carrier of somebody on the allow-list. It costs 5 credits, found or not."""
        number = self._limits.number_of(recipient)
        return await self._send("lookup", partial(self._look_up), number, reference, LOOKUP_CREDITS)

    async def sms_send(
        self,
        recipient: Recipient,
        message: Annotated[str, Field(description="The message, at most 660 characters; each part is billed")],
        reference: Reference,
    ) -> dict[str, Any]:
        """Send one SMS to somebody on the allow-list. It reaches a person and costs credits."""
        number = self._limits.number_of(recipient)
        send = partial(self._client.sms.send, sender=self._settings.sender or "", message=message)
        return await self._send("sms", send, number, reference, self._sms_cost(message, number))

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
        send = partial(self._client.templates.send, template, sender=self._settings.sender or "", variables=variables)
        return await self._send(f"template {template_id}", send, number, reference, cost)

    async def call_say(
        self,
        recipient: Recipient,
        message: Annotated[str, Field(description="What is spoken; commas make pauses", max_length=1000)],
        language: Annotated[Literal["ja", "en"], Field(description="The language of the message")],
        reference: Reference,
    ) -> dict[str, Any]:
        """Call somebody on the allow-list and speak a message. The first minute costs credits, answered or not."""
        number = self._limits.number_of(recipient)
        caller = self._settings.caller or ""
        say = partial(self._client.calls.say, caller=caller, tts_message=message, tts_lang=language)
        cost = self._call_cost(1 + len(message) // _SPOKEN_CHARACTERS_PER_MINUTE)
        return await self._send("say", say, number, reference, cost)

    async def call_play(
        self,
        recipient: Recipient,
        recording_url: Annotated[str, Field(description="A public mp3, http:// only")],
        reference: Reference,
    ) -> dict[str, Any]:
        """Call somebody on the allow-list and play an mp3. Three minutes are charged to the budget, answered or not."""
        number = self._limits.number_of(recipient)
        play = partial(self._client.calls.play, caller=self._settings.caller or "", recording_url=recording_url)
        return await self._send("play", play, number, reference, self._call_cost(_PLAY_MINUTES))

    async def _look_up(self, *, recipient: str, reference: str) -> CarrierLookup:
        del reference  # a look-up takes none
        return await self._client.lookup.carrier(recipient)

    def _sms_cost(self, message: str, number: str) -> Decimal | None:
        country = parse(number, test_numbers=True).country or "ZZ"
        return estimate(message, country, price=self._settings.sms_price).credits

    def _call_cost(self, minutes: int) -> Decimal | None:
        return None if self._settings.call_price is None else self._settings.call_price * minutes

    async def _send(
        self, kind: str, send: partial[Any], number: str, reference: str, cost: Decimal | None
    ) -> dict[str, Any]:
        """Charge the cost to the budget, send, and record the outcome."""
        earlier = self._limits.reserve(reference, (kind, number, send.keywords), cost)
        if earlier is not None:
            return earlier
        try:
            sent: SentMessage | StartedCall | CarrierLookup = await send(recipient=number, reference=reference)
        except BaseException as error:
            # After a cancellation, for instance, the request may have left.
            known = isinstance(error, InvalidArgument | APIError)
            self._limits.mark_failed(reference, maybe_sent=not known or getattr(error, "maybe_sent", False))
            raise
        if isinstance(sent, CarrierLookup):
            described = self._fields(sent, "found", "carrier", "country", "mcc", "mnc")
        else:
            described = {"id": sent.msgid if isinstance(sent, SentMessage) else sent.callid}
        result = {
            **described,
            "recipient": self._number(number),
            "reference": reference,
            "credits_charged": float(cost or 0),
            "credits_left": float(self._limits.left),
            "repeated": False,
        }
        self._limits.mark_sent(reference, result)
        return result
