"""Faults on purpose: what goes wrong, for whom, how often, and what a client makes of it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from fault_mix import objections, play
from simulator_callers import SMS, Caller, Listener

from xoxzo.cloudpy import APIError, AsyncClient, Client, SimulatorError
from xoxzo.cloudpy.simulator import Settings, Simulator
from xoxzo.cloudpy.simulator.commands.faults import KINDS
from xoxzo.cloudpy.simulator.web.app import Application

SEND = "POST /sms/messages/"
SEND_SMS = {"recipient": "+818011112222", "sender": "Shop", "message": "Hi"}
# What became of a message, what the client says, and whether it may have gone out.
OUTCOMES = {
    "throttled": (0, "RateLimited", False),
    "error": (0, "ServerError", True),
    "error_after": (1, "ServerError", True),
    "slow": (1, "TimedOut", True),
    "hang": (0, "TimedOut", True),
    "drop": (0, "ResponseLost", True),
    "refuse": (0, "ConnectionFailed", False),
    "lose_reply": (1, "ResponseLost", True),
    "truncate": (1, "UnexpectedResponse", True),
}
QUICK = {"sid": "a", "auth_token": "b", "max_retries": 0, "timeout": 0.3, "deadline": 2}


@contextmanager
def in_process(simulator: Simulator) -> Iterator[Client]:
    """A client without a socket."""
    with Client(**QUICK, transport=simulator.transport()) as client:
        yield client


@contextmanager
def served(simulator: Simulator) -> Iterator[Client]:
    """A client over HTTP."""
    with simulator.serve() as server, Client(**QUICK, base_url=server.url) as client:
        yield client


@pytest.mark.parametrize("transport", [in_process, served])
@pytest.mark.parametrize("kind", OUTCOMES)
def test_what_a_client_makes_of_it(kind: str, transport: Callable[[Simulator], Any]) -> None:
    """Each fault leads to its error, which says rightly whether the message may have gone out; then all is normal."""
    received, error, maybe_sent = OUTCOMES[kind]
    simulator = Simulator(Settings(seed=1))
    with transport(simulator) as client:
        endpoint = "*" if kind == "refuse" else SEND
        simulator.fail_next(kind, endpoint, seconds=30 if kind in {"slow", "hang", "throttled", "refuse"} else 0)
        with pytest.raises(APIError) as caught:
            client.sms.send(**SEND_SMS)
        assert type(caught.value).__name__ == error
        assert caught.value.maybe_sent is maybe_sent
        assert len(simulator.phone(SEND_SMS["recipient"]).inbox) == received
        if kind == "refuse":  # a port that is closed does not know who would have come
            simulator.faults.all_normal()
        client.sms.send(**SEND_SMS)
        assert len(simulator.phone(SEND_SMS["recipient"]).inbox) == received + 1
    assert simulator.faults.counts == {kind: 1}


def test_asynchronously() -> None:
    """A client of the other face is hit alike."""
    simulator = Simulator()

    async def main() -> bool:
        async with AsyncClient(**QUICK, transport=simulator.async_transport()) as client:
            simulator.fail_next("lose_reply")
            with pytest.raises(APIError) as caught:
                await client.sms.send(**SEND_SMS)
            return caught.value.maybe_sent

    assert asyncio.run(main())


def test_slow_enough_to_wait(caller: Caller) -> None:
    """What is only slow is answered in the end, over a socket after its time and in process at once."""
    for transport in (in_process, served):
        simulator = Simulator()
        with transport(simulator) as client:
            simulator.fail_next("slow", seconds=0.1)
            began = time.monotonic()
            assert client.account.credits()
            assert (time.monotonic() - began >= 0.1) is (transport is served)


def test_a_caller_who_does_not_wait() -> None:
    """When a caller goes away in the middle of a fault, the next one is answered, and the end comes at once."""
    simulator = Simulator()
    with simulator.serve() as server:
        simulator.fail_next("hang", seconds=60, times=2)
        for patience in (0.1, None):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=patience or 0.1)
            connection.request("GET", "/you/credits/")
            with suppress(TimeoutError):
                connection.getresponse()
            connection.close()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("GET", "/you/credits/")
        assert connection.getresponse().status == 401
        connection.close()


def test_endpoints(caller: Caller) -> None:
    """A fault may be limited to one endpoint, an id in it by any name, and HEAD counts as GET."""
    faults = caller.simulator.faults
    faults.add("error", "GET /sms/messages/{msgid}/")
    _, [sent] = caller.post("/sms/messages/", SMS)
    assert caller.get(f"/sms/messages/{sent['msgid']}/")[0] == 500
    assert caller.raw("HEAD", f"/sms/messages/{sent['msgid']}/").status == 500
    assert caller.get("/sms/messages/")[0] == 200
    assert caller.get("/nowhere/")[0] == 404


def test_for_the_next_few(caller: Caller) -> None:
    """A fault that hits so many requests ends by itself; one that is removed hits none."""
    faults = caller.simulator.faults
    kept = faults.add("error", times=3)
    removed = faults.add("throttled")
    assert [fault.left for fault in faults] == [3, None]
    faults.remove(removed.ident)
    statuses = [caller.get("/you/credits/")[0] for _ in range(5)]
    assert statuses == [500, 500, 500, 200, 200]
    assert not faults
    with pytest.raises(SimulatorError, match="no such fault"):
        faults.remove(kept.ident)


def test_all_normal(caller: Caller) -> None:
    """One word ends them all."""
    for kind in KINDS:
        caller.simulator.faults.add(kind)
    caller.simulator.faults.all_normal()
    assert caller.get("/you/credits/")[0] == 200
    assert list(caller.simulator.faults) == []


def test_by_chance() -> None:
    """By chance about as many are hit as was said, and with a seed the same ones again."""

    def statuses() -> list[int]:
        caller = Caller(seed=9)
        caller.simulator.faults.add("error", chance=0.25)
        return [caller.get("/you/credits/")[0] for _ in range(400)]

    first = statuses()
    assert 60 < first.count(500) < 140
    assert statuses() == first


def is_open(port: int) -> bool:
    """Say whether anybody takes connections."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_a_port_is_closed_for_a_while() -> None:
    """API connections are cut and refused until the time is over; the console stays available."""
    simulator = Simulator()
    with simulator.serve() as server:
        url, port = server.url, server.port
        page, program = (http.client.HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(2))
        page.request("GET", "/console/faults")
        page.getresponse().read()
        program.request("GET", "/you/credits/", headers={"Authorization": "Basic YTpi"})
        assert program.getresponse().read()
        simulator.faults.add("refuse", seconds=3600)
        simulator.faults.add("refuse", seconds=3600)  # no matter how often
        assert program.sock.recv(1) == b""
        assert not is_open(port)
        assert (server.port, server.url) == (port, url)
        page.request("POST", "/_simulator/faults/all-normal", "{}", {"content-type": "application/json"})
        assert page.getresponse().read() == b'{"status":"ok"}'
        page.request("GET", "/_simulator/faults")
        assert json.loads(page.getresponse().read())["faults"] == []
        until(lambda: is_open(port))
        simulator.faults.add("refuse", seconds=0.05)
        until(lambda: is_open(port))
        assert list(simulator.faults) == []
        simulator.faults.add("refuse", seconds=3600)
        page.close()
        program.close()
    assert not is_open(port)
    with simulator.serve() as server:  # one that begins while connections are refused takes none
        assert not is_open(server.port)
        simulator.faults.all_normal()
        assert is_open(server.port)


def test_a_port_in_use_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the port cannot be had again, it is tried for until it can."""
    simulator = Simulator()
    with simulator.serve() as server:
        port = server.port
        with monkeypatch.context() as patched:
            patched.setattr("xoxzo.cloudpy.simulator.server._Listener._reserve_port", lambda _listener: None)
            simulator.faults.add("refuse", seconds=3600)
            simulator.faults.all_normal()
            assert not is_open(port)
            assert server.port == port
        until(lambda: is_open(port))


def test_refused_in_the_same_process_until_the_time_is_over() -> None:
    """Without a socket as well a refusal ends with its time, and its message did not go out."""
    simulator = Simulator()
    with in_process(simulator) as client:
        simulator.faults.add("refuse", seconds=3600)
        for _ in range(2):
            with pytest.raises(APIError) as caught:
                client.sms.send(**SEND_SMS)
            assert caught.value.maybe_sent is False
        simulator.faults.all_normal()
        simulator.faults.add("refuse", seconds=0)
        assert list(simulator.faults) == []
        assert client.sms.send(**SEND_SMS)


def until(happened: Callable[[], bool]) -> None:
    """Wait for something that is bound to happen."""
    while not happened():
        time.sleep(0.01)


def test_throttled_as_the_real_one(caller: Caller) -> None:
    """A 429 on purpose looks as any other."""
    caller.simulator.fail_next("throttled", seconds=1.2)
    reply = caller.raw("GET", "/you/credits/")
    assert json.loads(reply.body) == {"detail": "Request was throttled. Expected available in 2 seconds."}
    assert dict(reply.headers)[b"retry-after"] == b"2"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("nonsense", {}),
        ("error", {"endpoint": "POST /nowhere/"}),
        ("error", {"endpoint": "sendSms"}),
        ("callback_late", {"endpoint": SEND}),
        ("error", {"chance": 0}),
        ("error", {"chance": 1.1}),
        ("error", {"chance": float("nan")}),
        ("error", {"times": 0}),
        ("refuse", {"endpoint": SEND}),
        ("refuse", {"chance": 0.5}),
        ("slow", {"seconds": -1}),
        ("slow", {"seconds": float("inf")}),
    ],
)
def test_refused(caller: Caller, kind: str, options: dict[str, Any]) -> None:
    """What cannot be a fault is refused when it is added."""
    with pytest.raises(SimulatorError):
        caller.simulator.faults.add(kind, **options)


def posted(caller: Caller, listener: Listener, seconds: float = 5) -> list[str]:
    """Send an SMS, let time pass, and return the statuses that were posted."""
    caller.send(callbackurl=listener.url)
    caller.simulator.advance(seconds)
    return [body.decode().partition("status=")[2].partition("&")[0] for *_, body in listener.requests]


def test_callbacks(caller: Caller, listener: Listener) -> None:
    """A callback comes twice, late, or never, as if it had been delivered."""
    with caller.simulator as simulator:
        simulator.fail_next("callback_twice")
        assert posted(caller, listener) == ["DELIVERED"] * 2
        simulator.fail_next("callback_late", seconds=60)
        assert len(posted(caller, listener)) == 2
        simulator.advance(60)
        assert len(listener.requests) == 3
        simulator.fail_next("callback_lost")
        assert len(posted(caller, listener, 3600)) == 3
        assert [attempt.outcome for attempt in simulator.callbacks] == ["delivered"] * 3
        simulator.reset()
        simulator.fail_next("callback_lost")
        posted(caller, listener)
    assert simulator.faults.counts == {"callback_twice": 1, "callback_late": 1, "callback_lost": 2}


def test_an_event_is_logged(caller: Caller) -> None:
    """A fault is among the events, before the results of the request."""
    events: list[str] = []
    caller.simulator.engine.add_listener(
        lambda event: events.append(f"{event.name} {event.facts.get('what', '')}".strip())
    )
    caller.simulator.fail_next("lose_reply")
    caller.raw("POST", "/sms/messages/", b"message=a&recipient=%2B818011112222&sender=b", content_type=FORM)
    assert events[:3] == ["faults lose_reply begun", "fault lose_reply", "sms"]


FORM = b"application/x-www-form-urlencoded"


def test_another_server() -> None:
    """A server that cannot close a connection gets an error, and responds as to any failure."""
    simulator = Simulator()
    simulator.fail_next("drop")
    scope = {"type": "http", "method": "GET", "path": "/you/credits/", "query_string": b"", "headers": []}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    with pytest.raises(SimulatorError, match="cannot close"):
        asyncio.run(Application(simulator)(scope, receive, send))


def test_by_the_control_api() -> None:
    """The control API adds, lists and removes faults, and refuses what can be none."""
    simulator = Simulator()
    with simulator.serve() as server:

        def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            headers = {"content-type": "application/json"}
            connection.request(method, f"/_simulator/faults{path}", None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            output = json.loads(answer.read())
            connection.close()
            return answer.status, output

        status, added = ask("POST", "", {"kind": "error", "endpoint": SEND, "chance": 0.5, "times": 3, "seconds": 1})
        assert (status, added["kind"], added["left"]) == (201, "error", 3)
        assert ask("POST", "", {"kind": "slow"})[1]["chance"] == 1
        assert [fault["kind"] for fault in ask("GET", "")[1]["faults"]] == ["error", "slow"]
        assert ask("POST", f"/{added['ident']}/remove", {}) == (200, {"status": "ok"})
        assert ask("POST", f"/{added['ident']}/remove", {})[0] == 404
        assert ask("POST", "/x/remove", {})[0] == 404
        assert ask("POST", "/all-normal", {}) == (200, {"status": "ok"})
        assert ask("GET", "")[1] == {"faults": [], "counts": {}}
        wrong = [{}, {"kind": "x"}, {"kind": "error", "times": 1.5}, {"kind": "error", "chance": "a"}, {"kind": 1}]
        assert [ask("POST", "", body)[0] for body in wrong] == [400] * 5


def test_the_count_is_true() -> None:
    """After ten thousand sends under a seeded mix of all faults, those of callbacks included, everybody's counts agree.

    Phones, sent list, money, metrics, reports, and what the client knows: to the last message.
    """
    assert objections(play(11, 10_000)) == []


def test_one_miscounted_message_is_found() -> None:
    """The comparison is no formality: one message more or its price less, wherever it is counted, is an objection."""
    counts = play(12, 1_000)
    assert objections(counts) == []
    for name in ("inboxes", "listed", "sent", "errors", "posted", "faults"):
        wrong = Counter(getattr(counts, name))
        wrong[next(iter(wrong))] += 1
        assert objections(replace(counts, **{name: wrong})), name
    assert objections(replace(counts, spent=counts.spent - 1)) == ["phones and money"]
