"""Choose the action for an incoming call by business hours, holidays and withheld numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from xoxzo.cloudpy.callbacks.actions import Action
from xoxzo.cloudpy.callbacks.events import IncomingCall
from xoxzo.cloudpy.errors import InvalidArgument

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS_PATTERN = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
_DAY_MINUTES = 24 * 60


class BusinessHours:
    """Chooses an action by the local time.

    Args:
        zone: the time zone, such as ``Asia/Tokyo``.
        hours: the open hours by day or range of days, such as
            ``{"mon-fri": "09:00-12:00, 13:00-18:00", "sat": "10:00-15:00"}``; other days are closed. Hours may go past
            midnight (``"18:00-02:00"``) and end at ``24:00``.
        open: the action during open hours.
        closed: the action at all other times.
        anonymous: the action for callers who withhold their number, at any time; by default the same as for others.
        holidays: closed days: dates, or ``YYYY-MM-DD``. Hours that began on the day before still run to their end.

    Raises:
        InvalidArgument: the zone, a day, an hour or a holiday does not exist.
    """

    def __init__(
        self,
        zone: str,
        hours: Mapping[str, str],
        *,
        open: Action,  # noqa: A002 - the usual word, and keyword-only
        closed: Action,
        anonymous: Action | None = None,
        holidays: Collection[date | str] = (),
    ) -> None:
        try:
            self.zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidArgument("zone", "must be a time zone, for instance Asia/Tokyo") from None
        self._open, self._closed, self._anonymous = open, closed, anonymous
        self._holidays = frozenset(map(_holiday, holidays))
        self._spans: dict[int, list[_Span]] = {}
        for days, spans in hours.items():
            for day in _days(days):
                self._spans.setdefault(day, []).extend(map(_span, spans.split(",")))

    def is_open(self, at: datetime | None = None) -> bool:
        """Return whether a time is within the open hours.

        Args:
            at: a time with a time zone; now by default.

        Raises:
            InvalidArgument: the time has no time zone.
        """
        moment = datetime.now(UTC) if at is None else at
        if moment.tzinfo is None:
            raise InvalidArgument("at", "must have a time zone")
        local = moment.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        yesterday = local.date() - timedelta(days=1)
        return any(span.begin <= minute < span.end for span in self._on(local.date())) or any(
            minute + _DAY_MINUTES < span.end for span in self._on(yesterday)
        )

    def action(self, call: IncomingCall, at: datetime | None = None) -> Action:
        """Return the action for a call.

        Args:
            call: the incoming call.
            at: a time with a time zone; now by default.

        Raises:
            InvalidArgument: the time has no time zone.
        """
        if call.is_anonymous and self._anonymous is not None:
            return self._anonymous
        return self._open if self.is_open(at) else self._closed

    def _on(self, day: date) -> list[_Span]:
        return [] if day in self._holidays else self._spans.get(day.weekday(), [])


class _Span(Struct, frozen=True):
    """Open hours, in minutes since midnight; the end may be on the next day."""

    begin: int
    end: int


def _days(text: str) -> list[int]:
    first, dash, last = (part.strip().lower() for part in text.partition("-"))
    if first not in _DAYS or (dash and last not in _DAYS):
        raise InvalidArgument(
            "hours", "{text!r} must be a day or a range of days of {names}", text=text, names=", ".join(_DAYS)
        )
    begin = _DAYS.index(first)
    # "sat-mon" wraps around the end of the week.
    length = (_DAYS.index(last) - begin) % 7 if dash else 0
    return [(begin + offset) % 7 for offset in range(length + 1)]


def _span(text: str) -> _Span:
    found = _HOURS_PATTERN.fullmatch(text.strip())
    if found is None:
        raise InvalidArgument("hours", "{text!r} must look like 09:00-18:00", text=text.strip())
    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    begin, end = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
    if begin_minute > 59 or end_minute > 59 or begin >= _DAY_MINUTES or end > _DAY_MINUTES or begin == end:
        raise InvalidArgument("hours", "{text!r} must be two different times of a day", text=text.strip())
    return _Span(begin, end if end > begin else end + _DAY_MINUTES)


def _holiday(day: date | str) -> date:
    if isinstance(day, datetime):
        raise InvalidArgument("holidays", "must be dates without a time")
    try:
        return day if isinstance(day, date) else date.fromisoformat(day)
    except ValueError:
        raise InvalidArgument("holidays", "{day!r} must be a day as YYYY-MM-DD", day=day) from None
