"""Business hours: the action of a call by time."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from wsgiref.simple_server import WSGIRequestHandler, make_server
from zoneinfo import ZoneInfo

import pytest

from xoxzo.cloudpy import Client, InvalidArgument
from xoxzo.cloudpy.callbacks import Action, BusinessHours, Callbacks, Event, IncomingCall, Say, Transfer, Voicemail
from xoxzo.cloudpy.integrations.wsgi import CallbackApp
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock

TOKYO = ZoneInfo("Asia/Tokyo")
OPEN = Transfer("+815011112222")
CLOSED = Voicemail(Say("ja", "本日の営業は終了しました。"))
ANONYMOUS = Say("ja", "番号を通知しておかけ直しください。")
HOURS = {"mon-fri": "09:00-12:00, 13:00-18:00", "sat": "22:00-02:00", "sun": "20:00-24:00"}
SHOP = BusinessHours(
    "Asia/Tokyo", HOURS, open=OPEN, closed=CLOSED, anonymous=ANONYMOUS, holidays=["2026-11-23", date(2026, 12, 31)]
)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-24 08:59", False),
        ("2026-11-24 09:00", True),
        ("2026-11-24 11:59", True),
        ("2026-11-24 12:00", False),
        ("2026-11-24 17:59", True),
        ("2026-11-24 18:00", False),
        ("2026-11-23 10:00", False),
        ("2026-12-31 10:00", False),
        ("2026-11-28 22:00", True),
        ("2026-11-29 01:59", True),
        ("2026-11-29 02:00", False),
        ("2026-11-29 23:59", True),
        ("2026-11-30 00:00", False),
        ("2026-11-28 01:00", False),
    ],
)
def test_open(at: str, is_open: bool) -> None:
    """It is open during the open hours, also past midnight, and closed on holidays."""
    here = datetime.fromisoformat(at).replace(tzinfo=TOKYO)
    assert SHOP.is_open(here) is is_open
    assert SHOP.is_open(here.astimezone(UTC)) is is_open


def test_action() -> None:
    """A call gets the action of its time; a caller without a number always gets the action for such callers."""
    call = IncomingCall(caller="+818011112222", recipient="+815012345678")
    nobody = IncomingCall(recipient="+815012345678")
    noon = datetime(2026, 11, 24, 10, tzinfo=TOKYO)
    night = noon + timedelta(hours=12)
    assert [SHOP.action(call, noon), SHOP.action(call, night)] == [OPEN, CLOSED]
    assert [SHOP.action(nobody, noon), SHOP.action(nobody, night)] == [ANONYMOUS, ANONYMOUS]
    plain = BusinessHours("Asia/Tokyo", HOURS, open=OPEN, closed=CLOSED)
    assert [plain.action(nobody, noon), plain.action(nobody, night)] == [OPEN, CLOSED]


def test_now() -> None:
    """The default time is now."""
    always = BusinessHours("UTC", {"mon-sun": "00:00-24:00"}, open=OPEN, closed=CLOSED)
    never = BusinessHours("UTC", {}, open=OPEN, closed=CLOSED)
    assert always.is_open()
    assert not never.is_open()


def test_over_the_week_end() -> None:
    """A range of days may wrap around the end of the week."""
    shop = BusinessHours("Asia/Tokyo", {"SAT - mon": "10:00-11:00"}, open=OPEN, closed=CLOSED)
    monday = datetime(2026, 11, 23, 10, 30, tzinfo=TOKYO)
    assert [shop.is_open(monday + timedelta(days=day)) for day in range(-3, 4)] == [
        False, True, True, True, False, False, False,
    ]  # fmt: skip


def test_summer_time() -> None:
    """The hours are local times, with daylight saving."""
    shop = BusinessHours("Europe/Berlin", {"mon-sun": "09:00-10:00"}, open=OPEN, closed=CLOSED)
    assert shop.is_open(datetime(2026, 1, 15, 8, 30, tzinfo=UTC))
    assert shop.is_open(datetime(2026, 7, 15, 7, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"zone": "Mars/Base"}, "zone"),
        ({"zone": "../etc/passwd"}, "zone"),
        ({"hours": {"monday": "09:00-10:00"}}, "hours"),
        ({"hours": {"mon-someday": "09:00-10:00"}}, "hours"),
        ({"hours": {"mon": "9-10"}}, "hours"),
        ({"hours": {"mon": "09:00-25:00"}}, "hours"),
        ({"hours": {"mon": "09:00-09:00"}}, "hours"),
        ({"hours": {"mon": "09:60-10:00"}}, "hours"),
        ({"holidays": ["2026-02-30"]}, "holidays"),
        ({"holidays": [datetime(2026, 1, 1, tzinfo=UTC)]}, "holidays"),
    ],
)
def test_refused(options: dict[str, object], field: str) -> None:
    """Invalid hours, zones and holidays are refused."""
    with pytest.raises(InvalidArgument) as caught:
        BusinessHours(**{"zone": "Asia/Tokyo", "hours": HOURS, "open": OPEN, "closed": CLOSED, **options})
    assert caught.value.field == field


def test_without_a_zone() -> None:
    """A time without a time zone is refused."""
    with pytest.raises(InvalidArgument):
        SHOP.is_open(datetime(2026, 1, 1))  # noqa: DTZ001 - that is what is refused


def test_played() -> None:
    """Simulated calls at different times of day get the right actions from an application."""
    with Simulator(Settings(seed=3), clock=SteppedClock(datetime(2026, 11, 24, tzinfo=TOKYO))) as simulator:
        callbacks = Callbacks("a secret of the tests", "http://127.0.0.1/xoxzo")

        def handle(event: Event) -> Action | None:
            return SHOP.action(event, simulator.now) if isinstance(event, IncomingCall) else None

        app = CallbackApp(callbacks, handle)
        with make_server("127.0.0.1", 0, app, handler_class=Silent) as server:
            callbacks.public_url = f"http://127.0.0.1:{server.server_port}/xoxzo"
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                reported = [what_is_done(simulator, callbacks, hour, caller) for hour, caller in CALLS]
            finally:
                server.shutdown()
                thread.join()
    assert reported == ["voicemail", "transfer", "say", "voicemail"]


CALLS = [(8, "+818033334444"), (10, "+818033334444"), (11, None), (20, "+818033334444")]


class Silent(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def what_is_done(simulator: Simulator, callbacks: Callbacks, hour: int, caller: str | None) -> str:
    """Make a call at an hour of the day, and return the last step of the call."""
    with Client(sid="me", auth_token="secret", transport=simulator.transport()) as client:
        number = next(iter(client.dins.search()))
        client.dins.subscribe(number.din_uid)
        client.dins.set_action_url(number.din_uid, callbacks=callbacks)
        call = simulator.call(number.din, caller, at=datetime(2026, 11, 24, hour, tzinfo=TOKYO))
        client.dins.unsubscribe(number.din_uid)
    done: str = [step["name"] for step in call.steps if step["name"] not in {"connected", "ended"}][-1]
    return done
