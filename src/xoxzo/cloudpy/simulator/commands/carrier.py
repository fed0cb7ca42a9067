"""Acting for carriers and for the users of phones."""

from __future__ import annotations

import re
from typing import get_args

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.outcome_rules import OUTCOMES, OutcomeRule, RuleKind
from xoxzo.cloudpy.simulator.engine.rules import is_digits, is_number
from xoxzo.cloudpy.simulator.queries.overview import list_held
from xoxzo.cloudpy.simulator.queries.results import CallRecord, SearchResult, SentReply, call_record

_MAX_SECONDS = 366 * 86_400.0
_MAX_PATTERN_LENGTH = 16
_MAX_RULES = 1_000
_MAX_CHARACTERS = 660
# Half of a surrogate pair, which JSON can hold and UTF-8 cannot.
_SURROGATE = re.compile("[\ud800-\udfff]")


class CarrierCommands:
    """Decides the outcome of messages and calls."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def rules(self) -> tuple[OutcomeRule, ...]:
        """The rules, in the order in which they were made."""
        with self._engine as engine:
            return tuple(engine.outcome_rules.rules.values())

    def add_rule(self, pattern: str, outcome: str, *, kind: RuleKind = "sms", seconds: float = 0.0) -> OutcomeRule:
        """Add a rule for the outcome of messages or calls.

        Of several rules that fit, the one with the longest pattern counts, and of equal ones the newest.

        Args:
            pattern: A number in E.164, or its beginning with the +; empty for all numbers.
            outcome: For messages ``deliver``, ``fail``, ``hold`` (until a command decides) or ``delay``; for calls
                ``answer``, ``decline``, ``ignore`` (it rings until it stops), ``fail`` or ``hold`` (it rings until
                it is answered by a command, at most a minute).
            kind: Whether it is about messages (``sms``) or calls (``call``).
            seconds: How much longer it takes: until a delayed message arrives, or until a call is answered.

        Returns:
            The rule; `remove_rule` takes its `ident`.

        Raises:
            SimulatorError: A value is wrong, or there are 1,000 rules already.
        """
        if kind not in get_args(RuleKind):
            raise SimulatorError("invalid_kind", "kind must be sms or call")
        if outcome not in OUTCOMES[kind]:
            raise SimulatorError("invalid_outcome", "outcome must be one of {known}", known=", ".join(OUTCOMES[kind]))
        if pattern and not (pattern.startswith("+") and is_digits(pattern[1:]) and len(pattern) <= _MAX_PATTERN_LENGTH):
            raise SimulatorError("invalid_pattern", "pattern must be a number or its beginning, with a +, or empty")
        _check_seconds(seconds)
        with self._engine as engine:
            if len(engine.outcome_rules.rules) >= _MAX_RULES:
                raise SimulatorError("too_many_rules", "there are {n} rules already", n=_MAX_RULES)
            return engine.outcome_rules.add(kind, pattern, outcome, float(seconds))

    def remove_rule(self, ident: int) -> None:
        """End a rule; what it has held stays held. Raise `ItemNotFound` if there is no such rule."""
        with self._engine as engine:
            engine.outcome_rules.remove(ident)

    def held(self) -> tuple[SearchResult, ...]:
        """Return the messages that wait for a decision, and the calls that ring now; the oldest first."""
        return list_held(self._engine)

    def deliver(self, msgid: str) -> None:
        """Deliver a message now; raise `SimulatorError` if it is not under way."""
        with self._engine as engine:
            engine.sms.finish(engine.sms.under_way(msgid), "DELIVERED", N_("by command"))

    def fail(self, msgid: str) -> None:
        """Let a message fail now; raise `SimulatorError` if it is not under way."""
        with self._engine as engine:
            engine.sms.finish(engine.sms.under_way(msgid), "FAIL", N_("by command"))

    def delay(self, msgid: str, seconds: float) -> None:
        """Deliver a message `seconds` from now, at most a year; raise `SimulatorError` if it is not under way."""
        _check_seconds(seconds)
        with self._engine as engine:
            engine.sms.delay(engine.sms.under_way(msgid), float(seconds))

    def answer(self, callid: str) -> None:
        """Pick up the phone that a call rings at; raise `SimulatorError` if none rings."""
        with self._engine as engine:
            engine.calls.act(callid, "answer")

    def decline(self, callid: str) -> None:
        """Decline a call, which ends as NO ANSWER: the API has no refusal; raise `SimulatorError` if none rings."""
        with self._engine as engine:
            engine.calls.act(callid, "decline")

    def ignore(self, callid: str) -> None:
        """Let a phone ring until it times out; raise `SimulatorError` if no phone rings for this call."""
        with self._engine as engine:
            engine.calls.act(callid, "ignore")

    def hang_up(self, callid: str) -> None:
        """End a call that is in progress; raise `SimulatorError` if it is not."""
        with self._engine as engine:
            engine.calls.hang_up(callid)


def _check_seconds(seconds: float) -> None:
    if not 0 <= seconds <= _MAX_SECONDS:
        raise SimulatorError("seconds_out_of_range", "seconds must be between 0 and a year")


def send_sms(engine: Engine, sin: str, sender: str, text: str) -> SentReply:
    """Write an SMS of 1 to 660 characters to a receiving number, or raise `SimulatorError` (API section 10)."""
    if not is_number(sender):
        raise SimulatorError("invalid_phone_number", "the phone's number is not an E.164 number")
    if not 0 < len(text) <= _MAX_CHARACTERS or _SURROGATE.search(text):
        raise SimulatorError("invalid_text", "the text must have 1 to {n} valid characters", n=_MAX_CHARACTERS)
    with engine:
        reply = engine.sms.receive(sin, sender, text)
        return SentReply(reply.ident, reply.recipient, reply.text, reply.status)


def dial(engine: Engine, din: str, caller: str | None, *, sid: str | None = None) -> CallRecord:
    """Call a dial-in number, a `caller` of ``None`` is withheld; return the call or raise `SimulatorError`."""
    if caller is not None and not is_number(caller):
        raise SimulatorError("invalid_caller", "caller is not an E.164 number")
    with engine:
        return call_record(engine.calls.receive(din, caller, sid=sid))
