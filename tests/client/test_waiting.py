"""`sms.wait` and `calls.wait`: asking again and again, politely."""

from __future__ import annotations

import asyncio
import json
import pickle

import pytest
from client_runner import ClientRunner
from faulty_server import FaultyServer, reply

from xoxzo.cloudpy import CallStatus, MessageStatus, errors
from xoxzo.cloudpy.client._async.driver import AsyncDriver
from xoxzo.cloudpy.client._sync.driver import Driver

pytestmark = pytest.mark.usefixtures("real_pauses")

MADE_UP = {"sid": "sid", "auth_token": "token"}


class Clock:
    """A clock that advances only by sleeping."""

    def __init__(self, monkeypatch) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []
        for driver in (Driver, AsyncDriver):
            monkeypatch.setattr(driver, "clock", staticmethod(lambda: self.now))
        monkeypatch.setattr(Driver, "sleep", lambda _, seconds: self._pass(seconds))
        monkeypatch.setattr(AsyncDriver, "sleep", lambda _, seconds: asyncio.sleep(self._pass(seconds)))

    def _pass(self, seconds: float) -> float:
        self.pauses.append(seconds)
        self.now += seconds
        return 0.0


@pytest.fixture
def clock(monkeypatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture(params=["threads", "asyncio"])
def run(request) -> ClientRunner:
    return ClientRunner(request.param, MADE_UP | {"max_retries": 0})


def message(status: str):
    return reply(200, json.dumps({"msgid": "m", "status": status}))


def call(status: str):
    return reply(200, json.dumps({"callid": "c", "status": status}))


@pytest.mark.parametrize("end", ["DELIVERED", "FAIL"])
def test_a_message_is_polled_until_its_end(run, clock, end) -> None:
    """The pauses grow, and whatever the end is, it is returned."""
    script = [message("QUEUED"), message("DELIVERING"), message("NEWFANGLED"), message(end)]
    with FaultyServer(*script) as server:
        found = run(server.url, lambda c: c.sms.wait("m"))
    assert found.status == end
    assert clock.pauses == [1.0, 1.5, 2.25]
    assert {request.split(b" ")[1] for request in server.requests} == {b"/sms/messages/m/"}


def test_a_call_is_polled_until_its_end(run, clock) -> None:
    """The same for calls, at their own address."""
    with FaultyServer(call("IN PROGRESS"), call("NO ANSWER")) as server:
        assert run(server.url, lambda c: c.calls.wait("c")).status is CallStatus.NO_ANSWER
    assert [request.split(b" ")[1] for request in server.requests] == [b"/voice/calls/c/"] * 2


def test_a_status_on_the_way_may_be_enough(run, clock) -> None:
    """With `until`, waiting ends there, or at the end if that comes first."""
    with FaultyServer(message("QUEUED"), message("DELIVERING")) as server:
        found = run(server.url, lambda c: c.sms.wait("m", until=MessageStatus.DELIVERING))
    assert found.status is MessageStatus.DELIVERING
    with FaultyServer(message("FAIL")) as server:
        found = run(server.url, lambda c: c.sms.wait("m", until=MessageStatus.DELIVERING))
    assert found.status is MessageStatus.FAIL


def test_waiting_ends_with_its_time(run, clock) -> None:
    """When time runs out, the error says so, and the last question was not asked too late."""
    with FaultyServer(message("QUEUED")) as server, pytest.raises(errors.TimedOut) as caught:
        run(server.url, lambda c: c.sms.wait("m", timeout=60))
    assert (caught.value.phase, caught.value.operation, caught.value.maybe_sent) == ("deadline", "sms.wait", False)
    assert caught.value.attempts == len(server.requests) == len(clock.pauses) + 1
    assert caught.value.last_record.status is MessageStatus.QUEUED
    assert pickle.loads(pickle.dumps(caught.value)).last_record == caught.value.last_record
    assert clock.now <= 1060.0
    assert max(clock.pauses) <= 15.0


def test_a_wait_that_read_nothing_has_no_record(run, clock) -> None:
    """Where every question was throttled, there is no record."""
    with FaultyServer(reply(429, retry_after="40")) as server, pytest.raises(errors.TimedOut) as caught:
        run(server.url, lambda c: c.sms.wait("m", timeout=60))
    assert caught.value.last_record is None


@pytest.mark.parametrize("timeout", [-1, float("nan"), "5", True, None])
def test_a_time_out_is_a_number_of_seconds(run, timeout) -> None:
    """An invalid time-out is refused before any request."""
    with FaultyServer() as server, pytest.raises(errors.InvalidArgument, match="number of seconds, 0 or more"):
        run(server.url, lambda c: c.calls.wait("c", timeout=timeout))
    assert server.requests == []


def test_throttling_is_answered_by_patience(run, clock) -> None:
    """A 429 is no end: the next question comes after the pause that the server asks for."""
    with FaultyServer(reply(429, retry_after="40"), message("DELIVERED")) as server:
        assert run(server.url, lambda c: c.sms.wait("m")).status is MessageStatus.DELIVERED
    assert clock.pauses == [40.0]


def test_an_error_ends_waiting(run, clock) -> None:
    """What does not get better by waiting is raised."""
    with FaultyServer(reply(404)) as server, pytest.raises(errors.NotFound):
        run(server.url, lambda c: c.calls.wait("c"))
    assert len(server.requests) == 1


def test_the_drivers_really_sleep(run) -> None:
    """Without a clock of the test's own, waiting takes time."""
    with FaultyServer(message("QUEUED")) as server, pytest.raises(errors.TimedOut):
        run(server.url, lambda c: c.sms.wait("m", timeout=1.9))
    assert len(server.requests) == 2
