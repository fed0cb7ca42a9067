"""Numbers that an account subscribes: dial-in (DIN, API section 6) and, long ago, receiving ones (SIN, section 4)."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from xoxzo.cloudpy.simulator.prices import exact
from xoxzo.cloudpy.simulator.settings import NumberRange

from .accounts import Account, Accounts, NotEnoughCredits, same

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .world import World

MONTH = 30 * 86400
DAY = 86400

_UID_LETTERS = string.ascii_lowercase + string.digits


class UnknownNumber(Exception):
    """No such number is free, or none such is subscribed by the account."""


@dataclass(slots=True, eq=False)
class Line:
    """A number and, while it is subscribed, its owner and action."""

    kind: Literal["din", "sin"]
    uid: str
    number: str
    range: NumberRange
    owner: Account | None = None
    action_url: str | None = None
    since: float = 0.0
    months: int = 0
    """How many were paid since then."""
    term: int = field(default=0, repr=False)
    """Counts subscriptions, so that a renewal knows whether it is still meant."""

    def view(self) -> dict[str, object]:
        """Return it as the search shows it (API section 6.1)."""
        shown: dict[str, object] = {
            "country_code": self.range.country_code,
            self.kind: self.number,
            f"{self.kind}_uid": self.uid,
            "monthly_cost": self.range.monthly_cost,
            "prefix": self.range.prefix,
        }
        if self.kind == "din":
            return {**shown, "minute_cost": self.range.minute_cost}
        return {**shown, "initial_cost": self.range.initial_cost, "message_cost": self.range.minute_cost}

    def subscribed_view(self) -> dict[str, object]:
        """Return it as the subscription list shows it (API sections 6.3 and 15.48)."""
        return {**self.view(), "action": {"url": self.action_url}}


class LineDesk:
    """Rents numbers out. A number belongs to one account at a time, as in the real world."""

    def __init__(self, world: World, accounts: Accounts, kind: Literal["din", "sin"]) -> None:
        self._world = world
        self._accounts = accounts
        self._kind: Literal["din", "sin"] = kind
        ranges = world.settings.din_ranges if kind == "din" else world.settings.sin_ranges
        self.lines = {line.uid: line for line in self._stock(ranges)}
        accounts.on_forget(self._free_all)

    def search(self, country: str, prefix: str) -> list[Line]:
        """Return the free numbers of a country (two letters) that begin with a prefix; empty texts match all."""
        return [
            line
            for line in self.lines.values()
            if line.owner is None and line.number.startswith(prefix) and country.upper() in {"", line.range.country}
        ]

    def subscribed(self, account: Account) -> list[Line]:
        """Return an account's numbers, the oldest subscription first."""
        mine = [line for line in self.lines.values() if line.owner is not None and same(line.owner, account)]
        return sorted(mine, key=lambda line: line.since)

    def subscribe(self, account: Account, uid: str) -> Line:
        """Rent a number and take its first month.

        Raises:
            UnknownNumber: There is no such number, or it is taken (API section 15.47).
            NotEnoughCredits: Nothing was rented and nothing taken.
        """
        line = self.lines.get(uid)
        if line is None or line.owner is not None:
            raise UnknownNumber
        self._accounts.charge(account, exact(line.range.initial_cost) + exact(line.range.monthly_cost))
        line.owner, line.since, line.action_url = account, self._world.now(), None
        line.term += 1
        line.months = 1
        self._world.touch(line)
        self._await_renewal(line, line.term)
        self._tell(line, "subscribed")
        return line

    def restore(self, line: Line) -> None:
        """Take back a subscribed line that was saved, in place of the one on offer; it is renewed when it would be."""
        # With another seed or other ranges than before the number may be on offer under another uid, or not at all.
        offered = [one.uid for one in self.lines.values() if one.number == line.number and one.uid != line.uid]
        for uid in offered:
            del self.lines[uid]
        self.lines[line.uid] = line
        self._await_renewal(line, line.term)

    def find(self, account: Account, uid: str) -> Line:
        """Return a number that the account subscribes.

        Raises:
            UnknownNumber: It does not.
        """
        line = self.lines.get(uid)
        if line is None or line.owner is None or not same(line.owner, account):
            raise UnknownNumber
        return line

    def set_action(self, line: Line, url: str) -> None:
        """Set the address that is asked when a call or message comes in (API section 6.4)."""
        line.action_url = url
        self._world.touch(line)
        self._tell(line, "action set")

    def release(self, line: Line) -> None:
        """Give a number back; within 24 hours part of the first month returns (API sections 6.5 and 15.54)."""
        if line.owner is not None and self._world.now() - line.since < DAY:
            share = exact(self._world.settings.early_release_refund)
            self._accounts.refund(line.owner, exact(line.range.monthly_cost) * share)
        self._tell(line, "released")
        self._free(line)

    def by_number(self, number: str) -> Line:
        """Return the line of a number that somebody subscribes, written with or without a +.

        Raises:
            UnknownNumber: Nobody does.
        """
        digits = number.removeprefix("+")
        for line in self.lines.values():
            if line.number == digits and line.owner is not None:
                return line
        raise UnknownNumber

    def _await_renewal(self, line: Line, term: int) -> None:
        self._world.at(line.since + line.months * MONTH, lambda: self._renew(line, term))

    def _renew(self, line: Line, term: int) -> None:
        if line.owner is None or line.term != term:
            return
        try:
            self._accounts.charge(line.owner, exact(line.range.monthly_cost))
        except NotEnoughCredits:
            self._tell(line, "not renewed")
            self._free(line)
            return
        line.months += 1
        self._world.touch(line)
        self._await_renewal(line, term)
        self._tell(line, "renewed")

    def _free_all(self, account: Account) -> None:
        for line in self.lines.values():
            if line.owner is account:
                self._free(line)

    def _free(self, line: Line) -> None:
        line.owner = line.action_url = None
        self._world.forget(line)

    def _tell(self, line: Line, what: str) -> None:
        self._world.tell(self._kind, line.uid, numbers={"number": line.number}, what=what)

    def _stock(self, ranges: Iterable[NumberRange]) -> Iterable[Line]:
        # A source of chance of its own: the offer is the same whatever was sent before.
        chance = random.Random(f"{self._kind} {self._world.settings.seed}")  # noqa: S311 - see World
        for stock in ranges:
            for index in range(self._world.settings.numbers_per_range):
                uid = stock.country + "".join(chance.choices(_UID_LETTERS, k=14))
                number = f"{stock.country_code}{stock.prefix}{stock.first + index:0{stock.digits}d}"
                yield Line(self._kind, uid, number, stock)
