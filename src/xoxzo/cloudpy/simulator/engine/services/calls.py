"""Calls and conferences (API section 5), and calls that come in to dial-in numbers (API sections 6 and 11)."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.engine import rules
from xoxzo.cloudpy.simulator.engine.context import OldestFirst, OutboundRequest, OutboundResult, TrafficRecords
from xoxzo.cloudpy.simulator.engine.records.accounts import Account
from xoxzo.cloudpy.simulator.engine.records.traffic import (
    Call,
    CallRequest,
    CallStatus,
    Conference,
    ConferenceRequest,
    Step,
)
from xoxzo.cloudpy.simulator.engine.services.accounts import SubscribedNumberService
from xoxzo.cloudpy.simulator.engine.services.callbacks import Shared


class RingingPhone(Struct, frozen=True):
    """A phone that rings, and what happens when it is answered."""

    call: Call
    number: str
    answered: Callable[[], None]
    is_ignored: bool = False
    """Whether its holder has let it ring."""


# A further minute is billed once it has begun: a talk of exactly 60 seconds is one minute.
_MINUTE = 60.001

_MAX_RESPONSE_BYTES = 1_000


class CallService:
    """Places calls and takes those that come in, rings phones, and bills talk by started minutes (API section 1.7)."""

    def __init__(self, shared: Shared, dins: SubscribedNumberService) -> None:
        self._context, self._accounts, self._callbacks, self._outcome_rules = shared
        self._dins = dins
        self.ringing: dict[str, RingingPhone] = {}
        """The phone that rings now for each call, the oldest call first."""
        limit = self._context.settings.max_calls
        self.calls = TrafficRecords[Call](self._context, limit, lambda call: call.started, Call.reached, self._deleted)
        self.by_phone, self.by_account = self.calls.by_phone, self.calls.by_account
        self.conferences: OldestFirst[str, Conference] = OldestFirst(limit, lambda one: one.started, self._forget)
        self._accounts.on_delete.append(lambda account: self.calls.delete(self.by_account.get(account, ())))

    def place(self, account: Account, request: CallRequest) -> Call:
        """Accept a call and take its first minute, answered or not, or raise `NotEnoughCredits`."""
        settings, content = self._context.settings, request.content
        price = rules.price_for_number(settings.voice_prices, request.recipient)
        if request.din_caller and request.recipient.startswith("+81"):
            price = rules.as_decimal(settings.din_caller_price)
        cost = price + (rules.as_decimal(settings.tts_surcharge) if isinstance(content, rules.Say) else 0)
        self._accounts.charge(account, cost, needs=rules.as_decimal(settings.voice_minimum))
        facts: dict[str, Any] = {"call_type": "simple/playbacks", "callback_url": request.callback_url, "charged": cost}
        facts["content"] = content.text if isinstance(content, rules.Say) else content.url
        call = self._call(account, request.caller, request.recipient, price, request, **facts)
        self._ring(call, call.recipient, lambda: self._talk(call, [content]), partial(self._end, call, "FAILED"))
        return call

    def place_conference(self, account: Account, request: ConferenceRequest) -> Conference:
        """Accept a conference and take the first minute of each call, answered or not, or raise `NotEnoughCredits`."""
        settings = self._context.settings
        prices = [rules.price_for_number(settings.voice_prices, number) for number in request.participants]
        self._accounts.charge(account, rules.as_decimal(sum(prices)), needs=rules.as_decimal(settings.voice_minimum))
        ident, now = self._context.callid(), self._context.now()
        facts: dict[str, Any] = {"call_type": "simple/conferences", "conferenceid": ident}
        legs = tuple(
            self._call(account, request.caller, number, price, request, charged=price, **facts)
            for number, price in zip(request.participants, prices, strict=True)
        )
        conference = Conference(conferenceid=ident, account=account, request=request, started=now, legs=legs)
        self._context.mark_changed(conference)
        self.conferences.keep(ident, conference)
        for leg in legs:
            self._ring(leg, leg.recipient, partial(self._confer, leg), partial(self._end, leg, "FAILED"))
        return conference

    def receive(self, din: str, caller: str | None, *, sid: str | None = None) -> Call:
        """Let a call come in, or raise `ItemNotFound`; its first minute is charged with the action URL's request."""
        line, owner = self._dins.by_number(din, sid)
        call = self._call(owner, caller or "", f"+{line.number}", Decimal(line.range.minute_cost), call_type="din")
        if line.action_url is None:
            self._fail(call, N_("no action URL is set"))
        elif not self._accounts.pay(owner, call.minute_price):
            self._fail(call, N_("not enough credits"))
        else:
            call.charged = call.minute_price
            self._step(call, "asking", url=line.action_url)
            url = self._action_url(line.action_url, call)
            self._context.send(OutboundRequest("GET", url, partial(self._answered, call)))
        return call

    def restore(self, calls: Collection[Call], others: Iterable[Call], stopped: float, reason: str) -> None:
        """Take back calls, and those that only conferences refer to; those in progress end as FAILED, for a reason."""
        for call in calls:
            self.calls.keep(call.callid, call)
        for call in (*calls, *others):
            if call.ended is None:
                self._context.at(stopped, partial(self._fail, call, reason))

    def hang_up(self, callid: str) -> None:
        """Hang up by command; raise `ItemNotFound` if the call is not in progress."""
        call = self.calls.get(callid)
        if call is None or call.answered_at is None or call.ended is not None:
            raise rules.ItemNotFound("no_such_talk", "no such call is in progress")
        self._step(call, "hung up")
        self._end(call, "ANSWERED")

    def act(self, callid: str, what: Literal["answer", "decline", "ignore"]) -> None:
        """Answer, decline, which the caller sees as no answer, or let it ring; `ItemNotFound` if no phone rings."""
        ringing = self.ringing.get(callid)
        if ringing is None:
            raise rules.ItemNotFound("no_ringing_call", "there is no such call that rings")
        call = ringing.call
        if what == "answer":
            self._stop(ringing, ringing.answered)
        elif what == "decline":
            self._stop(ringing, partial(self._decline, call))
        else:
            left = self.ringing[callid] = replace(ringing, is_ignored=True)
            self._step(call, "left ringing")
            unanswered = partial(self._end, call, "NO ANSWER")
            self._context.after(self._context.settings.no_answer_seconds, lambda: self._stop(left, unanswered))

    def _call(
        self,
        account: Account,
        caller: str,
        recipient: str,
        price: Decimal,
        request: CallRequest | ConferenceRequest | None = None,
        **more: Any,  # noqa: ANN401 - fields of a call
    ) -> Call:
        if request:
            more |= {"tags": request.tags, "base_url": request.base_url, "received": self._context.received}
        call = Call(
            callid=self._context.callid(),
            account=account,
            caller=caller,
            recipient=recipient,
            direction="outbound" if request else "inbound",
            minute_price=price,
            started=self._context.now(),
            serial=self._context.serial(),
            **more,
        )
        self._context.minute(call.started).calls += 1
        self.calls.keep(call.callid, call)
        self._step(call, "ringing")
        return call

    def _ring(self, call: Call, number: str, answered: Callable[[], None], failed: Callable[[], None]) -> None:
        """Let a phone ring, which need not be the recipient's; call `answered`, or `failed` if it cannot be reached."""
        ringing = self.ringing[call.callid] = RingingPhone(call, number, answered)
        settings, result = self._context.settings, self._outcome_rules.of("call", number)
        soon = settings.ring_seconds + result.seconds
        unanswered = partial(self._end, call, "NO ANSWER")
        endings: dict[str, tuple[float, Callable[[], None]]] = {
            "hold": (settings.longest_ring_seconds, unanswered),
            "ignore": (settings.no_answer_seconds + result.seconds, unanswered),
            "decline": (soon, partial(self._decline, call)),
            "fail": (soon, failed),
        }
        seconds, then = endings.get(result.outcome, (soon, answered))
        if result.seconds < math.inf:  # else it rings for ever
            self._context.after(seconds, lambda: self._stop(ringing, then))

    def _decline(self, call: Call) -> None:
        self._step(call, "declined")
        self._end(call, "NO ANSWER")

    def _stop(self, ringing: RingingPhone, then: Callable[[], None]) -> None:
        """End the ringing and go on, unless it has stopped already."""
        if self.ringing.get(ringing.call.callid) is ringing:
            del self.ringing[ringing.call.callid]
            then()

    def _action_url(self, url: str, call: Call) -> str:
        settings = self._context.settings
        plus = "+" if settings.action_numbers_with_plus else ""
        numbers = {"caller": call.caller, "recipient": call.recipient}
        query = {name: number and plus + number.removeprefix("+") for name, number in numbers.items()}
        if not call.caller and settings.anonymous_caller == "omitted":
            del query["caller"]
        return rules.add_query(url, urlencode(query), keep=settings.keep_action_query)

    def _answered(self, call: Call, answer: OutboundResult) -> None:
        settings = self._context.settings
        if answer.error is not None or answer.status != 200:
            self._fail(call, answer.error or rules.Reason(N_("the action URL answered {n}"), n=answer.status))
            return
        content = answer.body[:_MAX_RESPONSE_BYTES].decode("utf-8", "replace")
        self._step(call, "fetched", status=answer.status, content=content)
        try:
            actions = rules.parse_answer(
                answer.body, most=settings.actions_per_answer, recordings=settings.recording_urls
            )
        except rules.ActionError as error:
            self._fail(call, error.args[0])
            return
        self._talk(call, actions)

    def _talk(self, call: Call, actions: list[rules.Action]) -> None:
        self._answer(call)
        self._carry_out(call, actions)

    def _carry_out(self, call: Call, actions: list[rules.Action]) -> None:
        if call.ended is not None:  # the balance ran out
            return
        if not actions:
            self._end(call, "ANSWERED")
            return
        first, *rest = actions
        match first:
            case rules.Transfer(number):
                self._transfer(call, number, rest)
            case rules.Voicemail(welcome):
                seconds = 0.0 if welcome is None else self._present(call, welcome)
                self._context.after(seconds, lambda: self._record(call, rest))
            case content:
                self._context.after(self._present(call, content), lambda: self._carry_out(call, rest))

    def _present(self, call: Call, content: rules.Say | rules.Playback) -> float:
        """Speak a text or play a recording; return how many seconds that takes."""
        settings = self._context.settings
        if isinstance(content, rules.Say):
            self._step(call, "say", lang=content.lang, content=content.text)
            return max(1.0, len(content.text) / settings.tts_characters_per_second)
        self._step(call, "playback", url=content.url)
        return settings.recording_seconds

    def _record(self, call: Call, rest: list[rules.Action]) -> None:
        if call.ended is None:
            seconds = self._context.settings.voicemail_seconds
            self._step(call, "voicemail", seconds=seconds)
            self._context.after(seconds, lambda: self._carry_out(call, rest))

    def _transfer(self, call: Call, number: str, rest: list[rules.Action]) -> None:
        self._step(call, "transfer", number=number)
        self.calls.attach(number, call.callid, call)
        self._context.sort_phones(call.serial)  # others may have been reached since it began

        def talk() -> None:
            self._step(call, "connected", number=number)
            self._context.after(self._context.settings.transfer_seconds, lambda: self._carry_out(call, rest))

        self._ring(call, number, talk, lambda: self._fail(call, N_("the transfer failed")))

    def _confer(self, leg: Call) -> None:
        self._answer(leg)
        self._step(leg, "conference", conferenceid=leg.conferenceid)
        self._context.after(self._context.settings.conference_seconds, lambda: self._end(leg, "ANSWERED"))

    def _answer(self, call: Call) -> None:
        """Begin to talk, and charge each further minute when it starts."""
        call.answered_at = self._context.now()
        self._step(call, "answered")
        self._context.after(_MINUTE, lambda: self._next_minute(call))

    def _next_minute(self, call: Call) -> None:
        if call.ended is not None:
            return
        if self._accounts.pay(call.account, call.minute_price):
            call.charged += call.minute_price
            self._touch(call)
            self._context.after(_MINUTE, lambda: self._next_minute(call))
        else:
            self._step(call, "out of credits")
            self._end(call, "ANSWERED")

    def _step(self, call: Call, name: str, *, content: str | None = None, **facts: object) -> None:
        """Record and publish a step of a call; `content` is stored as `text`, but published apart from the facts."""
        stored = facts if content is None else {**facts, "text": content}
        call.steps.append(Step(self._context.now(), name, stored))
        self._touch(call)
        numbers = {"from": call.caller, "to": call.recipient}
        self._context.publish("call", call.callid, numbers=numbers, content=content, step=name, **facts)

    def _end(self, call: Call, status: CallStatus) -> None:
        """End a call that has not ended yet, and report it (API section 10)."""
        if call.ended is not None:
            return
        call.ended = self._context.now()
        call.status = status
        self.ringing.pop(call.callid, None)
        if call.answered_at is not None:
            # Rounded first: moments are floats, and 2.9999999 s of talk are three seconds.
            call.duration = -int(-round(call.ended - call.answered_at, 3) // 1)
        self._step(call, "ended", status=status, duration=call.duration, cost=rules.price_json(call.charged))
        if call.callback_url:
            self._callbacks.post("call", call.callid, call.callback_url, call.view(call.base_url))
        if (conference := self.conferences.get(call.conferenceid)) and conference.ended is not None:
            request = conference.request
            if request.callback_url:
                view = conference.view(request.base_url)
                self._callbacks.post("conference", conference.conferenceid, request.callback_url, view)

    def _fail(self, call: Call, reason: str) -> None:
        """End a call that has not ended yet as FAILED, for a reason."""
        if call.ended is None:
            self._step(call, "failed", reason=reason)
            self._end(call, "FAILED")

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
