"""Preview what a campaign will send, before anything is sent."""

from __future__ import annotations

import time

import msgspec

from xoxzo.cloudpy.campaigns.content import Content
from xoxzo.cloudpy.campaigns.inputs.recipients import LeftOut
from xoxzo.cloudpy.campaigns.ledger import Ledger
from xoxzo.cloudpy.campaigns.ledger.sending_hours import check_times, waits_until, zones_without_hours
from xoxzo.cloudpy.campaigns.limits import Limits, Schedule
from xoxzo.cloudpy.campaigns.records import Reason, ToSend, read_reason
from xoxzo.cloudpy.common.masking import mask_number

_INPUT = ("kind", "encoding", "delimiter", "sheet", "header_row", "country")
_MAX_SECONDS = 366 * 86_400.0


class Plan(ToSend, frozen=True, kw_only=True):
    """What will be sent. A ``repr`` leaves the messages out."""

    seconds: float | None
    """How long sending takes at the rate limit, at all hours; ``None`` without a rate limit."""
    begins: float | None
    """When the schedule lets somebody be sent to, in seconds since 1970; ``None`` for at once."""
    ends: float | None
    """When it ends at that rate, by the schedule, if it is started now: in seconds since 1970. ``None`` without a rate
    limit, or after a year."""
    schedule: Schedule | None
    """When messages may be sent; ``None`` for always."""
    samples: tuple[tuple[str, str], ...]
    """Messages of the first three recipients who are left, with their masked numbers."""
    rows: int
    """Rows of the input."""
    numbers: int
    """Rows of the input whose cell of the number is a phone number."""
    bad: int
    """Rows of the input that were left out."""
    repeated: int
    """Rows that were left out since their number had come before."""
    left_out: tuple[LeftOut, ...]
    """Why, for the first twenty reasons."""
    split: str
    """Which random part of the list it is, such as ``1/2``; empty for all of it."""
    others: int
    """How many recipients are in the other parts."""
    assumptions: dict[str, int]
    """What had to be assumed to read numbers, and how often."""
    input: dict[str, str | int | None]
    """How the input was read: its ``kind`` (``text``, ``workbook``, ``json`` or ``rows``), ``encoding``, ``delimiter``,
    ``sheet``, ``header_row`` (the line of the columns' names) and ``country``."""
    notes: tuple[Reason, ...]
    """What was decided or left out while the file was read."""
    columns: dict[str, str]
    """What was read from which column."""

    def __repr__(self) -> str:
        return f"Plan(recipients={self.recipients}, cost={self.cost})"


def make_plan(ledger: Ledger, content: Content, limits: Limits) -> Plan:
    """Return the preview of what is left to be sent; `InvalidArgument` where its times are wrong."""
    facts = ledger.get("input") or {}
    left, part = ledger.remaining(limits.not_within), ledger.get("split") or {}
    samples = tuple((mask_number(one.number), content.preview(one.variables)) for one in left.first)
    if ledger.get("state") == "created":
        check_times(ledger, limits)
    now = time.time()
    notes = list(map(read_reason, facts.get("notes", ())))
    notes += [
        Reason(
            "no_common_hours",
            "nothing is sent to numbers that may be in several of these zones: no sending hour fits all: {zones}",
            {"zones": zones},
        )
        for zones in zones_without_hours(ledger, limits.schedule, now)
    ]
    seconds = None if limits.rate is None else left.recipients / limits.rate
    end = None
    if seconds is not None and seconds <= _MAX_SECONDS:
        end = now + seconds if limits.schedule is None else limits.schedule.end_after(now, seconds)
    return Plan(
        **{name: getattr(left, name) for name in ToSend.__struct_fields__},
        seconds=seconds,
        begins=waits_until(ledger, limits.schedule, now),
        ends=end,
        schedule=limits.schedule,
        samples=samples,
        **{name: facts.get(name, 0) for name in ("rows", "numbers", "bad", "repeated")},
        split="{part}/{of}".format(**part) if part else "",
        others=part.get("others", 0),
        assumptions=facts.get("assumptions", {}),
        left_out=msgspec.convert(facts.get("left_out", ()), tuple[LeftOut, ...]),
        input={name: facts.get(name) for name in _INPUT},
        notes=tuple(notes),
        columns=facts.get("columns", {}),
    )
