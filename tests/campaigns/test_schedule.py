"""When messages may be sent: windows, quiet hours and a first moment, by each recipient's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from xoxzo.cloudpy.campaigns import Schedule
from xoxzo.cloudpy.errors import InvalidArgument

TOKYO, NEW_YORK, LOS_ANGELES, LONDON = "Asia/Tokyo", "America/New_York", "America/Los_Angeles", "Europe/London"


def at(text: str, zone: str = TOKYO, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


# 2026-12-01 is a Tuesday.
@pytest.mark.parametrize(
    ("schedule", "now", "until"),
    [
        (Schedule(windows="Mon-Fri 09:00-18:00"), "2026-12-01T08:59", "2026-12-01T09:00"),
        (Schedule(windows="Mon-Fri 09:00-18:00"), "2026-12-01T09:00", None),
        (Schedule(windows="Mon-Fri 09:00-18:00"), "2026-12-04T18:00", "2026-12-07T09:00"),
        (Schedule(windows="月-金 9:00-18:00、土 10:00-12:00"), "2026-12-04T18:00", "2026-12-05T10:00"),
        (Schedule(windows="Mon,Wed 9:00-12:00"), "2026-12-01T10:00", "2026-12-02T09:00"),
        (Schedule(windows="月、木 10:00〜12:00, 土日 13:00-15:00"), "2026-12-03T12:00", "2026-12-05T13:00"),
        (Schedule(windows="平日 9:00-18:00"), "2026-12-05T10:00", "2026-12-07T09:00"),
        (Schedule(windows="毎日 9:00-18:00"), "2026-12-05T18:00", "2026-12-06T09:00"),
        (Schedule(windows="sat-mon 10:00-12:00"), "2026-12-06T12:00", "2026-12-07T10:00"),
        (Schedule(windows="Fri 22:00-02:00"), "2026-12-05T01:59", None),
        (Schedule(windows="Fri 22:00-02:00"), "2026-12-05T02:00", "2026-12-11T22:00"),
        (Schedule(windows="00:00-24:00"), "2026-12-05T00:00", None),
        (Schedule(quiet="21:00-24:00"), "2026-12-05T22:00", "2026-12-06T00:00"),
        (Schedule(quiet="21:00-08:00, 12:00-13:00"), "2026-12-05T12:30", "2026-12-05T13:00"),
        (Schedule(windows="Tue 07:00-10:00", quiet="21:00-08:00"), "2026-12-01T07:30", "2026-12-01T08:00"),
        (Schedule(at="2026-12-01 10:00"), "2026-11-30T23:00", "2026-12-01T10:00"),
        (Schedule(at="2026-12-01 10:00"), "2026-12-01T10:00", None),
        (Schedule(at="2026-12-01T10:00+00:00"), "2026-12-01T10:00", "2026-12-01T19:00"),
        (Schedule(at="2027-06-05 20:00", windows="Mon 09:00-10:00"), "2026-12-01T10:00", "2027-06-07T09:00"),
        (Schedule(), "2026-12-01T10:00", None),
    ],
)
def test_all_that_is_given_has_to_hold(schedule: Schedule, now: str, until: str | None) -> None:
    """The first moment, the windows and the quiet hours are combined; the next time is found within a week and more."""
    assert schedule.until(None, at(now)) == (None if until is None else at(until))


@pytest.mark.parametrize(
    ("schedule", "zone", "now", "until"),
    [
        # On 2026-03-08 New York's clocks go from 02:00 to 03:00, and on 2026-11-01 from 02:00 back to 01:00.
        (Schedule(at="2026-03-08 02:30"), NEW_YORK, at("2026-03-08T01:00", NEW_YORK), at("2026-03-08T03:00", NEW_YORK)),
        (Schedule(windows="02:30-05:00"), NEW_YORK, at("2026-03-08T01:00", NEW_YORK), at("2026-03-08T03:00", NEW_YORK)),
        (Schedule(quiet="21:00-02:30"), NEW_YORK, at("2026-03-08T01:59", NEW_YORK), at("2026-03-08T03:00", NEW_YORK)),
        (Schedule(at="2026-11-01 01:30"), NEW_YORK, at("2026-11-01T00:00", NEW_YORK), at("2026-11-01T01:30", NEW_YORK)),
        # The first 01:30 is not the end of quiet hours: the clock shows 01:00 once more.
        (
            Schedule(quiet="21:00-01:30"),
            NEW_YORK,
            at("2026-11-01T01:40", NEW_YORK),
            at("2026-11-01T01:30", NEW_YORK, fold=1),
        ),
        # They begin with the first 01:30.
        (
            Schedule(quiet="01:30-08:00"),
            NEW_YORK,
            at("2026-11-01T01:10", NEW_YORK, fold=1),
            at("2026-11-01T08:00", NEW_YORK),
        ),
        # The day of the change is one hour shorter: nine o'clock stays nine o'clock.
        (Schedule(windows="09:00-18:00"), LONDON, at("2026-03-28T18:00", LONDON), at("2026-03-29T09:00", LONDON)),
    ],
)
def test_gaps_and_folds(schedule: Schedule, zone: str, now: float, until: float) -> None:
    """A time that the clock leaps over is the moment of the leap; of one that comes twice, the careful one counts."""
    assert schedule.until(zone, now) == until
    assert schedule.until(zone, until) is None


def test_a_moment_is_that_of_each_zone() -> None:
    """Ten o'clock comes at different times; where a number may be in two zones, it comes when both have had it."""
    schedule, now = Schedule(at="2026-12-01 10:00"), at("2026-11-30T10:00")
    assert schedule.until(LONDON, now) == at("2026-12-01T10:00", LONDON)
    assert schedule.until(f"{NEW_YORK},{LOS_ANGELES}", now) == at("2026-12-01T10:00", LOS_ANGELES)


def test_windows_have_to_be_open_in_each_zone_that_it_may_be() -> None:
    """Nine in New York is six in Los Angeles: both are open from nine there; what never overlaps never comes."""
    zones, now = f"{NEW_YORK},{LOS_ANGELES}", at("2026-12-01T09:00", NEW_YORK)
    found = Schedule(windows="09:00-18:00").opening(zones, now)
    assert found == (at("2026-12-01T09:00", LOS_ANGELES), at("2026-12-01T18:00", NEW_YORK))
    assert Schedule(windows="09:00-10:00").opening(zones, now) == (float("inf"), float("inf"))


@given(
    st.sampled_from([TOKYO, NEW_YORK, LONDON, "Australia/Lord_Howe", f"{NEW_YORK},{LOS_ANGELES}"]),
    st.integers(1_767_225_600, 1_798_761_600),
    st.integers(0, 23),
    st.integers(1, 23),
    st.sampled_from(["", "Mon-Fri ", "Sat ", "日 "]),
)
def test_what_is_open_is_open_by_the_clock(zones: str, now: int, begin: int, hours: int, days: str) -> None:
    """Whenever it says that something may be sent, the clock of each zone shows a time within the window."""
    end = (begin + hours) % 24
    schedule = Schedule(windows=f"{days}{begin:02}:00-{end:02}:00")
    begins, ends = schedule.opening(zones, float(now))
    if begins == float("inf"):
        assert "," in zones
        return
    for moment in (begins, (begins + ends) / 2, ends - 1):
        for zone in zones.split(","):
            shown = datetime.fromtimestamp(moment, ZoneInfo(zone))
            first = shown if begin < end or shown.hour >= begin else shown - timedelta(days=1)
            assert (shown.hour - begin) % 24 < hours
            assert not days or first.weekday() in {"Mon-Fri ": range(5), "Sat ": [5], "日 ": [6]}[days]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"at": "tomorrow"}, "at"),
        ({"at": "2037-12-01"}, "at"),
        ({"at": "9999-12-31 10:00"}, "at"),
        ({"quiet": "00:00-24:00"}, "windows"),
        ({"windows": "20:00-23:00", "quiet": "18:00-09:00"}, "windows"),
        ({"windows": "Mon-Foo 09:00-18:00"}, "windows"),
        ({"windows": "09:00-09:00"}, "windows"),
        ({"windows": "24:00-09:00"}, "windows"),
        ({"windows": "09:00-24:30"}, "windows"),
        ({"windows": "09:00"}, "windows"),
        ({"quiet": "Mon 09:00-10:00"}, "quiet"),
        ({"zone": "Mars/Base"}, "zone"),
    ],
)
def test_what_cannot_be_read_is_refused(wrong: dict[str, str], field: str) -> None:
    """The field is named with its rule."""
    with pytest.raises(InvalidArgument) as caught:
        Schedule(**wrong)
    assert caught.value.field == field


def test_weekdays_and_times_are_read_as_people_write_them() -> None:
    """Long names, Japanese ones, full-width digits, and any kind of dash."""
    monday = at("2026-12-07T09:00")
    for text in (
        "Mon 9:00-18:00",
        "monday 09:00–18:00",
        "月 09:00〜18:00",
        "月曜　０９：００～１８：００",
        "月曜日 9:00-18:00",
    ):
        assert Schedule(windows=text).opening(None, at("2026-12-02T00:00"))[0] == monday, text
    assert Schedule(windows="月曜〜金曜 9:00-18:00").opening(None, at("2026-12-05T00:00"))[0] == monday


def test_seconds_are_spent_within_the_windows() -> None:
    """Seconds that do not fit into a window count in the next one, after the weekend."""
    schedule = Schedule(windows="Mon-Fri 09:00-18:00", at="2026-12-04 17:00")
    assert schedule.end_after(at("2026-12-01T00:00"), 3600) == at("2026-12-04T18:00")
    assert schedule.end_after(at("2026-12-01T00:00"), 3660) == at("2026-12-07T09:01")
