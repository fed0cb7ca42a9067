"""Quiet hours: the hours of the day at which no message is sent."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from xoxzo.cloudpy.errors import InvalidArgument

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class QuietHours(msgspec.Struct, frozen=True):
    """The hours of each day at which no message is sent, by the recipient's own clock.

    Attributes:
        hours: for instance ``21:00-08:00``; the end may be on the next day.
        zone: the time zone of recipients whose own is not known, by its IANA name.

    Raises:
        InvalidArgument: the hours are not two different times of day, or the zone is not known.
    """

    hours: str
    zone: str = "Asia/Tokyo"

    def __post_init__(self) -> None:
        found = _HOURS.fullmatch(self.hours)
        if not found or found[1] + found[2] == found[3] + found[4]:
            raise InvalidArgument("quiet", "must be two times of day that differ, for instance 21:00-08:00")
        _zone(self.zone)

    def until(self, zones: str | None, now: float) -> float | None:
        """Return until when a recipient has quiet hours, or ``None`` when it may be sent to now.

        Args:
            zones: the recipient's time zone; several with commas between, none of which may have quiet hours.
            now: seconds since 1970.
        """
        wakes = [wake for name in (zones or self.zone).split(",") if (wake := self._until(name, now)) is not None]
        return max(wakes) if wakes else None

    def end_after(self, now: float, seconds: float) -> float:
        """Return when so many seconds outside the quiet hours will have passed, by the clock of ``zone``."""
        while True:
            now = self._until(self.zone, now) or now
            begin = self._begin(now)
            if now + seconds <= begin:
                return now + seconds
            seconds -= begin - now
            now = begin

    def _begin(self, now: float) -> float:
        moment = datetime.fromtimestamp(now, _zone(self.zone))
        begin = moment.replace(hour=int(self.hours[:2]), minute=int(self.hours[3:5]), second=0, microsecond=0)
        return (begin if begin > moment else begin + timedelta(days=1)).timestamp()

    def _until(self, name: str, now: float) -> float | None:
        moment = datetime.fromtimestamp(now, _zone(name))
        begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in self.hours.split("-"))
        minute = moment.hour * 60 + moment.minute
        is_quiet = begin <= minute < end if begin < end else minute >= begin or minute < end
        if not is_quiet:
            return None
        wake = moment.replace(hour=end // 60, minute=end % 60, second=0, microsecond=0)
        if wake <= moment:
            wake += timedelta(days=1)
        return wake.timestamp()


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidArgument("zone", "is not known: give an IANA name such as Asia/Tokyo") from None
