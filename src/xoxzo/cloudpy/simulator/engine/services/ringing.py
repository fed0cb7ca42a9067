"""Ringing phones: answered, declined or not answered, by a rule or by command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.engine.records.calls import Call, CallStatus

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.engine.context import EngineContext
    from xoxzo.cloudpy.simulator.engine.outcome_rules import OutcomeRules


@dataclass(frozen=True, slots=True)
class RingingPhone:
    """A phone that rings, and what happens when it is answered, or when the carrier cannot reach it."""

    call: Call
    number: str
    answered: Callable[[], None]
    failed: Callable[[], None]


class PhoneRinger:
    """Lets phones ring, one for each call.

    Args:
        context: Time and settings.
        outcome_rules: What becomes of calls.
        step: Records a step of a call.
        end: Ends a call.
    """

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
        """Let a phone ring, which need not be that of the call's recipient.

        Args:
            call: Which call reaches it.
            number: The phone.
            answered: What happens when it is answered.
            failed: What happens when the carrier cannot reach it.
        """
        ringing = self._ringing[call.callid] = RingingPhone(call, number, answered, failed)
        settings, result = self._context.settings, self._outcome_rules.of_call(number)
        soon = settings.ring_seconds + result.seconds
        match result.outcome:
            case "hold":
                if number not in settings.stuck_numbers:  # those ring for ever
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

    def pick_up(self, callid: str) -> bool:
        """Answer by command; return whether a phone was ringing."""
        ringing = self._ringing.get(callid)
        return ringing is not None and self._stop(ringing, ringing.answered)

    def decline(self, callid: str) -> bool:
        """Decline by command, which the caller sees as no answer; return whether a phone was ringing."""
        ringing = self._ringing.get(callid)
        return ringing is not None and self._declined(ringing)

    def ignore(self, callid: str) -> bool:
        """Let it ring until it stops by itself; return whether a phone was ringing."""
        ringing = self._ringing.get(callid)
        if ringing is None:
            return False
        left = self._ringing[callid] = replace(ringing)
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
