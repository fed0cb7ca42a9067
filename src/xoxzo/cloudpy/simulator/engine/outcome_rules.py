"""Deciding the outcome of messages and calls: by rules, or by the test numbers of the settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.context import EngineContext
from xoxzo.cloudpy.simulator.engine.rules import ItemNotFound, Reason, is_number
from xoxzo.cloudpy.simulator.settings import TEST_NUMBERS, NumberOutcome

RuleKind = Literal["sms", "call"]
OUTCOMES: dict[RuleKind, tuple[str, ...]] = {
    "sms": ("deliver", "fail", "hold", "delay"),
    "call": ("answer", "decline", "ignore", "fail", "hold"),
}
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


_USUAL: dict[RuleKind, Outcome] = {"sms": Outcome("deliver"), "call": Outcome("answer")}
_BY_SETTING: dict[str | None, Outcome] = {
    "fail": Outcome("fail", why=N_("a number that always fails")),
    "hold": Outcome("hold", math.inf, N_("a number that is switched off")),
    "ignore": Outcome("ignore", why=N_("a number that nobody answers")),
    "decline": Outcome("decline", why=N_("a number that declines calls")),
}


class OutcomeRules:
    """Decides what becomes of a message or a call.

    A rule goes before the numbers of the settings; of several rules the longest pattern counts, and of equal ones the
    newest.
    """

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self._numbers: Mapping[str, NumberOutcome] = {**TEST_NUMBERS, **context.settings.numbers}
        for number, outcome in self._numbers.items():
            if not is_number(number) or outcome not in get_args(NumberOutcome):
                template = N_("{number}={outcome} must be a number in E.164, with its +, and one of {known}")
                known = ", ".join(get_args(NumberOutcome))
                raise SimulatorError("invalid_number_outcome", template, number=number, outcome=outcome, known=known)
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

    def remove(self, ident: int) -> None:
        """End a rule; what it has held stays held. Raise `ItemNotFound` if there is no such rule."""
        rule = self.rules.pop(ident, None)
        if rule is None:
            raise ItemNotFound("no_such_rule", "there is no such rule")
        self._context.mark_deleted(rule)
        self._context.publish("carrier", str(ident), what="rule removed")

    def of(self, kind: RuleKind, number: str) -> Outcome:
        """Return what becomes of a message or call to a number (API section 15.21)."""
        fitting = self.rules and [
            one for one in self.rules.values() if one.kind == kind and number.startswith(one.pattern)
        ]
        if fitting:
            rule = max(fitting, key=lambda rule: (len(rule.pattern), rule.ident))
            return Outcome(rule.outcome, rule.seconds, Reason(N_("rule {n}"), n=rule.ident))
        usual = _USUAL[kind]
        outcome = _BY_SETTING.get(self._numbers.get(number), usual)
        return outcome if outcome.outcome in OUTCOMES[kind] else usual  # messages are never declined
