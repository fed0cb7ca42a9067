"""The actions that answer an incoming call, and choosing one by business hours (API section 11).

An action is one line of plain text. The grammar has no escape sequences, so quotation marks, line breaks and control
characters are refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from xoxzo.cloudpy.callbacks.events import IncomingCall
from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.operations import checks

CONTENT_TYPE = "text/plain; charset=utf-8"
"""The media type of an answer; Xoxzo ignores it (API section 11)."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS_PATTERN = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
_DAY_MINUTES = 24 * 60
_UNESCAPABLE = re.compile(r'["\x00-\x1f\x7f-\x9f\u2028\u2029]')


class _Action(Struct, frozen=True):
    """An action; ``str()`` of it is the line."""

    def render(self) -> str:
        """Return the line, without a line break."""
        return str(self)

    def encode(self) -> bytes:
        """Return the line as the body of an answer, in UTF-8."""
        return str(self).encode()


class Say(_Action, frozen=True):
    """Speak a text to the caller: ``say ja "…"``.

    Args:
        lang: the language as ISO 639-1, ``ja`` or ``en``.
        text: the text to speak, without quotation marks ``"`` and line breaks.

    Raises:
        InvalidArgument: the language is unknown, or the text has a character that cannot be written.
    """

    lang: str
    text: str

    def __post_init__(self) -> None:
        checks.formatted("lang", self.lang)
        if _UNESCAPABLE.search(checks.text("text", self.text)):
            raise InvalidArgument("text", 'must have no quotation mark " and no line break')

    def __str__(self) -> str:
        return f'say {self.lang} "{self.text}"'


class Playback(_Action, frozen=True):
    """Play an mp3 to the caller: ``playback http://…``.

    Args:
        url: the URL of the mp3; http only, ASCII letters, digits and ``_ / - . :`` (API section 5.1). A warning says
            that ``$ * ' ( ) ! ?`` may be refused.

    Raises:
        InvalidArgument: Xoxzo cannot fetch such a URL.
    """

    url: str

    def __post_init__(self) -> None:
        checks.recording_url(self.url)

    def __str__(self) -> str:
        return f"playback {self.url}"


class Transfer(_Action, frozen=True):
    """Connect the caller to a number: ``transfer +81…``.

    Args:
        number: the number, in E.164.

    Raises:
        InvalidArgument: it is not in E.164.
    """

    number: str

    def __post_init__(self) -> None:
        checks.recipient(self.number, "number")

    def __repr__(self) -> str:
        return f"Transfer({mask_number(self.number)!r})"

    def __str__(self) -> str:
        return f"transfer {self.number}"


class Voicemail(_Action, frozen=True):
    """Record a message of the caller, after an optional greeting: ``voicemail``, ``voicemail say ja "…"``.

    Args:
        greeting: what is played before the tone. The documentation says that an mp3 is possible, but not how it is
            written (API section 11).

    Raises:
        InvalidArgument: the greeting is neither `Say` nor `Playback`.
    """

    greeting: Say | Playback | None = None

    def __post_init__(self) -> None:
        if self.greeting is not None and not isinstance(self.greeting, Say | Playback):
            raise InvalidArgument("greeting", "must be Say or Playback")

    def __str__(self) -> str:
        return "voicemail" if self.greeting is None else f"voicemail {self.greeting}"


Action = Say | Playback | Transfer | Voicemail
"""Every possible answer to an incoming call."""


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
        self._spans: dict[int, list[tuple[int, int]]] = {}
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
        return any(begin <= minute < end for begin, end in self._on(local.date())) or any(
            minute + _DAY_MINUTES < end for _begin, end in self._on(yesterday)
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

    def _on(self, day: date) -> list[tuple[int, int]]:
        return [] if day in self._holidays else self._spans.get(day.weekday(), [])


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


def _span(text: str) -> tuple[int, int]:
    """Return the beginning and the end of open hours, in minutes since midnight; the end may be on the next day."""
    found = _HOURS_PATTERN.fullmatch(text.strip())
    if found is None:
        raise InvalidArgument("hours", "{text!r} must look like 09:00-18:00", text=text.strip())
    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    begin, end = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
    if begin_minute > 59 or end_minute > 59 or begin >= _DAY_MINUTES or end > _DAY_MINUTES or begin == end:
        raise InvalidArgument("hours", "{text!r} must be two different times of a day", text=text.strip())
    return begin, end if end > begin else end + _DAY_MINUTES


def _holiday(day: date | str) -> date:
    if isinstance(day, datetime):
        raise InvalidArgument("holidays", "must be dates without a time")
    try:
        return day if isinstance(day, date) else date.fromisoformat(day)
    except ValueError:
        raise InvalidArgument("holidays", "{day!r} must be a day as YYYY-MM-DD", day=day) from None
