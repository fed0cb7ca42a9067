"""Memory: whatever is sent, and however long, each thing that is kept has a limit."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from simulator_callers import CALL, SMS, Caller, Listener, basic

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator import RealClock, Settings, Simulator, SteppedClock
from xoxzo.cloudpy.simulator.commands import actions, faults
from xoxzo.cloudpy.simulator.engine.context import OldestFirst
from xoxzo.cloudpy.simulator.runtime import lifecycle

LIMITS = {
    "max_messages": 20,
    "max_calls": 12,
    "max_templates": 5,
    "max_websites": 4,
    "max_accounts": 60,
    "max_callbacks": 8,
    "max_waiting": 40,
    "max_outgoing": 10,
    "max_requests": 15,
}


def sizes(caller: Caller) -> dict[str, int]:
    """Return how many there are of everything that grows with what is sent."""
    engine = caller.simulator.engine
    sms, calls, context = engine.sms, engine.calls, engine.context
    return {
        "messages": len(sms.messages),
        "messages by phone": sum(map(len, sms.by_phone.values())),
        "links": len(sms.links),
        "replies": len(engine.sms.replies),
        "replies by phone": sum(map(len, engine.sms.replies.by_phone.values())),
        "calls": len(calls.calls),
        "calls by phone": sum(map(len, calls.by_phone.values())),
        "ringing": len(calls.ringing),
        "conferences": len(engine.calls.conferences),
        "templates": len(engine.templates.templates),
        "websites": len(engine.otp.websites),
        "one-time passwords": max(len(engine.otp.active), len(engine.otp.by_msgid)),
        "accounts": len(engine.accounts.accounts),
        "callback attempts": len(engine.callbacks.log),
        "callbacks": len(engine.callbacks.pending),
        "requests": len(context.outbox),
        "timers": len(context.timers),
        "phones": len(context.phones),
        "logged requests": len(caller.simulator.api.log._good) + len(caller.simulator.api.log._bad),
        "changes": len(context.changes or ()),
    }


LARGEST = {
    "messages": 20,
    "messages by phone": 20,
    "links": 20,
    "replies": 20,
    "replies by phone": 20,
    "calls": 12,
    "calls by phone": 24,  # a call may reach two phones
    "ringing": 12 + 12 * 3,  # those of conferences, too
    "conferences": 12,
    "templates": 5,
    "websites": 4,
    "one-time passwords": 40,
    "accounts": 60,
    "callback attempts": 8,
    "callbacks": 40 + 10 + 20,
    "requests": 10,
    "timers": 40 + 20,  # and what is set by those that happen early, until the next request
    "phones": 20 + 20 + 24,
    "logged requests": 2 * 15,
    "changes": 0,
}

FOR_EVER = "+819000000002"
"""Rings for ever."""


def everything(caller: Caller, turn: int) -> None:
    """Do one of each thing that leaves something, for other numbers in each turn."""
    phone, other = (f"+8180111{place}{turn:04}" for place in (1, 2))
    callback = {"callbackurl": "http://127.0.0.1:9/"}
    caller.post("/sms/messages/", {**SMS, "recipient": phone, **callback}, authorization=basic(f"sid {turn}"))
    caller.post("/sms/messages/", {**SMS, "recipient": phone, "message": "http://a.example/", "track_link": "true"})
    caller.post("/voice/simple/playbacks/", {**CALL, "recipient": phone, **callback})
    caller.post("/voice/simple/playbacks/", {**CALL, "recipient": FOR_EVER})
    conference = {"caller": CALL["caller"], "participants": f"{phone},{other},{FOR_EVER}", **callback}
    caller.post("/voice/simple/conferences/", conference)
    caller.post("/sms/templates/", {"name": "a", "content": "b"})
    caller.post("/otp/register-website/", {"website": f"{turn}.example.com"})
    caller.post("/otp/request/", {"website": f"{turn}.example.com", "phone_number": phone})
    caller.post("/sms/messages/", {**SMS, "recipient": "x"})
    sin = caller.get("/sms/sins/subscriptions/")[1] or [caller.get("/sms/sins/")[1][0]]
    caller.post("/sms/sins/subscriptions/", {"sin_uid": sin[0]["sin_uid"]})  # its owner may have been forgotten
    caller.simulator.phone(phone).reply(sin[0]["sin"], "hello")


@pytest.mark.parametrize("seconds", [0.0, 0.4])
def test_nothing_grows_without_end(seconds: float) -> None:
    """Far beyond all limits, on a clock that stands still or goes on, no store is larger than its limit."""
    caller = Caller(**LIMITS, credits=10**7, legacy_sin=True)
    largest: dict[str, int] = {}
    for turn in range(120):
        everything(caller, turn)
        caller.step(seconds)
        largest = {name: max(size, largest.get(name, 0)) for name, size in sizes(caller).items()}
    assert {name: size for name, size in largest.items() if size > LARGEST[name]} == {}
    assert largest["messages"] == 20
    assert largest["timers"] > 30
    assert {name for name, size in largest.items() if size == 0} == {"changes"}


def test_what_happens_early_happens(caller: Caller) -> None:
    """Of too many that wait on a clock that stands still, the first arrive before their time, and none is lost."""
    caller = Caller(max_waiting=10)
    for _ in range(30):
        caller.send()
    statuses = [message.status for message in caller.simulator.phone(SMS["recipient"]).inbox]
    assert statuses[0] == "DELIVERED"
    assert statuses[-1] != "DELIVERED"
    caller.step(1)
    assert {message.status for message in caller.simulator.phone(SMS["recipient"]).inbox} == {"DELIVERED"}


def test_requests_beyond_the_bounds() -> None:
    """Where too many wait to be made, the oldest fail, which is in the log and tried again as any failure."""
    caller = Caller(max_outgoing=2, callback_tries=2)
    for _ in range(5):
        caller.send(callbackurl="http://127.0.0.1:9/")
    caller.step(1)
    caller.step(1)
    first = caller.simulator.callbacks[0]
    assert (first.error, first.outcome) == ("too many requests were waiting", "will retry")
    for _ in range(5):
        caller.step(5)
    assert {attempt.outcome for attempt in caller.simulator.callbacks} == {"will retry", "gave up"}
    assert len(caller.simulator.engine.take_outbound()) == 2


@pytest.mark.parametrize("stepped", [True, False])
def test_more_callbacks_than_are_made_at_once(stepped: bool, listener: Listener, monkeypatch: Any) -> None:
    """Those for which there is no room wait in the engine, and are made as soon as there is."""
    monkeypatch.setattr(lifecycle, "_MAX_REQUESTS", 2)
    clock = SteppedClock() if stepped else RealClock()
    simulator = Simulator(Settings(sms_queued_seconds=0, sms_delivering_seconds=0), clock=clock)
    client = Caller()
    client.simulator = simulator
    with simulator:
        for _ in range(9):
            client.send(callbackurl=listener.url)
        if stepped:
            simulator.advance(1)
        deadline = time.monotonic() + 20
        while len(simulator.callbacks) < 9 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [attempt.outcome for attempt in simulator.callbacks] == ["delivered"] * 9
    assert len(listener.requests) == 9


def test_age(tmp_path: Path, listener: Listener) -> None:
    """What is older than the limit is forgotten, in the file as well, though nothing more is sent; the rest stays."""
    caller = Caller(tmp_path / "a.db", max_age=30, legacy_sin=True, credits=10**6)
    everything(caller, 1)
    with caller.simulator:
        caller.simulator.advance(days=29)
        caller.send(callbackurl=listener.url)
        caller.simulator.advance(days=2)
        stored = sizes(caller)
        assert (stored["messages"], stored["callback attempts"]) == (1, 1)
        for name in ("links", "replies", "calls", "conferences", "one-time passwords", "callbacks", "ringing"):
            assert stored[name] == 0
    caller.open()
    again = sizes(caller)
    assert {name: again[name] for name in ("messages", "replies", "calls", "conferences", "callback attempts")} == {
        "messages": 1,
        "replies": 0,
        "calls": 0,
        "conferences": 0,
        "callback attempts": 1,
    }
    assert again["templates"] == again["websites"] == 1
    caller.simulator.close()


def test_the_oldest_of_many() -> None:
    """Of many, a thousandth more than need be are forgotten at once; of few, exactly as many as are too many."""
    deleted: list[int] = []
    many = OldestFirst[int, int](5001, float, deleted.append)
    for number in range(5001):
        many.keep(number, number)
    assert deleted == []
    many.keep(5001, 5001)
    assert deleted == [0, 1, 2, 3, 4, 5]
    many.delete_before(8.0)
    assert deleted == [0, 1, 2, 3, 4, 5, 6, 7]
    few = OldestFirst[int, int](2, float, deleted.append)
    few.delete_before(3.0)
    for number in (91, 92, 93):
        few.keep(number, number)
    assert (deleted[8:], list(few)) == ([91], [92, 93])


def test_what_hands_can_add(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults, rules and senders stay until they are removed, so their number is limited."""
    simulator = caller.simulator
    for module, name in ((faults, "_MAX_FAULTS"), (actions, "_MAX_SENDERS"), (actions, "_MAX_RULES")):
        monkeypatch.setattr(module, name, 3)
    for number in range(3):
        simulator.faults.add("error", times=1)
        simulator.office.register_sender(str(number))
        simulator.carrier.add_rule("+81", "deliver")
    with pytest.raises(SimulatorError, match="3 faults already"):
        simulator.faults.add("error")
    with pytest.raises(SimulatorError, match="3 senders already"):
        simulator.office.register_sender("4")
    with pytest.raises(SimulatorError, match="3 rules already"):
        simulator.carrier.add_rule("+81", "deliver")
    for _ in range(3):
        assert caller.get("/you/credits/")[0] == 500
    simulator.faults.add("error")
