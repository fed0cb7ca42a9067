"""Calls and conferences: placing them (API section 5), ringing phones, and what outbound and inbound calls share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from functools import partial
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from xoxzo.cloudpy.simulator.engine.context import EngineContext, OldestFirst, remove_from_index
from xoxzo.cloudpy.simulator.engine.errors import NotEnoughCredits
from xoxzo.cloudpy.simulator.engine.outcome_rules import OutcomeRules
from xoxzo.cloudpy.simulator.engine.records.accounts import Account, is_same_account
from xoxzo.cloudpy.simulator.engine.records.traffic import (
    Call,
    CallRequest,
    CallStatus,
    Conference,
    ConferenceRequest,
    Step,
)
from xoxzo.cloudpy.simulator.engine.rules import as_decimal, price_for_number, price_json
from xoxzo.cloudpy.simulator.engine.services.accounts import AccountService
from xoxzo.cloudpy.simulator.engine.services.callbacks import CallbackService


class RingingPhone(Struct, frozen=True):
    """A phone that rings, and what happens when it is answered, or when the carrier cannot reach it."""

    call: Call
    number: str
    answered: Callable[[], None]
    failed: Callable[[], None]
    is_ignored: bool = False
    """Whether its holder has let it ring."""


class PhoneRinger:
    """Lets phones ring, one for each call; `step` records a step of a call, `end` ends it."""

    def __init__(
        self,
        context: EngineContext,
        outcome_rules: OutcomeRules,
        step: Callable[[Call, str], None],
        end: Callable[[Call, CallStatus], None],
    ) -> None:
        self._context = context
        self._outcome_rules = outcome_rules
        self._step = step
        self._end = end
        self._ringing: dict[str, RingingPhone] = {}

    def ring(self, call: Call, number: str, answered: Callable[[], None], failed: Callable[[], None]) -> None:
        """Let a phone ring, which need not be the recipient's; call `answered`, or `failed` if it cannot be reached."""
        ringing = self._ringing[call.callid] = RingingPhone(call, number, answered, failed)
        settings, result = self._context.settings, self._outcome_rules.of("call", number)
        soon = settings.ring_seconds + result.seconds
        match result.outcome:
            case "hold":
                if not result.seconds:  # else it rings for ever
                    self._context.after(settings.longest_ring_seconds, lambda: self._unanswered(ringing))
            case "ignore":
                self._context.after(settings.no_answer_seconds + result.seconds, lambda: self._unanswered(ringing))
            case "decline":
                self._context.after(soon, lambda: self._declined(ringing))
            case "fail":
                self._context.after(soon, lambda: self._stop(ringing, failed))
            case _:
                self._context.after(soon, lambda: self._stop(ringing, answered))

    def now(self) -> list[RingingPhone]:
        """Return the phones that ring now, the oldest call first."""
        return list(self._ringing.values())

    def act(self, callid: str, what: Literal["answer", "decline", "ignore"]) -> bool:
        """Answer by command, decline, which the caller sees as no answer, or let it ring; false if no phone rings."""
        ringing = self._ringing.get(callid)
        if ringing is None:
            return False
        if what == "answer":
            return self._stop(ringing, ringing.answered)
        if what == "decline":
            return self._declined(ringing)
        left = self._ringing[callid] = replace(ringing, is_ignored=True)
        self._step(left.call, "left ringing")
        self._context.after(self._context.settings.no_answer_seconds, lambda: self._unanswered(left))
        return True

    def silence(self, call: Call) -> None:
        """Let a phone ring no more, because its call has ended."""
        self._ringing.pop(call.callid, None)

    def _unanswered(self, ringing: RingingPhone) -> bool:
        return self._stop(ringing, lambda: self._end(ringing.call, "NO ANSWER"))

    def _declined(self, ringing: RingingPhone) -> bool:
        def end() -> None:
            self._step(ringing.call, "declined")
            self._end(ringing.call, "NO ANSWER")

        return self._stop(ringing, end)

    def _stop(self, ringing: RingingPhone, then: Callable[[], None]) -> bool:
        """End the ringing and go on, unless it has stopped already; return whether it went on."""
        if self._ringing.get(ringing.call.callid) is not ringing:
            return False
        del self._ringing[ringing.call.callid]
        then()
        return True


# A further minute is billed once it has begun: a talk of exactly 60 seconds is one minute.
_MINUTE = 60.001


class CallService:
    """Stores all calls, places those of the API and bills talk by started minutes (API section 1.7)."""

    def __init__(
        self, context: EngineContext, accounts: AccountService, callbacks: CallbackService, outcome_rules: OutcomeRules
    ) -> None:
        self._context = context
        self._accounts = accounts
        self._callbacks = callbacks
        self.phones = PhoneRinger(context, outcome_rules, self.step, self.end)
        limit = context.settings.max_calls
        self.calls: OldestFirst[str, Call] = OldestFirst(limit, lambda call: call.started, self._delete)
        self.by_phone: dict[str, dict[str, Call]] = {}
        self.by_account: dict[Account, dict[str, Call]] = {}
        self.conferences: OldestFirst[str, Conference] = OldestFirst(limit, lambda one: one.started, self._forget)
        accounts.on_delete(lambda account: self.calls.delete(self.by_account.get(account, ())))

    def place(self, account: Account, request: CallRequest) -> Call:
        """Accept a call and take its first minute, answered or not, or raise `NotEnoughCredits`."""
        settings = self._context.settings
        price = price_for_number(settings.voice_prices, request.recipient)
        if request.din_caller and request.recipient.startswith("+81"):
            price = as_decimal(settings.din_caller_price)
        cost = price + (as_decimal(settings.tts_surcharge) if request.tts_message is not None else 0)
        self._accounts.charge(account, cost, needs=as_decimal(settings.voice_minimum))
        call = self._outbound(
            account,
            request,
            request.recipient,
            price,
            call_type="simple/playbacks",
            content=request.tts_message or request.recording_url or "",
            callback_url=request.callback_url,
            charged=cost,
        )
        self._ring(call, lambda: self._talk(call, request))
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
        self.restore_conference(conference)
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

    def talk_seconds(self, text: str) -> float:
        """Return how long a text is spoken."""
        return max(1.0, len(text) / self._context.settings.tts_characters_per_second)

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
        self.phones.silence(call)
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

    def _ring(self, call: Call, answered: Callable[[], None]) -> None:
        self.keep(call)
        self.step(call, "ringing")
        self.phones.ring(call, call.recipient, answered, lambda: self.end(call, "FAILED"))

    def find(self, account: Account, callid: str) -> Call | None:
        """Return an account's call."""
        return self.by_account.get(account, {}).get(callid)

    def find_conference(self, account: Account, conferenceid: str) -> Conference | None:
        """Return an account's conference."""
        conference = self.conferences.get(conferenceid)
        return conference if conference and is_same_account(conference.account, account) else None

    def hang_up(self, callid: str) -> bool:
        """Hang up by command; return whether the call was in progress."""
        call = self.calls.get(callid)
        if call is None or call.answered_at is None or call.ended is not None:
            return False
        self.step(call, "hung up")
        self.end(call, "ANSWERED")
        return True

    def _talk(self, call: Call, request: CallRequest) -> None:
        self.answer(call)
        if request.tts_message is not None:
            self.step(call, "say", lang=request.tts_lang, content=request.tts_message)
            seconds = self.talk_seconds(request.tts_message)
        else:
            self.step(call, "playback", url=request.recording_url)
            seconds = self._context.settings.recording_seconds
        self._context.after(seconds, lambda: self.end(call, "ANSWERED"))

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

    def keep(self, call: Call) -> None:
        """Store a call; over the limit, the oldest are deleted."""
        self.by_account.setdefault(call.account, {})[call.callid] = call
        self._context.minute(call.started).calls += 1
        self.attach(call.recipient, call)
        self.calls.keep(call.callid, call)

    def restore(self, calls: Collection[Call], others: Iterable[Call], stopped: float, reason: str) -> None:
        """Take back calls, and those that only conferences refer to; those in progress end as FAILED, for a reason."""
        reached: list[tuple[float, str, Call]] = []
        for call in calls:
            self._context.note_serial(call.serial)
            self.calls[call.callid] = self.by_account.setdefault(call.account, {})[call.callid] = call
            reached += ((at, number, call) for at, number in call.reached())
        for call in (*calls, *others):
            if call.ended is None:
                self._context.at(stopped, partial(self._interrupt, call, reason))
        for _, number, call in sorted(reached, key=lambda one: one[0]):
            self.attach(number, call)

    def restore_conference(self, conference: Conference) -> None:
        """Store a conference, new or loaded, whose calls end by themselves; over the limit, the oldest are deleted."""
        self.conferences.keep(conference.conferenceid, conference)

    def _interrupt(self, call: Call, reason: str) -> None:
        self.step(call, "failed", reason=reason)
        self.end(call, "FAILED")

    def _touch(self, call: Call) -> None:
        if call.callid in self.calls:  # it may have been deleted since
            self._context.mark_changed(call)
        if conference := self.conferences.get(call.conferenceid):  # it may outlive its calls, so it is saved with them
            self._context.mark_changed(conference)

    def attach(self, number: str, call: Call) -> None:
        """Show a call on a phone that it reached."""
        reached = self.by_phone.setdefault(number, {})
        if call.callid not in reached:
            reached[call.callid] = call
            if _is_phone(number, call):
                self._context.phones.reached(number, call.serial)

    def _delete(self, call: Call) -> None:
        self._context.mark_deleted(call)
        if not call.conferenceid:  # a conference may outlive its calls, and has to end
            self.phones.silence(call)
        remove_from_index(self.by_account, call.account, call.callid)
        for _, number in call.reached():
            if remove_from_index(self.by_phone, number, call.callid) and _is_phone(number, call):
                self._context.phones.forgotten(number)

    def _forget(self, conference: Conference) -> None:
        self._context.mark_deleted(conference)
        for leg in conference.legs:
            self.phones.silence(leg)


def _is_phone(number: str, call: Call) -> bool:
    """Say whether a number that a call reached is a phone: a dial-in number is the account's own."""
    return call.direction == "outbound" or number != call.recipient
