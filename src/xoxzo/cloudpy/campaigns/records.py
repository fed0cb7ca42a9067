"""The values of a campaign: recipients, their states, claims, outcomes, totals, reasons, and the events of a run."""

from __future__ import annotations

import enum
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from xoxzo.cloudpy.common.locale import N_


class State(enum.IntEnum):
    """The state of a recipient. The numbers are stored in ledgers: they never change."""

    WAITING = 0
    """Not sent: not claimed yet, or tried without effect. It will be sent."""
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
    """Why something happened. It is false when there is no reason."""

    code: str = ""
    """What programs compare, for instance ``budget_spent``."""
    template: str = ""
    """The English sentence; ``{name}`` in it stands for a field, where there are fields."""
    fields: dict[str, Any] = {}
    """The values by name."""

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
    """A person to send to. A ``repr`` shows neither number nor variables."""

    n: int
    """The position in the campaign, from 1."""
    number: str
    """In E.164."""
    variables: dict[str, str] = {}
    """A value for each placeholder."""
    parts: int = 0
    """SMS parts of the message, 1 to 10; 0 for calls."""
    cost: Decimal | None = None
    """The estimated credits, or ``None`` where no price is known."""
    zone: str | None = None
    """The time zone by its IANA name, several with commas between, or ``None``."""
    line: int = 0
    """The line of the input."""

    def __repr__(self) -> str:
        return f"Recipient(n={self.n})"


class Claim(msgspec.Struct, frozen=True):
    """Recipients that a worker has taken for sending; a claim is durable before the first of them is sent to."""

    ident: int
    recipients: tuple[Recipient, ...] = ()
    skipped: int = 0
    """How many were skipped while claiming, after an opt-out or a message of another campaign."""
    why: str = ""
    """Why nobody was claimed: ``pause`` or ``cancel`` (requested), ``rescheduled`` (by another schedule), ``failures``
    (too many), ``throttled`` (the account), ``budget``, ``in_flight`` (wait for others' outcomes), ``retry`` (wait for
    the next attempt), ``first`` (those to be sent to first were), ``unknown`` (the canaries stay back), ``done``; else
    empty."""
    wake: float | None = None
    """When something can be claimed, in seconds since 1970; ``None`` when that does not depend on time."""
    asked: float = 0.0
    """The worker's monotonic clock before the question: its lease counts from then."""
    now: float = 0.0
    """The ledger's time."""
    delay: float = 0.0
    """Seconds from ``now`` to the first recipient's send time; the others follow at distances of ``gap``."""
    gap: float = 0.0
    """Seconds between two send times."""
    failures: tuple[int, int, str] = (0, 0, "")
    """How many of how many messages have failed lately, and the last error."""
    paused_seconds: float = 0.0
    """For how long the account is paused."""


REPORTED = "delivery_report"
"""The code in ``Outcome.error`` of a state that Xoxzo has reported by a callback, at the time of the outcome."""
OUTCOME_REASONS = {
    "assumed_sent": N_("assumed to be sent"),
    REPORTED: N_("by a delivery report"),
    "expired": N_("expired before it could be sent"),
    "records_lost": N_("the records of its last run were lost"),
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
    """Return the sentence for an ``Outcome.error``; names of exceptions stay as they are."""
    sentence = OUTCOME_REASONS.get(error)
    return error if sentence is None else translate(sentence)


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The outcome for one recipient."""

    n: int
    claim: int
    """The claim it belongs to, or 0 when it came from another source."""
    state: State
    ident: str = ""
    """Xoxzo's msgid or callid."""
    error: str = ""
    """A code of `OUTCOME_REASONS`, or the exception's name with its status and fields; no number and no text."""
    at: float = 0.0
    """When it was recorded, in seconds since 1970."""
    began: float = 0.0
    """When the attempt began, in seconds since 1970; 0 when there was none."""
    cost: Decimal | None = None
    """The credits that were charged, where they are known."""
    retry_at: float = 0.0
    """For ``WAITING``: not before then."""


class Unsettled(msgspec.Struct, frozen=True):
    """A recipient whose message may have been sent, or not."""

    n: int
    """The recipient's position."""
    began: float
    """When the attempt began at the earliest, in seconds since 1970."""
    ended: float
    """When it had ended at the latest, or when it was found after a crash."""
    error: str = ""
    """Why its outcome is unknown."""


class RecipientStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one recipient with its times and cost. A ``repr`` shows no number."""

    recipient: Recipient
    """The recipient."""
    state: State
    """The state."""
    ident: str = ""
    """The msgid or callid."""
    error: str = ""
    """Why, for what did not succeed; as in `Outcome`."""
    began: float = 0.0
    """When the last attempt began, in seconds since 1970; 0 when there was none."""
    sent: float = 0.0
    """When Xoxzo had accepted it; 0 when it has not."""
    ended: float = 0.0
    """When its final status was recorded; 0 while there is none."""
    took: float | None = None
    """Seconds from the response that accepted it to the delivery report; ``None`` where one of them is missing."""
    charged: Decimal | None = None
    """Credits that were charged, where they are known."""
    opted_out: float = 0.0
    """Since when the number is on the opt-out list, in seconds since 1970; 0 when it is not."""
    opt_out_source: str = ""
    """Where that opt-out came from."""
    clicked: float = 0.0
    """When the tracked link was opened first, in seconds since 1970; 0 when it was not, or is not known."""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of a campaign."""

    total: int
    """Recipients."""
    counts: dict[State, int]
    """How many recipients are in each state."""
    in_flight: int
    """Claimed, and without an outcome yet."""
    reserved: Decimal
    """Estimated credits of what was claimed, without what was not sent."""
    charged: Decimal
    """Credits that Xoxzo is known to have charged."""

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
    """A recipient who is on the opt-out list, and therefore left out."""

    line: int
    """The line of the input."""
    number: str
    """Masked."""
    since: float
    """Since when, in seconds since 1970."""
    source: str
    """Where the opt-out came from."""


class ToSend(msgspec.Struct, frozen=True, kw_only=True):
    """How much is still to be sent."""

    recipients: int
    """How many are left to be sent to; those on the opt-out list and those contacted lately are not."""
    parts: dict[int, int]
    """How many messages take how many SMS parts."""
    cost: Decimal
    """Estimated credits for those left, where prices are known (API section 1.7)."""
    unpriced: int
    """How many have no known price; they are not in ``cost``."""
    costs: dict[int, Decimal]
    """Estimated credits of the messages of each number of parts."""
    suppressed: int
    """How many are on the opt-out list."""
    contacted: int = 0
    """How many others another campaign has contacted within ``not_within`` of the limits."""
    opted_out: tuple[OptedOut, ...] = ()
    """The first three of those on the opt-out list, with the time since when."""


class Remaining(ToSend, frozen=True, kw_only=True):
    """How much is still to be sent, and to whom first."""

    first: tuple[Recipient, ...] = ()
    """The first three of those who are left."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a run. It holds no number and no text."""

    kind: str
    """``started``, ``progress``, ``waiting``, ``throttled``, ``unreachable`` (the next attempt is at ``wake``),
    ``unknown``, ``stopping`` (messages in flight are being completed), ``settling``, ``settled``, ``ended``."""
    at: float
    """When, in seconds since 1970."""
    tally: Tally
    """The totals."""
    reason: Reason = NO_REASON
    """Why, as a code and a sentence; empty where there is none."""
    rate: float = 0.0
    """Messages a second in the last seconds."""
    wake: float | None = None
    """When waiting ends, in seconds since 1970."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended."""

    state: str
    """``finished``, ``stopped``, ``paused``, ``cancelled`` or ``expired``."""
    reason: Reason
    """Why it stopped, as a code and a sentence; empty when it is finished."""
    tally: Tally
    """The totals."""
    unknown: int
    """How many outcomes are unknown; ``Campaign.unknown`` lists them."""


EventHandler = Callable[[Event], Any]
