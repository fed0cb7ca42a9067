"""Deciding the outcome of messages and calls: by rules, or by the test numbers of the settings."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.engine.context import EngineContext
from xoxzo.cloudpy.simulator.engine.errors import Reason

SmsOutcome = Literal["deliver", "fail", "hold", "delay"]
CallOutcome = Literal["answer", "decline", "ignore", "fail", "hold"]
RuleKind = Literal["sms", "call"]
OUTCOMES: dict[RuleKind, tuple[str, ...]] = {"sms": get_args(SmsOutcome), "call": get_args(CallOutcome)}
"""What a rule can order, by what it is about."""


class OutcomeRule(Struct, frozen=True):
    """What becomes of messages or calls to some numbers."""

    ident: int
    kind: RuleKind
    pattern: str
    """A number, or the beginning of numbers, with its +; an empty text stands for all."""
    outcome: str
    """One of `OUTCOMES`."""
    seconds: float = 0.0
    """How much longer it takes: until a delayed message arrives, or until a call is answered."""


class Outcome(Struct, frozen=True):
    """What becomes of one message or call, and by whose order."""

    outcome: str
    seconds: float = 0.0
    why: str = ""


_DELIVERED = Outcome("deliver")
_ANSWERED = Outcome("answer")


class OutcomeRules:
    """Decides what becomes of a message or a call.

    A rule goes before the numbers of the settings; of several rules the longest pattern counts, and of equal ones the
    newest.
    """

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self.rules: dict[int, OutcomeRule] = {}
        self._made = 0

    def add(self, kind: RuleKind, pattern: str, outcome: str, seconds: float) -> OutcomeRule:
        """Make a rule, whose values were checked."""
        rule = OutcomeRule(self._made + 1, kind, pattern, outcome, seconds)
        self._context.mark_changed(rule)
        self.restore(rule)
        self._context.publish("carrier", str(rule.ident), what="rule added", kind=kind, outcome=outcome)
        return rule

    def restore(self, rule: OutcomeRule) -> None:
        """Take back a rule that was saved."""
        self.rules[rule.ident] = rule
        self._made = max(self._made, rule.ident)

    def remove(self, ident: int) -> bool:
        """End a rule; return whether there was one."""
        rule = self.rules.pop(ident, None)
        if rule is None:
            return False
        self._context.mark_deleted(rule)
        self._context.publish("carrier", str(ident), what="rule removed")
        return True

    def of_sms(self, number: str) -> Outcome:
        """Return what becomes of a message to a number (API section 15.21)."""
        settings = self._context.settings
        if self.rules and (ruled := self._ruled("sms", number)):
            return ruled
        if number in settings.fail_numbers:
            return Outcome("fail", why=N_("a number that always fails"))
        if number in settings.stuck_numbers:
            return Outcome("hold", why=N_("a number that is switched off"))
        return _DELIVERED

    def of_call(self, number: str) -> Outcome:
        """Return what becomes of a call to a number (API section 15.21)."""
        settings = self._context.settings
        if self.rules and (ruled := self._ruled("call", number)):
            return ruled
        if number in settings.stuck_numbers:
            return Outcome("hold", why=N_("a number that is switched off"))
        if number in settings.no_answer_numbers:
            return Outcome("ignore", why=N_("a number that nobody answers"))
        if number in settings.fail_numbers:
            return Outcome("fail", why=N_("a number that always fails"))
        return _ANSWERED

    def _ruled(self, kind: RuleKind, number: str) -> Outcome | None:
        fitting = [rule for rule in self.rules.values() if rule.kind == kind and number.startswith(rule.pattern)]
        if not fitting:
            return None
        rule = max(fitting, key=lambda rule: (len(rule.pattern), rule.ident))
        return Outcome(rule.outcome, rule.seconds, Reason(N_("rule {n}"), n=rule.ident))
