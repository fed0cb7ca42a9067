"""The limits of a run, and the schedule: when messages may be sent."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import product
from math import inf
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from xoxzo.cloudpy.errors import InvalidArgument

CONTACT_SECONDS = 90 * 86_400.0
"""How long a store keeps who was contacted, so the most that ``not_within`` can be."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_NAMES = {
    name: n
    for n, (day, kanji) in enumerate(zip(_DAYS, "月火水木金土日", strict=True))
    for name in (day, day[:3], kanji, f"{kanji}曜", f"{kanji}曜日")
}
_EVERY_DAY = frozenset(range(7))
_WEEKEND = frozenset({5, 6})
_DAY_GROUPS = {"平日": _EVERY_DAY - _WEEKEND, "土日": _WEEKEND, "週末": _WEEKEND, "毎日": _EVERY_DAY}
_TIME = r"([01]?\d|2[0-4]):([0-5]\d)"
_WINDOW = re.compile(rf"(?:(\w+)(?:\s*-\s*(\w+))?\s+)?{_TIME}\s*-\s*{_TIME}")
_DASHES = str.maketrans(dict.fromkeys("~〜–—−‐", "-"))
_DAY_MINUTES = 1440
# Every combination of weekly windows repeats within a week; a little more, since zones differ.
_SEARCH_DAYS = 9
_MAX_SEARCHES = 400

Window = tuple[frozenset[int], int, int]
"""Weekdays, and the minutes of the day from which on, and until which, something may be sent on them."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When messages may be sent, by each recipient's own clock. All that is given has to hold.

    Where a number's time zone is not certain, it has to hold in each zone that it may be in. When clocks are put back,
    an hour comes twice: a window opens with the second one and closes with the first.

    Raises:
        InvalidArgument: a value cannot be read, the zone is not known, or no hour of it is left by windows and quiet.
    """

    at: str = ""
    """From when on, as ``2026-12-01 10:00``: when the recipient's clock shows it. With an offset, as
    ``2026-12-01T10:00+09:00``, it is the same moment for everybody."""
    windows: str = ""
    """The hours in which messages may be sent, as ``Mon-Fri 09:00-18:00, Sat 10:00-13:00`` or ``Mon, Wed 09:00-12:00``;
    without weekdays, on every day. A window whose end is not after its beginning ends on the next day."""
    quiet: str = ""
    """Hours of each day in which none is sent, as ``21:00-08:00``; several with commas between."""
    zone: str = "Asia/Tokyo"
    """The time zone of recipients whose own is not known, by its IANA name."""

    def __post_init__(self) -> None:
        _zone(self.zone)
        _moment(self.at)
        if _common_opening(_rules(self.windows, self.quiet), [self.zone], 0.0)[0] == inf:
            raise InvalidArgument("windows", "leave no time at which messages may be sent")

    @property
    def is_fixed(self) -> bool:
        """Whether it is one moment alone, the same for everybody."""
        moment = _moment(self.at)
        return moment is not None and moment.tzinfo is not None and not (self.windows or self.quiet)

    def opening(self, zones: str | None, now: float) -> tuple[float, float]:
        """Return from when until when a recipient may be sent to: now, or the next time; times as seconds since 1970.

        Args:
            zones: the recipient's time zone; several with commas between. By default ``zone``.
            now: seconds since 1970.

        Returns:
            Beginning and end; both infinite if no moment is within the hours of all its zones.
        """
        names = (zones or self.zone).split(",")
        at = _moment(self.at)
        moment = now if at is None else max(now, *(_timestamp(at, name, late=False) for name in names))
        return _common_opening(_rules(self.windows, self.quiet), names, moment)

    def until(self, zones: str | None, now: float) -> float | None:
        """Return until when a recipient has to wait, or ``None`` when it may be sent to now; see `opening`."""
        begin = self.opening(zones, now)[0]
        return begin if begin > now else None

    def end_after(self, now: float, seconds: float) -> float:
        """Return when so many seconds of sending will have passed, by the clock of ``zone``."""
        while True:
            now, end = self.opening(None, now)
            if now + seconds <= end:
                return now + seconds
            seconds -= end - now
            now = end


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a run.

    Raises:
        InvalidArgument: a value is out of range.
    """

    concurrency: int = 10
    """Messages in flight at once. Xoxzo limits connections for each account (API section 1.6)."""
    rate: float | None = None
    """Messages a second, or ``None`` for no limit."""
    max_cost: Decimal | None = None
    """Estimated credits that must not be exceeded, over all runs of the campaign."""
    schedule: Schedule | None = None
    """When messages may be sent."""
    expires: float | None = None
    """When the campaign expires, in seconds since 1970; nothing is sent afterwards."""
    stop_share: float = 0.5
    """Share of the last hundred messages that may fail before the run stops, above 0 and at most 1."""
    settle: float = 600.0
    """Seconds after which a message whose response was lost is no longer accepted; then the sent list can prove that it
    was not sent."""
    canaries: int = 3
    """Recipients at the end of the list that are held back for that proof."""
    lease: float = 60.0
    """Seconds for which what a worker has claimed is its own. Half of them is the most that a message may take; what a
    worker that has died had claimed is reconciled when they have passed."""
    not_within: float | None = None
    """Leave out those to whom another campaign of the store has sent, or may have sent, in this many seconds: at most
    90 days. ``None`` or 0 for no limit."""

    @property
    def message_seconds(self) -> float:
        """The most seconds that one message may take."""
        return self.lease / 2

    def __post_init__(self) -> None:
        for field, is_valid, rule in (
            ("concurrency", 1 <= self.concurrency <= 1000, "must be from 1 to 1,000"),
            ("rate", self.rate is None or 0 < self.rate < 1e6, "must be above 0"),
            ("max_cost", self.max_cost is None or self.max_cost >= 0, "must be 0 or more"),
            ("stop_share", 0 < self.stop_share <= 1, "must be above 0 and at most 1"),
            ("settle", 0 <= self.settle < 1e6, "must be 0 or more seconds"),
            ("lease", 2 <= self.lease <= 3600, "must be from 2 to 3,600 seconds"),
            ("not_within", 0 <= (self.not_within or 0) <= CONTACT_SECONDS, "must be from 0 to 90 days, in seconds"),
            ("canaries", 0 <= self.canaries <= 100, "must be from 0 to 100"),
        ):
            if not is_valid:
                raise InvalidArgument(field, rule)


def _common_opening(rules: tuple[tuple[Window, ...], ...], zones: list[str], moment: float) -> tuple[float, float]:
    """Return the first hours that are within all rules in all zones; both infinite if there are none."""
    every = list(product(rules, zones))
    for _ in range(_MAX_SEARCHES):
        found = [_next_opening(windows, zone, moment) for windows, zone in every]
        begin = max((one[0] for one in found), default=moment)
        if begin <= moment:
            return moment, min((one[1] for one in found), default=inf)
        if begin == inf:
            break
        moment = begin
    return inf, inf


@lru_cache(maxsize=64)
def _rules(windows: str, quiet: str) -> tuple[tuple[Window, ...], ...]:
    """Return windows of which one of each group has to be open."""
    groups = []
    if windows:
        found = [_window(part) for part in _parts(windows)]
        if None in found:
            raise InvalidArgument("windows", "must be weekdays and times, for instance Mon-Fri 09:00-18:00")
        groups.append(tuple(filter(None, found)))
    for part in _parts(quiet):
        days, begin, end = _window(part) or (None, 0, 0)
        if days != _EVERY_DAY:
            raise InvalidArgument("quiet", "must be two times of day that differ, for instance 21:00-08:00")
        opens = end % _DAY_MINUTES
        groups.append(((_EVERY_DAY, opens, begin + _DAY_MINUTES if begin < opens else begin),))
    return tuple(groups)


def _parts(text: str) -> list[str]:
    """Divide windows; days without times have those of the next part that has some."""
    parts = [part.strip() for part in re.split("[,、]", unicodedata.normalize("NFKC", text))] if text else []
    times = ""
    for place, part in reversed(list(enumerate(parts))):
        if part and ":" not in part:
            parts[place] = f"{part} {times}"
        elif found := re.search(r"\S*:.*", part):
            times = found[0]
    return parts


def _window(text: str) -> Window | None:
    found = _WINDOW.fullmatch(text.translate(_DASHES))
    if found is None:
        return None
    begin, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
    if begin >= _DAY_MINUTES or end > _DAY_MINUTES or begin == end:
        return None
    days = _EVERY_DAY if found[1] is None else _DAY_GROUPS.get(found[1]) if found[2] is None else None
    if days is None:
        first, last = (_DAY_NAMES.get(name.lower()) for name in (found[1], found[2] or found[1]))
        if first is None or last is None:
            return None
        days = frozenset((first + n) % 7 for n in range((last - first) % 7 + 1))
    return days, begin, end if end > begin else end + _DAY_MINUTES


@lru_cache(maxsize=64)
def _moment(text: str) -> datetime | None:
    if not text:
        return None
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        # A date alone would be midnight, which nobody means; windows after the last year have no dates.
        if re.search("[T ]", text) and moment.year < MAXYEAR:
            return moment
    raise InvalidArgument("at", "must be a date and a time, for instance 2026-12-01 10:00")


@lru_cache(maxsize=4096)
def _openings(windows: tuple[Window, ...], zone: str, day: int) -> tuple[tuple[float, float], ...]:
    """Return the windows that begin on a day, in order; `day` is a proleptic ordinal."""
    midnight = datetime.combine(date.fromordinal(day), datetime.min.time())
    found = (
        (
            _timestamp(midnight + timedelta(minutes=begin), zone, late=True),
            _timestamp(midnight + timedelta(minutes=end), zone, late=False),
        )
        for days, begin, end in windows
        if midnight.weekday() in days
    )
    return tuple(sorted(one for one in found if one[0] < one[1]))


def _next_opening(windows: tuple[Window, ...], zone: str, moment: float) -> tuple[float, float]:
    """Return the window that is open at a moment, or the next one."""
    today = datetime.fromtimestamp(moment, _zone(zone)).toordinal()
    every = (one for day in range(today - 1, today + _SEARCH_DAYS) for one in _openings(windows, zone, day))
    return min((one for one in every if one[1] > moment), default=(inf, inf))


@lru_cache(maxsize=1024)
def _timestamp(moment: datetime, zone: str, *, late: bool) -> float:
    """Return when a zone's clock shows a time, for the first time or the last; after a gap if it never does."""
    if moment.tzinfo:
        return moment.timestamp()
    known = _zone(zone)
    first, second = (moment.replace(tzinfo=known, fold=fold).timestamp() for fold in (0, 1))
    if first <= second:
        return second if late else first
    # The clock leaps from before the time to after it: at the first second that shows a later one.
    low, high = int(second), int(first)
    while high - low > 1:
        middle = (low + high) // 2
        shown = datetime.fromtimestamp(middle, UTC).astimezone(known).replace(tzinfo=None)
        low, high = (low, middle) if shown >= moment else (middle, high)
    return float(high)


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidArgument("zone", "is not known: give an IANA name such as Asia/Tokyo") from None
