"""What carriers, the users of phones and the people at Xoxzo do."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import get_args

from msgspec import Struct

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.outcome_rules import OUTCOMES, OutcomeRule, RuleKind
from xoxzo.cloudpy.simulator.engine.records.accounts import Account, Template
from xoxzo.cloudpy.simulator.engine.rules import ItemNotFound, as_decimal, is_digits, is_number
from xoxzo.cloudpy.simulator.queries.overview import list_held
from xoxzo.cloudpy.simulator.queries.results import CallRecord, SearchResult, SentReply, TemplateRecord, call_record
from xoxzo.cloudpy.simulator.settings import Price

_MAX_SENDERS = 10_000
_MAX_CREDITS = Decimal(10) ** 12
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


class AccountRecord(Struct, frozen=True):
    """An account as the people at Xoxzo see it."""

    sid: str
    credits: Decimal
    bought: bool
    """Whether credits were ever bought."""
    verified: bool
    """Whether it may subscribe numbers."""
    free_form: bool
    """Whether it may send texts of its own."""
    messages: int
    calls: int


class OfficeCommands:
    """Acts for the people at Xoxzo."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def templates(self) -> tuple[TemplateRecord, ...]:
        """The SMS templates of all accounts, oldest first."""
        with self._engine as engine:
            return tuple(map(_template_record, engine.templates.templates.values()))

    def approve(self, ident: int) -> TemplateRecord:
        """Approve a template, as a person at Xoxzo does (API section 3.2); raise `SimulatorError` if there is none."""
        with self._engine as engine:
            return _template_record(engine.templates.approve(ident))

    def give_back(self, ident: int) -> TemplateRecord:
        """Return a template to its author instead of approving it; raise `SimulatorError` if there is none.

        A text that was in force before counts again; a first one goes on waiting, for the API has no status for a
        refusal (API section 3.1).
        """
        with self._engine as engine:
            return _template_record(engine.templates.give_back(ident))

    def accounts(self) -> tuple[AccountRecord, ...]:
        """Return the accounts that were ever charged or changed, the oldest first."""
        with self._engine as engine:
            return tuple(self._record(account) for account in engine.accounts.accounts.values())

    def add_credits(self, sid: str, amount: Price, *, token: str | None = None) -> AccountRecord:
        """Add credits to an account, as if they had been bought (API section 1.7).

        Args:
            sid: Whose account.
            amount: How many, above 0.
            token: The account's token: needed for an account that was never charged, which is not stored yet.

        Raises:
            SimulatorError: There is no such account, or the amount is out of range.
        """
        try:
            exactly = as_decimal(amount)
            allowed = 0 < exactly <= _MAX_CREDITS
        except (InvalidOperation, ValueError, TypeError):
            allowed = False
        if not allowed:
            raise SimulatorError("invalid_amount", "amount must be a number above 0")
        return self._change(sid, token, lambda account: self._engine.accounts.buy(account, exactly))

    def verify(self, sid: str, verified: bool = True, *, token: str | None = None) -> AccountRecord:
        """Verify an account, so that it may subscribe numbers, or take that back (API section 15.47).

        `token` is as for `add_credits`. Raise `SimulatorError` if there is no such account.
        """
        return self._change(sid, token, lambda account: self._engine.accounts.allow(account, "verified", verified))

    def allow_free_form(self, sid: str, allowed: bool = True, *, token: str | None = None) -> AccountRecord:
        """Let an account send texts of its own, or templates only (API sections 2.1 and 15.8).

        `token` is as for `add_credits`. Raise `SimulatorError` if there is no such account.
        """
        return self._change(sid, token, lambda account: self._engine.accounts.allow(account, "free_form", allowed))

    @property
    def senders(self) -> tuple[str, ...]:
        """The K-premium senders that are registered; see `any_sender`."""
        with self._engine as engine:
            return tuple(sorted({*(engine.settings.k_premium_senders or ()), *engine.accounts.senders}))

    @property
    def any_sender(self) -> bool:
        """Whether any K-premium sender is taken, registered or not: the setting `k_premium_senders` is ``None``."""
        return self._engine.settings.k_premium_senders is None

    def register_sender(self, digits: str) -> None:
        """Register a K-premium sender (API section 15.28), 1 to 15 digits, or raise `SimulatorError`."""
        if not is_digits(digits):
            raise SimulatorError("invalid_sender", "a K-premium sender has 1 to 15 digits")
        with self._engine as engine:
            if len(engine.accounts.senders) >= _MAX_SENDERS:
                raise SimulatorError("too_many_senders", "there are {n} senders already", n=_MAX_SENDERS)
            engine.accounts.register_sender(digits)

    def _change(self, sid: str, token: str | None, change: Callable[[Account], None]) -> AccountRecord:
        with self._engine:
            account = self._account(sid, token)
            change(account)
            return self._record(account)

    def _account(self, sid: str, token: str | None) -> Account:
        settings = self._engine.settings
        if token is None and settings.sid is not None and sid == settings.sid:
            token = settings.token
        if token:
            if settings.sid is not None and (sid, token) != (settings.sid, settings.token):
                raise ItemNotFound("no_such_account", "there is no such account")
            return self._engine.accounts.get(sid, token)
        # With several tokens, the one that was first charged.
        account = next((one for one in self._engine.accounts.accounts.values() if one.sid == sid), None)
        if account is None:
            raise ItemNotFound(
                "no_such_account",
                "there is no such account: an account exists from its first charge on; or give its token, too",
            )
        return account

    def _record(self, account: Account) -> AccountRecord:
        settings = self._engine.settings
        return AccountRecord(
            account.sid,
            account.credits,
            account.bought,
            settings.verified if account.verified is None else account.verified,
            settings.free_form_allowed if account.free_form is None else account.free_form,
            len(self._engine.sms.by_account.get(account, ())),
            len(self._engine.calls.by_account.get(account, ())),
        )


def _template_record(template: Template) -> TemplateRecord:
    contents = template.approved_content, template.pending_content
    return TemplateRecord(template.ident, template.account.sid, template.name, *contents, template.status)
