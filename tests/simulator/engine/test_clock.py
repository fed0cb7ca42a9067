"""A clock that is stopped, advanced and set going while the simulator runs."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from simulator_callers import START, Caller, Listener

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator import RealClock, Settings, Simulator, SteppedClock


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    give_up = time.monotonic() + 20
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_clock_that_is_stopped_stands() -> None:
    """A clock stands while it is stopped, is moved only ahead, and goes on from where it stood."""
    clock = RealClock()
    assert not clock.stopped
    clock.stop()
    clock.stop()
    stood = clock.now()
    assert clock.stopped
    assert clock.now() == stood
    clock.move_to(stood + 3600)
    clock.move_to(stood)
    assert clock.now() == stood + 3600
    clock.run()
    clock.run()
    assert not clock.stopped
    assert stood + 3600 <= clock.now() < stood + 3700
    clock.move_to(stood + 7200)
    assert clock.now() >= stood + 7200


def test_a_stepped_clock_is_one_that_begins_stopped() -> None:
    """A stepped clock can be set going; another clock can be stopped."""
    clock = SteppedClock(START)
    assert clock.stopped
    clock.run()
    before = clock.now()
    until(lambda: clock.now() > before)


def test_a_running_clock_is_not_set_back_by_a_database() -> None:
    """What was saved ahead of the machine's clock goes on from there; what lies behind changes nothing."""
    clock = RealClock()
    now = clock.now()
    clock.resume_at(now - 1000)
    assert clock.now() >= now
    clock.resume_at(now + 1000)
    assert clock.now() >= now + 1000


def test_time_is_stopped_stepped_and_set_going(listener: Listener) -> None:
    """Messages wait while time stands, move when it is advanced, and by themselves when it runs again."""
    caller = Caller()
    with Simulator(Settings(sms_queued_seconds=0.01, sms_delivering_seconds=0.01)) as simulator:
        caller.simulator = simulator
        simulator.stop_clock()
        assert simulator.clock_stopped
        assert simulator.next_due is None
        stood = simulator.now
        msgid = caller.send(callbackurl=listener.url)
        assert simulator.next_due is not None
        simulator.advance(minutes=1)
        assert caller.sms(msgid)["status"] == "DELIVERED"
        assert len(listener.requests) == 1
        assert (simulator.now - stood).total_seconds() == pytest.approx(60)
        waiting = caller.send()
        assert caller.sms(waiting)["status"] == "QUEUED"
        simulator.run_clock()
        until(lambda: caller.sms(waiting)["status"] == "DELIVERED")
        with pytest.raises(SimulatorError, match="stop it first"):
            simulator.advance(1)


def test_a_stopped_clock_that_ran_is_taken_up_where_it_stood(tmp_path) -> None:
    """A simulator whose clock was advanced a month goes on after the month when it is started again."""
    with Simulator(database=tmp_path / "state.db") as simulator:
        simulator.stop_clock()
        simulator.advance(days=30)
        ahead = simulator.now
    with Simulator(database=tmp_path / "state.db") as simulator:
        assert not simulator.clock_stopped
        assert simulator.now >= ahead
