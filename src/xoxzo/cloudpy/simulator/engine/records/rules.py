"""What carriers and the people at Xoxzo have decided: outcomes of messages and calls, and senders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

SmsOutcome = Literal["deliver", "fail", "hold", "delay"]
CallOutcome = Literal["answer", "decline", "ignore", "fail", "hold"]
RuleKind = Literal["sms", "call"]
OUTCOMES: dict[RuleKind, tuple[str, ...]] = {"sms": get_args(SmsOutcome), "call": get_args(CallOutcome)}
"""What a rule can order, by what it is about."""


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """What becomes of messages or calls to some numbers."""

    ident: int
    kind: RuleKind
    pattern: str
    """A number, or the beginning of numbers, with its +; an empty text stands for all."""
    outcome: str
    """One of `OUTCOMES`."""
    seconds: float = 0.0
    """How much longer it takes: until a delayed message arrives, or until a call is answered."""


@dataclass(frozen=True, slots=True)
class RegisteredSender:
    """A K-premium sender that is registered."""

    digits: str
