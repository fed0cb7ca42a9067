"""The plain values of a campaign: who is to be reached, what was claimed, what became of it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from decimal import Decimal


class State(enum.IntEnum):
    """Where a recipient is. The numbers stand in ledgers: they never change."""

    WAITING = 0
    """Not claimed yet, or claimed before and surely not sent: it will be."""
    SENT = 1
    """Xoxzo has taken it; the carrier has not said its last word."""
    REJECTED = 2
    """Xoxzo has refused it (400, 404, 413): nothing was sent and nothing will be."""
    UNKNOWN = 3
    """It may have been sent: nobody can tell, so it is not sent again."""
    DELIVERED = 4
    """The carrier has delivered it, or the call was answered."""
    FAILED = 5
    """The carrier has failed; nobody answered the call."""
    SKIPPED = 6
    """Left out on purpose, for instance after an opt-out; nothing was sent."""
    ASSUMED = 7
    """Unknown before; a person has said to take it for sent."""

    @property
    def is_sent(self) -> bool:
        """Whether it is certain that Xoxzo has taken it."""
        return self in {State.SENT, State.DELIVERED, State.FAILED}

    def can_change(self, after: State) -> bool:
        """Whether another state may replace this one: a certain state is never replaced by a less certain one."""
        return after in _CHANGES[self]


_CHANGES = {
    State.WAITING: frozenset(State),
    State.UNKNOWN: frozenset(State) - {State.UNKNOWN},
    State.ASSUMED: frozenset({State.SENT, State.DELIVERED, State.FAILED}),
    State.SENT: frozenset({State.DELIVERED, State.FAILED}),
    # A retired message can still turn out to have gone; nothing else moves what has ended.
    State.REJECTED: frozenset({State.SENT, State.DELIVERED, State.FAILED}),
    State.SKIPPED: frozenset({State.SENT, State.DELIVERED, State.FAILED}),
    State.DELIVERED: frozenset[State](),
    State.FAILED: frozenset[State](),
}


# Without gc: a run holds thousands of these, which hold nothing that could hold them.
class Recipient(msgspec.Struct, frozen=True, gc=False):
    """One person to be reached. A ``repr`` shows neither number nor variables.

    Attributes:
        n: the place in the campaign, from 1.
        number: in E.164.
        variables: a text for each placeholder.
        parts: SMS parts of the finished text, 1 to 10; 0 for calls.
        cost: the estimated credits, or ``None`` where no price is known.
        zone: the time zone by its IANA name, or ``None``.
        line: the line of the input it stood in.
    """

    n: int
    number: str
    variables: dict[str, str] = {}
    parts: int = 0
    cost: Decimal | None = None
    zone: str | None = None
    line: int = 0

    def __repr__(self) -> str:
        return f"Recipient(n={self.n})"


class Claim(msgspec.Struct, frozen=True):
    """Recipients that one run has taken for sending; it is on disk before the first of them is sent to.

    Attributes:
        ident: its number in the ledger; 0 when nothing was claimed.
        recipients: whom to send to.
        skipped: how many were left out while claiming, after an opt-out.
        more: whether anything is left that could be claimed now or later.
        wake: when something can be claimed again, in seconds since 1970; ``None`` when that is not a matter of time.
        over_budget: whether the budget was what kept recipients from being claimed.
    """

    ident: int
    recipients: tuple[Recipient, ...] = ()
    skipped: int = 0
    more: bool = False
    wake: float | None = None
    over_budget: bool = False


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of one recipient.

    Attributes:
        n: the recipient's place.
        claim: the claim it belongs to, or 0 when it was learnt later.
        state: where the recipient is now.
        ident: Xoxzo's msgid or callid.
        error: why, in words that hold no number and no text.
        at: when it was learnt, in seconds since 1970.
        began: when the try began, in seconds since 1970; 0 when there was none.
        cost: the credits that were charged, where they are known.
        retry_at: for ``WAITING``: not before then.
    """

    n: int
    claim: int
    state: State
    ident: str = ""
    error: str = ""
    at: float = 0.0
    began: float = 0.0
    cost: Decimal | None = None
    retry_at: float = 0.0


class Unsettled(msgspec.Struct, frozen=True):
    """A recipient of whom nobody knows whether the message was sent.

    Attributes:
        n: the recipient's place.
        began: when the try began at the earliest, in seconds since 1970.
        ended: when it had ended at the latest, or when it was found after a crash.
        error: why nobody knows.
    """

    n: int
    began: float
    ended: float
    error: str = ""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a campaign.

    Attributes:
        total: recipients.
        counts: how many recipients are in each state.
        in_flight: claimed, and not settled yet.
        reserved: estimated credits of what was claimed and not found to be unsent.
        charged: credits that Xoxzo is known to have charged.
    """

    total: int
    counts: dict[State, int]
    in_flight: int
    reserved: Decimal
    charged: Decimal

    def __getitem__(self, state: State) -> int:
        return self.counts.get(state, 0)

    @property
    def sent(self) -> int:
        """How many Xoxzo has surely taken."""
        return sum(count for state, count in self.counts.items() if state.is_sent)

    @property
    def is_settled(self) -> bool:
        """Whether nobody is left to be sent to, and nobody is unknown."""
        return not self[State.WAITING] and not self[State.UNKNOWN] and not self.in_flight
