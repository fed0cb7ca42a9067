"""What the people at Xoxzo do: approve templates, add credits, register senders, give rights."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.records.accounts import Account
from xoxzo.cloudpy.simulator.engine.rules import as_decimal, is_digits
from xoxzo.cloudpy.simulator.errors import ItemNotFound
from xoxzo.cloudpy.simulator.queries.results import TemplateRecord, template_record
from xoxzo.cloudpy.simulator.settings import Price

_MAX_SENDERS = 10_000
_MAX_CREDITS = Decimal(10) ** 12


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
            return tuple(map(template_record, engine.templates.templates.values()))

    def approve(self, ident: int) -> TemplateRecord:
        """Approve a template, as a person at Xoxzo does (API section 3.2); raise `SimulatorError` if there is none."""
        with self._engine as engine:
            return template_record(engine.templates.approve(ident))

    def give_back(self, ident: int) -> TemplateRecord:
        """Return a template to its author instead of approving it; raise `SimulatorError` if there is none.

        A text that was in force before counts again; a first one goes on waiting, for the API has no status for a
        refusal (API section 3.1).
        """
        with self._engine as engine:
            return template_record(engine.templates.give_back(ident))

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
            return tuple(sorted({*(engine.settings.k_premium_senders or ()), *engine.registered_senders.senders}))

    @property
    def any_sender(self) -> bool:
        """Whether any K-premium sender is taken, registered or not: the setting `k_premium_senders` is ``None``."""
        return self._engine.settings.k_premium_senders is None

    def register_sender(self, digits: str) -> None:
        """Register a K-premium sender (API section 15.28), 1 to 15 digits, or raise `SimulatorError`."""
        if not is_digits(digits):
            raise SimulatorError("invalid_sender", "a K-premium sender has 1 to 15 digits")
        with self._engine as engine:
            if len(engine.registered_senders.senders) >= _MAX_SENDERS:
                raise SimulatorError("too_many_senders", "there are {n} senders already", n=_MAX_SENDERS)
            engine.registered_senders.register(digits)

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
