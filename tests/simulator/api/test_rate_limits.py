"""What the gate refuses: rates, connections and addresses, in real time and over real connections."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack

import pytest
from hypothesis import given, strategies as st
from simulator_callers import Caller, basic, parsed, web

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock, profile
from xoxzo.cloudpy.simulator.api import rate_limits
from xoxzo.cloudpy.simulator.api.http import ApiRequest, HttpError
from xoxzo.cloudpy.simulator.api.rate_limits import RateLimits, SlidingWindow
from xoxzo.cloudpy.simulator.engine.records.accounts import Account

BUSY = {"detail": "Request was throttled. Expected available in 1 second."}
ONE = ("a", "b")


def account(sid: str = "sid") -> Account:
    """Return an account."""
    return Caller().simulator.engine.accounts.get(sid, "token")


def request(peer: tuple[str, int] | None = None) -> ApiRequest:
    """Return a request from a peer."""
    return ApiRequest("GET", b"/", b"", {}, b"", peer)


def test_rates_are_limited_in_real_time() -> None:
    """The third request of a second is 429, says when to come again, and is answered then; the clock stands still."""
    with Simulator(Settings(requests_per_second=2), clock=SteppedClock()).serve() as server, web(server.url) as page:
        assert [page("GET", "/you/credits/")[0] for _ in range(2)] == [200, 200]
        # A machine that is late may need more than three for three within a second.
        answers = (page("GET", "/you/credits/") for _ in range(100))
        status, headers, body = next(answer for answer in answers if answer[0] != 200)
        assert (status, headers["retry-after"], json.loads(body)) == (429, "1", BUSY)
        assert page("GET", "/you/credits/", Authorization=basic("other").decode())[0] == 200
        assert page("GET", "/you/credits/", Authorization="")[0] == 401
        time.sleep(1.05)
        assert page("GET", "/you/credits/")[0] == 200


def test_a_throttled_send_does_nothing() -> None:
    """Nothing was sent and nothing charged; a wrong body is not even looked at; the reason is in the log."""
    caller = Caller(requests_per_second=1)
    received: list[object] = []
    caller.simulator.engine.add_listener(lambda event: received.append(event.facts.get("because")))
    caller.send()
    assert caller.post("/sms/messages/") == (429, BUSY)
    assert received[-1] == [BUSY["detail"]]
    assert caller.simulator.credits("sid", "token") == 99_990


def test_the_sent_list_is_limited_by_itself() -> None:
    """The strict profile answers it once in twenty minutes, read or only asked for by HEAD; the rest goes on."""
    caller = Caller()
    caller.simulator = Simulator(profile("strict"), clock=caller.clock)
    assert caller.get("/sms/messages/") == (200, [])
    for method in ("GET", "HEAD"):
        reply = caller.raw(method, "/sms/messages/")
        assert reply.status == 429
        assert dict(reply.headers)[b"retry-after"] == b"1200"
    reported = "Request was throttled. Expected available in 1200 seconds."
    assert caller.get("/sms/messages/") == (429, {"detail": reported})
    assert caller.get("/sms/messages/", authorization=basic("other")) == (200, [])
    caller.send()


def test_waits_are_rounded_up() -> None:
    """A request after the given wait is accepted; one second is written in the singular."""
    present = [0.0]
    limited = RateLimits(Settings(list_interval=60.0), lambda: present[0])
    limited.admit(account(), request(), listing=True)
    limited.admit(account(), request(), listing=False)
    for passed, wait in [(0.0, 60), (0.5, 60), (58.5, 2), (59.0, 1), (59.9, 1)]:
        present[0] = passed
        with pytest.raises(HttpError) as refused:
            limited.admit(account(), request(), listing=True)
        plural = "" if wait == 1 else "s"
        text = f"Request was throttled. Expected available in {wait} second{plural}."
        assert (refused.value.body, refused.value.headers) == (
            {"detail": text},
            ((b"retry-after", str(wait).encode()),),
        )
    present[0] = 60.0
    limited.admit(account(), request(), listing=True)


@given(st.integers(1, 5), st.lists(st.floats(0, 3), max_size=40))
def test_no_span_holds_more_than_allowed(most: int, pauses: list[float]) -> None:
    """However requests are spread, no second accepts more than the limit; only early requests are refused."""
    throttle, now, admitted = SlidingWindow(most, 1.0), 0.0, []
    for pause in pauses:
        now += pause
        recent = [moment for moment in admitted if moment > now - 1.0]
        wait = throttle.wait(ONE, now)
        assert (wait is not None) == (len(recent) >= most)
        if wait is None:
            admitted.append(now)
        else:
            assert 0 <= wait <= 1.000001


def test_nothing_at_all_may_be_allowed() -> None:
    """A limit of zero refuses everything, with a wait of the full interval."""
    assert SlidingWindow(0, 1.0).wait(ONE, 0.0) == 1.0


def test_guessing_at_accounts_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The accounts that are counted are bounded; the oldest is forgotten first."""
    monkeypatch.setattr(rate_limits, "_MAX_ACCOUNTS", 2)
    throttle = SlidingWindow(1, 60.0)
    for sid in "abc":
        assert throttle.wait((sid, ""), 0.0) is None
    assert throttle.wait(("c", ""), 1.0) == 59.0
    assert throttle.wait(("a", ""), 1.0) is None


def test_connections_of_an_account_are_limited() -> None:
    """The third open connection is 429, until another one is closed; other accounts have their own limit."""
    with ExitStack() as stack:
        server = stack.enter_context(Simulator(Settings(most_connections=2)).serve())
        first, second, third = (stack.enter_context(web(server.url)) for _ in range(3))
        for page in (first, second, first):
            assert page("GET", "/you/credits/")[0] == 200
        status, headers, body = third("GET", "/you/credits/")
        assert (status, headers["retry-after"], json.loads(body)) == (429, "1", BUSY)
        assert third("GET", "/you/credits/", Authorization=basic("other").decode())[0] == 200
        first.connection.close()
        deadline = time.monotonic() + 60
        while third("GET", "/you/credits/")[0] != 200:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert second("GET", "/you/credits/")[0] == 200


def test_only_the_connections_of_a_server_are_counted() -> None:
    """Within the process there are none; a peer that no server knows is let be; a stopped server counts no more."""
    limited = RateLimits(Settings(most_connections=0))
    limited.admit(account(), request(), listing=True)
    limited.admit(account(), request(("127.0.0.1", 1)), listing=True)

    def opened() -> list[tuple[str, int]]:
        return [("127.0.0.1", 1)]

    limited.connections.append(opened)
    with pytest.raises(HttpError):
        limited.admit(account(), request(("127.0.0.1", 1)), listing=True)
    limited.connections.remove(opened)
    limited.admit(account(), request(("127.0.0.1", 1)), listing=True)


def test_a_server_that_was_stopped_is_forgotten() -> None:
    """A simulator that is served again and again does not remember all its servers."""
    simulator = Simulator()
    for _ in range(2):
        with simulator.serve():
            assert len(simulator.api.rate_limits.connections) == 1
    assert simulator.api.rate_limits.connections == []


@pytest.mark.parametrize(
    ("allowed", "address", "let_in"),
    [
        (("127.0.0.1",), None, True),
        (("10.0.0.0/8",), None, False),
        (("10.0.0.0/8", "192.0.2.7"), ("10.200.3.4", 1), True),
        (("10.0.0.0/8", "192.0.2.7"), ("192.0.2.7", 1), True),
        (("10.0.0.0/8", "192.0.2.7"), ("192.0.2.8", 1), False),
        (("10.1.2.3/8",), ("10.9.9.9", 1), True),
        (("127.0.0.0/8",), ("::1", 1), False),
        (("127.0.0.0/8",), ("::ffff:127.0.0.1", 1), True),
        (("::1",), ("::1", 1), True),
    ],
)
@pytest.mark.parametrize("status", [401, 403])
def test_addresses(allowed: tuple[str, ...], address: tuple[str, int] | None, let_in: bool, status: int) -> None:
    """Addresses and blocks are compared as numbers; a refused caller gets 401 or 403, by the setting."""
    caller = Caller(allowed_addresses=allowed, refused_address_status=status)
    asked = ApiRequest("GET", b"/you/credits/", b"", {b"authorization": basic()}, b"", address)
    reply = caller.simulator.api.handle(asked)
    assert reply.status == (200 if let_in else status)
    if not let_in:
        reported = "Invalid sid/token" if status == 401 else "You do not have permission to perform this action."
        assert parsed(reply)[1] == {"detail": reported}


def test_the_real_address_of_a_connection_counts() -> None:
    """Over a socket it is the other end's."""
    with Simulator(Settings(allowed_addresses=("192.0.2.0/24",))).serve() as server, web(server.url) as page:
        assert page("GET", "/you/credits/")[0] == 401
        assert page("GET", "/_simulator/health")[0] == 200


def test_an_allow_list_that_cannot_be_read_is_reported_at_once() -> None:
    """The simulator is not made."""
    with pytest.raises(SimulatorError, match=r"'10\.0\.0' in allowed_addresses is neither"):
        Simulator(Settings(allowed_addresses=("10.0.0",)))
