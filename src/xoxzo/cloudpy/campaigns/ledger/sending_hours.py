"""The hours of a campaign's time zones, as a worker gives them to the ledger with each claim."""

from __future__ import annotations

from datetime import datetime
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from xoxzo.cloudpy.campaigns.ledger.base import Hours, Ledger
from xoxzo.cloudpy.campaigns.limits import Limits, Schedule
from xoxzo.cloudpy.campaigns.records import Reason
from xoxzo.cloudpy.errors import InvalidArgument

_SHOWN_ZONES = 4
_FAR = 1e12
"""Stands for times that never come."""


class SendingHours:
    """When each time zone's recipients may be sent to, by the schedule in the ledger, which may change."""

    def __init__(self, ledger: Ledger, schedule: Schedule | None) -> None:
        self._ledger = ledger
        self._zones = ledger.get("zones") or [None]
        self._schedule = schedule
        self._openings: dict[str | None, tuple[float, float]] = {}
        self.stored: Any = None if schedule is None else msgspec.to_builtins(schedule)
        """The schedule as it is stored."""

    def reload(self) -> bool:
        """Read the schedule again; return whether it was changed."""
        stored = self._ledger.get("schedule")
        if stored == self.stored:
            return False
        self._schedule = None if stored is None else msgspec.convert(stored, Schedule)
        self.stored, self._openings = stored, {}
        return True

    def openings(self, now: float) -> Hours:
        """Return when each time zone may be sent to: now, or next; empty for always."""
        if self._schedule is None:
            return ()
        for zone in self._zones:
            if now >= self._openings.get(zone, (0.0, -inf))[1]:
                begin, end = self._schedule.opening(zone, now)
                self._openings[zone] = min(begin, _FAR), min(end, _FAR)
        return tuple((zone or "", *self._openings[zone]) for zone in self._zones)

    def reason(self, now: float) -> Reason:
        """Return why nobody may be sent to."""
        if all(self.starts_later(now)):
            return Reason("scheduled", "scheduled")
        return Reason("outside_hours", "outside the sending hours")

    def starts_later(self, now: float) -> list[bool]:
        """Return for each time zone whether the schedule starts later there."""
        if self._schedule is None:
            return [False]
        start = Schedule(at=self._schedule.at, zone=self._schedule.zone)
        return [start.until(zone, now) is not None for zone in self._zones]


def check_times(ledger: Ledger, limits: Limits) -> None:
    """Refuse a new schedule that does not start later than now, or lets nobody be sent to before the campaign ends."""
    now = ledger.clock.wall()
    schedule, stored = limits.schedule, ledger.get("schedule") or {}
    hours = SendingHours(ledger, schedule)
    if schedule is not None and schedule.at and schedule.at != stored.get("at") and not any(hours.starts_later(now)):
        raise InvalidArgument(
            "at",
            "must be later than now, {now} in {zone}: to send at once, leave it out",
            now=f"{datetime.fromtimestamp(now, ZoneInfo(schedule.zone)):%Y-%m-%d %H:%M}",
            zone=schedule.zone,
        )
    first = min((begin for _zone, begin, _end in hours.openings(now)), default=now)
    if first >= _FAR:
        raise InvalidArgument("windows", "must have a time that fits every time zone that a number may be in")
    if limits.expires is not None and now < limits.expires <= first:
        raise InvalidArgument("expires", "must be after the first time at which the schedule lets a message be sent")


def zones_without_hours(ledger: Ledger, schedule: Schedule | None, now: float) -> list[str]:
    """Return the groups of zones whose recipients wait for ever: the schedule is never open in all of one group."""
    openings = SendingHours(ledger, schedule).openings(now)
    groups = (zones.split(",") for zones, begin, _end in openings if begin >= _FAR)
    return [", ".join(zones[:_SHOWN_ZONES]) + (" …" if len(zones) > _SHOWN_ZONES else "") for zones in groups]


def waits_until(ledger: Ledger, schedule: Schedule | None, now: float) -> float | None:
    """Return until when nobody of a campaign may be sent to; ``None`` when somebody may be now, or nobody ever."""
    begins = [begin for _zone, begin, _end in SendingHours(ledger, schedule).openings(now)]
    first = min(begins, default=now)
    return first if now < first < _FAR else None
