"""What errors mean, what the sent list proves, quiet hours, limits and content."""

from __future__ import annotations

import inspect
from datetime import datetime
from decimal import Decimal
from typing import get_type_hints
from zoneinfo import ZoneInfo

import pytest

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.campaigns import (
    Campaign,
    Content,
    Event,
    Limits,
    Plan,
    Recipient,
    RecipientStatus,
    Result,
    Schedule,
    State,
    Tally,
    Unsettled,
)
from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.reconciliation import find_unsent
from xoxzo.cloudpy.campaigns.sending.rules import classify_error
from xoxzo.cloudpy.errors import InvalidArgument

OP = {"operation": "sms.send"}


@pytest.mark.parametrize(
    ("error", "state", "stops", "pause"),
    [
        (errors.ConnectionFailed("x", **OP), State.WAITING, False, 1.0),
        (errors.TimedOut("connect", **OP), State.WAITING, False, 1.0),
        (errors.RateLimited(429, retry_after=7.0, **OP), State.WAITING, False, 7.0),
        (errors.RateLimited(429, **OP), State.WAITING, False, 1.0),
        (errors.BadRequest(400, field_errors={"recipient": ["no"]}, **OP), State.REJECTED, False, 0.0),
        (errors.NotFound(404, **OP), State.REJECTED, False, 0.0),
        (errors.StatusError(413, **OP), State.REJECTED, False, 0.0),
        (errors.InvalidArgument("message", "is empty"), State.REJECTED, False, 0.0),
        (errors.AuthenticationFailed(401, **OP), State.WAITING, True, 0.0),
        (errors.PermissionDenied(403, **OP), State.WAITING, True, 0.0),
        (errors.NotEnoughCredits(403, **OP), State.WAITING, True, 0.0),
        (errors.ServerError(500, maybe_sent=True, **OP), State.UNKNOWN, False, 0.0),
        (errors.ResponseLost("x", maybe_sent=True, **OP), State.UNKNOWN, False, 0.0),
        (errors.TimedOut("read", maybe_sent=True, **OP), State.UNKNOWN, False, 0.0),
        (errors.UnexpectedResponse("x", maybe_sent=True, **OP), State.UNKNOWN, False, 0.0),
        (KeyboardInterrupt(), State.UNKNOWN, False, 0.0),
    ],
)
def test_each_error_has_one_meaning(error: BaseException, state: State, *, stops: bool, pause: float) -> None:
    """Requests without effect are tried again, uncertain ones are unknown, a refused account stops the campaign."""
    failure = classify_error(error)
    assert (failure.state, bool(failure.stop), failure.pause_seconds) == (state, stops, pause)
    assert failure.error.startswith(type(error).__name__)


def _proven(**changes: object) -> list[int]:
    facts = {"listed": {1, 3}, "confirmed": [(1, 50.0), (3, 800.0)], "requested_at": 900.0, "settle": 600.0, **changes}
    return find_unsent([Unsettled(2, 100.0, 110.0)], **facts)


def test_witnesses_on_both_sides_prove_a_message_unsent() -> None:
    """If the list has messages from before and after the settling time and all between, a missing one was not sent."""
    assert _proven() == [2]
    # While a campaign runs, the newest messages are not in the list yet.
    assert _proven(confirmed=[(1, 50.0), (3, 800.0), (4, 790.0)]) == [2]


@pytest.mark.parametrize(
    "changes",
    [
        {"listed": {1, 2, 3}},
        {"requested_at": 700.0},
        {"listed": {3}},
        {"confirmed": [(3, 800.0)], "listed": {3}},
        {"listed": {1}},
        {"confirmed": [(1, 50.0), (3, 700.0)]},
        {"confirmed": [(1, 50.0), (3, 800.0), (4, 120.0)]},
    ],
    ids=["listed", "too early", "earlier not listed", "no earlier", "later not listed", "later too soon", "gap"],
)
def test_without_each_witness_nothing_is_proven(changes: dict[str, object]) -> None:
    """Any condition that fails leaves the message unknown."""
    assert _proven(**changes) == []


def _at(text: str, zone: str = "Asia/Tokyo") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("21:00-08:00", "2026-11-24T20:59", None),
        ("21:00-08:00", "2026-11-24T21:00", "2026-11-25T08:00"),
        ("21:00-08:00", "2026-11-25T03:00", "2026-11-25T08:00"),
        ("21:00-08:00", "2026-11-25T08:00", None),
        ("12:00-13:30", "2026-11-24T12:30", "2026-11-24T13:30"),
        ("12:00-13:30", "2026-11-24T14:00", None),
    ],
)
def test_quiet_hours_hold_by_the_recipients_clock(hours: str, now: str, until: str | None) -> None:
    """The end of the hours is found within a day and over midnight."""
    assert Schedule(quiet=hours).until(None, _at(now)) == (None if until is None else _at(until))


def test_none_of_several_zones_may_be_asleep() -> None:
    """A number that may be in New York or Los Angeles waits until neither has quiet hours."""
    zones = "America/New_York,America/Los_Angeles"
    now = _at("2026-11-24T09:00", "America/New_York")
    assert Schedule(quiet="21:00-08:00").until(zones, now) == _at("2026-11-24T08:00", "America/Los_Angeles")


@pytest.mark.parametrize("hours", ["21-8", "21:00-21:00", "25:00-08:00", "Mon 21:00-08:00"])
def test_hours_that_are_none_are_refused(hours: str) -> None:
    """Two different times of day and a known time zone are required."""
    with pytest.raises(InvalidArgument):
        Schedule(quiet=hours)
    with pytest.raises(InvalidArgument):
        Schedule(zone="Mars/Base")


@pytest.mark.parametrize(
    "wrong",
    [{"concurrency": 0}, {"rate": 0.0}, {"max_cost": -1}, {"stop_share": 0.0}, {"settle": -1.0}, {"canaries": 101}],
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    """Each field is named with its rule."""
    with pytest.raises(InvalidArgument) as caught:
        Limits(**wrong)
    assert caught.value.field in wrong


def test_a_clock_that_is_set_does_not_move_a_run() -> None:
    """The clock starts at the later of wall clock and ledger, and then advances with the monotonic clock."""
    wall, steady = [1000.0], [5.0]
    clock = SteadyClock(2000.0, lambda: wall[0], lambda: steady[0])
    wall[0], steady[0] = 500.0, 8.0
    assert clock.now() == 2003.0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"sender": "much too long a sender"}, "sender"),
        ({"message": ""}, "message"),
        ({"kind": "template"}, "template"),
        ({"tags": ("a,b",)}, "tags"),
        ({"options": {"colour": "red"}}, "options"),
        ({"options": {"jp_kp": True}}, "jp_kp_sender"),
        ({"kind": "say", "sender": "Shop"}, "caller"),
        ({"kind": "say", "sender": "81312345678", "language": "japanese"}, "tts_lang"),
        ({"kind": "play", "sender": "81312345678", "message": "https://example.com/a.mp3"}, "recording_url"),
    ],
)
def test_content_that_everybody_would_be_refused_is_refused_first(wrong: dict[str, object], field: str) -> None:
    """What the API would refuse for every recipient is refused before the campaign is created."""
    with pytest.raises(InvalidArgument) as caught:
        Content(**{"kind": "text", "sender": "Shop", "message": "hello", **wrong}).check()
    assert caught.value.field == field


def test_contents_hide_their_words_and_price_what_they_can() -> None:
    """A repr shows no message; unknown prices stay unknown; K-premium is for Japan."""
    content = Content(kind="text", sender="Shop", message="secret {name}")
    assert "secret" not in repr(content)
    assert content.cost("a", "JP") == 10
    assert content.cost("a", None) is None
    premium = Content(kind="text", sender="Shop", message="a", options={"jp_kp": True, "jp_kp_sender": "12"}, price=11)
    premium.check()
    assert premium.cost("a", "MY") is None
    assert premium.cost("a", "JP") == 11
    with pytest.raises(InvalidArgument, match="missing: name"):
        content.render({})


def test_waking_seconds_are_spent_by_the_clock_of_the_zone() -> None:
    """Seconds that do not fit before the quiet hours count after them, day after day."""
    quiet = Schedule(quiet="21:00-08:00")
    assert quiet.end_after(_at("2026-11-24T20:00"), 3600) == _at("2026-11-24T21:00")
    assert quiet.end_after(_at("2026-11-24T20:00"), 3600 + 60) == _at("2026-11-25T08:01")
    assert quiet.end_after(_at("2026-11-24T22:00"), 26 * 3600 + 60) == _at("2026-11-27T08:01")
    plan = _plan()
    assert repr(plan) == "Plan(recipients=1, cost=10)"


def _plan() -> Plan:
    return Plan(
        recipients=1,
        parts={1: 1},
        cost=Decimal(10),
        unpriced=0,
        costs={1: Decimal(10)},
        seconds=None,
        begins=None,
        ends=None,
        schedule=None,
        samples=(("+81••••2222", "a text"),),
        rows=1,
        numbers=1,
        bad=0,
        repeated=0,
        left_out=(),
        suppressed=0,
        contacted=0,
        opted_out=(),
        assumptions={},
        input={},
        notes=(),
        columns={},
        split=None,
        others=0,
    )


def test_the_types_of_all_methods_can_be_resolved() -> None:
    """What makes a tool or a task of a method finds the types of its arguments and of its result at run time."""
    for kind in (Campaign, Content):
        for name, method in inspect.getmembers(kind, inspect.isroutine):
            if not name.startswith("_") and method.__module__.startswith("xoxzo."):
                get_type_hints(method)


@pytest.mark.parametrize("kind", [Content, Event, Limits, Plan, Recipient, RecipientStatus, Result, Tally])
def test_the_types_of_all_fields_can_be_resolved(kind: type) -> None:
    """A plan or a result that was kept as JSON is read back by what reads annotations at run time."""
    assert set(get_type_hints(kind)) >= set(kind.__struct_fields__)
