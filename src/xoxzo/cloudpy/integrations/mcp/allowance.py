"""What an assistant may spend, and on whom: pure book-keeping for one session."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import msgspec

from xoxzo.cloudpy.errors import InvalidArgument, XoxzoError
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.phone import objection_to_recipient

if TYPE_CHECKING:
    from collections.abc import Mapping


class NotAllowed(XoxzoError):
    """What was asked for is beyond the limits; nothing went out.

    Attributes:
        maybe_sent: whether an earlier call with the same reference may have gone out.
    """

    def __init__(self, reason: str, fields: Mapping[str, Any] | None = None, /, *, maybe_sent: bool = False) -> None:
        super().__init__(reason, fields or {"maybe_sent": maybe_sent})
        self.maybe_sent: bool = self.fields["maybe_sent"]


class _State(Enum):
    UNDER_WAY = auto()
    DONE = auto()
    DOUBT = auto()
    UNSENT = auto()


class _Entry(msgspec.Struct):
    what: tuple[object, ...]
    cost: Decimal
    state: _State = _State.UNDER_WAY
    result: dict[str, Any] = {}


class Allowance:
    """The limits of a session, and what was spent in it.

    Args:
        people: those who may be reached, by a name; the values are numbers in E.164.
        budget: credits that may be spent.

    Attributes:
        spent: credits spent so far, as they were reckoned; what may have gone out is counted.

    Raises:
        InvalidArgument: nobody may be reached, a number is none, or the budget is no sum.
    """

    def __init__(self, people: Mapping[str, str], budget: Decimal) -> None:
        if not people:
            raise InvalidArgument("allow", "must name at least one number")
        for number in people.values():
            if objection := objection_to_recipient(number):
                raise InvalidArgument("allow", objection)
        if not budget.is_finite() or budget <= 0:
            raise InvalidArgument("budget", "must be a number of credits above 0")
        self.people = dict(people)
        self.budget = budget
        self.spent = Decimal(0)
        self._entries: dict[str, _Entry] = {}
        self._reckoned: dict[str, Decimal] = {}

    @property
    def left(self) -> Decimal:
        """Credits that may still be spent; below 0 when something was dearer than reckoned."""
        return self.budget - self.spent

    @property
    def is_sending(self) -> bool:
        """Whether something is on its way right now."""
        return any(entry.state is _State.UNDER_WAY for entry in self._entries.values())

    def number_of(self, recipient: str) -> str:
        """Return the number of somebody who may be reached.

        Args:
            recipient: the name or the number.

        Raises:
            NotAllowed: they may not be.
        """
        if recipient in self.people:
            return self.people[recipient]
        if recipient in self.people.values():
            return recipient
        raise NotAllowed("the recipient is not on the allow-list that this server was started with")

    def reserve(self, reference: str, what: tuple[object, ...], cost: Decimal | None) -> dict[str, Any] | None:
        """Take what something costs out of the budget, before it goes out.

        Args:
            reference: the caller's own key for it.
            what: everything that makes it what it is.
            cost: what it is reckoned with, or ``None`` when nobody knows.

        Returns:
            ``None`` when it may go out now; the earlier result when it has gone out already.

        Raises:
            NotAllowed: it may not go out.
            InvalidArgument: the reference is none.
        """
        checks.reference(reference)
        entry = self._entries.get(reference)
        if entry is not None and entry.state is not _State.UNSENT:
            return _earlier(entry, what)
        if cost is None:
            raise NotAllowed("its price is not known, and this server was started without one")
        if self.spent + cost > self.budget:
            raise NotAllowed(
                f"it would cost about {cost} credits, and {self.left} are left of the budget {self.budget}"
            )
        self.spent += cost
        self._entries[reference] = _Entry(what, cost)
        return None

    def done(self, reference: str, result: dict[str, Any]) -> None:
        """Note that it went out, with what is to be told of it; ``id`` in it is what Xoxzo calls it."""
        entry = self._entries[reference]
        entry.state, entry.result = _State.DONE, result
        if ident := result.get("id"):
            self._reckoned[ident] = entry.cost

    def doubt(self, reference: str) -> None:
        """Note that it may have gone out: it stays paid for and is not sent again."""
        self._entries[reference].state = _State.DOUBT

    def unsent(self, reference: str) -> None:
        """Note that it surely did not go out: it costs nothing, and may be tried again."""
        entry = self._entries[reference]
        entry.state = _State.UNSENT
        self.spent -= entry.cost

    def settle(self, ident: str, cost: Decimal | None) -> None:
        """Correct what was reckoned when the real cost is known and higher: costs read 0 at first."""
        reckoned = self._reckoned.get(ident)
        if reckoned is not None and cost is not None and cost > reckoned:
            self.spent += cost - reckoned
            self._reckoned[ident] = cost


def _earlier(entry: _Entry, what: tuple[object, ...]) -> dict[str, Any]:
    if entry.what != what:
        raise NotAllowed("the reference was used in this session for something else: take another one")
    if entry.state is _State.UNDER_WAY:
        raise NotAllowed("the same is being sent right now: wait for its answer", maybe_sent=True)
    if entry.state is _State.DOUBT:
        raise NotAllowed("it may have been sent by an earlier call, so it is not sent again", maybe_sent=True)
    return {**entry.result, "repeated": True}
