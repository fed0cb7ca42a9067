"""Calls and conferences: placing them (API section 5), ringing phones, and what outbound and inbound calls share."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from functools import partial
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from xoxzo.cloudpy.simulator.engine.context import EngineContext, OldestFirst, TrafficRecords
from xoxzo.cloudpy.simulator.engine.errors import NotEnoughCredits
from xoxzo.cloudpy.simulator.engine.outcome_rules import OutcomeRules
from xoxzo.cloudpy.simulator.engine.records.accounts import Account
from xoxzo.cloudpy.simulator.engine.records.traffic import (
    Call,
    CallRequest,
    CallStatus,
    Conference,
    ConferenceRequest,
    Step,
)
from xoxzo.cloudpy.simulator.engine.rules import Playback, Say, as_decimal, price_for_number, price_json
from xoxzo.cloudpy.simulator.engine.services.accounts import AccountService
from xoxzo.cloudpy.simulator.engine.services.callbacks import CallbackService
from xoxzo.cloudpy.simulator.errors import ItemNotFound


class RingingPhone(Struct, frozen=True):
    """A phone that rings, and what happens when it is answered."""

    call: Call
    number: str
    answered: Callable[[], None]
    is_ignored: bool = False
    """Whether its holder has let it ring."""


# A further minute is billed once it has begun: a talk of exactly 60 seconds is one minute.
_MINUTE = 60.001


class CallService:
    """Stores all calls, places those of the API, rings phones, and bills talk by started minutes (API section 1.7)."""

    def __init__(
        self, context: EngineContext, accounts: AccountService, callbacks: CallbackService, outcome_rules: OutcomeRules
    ) -> None:
        self._context = context
        self._accounts = accounts
        self._callbacks = callbacks
        self._outcome_rules = outcome_rules
        self.ringing: dict[str, RingingPhone] = {}
        """The phone that rings now for each call, the oldest call first."""
        limit = context.settings.max_calls
        self.calls = TrafficRecords[Call](context, limit, lambda call: call.started, Call.reached, self._deleted)
        self.by_phone, self.by_account = self.calls.by_phone, self.calls.by_account
        self.conferences: OldestFirst[str, Conference] = OldestFirst(limit, lambda one: one.started, self._forget)
        accounts.on_delete(lambda account: self.calls.delete(self.by_account.get(account, ())))

    def place(self, account: Account, request: CallRequest) -> Call:
        """Accept a call and take its first minute, answered or not, or raise `NotEnoughCredits`."""
        settings, content = self._context.settings, request.content
        price = price_for_number(settings.voice_prices, request.recipient)
        if request.din_caller and request.recipient.startswith("+81"):
            price = as_decimal(settings.din_caller_price)
        cost = price + (as_decimal(settings.tts_surcharge) if isinstance(content, Say) else 0)
        self._accounts.charge(account, cost, needs=as_decimal(settings.voice_minimum))
        call = self._outbound(
            account,
            request,
            request.recipient,
            price,
            call_type="simple/playbacks",
            content=content.text if isinstance(content, Say) else content.url,
            callback_url=request.callback_url,
            charged=cost,
        )

        def talk() -> None:
            self.answer(call)
            self._context.after(self.present(call, content), lambda: self.end(call, "ANSWERED"))

        self._ring(call, talk)
        return call

    def place_conference(self, account: Account, request: ConferenceRequest) -> Conference:
        """Accept a conference and take the first minute of each call, answered or not, or raise `NotEnoughCredits`."""
        settings = self._context.settings
        prices = [price_for_number(settings.voice_prices, number) for number in request.participants]
        self._accounts.charge(account, as_decimal(sum(prices)), needs=as_decimal(settings.voice_minimum))
        ident, kind = self._context.callid(), "simple/conferences"
        legs = tuple(
            self._outbound(account, request, number, price, call_type=kind, charged=price, conferenceid=ident)
            for number, price in zip(request.participants, prices, strict=True)
        )
        conference = Conference(
            conferenceid=ident, account=account, request=request, started=self._context.now(), legs=legs
        )
        self._context.mark_changed(conference)
        self.conferences.keep(ident, conference)
        for leg in legs:
            self._ring(leg, partial(self._confer, leg))
        return conference

    def _outbound(
        self,
        account: Account,
        request: CallRequest | ConferenceRequest,
        recipient: str,
        price: Decimal,
        **more: Any,  # noqa: ANN401 - fields of a call
    ) -> Call:
        return Call(
            callid=self._context.callid(),
            account=account,
            caller=request.caller,
            recipient=recipient,
            direction="outbound",
            minute_price=price,
            started=self._context.now(),
            tags=request.tags,
            base_url=request.base_url,
            serial=self._context.serial(),
            received=self._context.received,
            **more,
        )

    def begin(self, call: Call) -> None:
        """Store a new call, which rings; over the limit, the oldest are deleted."""
        self._context.minute(call.started).calls += 1
        self.calls.keep(call.callid, call)
        self.step(call, "ringing")

    def _ring(self, call: Call, answered: Callable[[], None]) -> None:
        self.begin(call)
        self.ring(call, call.recipient, answered, lambda: self.end(call, "FAILED"))

    def ring(self, call: Call, number: str, answered: Callable[[], None], failed: Callable[[], None]) -> None:
        """Let a phone ring, which need not be the recipient's; call `answered`, or `failed` if it cannot be reached."""
        ringing = self.ringing[call.callid] = RingingPhone(call, number, answered)
        settings, result = self._context.settings, self._outcome_rules.of("call", number)
        soon = settings.ring_seconds + result.seconds
        unanswered = partial(self.end, call, "NO ANSWER")
        endings: dict[str, tuple[float, Callable[[], None]]] = {
            "hold": (settings.longest_ring_seconds, unanswered),
            "ignore": (settings.no_answer_seconds + result.seconds, unanswered),
            "decline": (soon, partial(self._decline, call)),
            "fail": (soon, failed),
        }
        seconds, then = endings.get(result.outcome, (soon, answered))
        if result.seconds < math.inf:  # else it rings for ever
            self._context.after(seconds, lambda: self._stop(ringing, then))

    def act(self, callid: str, what: Literal["answer", "decline", "ignore"]) -> None:
        """Answer, decline, which the caller sees as no answer, or let it ring; `ItemNotFound` if no phone rings."""
        ringing = self.ringing.get(callid)
        if ringing is None:
            raise ItemNotFound("no_ringing_call", "there is no such call that rings")
        call = ringing.call
        if what == "answer":
            self._stop(ringing, ringing.answered)
        elif what == "decline":
            self._stop(ringing, partial(self._decline, call))
        else:
            left = self.ringing[callid] = replace(ringing, is_ignored=True)
            self.step(call, "left ringing")
            unanswered = partial(self.end, call, "NO ANSWER")
            self._context.after(self._context.settings.no_answer_seconds, lambda: self._stop(left, unanswered))

    def _decline(self, call: Call) -> None:
        self.step(call, "declined")
        self.end(call, "NO ANSWER")

    def _stop(self, ringing: RingingPhone, then: Callable[[], None]) -> None:
        """End the ringing and go on, unless it has stopped already."""
        if self.ringing.get(ringing.call.callid) is ringing:
            del self.ringing[ringing.call.callid]
            then()

    def present(self, call: Call, content: Say | Playback) -> float:
        """Speak a text or play a recording; return how many seconds that takes."""
        settings = self._context.settings
        if isinstance(content, Say):
            self.step(call, "say", lang=content.lang, content=content.text)
            return max(1.0, len(content.text) / settings.tts_characters_per_second)
        self.step(call, "playback", url=content.url)
        return settings.recording_seconds

    def step(self, call: Call, name: str, *, content: str | None = None, **facts: object) -> None:
        """Record and publish a step of a call; `content` is stored as `text`, but published apart from the facts."""
        stored = facts if content is None else {**facts, "text": content}
        call.steps.append(Step(self._context.now(), name, stored))
        self._touch(call)
        numbers = {"from": call.caller, "to": call.recipient}
        self._context.publish("call", call.callid, numbers=numbers, content=content, step=name, **facts)

    def answer(self, call: Call) -> None:
        """Begin to talk, and charge each further minute when it starts."""
        call.answered_at = self._context.now()
        self.step(call, "answered")
        self._context.after(_MINUTE, lambda: self._next_minute(call))

    def end(self, call: Call, status: CallStatus) -> None:
        """End a call that has not ended yet, and report it (API section 10)."""
        if call.ended is not None:
            return
        call.ended = self._context.now()
        call.status = status
        self.ringing.pop(call.callid, None)
        if call.answered_at is not None:
            # Rounded first: moments are floats, and 2.9999999 s of talk are three seconds.
            call.duration = -int(-round(call.ended - call.answered_at, 3) // 1)
        self.step(call, "ended", status=status, duration=call.duration, cost=price_json(call.charged))
        if call.callback_url:
            self._callbacks.post("call", call.callid, call.callback_url, call.view(call.base_url))
        if (conference := self.conferences.get(call.conferenceid)) and conference.ended is not None:
            request = conference.request
            if request.callback_url:
                view = conference.view(request.base_url)
                self._callbacks.post("conference", conference.conferenceid, request.callback_url, view)

    def hang_up(self, callid: str) -> None:
        """Hang up by command; raise `ItemNotFound` if the call is not in progress."""
        call = self.calls.get(callid)
        if call is None or call.answered_at is None or call.ended is not None:
            raise ItemNotFound("no_such_talk", "no such call is in progress")
        self.step(call, "hung up")
        self.end(call, "ANSWERED")

    def _confer(self, leg: Call) -> None:
        self.answer(leg)
        self.step(leg, "conference", conferenceid=leg.conferenceid)
        self._context.after(self._context.settings.conference_seconds, lambda: self.end(leg, "ANSWERED"))

    def _next_minute(self, call: Call) -> None:
        if call.ended is not None:
            return
        try:
            self._accounts.charge(call.account, call.minute_price)
        except NotEnoughCredits:
            self.step(call, "out of credits")
            self.end(call, "ANSWERED")
            return
        call.charged += call.minute_price
        self._touch(call)
        self._context.after(_MINUTE, lambda: self._next_minute(call))

    def restore(self, calls: Collection[Call], others: Iterable[Call], stopped: float, reason: str) -> None:
        """Take back calls, and those that only conferences refer to; those in progress end as FAILED, for a reason."""
        for call in calls:
            self.calls.keep(call.callid, call)
        for call in (*calls, *others):
            if call.ended is None:
                self._context.at(stopped, partial(self.fail, call, reason))

    def fail(self, call: Call, reason: str) -> None:
        """End a call that has not ended yet as FAILED, for a reason."""
        if call.ended is None:
            self.step(call, "failed", reason=reason)
            self.end(call, "FAILED")

    def _touch(self, call: Call) -> None:
        if call.callid in self.calls:  # it may have been deleted since
            self._context.mark_changed(call)
        if conference := self.conferences.get(call.conferenceid):  # it may outlive its calls, so it is saved with them
            self._context.mark_changed(conference)

    def _deleted(self, call: Call) -> None:
        if not call.conferenceid:  # a conference may outlive its calls, and has to end
            self.ringing.pop(call.callid, None)

    def _forget(self, conference: Conference) -> None:
        self._context.mark_deleted(conference)
        for leg in conference.legs:
            self.ringing.pop(leg.callid, None)
