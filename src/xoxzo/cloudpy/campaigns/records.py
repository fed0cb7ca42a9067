"""The values of a campaign: recipients, their states, claims, outcomes, totals and reasons."""

from __future__ import annotations

import enum
from decimal import Decimal  # noqa: TC003 - tools resolve the fields' types at run time
from typing import TYPE_CHECKING, Any

import msgspec

from xoxzo.cloudpy.common.locale import N_

if TYPE_CHECKING:
    from collections.abc import Callable


class State(enum.IntEnum):
    """The state of a recipient. The numbers are stored in ledgers: they never change."""

    WAITING = 0
    """Not sent: not claimed yet, or tried and surely not sent. It will be sent."""
    SENT = 1
    """Xoxzo has accepted it; the carrier has not reported a final status."""
    REJECTED = 2
    """Xoxzo has refused it (400, 404, 413): nothing was sent and nothing will be."""
    UNKNOWN = 3
    """It may have been sent, and this cannot be verified; it is not sent again."""
    DELIVERED = 4
    """The carrier has delivered it, or the call was answered."""
    FAILED = 5
    """The carrier has failed, or the call was not answered."""
    SKIPPED = 6
    """Left out on purpose, for instance after an opt-out; nothing was sent."""
    ASSUMED = 7
    """It was unknown, and a person has decided to treat it as sent."""

    @property
    def is_sent(self) -> bool:
        """Whether Xoxzo has certainly accepted it."""
        return self in {State.SENT, State.DELIVERED, State.FAILED}


_TRANSLATED_FIELDS = frozenset({"kind", "state"})
"""Fields whose values are words of this library."""


class Reason(msgspec.Struct, frozen=True):
    """Why something happened. It is false when there is no reason.

    Attributes:
        code: what programs compare, for instance ``budget_spent``.
        template: the English sentence; ``{name}`` in it stands for a field, where there are fields.
        fields: the values by name.
    """

    code: str = ""
    template: str = ""
    fields: dict[str, Any] = {}

    def render(self, translate: Callable[[str], str] = str) -> str:
        """Return the sentence with its fields filled in.

        Args:
            translate: returns a sentence in the reader's language, as ``gettext`` does.
        """
        template = translate(self.template) if self.template else ""
        if not self.fields:
            return template
        fields = {
            name: translate(value) if name in _TRANSLATED_FIELDS else value for name, value in self.fields.items()
        }
        return template.format(**fields)

    def __str__(self) -> str:
        return self.render()

    def __bool__(self) -> bool:
        return bool(self.code)


NO_REASON = Reason()


def read_reason(stored: Any) -> Reason:  # noqa: ANN401 - what a ledger returned
    """Return a reason that is stored in a ledger; ``None`` stands for an empty one."""
    return NO_REASON if stored is None else msgspec.convert(stored, Reason)


# Without gc: a run holds thousands of these, and they hold nothing that could refer to them.
class Recipient(msgspec.Struct, frozen=True, gc=False):
    """A person to send to. A ``repr`` shows neither number nor variables.

    Attributes:
        n: the position in the campaign, from 1.
        number: in E.164.
        variables: a value for each placeholder.
        parts: SMS parts of the message, 1 to 10; 0 for calls.
        cost: the estimated credits, or ``None`` where no price is known.
        zone: the time zone by its IANA name, several with commas between, or ``None``.
        line: the line of the input.
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


Hours = tuple[tuple[str, float, float], ...]
"""Time zones, ``""`` for that of recipients without one, each with from when until when it may be sent to."""


class ClaimRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker asks a ledger for: recipients to send to next, within limits.

    Attributes:
        ident: the claim's id, from 1 to 2**62, made by the worker: so it knows its claim even if the answer is lost.
        limit: the most recipients.
        lease: seconds for which they are the worker's.
        account: a hash of the account, whose rate and pauses all its campaigns and workers share.
        rate: messages a second of the account, or ``None`` for no limit.
        budget: estimated credits that must not be exceeded, with those of earlier claims.
        hours: when recipients of each time zone may be sent to; empty for always.
        schedule: the schedule that these hours follow, as it is stored: nobody is claimed by another one.
        stop_share: share of the last hundred messages that may have failed.
        first_alone: whether one recipient is claimed alone until one message was sent.
        canaries: how many at the end of the list are held back until nothing is unknown.
        settle: seconds after an attempt until no late acceptance is possible.
        not_within: leave those out whom another campaign of the store has contacted within so many seconds.
    """

    ident: int
    limit: int
    lease: float = 60.0
    account: str = ""
    rate: float | None = None
    budget: Decimal | None = None
    hours: Hours = ()
    schedule: Any = None
    stop_share: float = 1.0
    first_alone: bool = False
    canaries: int = 0
    settle: float = 0.0
    not_within: float | None = None


class Claim(msgspec.Struct, frozen=True):
    """Recipients that a worker has taken for sending; a claim is durable before the first of them is sent to.

    Attributes:
        ident: its id.
        recipients: the recipients to send to.
        skipped: how many were skipped while claiming, after an opt-out or a message of another campaign.
        why: why nobody was claimed: ``pause`` or ``cancel`` (requested), ``rescheduled`` (by another schedule),
            ``failures`` (too many), ``throttled`` (the account), ``budget``, ``in_flight`` (wait for others' outcomes),
            ``retry`` (wait for the next attempt), ``first`` (those to be sent to first were), ``unknown`` (the canaries
            stay back), ``done``; else empty.
        wake: when something can be claimed, in seconds since 1970; ``None`` when that does not depend on time.
        asked: the worker's monotonic clock before the question: its lease counts from then.
        now: the ledger's time.
        delay: seconds from ``now`` to the first recipient's send time; the others follow at distances of ``gap``.
        gap: seconds between two send times.
        failures: how many of how many messages have failed lately, and the last error.
        paused_seconds: for how long the account is paused.
    """

    ident: int
    recipients: tuple[Recipient, ...] = ()
    skipped: int = 0
    why: str = ""
    wake: float | None = None
    asked: float = 0.0
    now: float = 0.0
    delay: float = 0.0
    gap: float = 0.0
    failures: tuple[int, int, str] = (0, 0, "")
    paused_seconds: float = 0.0


REPORTED = "delivery_report"
"""The code in ``Outcome.error`` of a state that Xoxzo has reported by a callback, at the time of the outcome."""
OUTCOME_REASONS = {
    "assumed_sent": N_("assumed to be sent"),
    REPORTED: N_("by a delivery report"),
    "expired": N_("expired before it could be sent"),
    "wal_lost": N_("the records of its last run were lost"),
    "not_started": N_("claimed and not started"),
    "process_ended": N_("the process ended before the outcome was recorded"),
    "proven_unsent": N_("proven not to have been sent"),
    "outside_hours": N_("outside the sending hours"),
    "resend_requested": N_("to be sent again as requested"),
    "suppressed": N_("on the opt-out list"),
    "contacted": N_("contacted by another campaign lately"),
}
"""The codes in ``Outcome.error`` that a ledger or a person has given, with their English sentences."""


def outcome_reason(error: str, translate: Callable[[str], str] = str) -> str:
    """Return the sentence for an ``Outcome.error``; names of exceptions stay as they are.

    Args:
        error: the code, or the name of an exception.
        translate: returns a sentence in the reader's language, as ``gettext`` does.
    """
    sentence = OUTCOME_REASONS.get(error)
    return error if sentence is None else translate(sentence)


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The outcome for one recipient.

    Attributes:
        n: the recipient's position.
        claim: the claim it belongs to, or 0 when it came from another source.
        state: the recipient's state now.
        ident: Xoxzo's msgid or callid.
        error: a code of `OUTCOME_REASONS`, or the exception's name with its status and fields; no number and no text.
        at: when it was recorded, in seconds since 1970.
        began: when the attempt began, in seconds since 1970; 0 when there was none.
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
    """A recipient whose message may have been sent, or not.

    Attributes:
        n: the recipient's position.
        began: when the attempt began at the earliest, in seconds since 1970.
        ended: when it had ended at the latest, or when it was found after a crash.
        error: why its outcome is unknown.
    """

    n: int
    began: float
    ended: float
    error: str = ""


class RecipientStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one recipient with its times and cost. A ``repr`` shows no number.

    Attributes:
        recipient: the recipient.
        state: the state.
        ident: the msgid or callid.
        error: why, for what did not succeed; as in `Outcome`.
        began: when the last attempt began, in seconds since 1970; 0 when there was none.
        sent: when Xoxzo had accepted it; 0 when it has not.
        ended: when its final status was recorded; 0 while there is none.
        took: seconds from the response that accepted it to the delivery report; ``None`` where one of them is missing.
        charged: credits that were charged, where they are known.
        opted_out: since when the number is on the opt-out list, in seconds since 1970; 0 when it is not.
        opt_out_source: where that opt-out came from.
        clicked: when the tracked link was opened first, in seconds since 1970; 0 when it was not, or is not known.
    """

    recipient: Recipient
    state: State
    ident: str = ""
    error: str = ""
    began: float = 0.0
    sent: float = 0.0
    ended: float = 0.0
    took: float | None = None
    charged: Decimal | None = None
    opted_out: float = 0.0
    opt_out_source: str = ""
    clicked: float = 0.0


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of a campaign.

    Attributes:
        total: recipients.
        counts: how many recipients are in each state.
        in_flight: claimed, and without an outcome yet.
        reserved: estimated credits of what was claimed, without what was surely not sent.
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
        """How many Xoxzo has certainly accepted."""
        return sum(count for state, count in self.counts.items() if state.is_sent)

    @property
    def known_charge(self) -> Decimal | None:
        """The credits that are known to be charged so far; ``None`` while no charge of what may be sent is known."""
        may_be_charged = self.sent or self.in_flight or self[State.UNKNOWN] or self[State.ASSUMED]
        return None if may_be_charged and not self.charged else self.charged

    @property
    def is_settled(self) -> bool:
        """Whether every recipient was sent to, and no outcome is unknown."""
        return not self[State.WAITING] and not self[State.UNKNOWN] and not self.in_flight


class OptedOut(msgspec.Struct, frozen=True):
    """A recipient who is on the opt-out list, and therefore left out.

    Attributes:
        line: the line of the input.
        number: masked.
        since: since when, in seconds since 1970.
        source: where the opt-out came from.
    """

    line: int
    number: str
    since: float
    source: str


class Remaining(msgspec.Struct, frozen=True, kw_only=True):
    """What is still to be sent.

    Attributes:
        count: recipients, without those on the opt-out list and those contacted lately.
        parts: how many messages take how many SMS parts.
        cost: estimated credits, where prices are known.
        costs: estimated credits of the messages of each number of parts.
        unpriced: how many have no known price.
        suppressed: how many are on the opt-out list.
        contacted: how many others another campaign has contacted lately, where there is a limit for that.
        first: the first three of those who are left.
        opted_out: the first three of those on the opt-out list.
    """

    count: int
    parts: dict[int, int]
    cost: Decimal
    costs: dict[int, Decimal]
    unpriced: int
    suppressed: int
    contacted: int = 0
    first: tuple[Recipient, ...] = ()
    opted_out: tuple[OptedOut, ...] = ()
