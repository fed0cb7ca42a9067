"""What the simulator sends out: callbacks and action URLs, over real sockets on loopback."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from simulator_callers import Caller, Listener

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator import CallRecord, Settings, Simulator
from xoxzo.cloudpy.simulator.runtime import outbound_http

CALLER = "+819000001111"


@pytest.fixture
def started(caller: Caller) -> Iterator[Caller]:
    """A caller whose simulator's thread runs."""
    with caller.simulator:
        yield caller


def finish(caller: Caller, call: CallRecord, seconds: float = 60) -> CallRecord:
    """Let a call run to its end."""
    caller.simulator.advance(seconds)
    return caller.simulator.find_call(call.callid)


def names(call: CallRecord) -> list[str]:
    """Return the names of a call's steps."""
    return [step["name"] for step in call.steps]


def test_an_sms_is_reported(started: Caller, listener: Listener) -> None:
    """The final state is posted as a form, once, when advancing returns."""
    msgid = started.send(callbackurl=f"{listener.url}/dlr?x=1", tags="a,b")
    started.simulator.advance(0.9)
    assert not listener.requests
    started.simulator.advance(0.2)
    [(method, path, headers, body)] = listener.requests
    assert (method, path) == ("POST", "/dlr?x=1")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert {name: values[0] for name, values in parse_qs(body.decode()).items()} == {
        "msgid": msgid,
        "status": "DELIVERED",
        "recipient": "+818012345678",
        "sender": "Xoxzo",
        "sent_time": "2026-03-01 12:00:00",
        "cost": "10",
        "tags": "a,b",
        "url": f"http://xoxzo.test/sms/messages/{msgid}/",
    }
    [attempt] = started.simulator.callbacks
    assert (attempt.ident, attempt.attempt, attempt.status, attempt.outcome) == (msgid, 1, 200, "delivered")


def test_a_call_is_reported_as_json(listener: Listener) -> None:
    """The fields of the call's status are posted when it has ended, as JSON where that is set."""
    caller = Caller(callback_format="json")
    with caller.simulator:
        callid = caller.place(callbackurl=listener.url)
        caller.simulator.advance(10)
    [(_, _, headers, body)] = listener.requests
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == caller.call(callid)


def test_callbacks_are_repeated_until_200(started: Caller, listener: Listener) -> None:
    """Only exactly 200 counts; waits double; a redirect is not followed."""
    listener.answers = [(500, b""), (204, b""), (302, b""), (200, b"")]
    started.send(callbackurl=listener.url)
    started.simulator.advance(60)
    log = started.simulator.callbacks
    assert [(attempt.status, attempt.outcome) for attempt in log] == [
        (500, "will retry"),
        (204, "will retry"),
        (302, "will retry"),
        (200, "delivered"),
    ]
    assert [round(later.at - earlier.at) for earlier, later in pairwise(log)] == [1, 2, 4]


def test_callbacks_are_given_up(listener: Listener) -> None:
    """After ten tries it ends; the waits have a cap."""
    caller = Caller(callback_longest_wait=8)
    listener.answers = [(503, b"")] * 11
    with caller.simulator:
        caller.send(callbackurl=listener.url)
        caller.simulator.advance(1000)
    log = caller.simulator.callbacks
    assert [attempt.outcome for attempt in log] == ["will retry"] * 9 + ["gave up"]
    assert round(log[-1].at - log[-2].at) == 8


@pytest.mark.parametrize(
    "url", ["http://10.1.2.3/", "http://[2001:db8::1]/", "http://0.0.0.0/", "https://192.0.2.1:8/"]
)
def test_other_machines_are_not_called(started: Caller, url: str) -> None:
    """An address that is not this machine's loopback is refused at once, and that is on record."""
    started.send(callbackurl=url)
    started.simulator.advance(5)
    [attempt] = started.simulator.callbacks
    assert attempt.outcome == "refused"
    assert "is not on this machine" in (attempt.error or "")


def test_the_checked_address_is_the_one_connected_to(
    started: Caller, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is resolved once: what it answers later does not matter."""
    answers = ["127.0.0.1", "10.9.9.9"]

    def resolve(host: str, *_args: object, **_kwargs: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), 0))]

    monkeypatch.setattr(outbound_http.socket, "getaddrinfo", resolve)
    port = urlsplit(listener.url).port
    started.send(callbackurl=f"http://rebinding.example:{port}/")
    started.simulator.advance(1)
    assert listener.requests[0][2]["Host"] == f"rebinding.example:{port}"
    started.send(callbackurl=f"http://rebinding.example:{port}/")
    started.simulator.advance(1)
    assert [attempt.outcome for attempt in started.simulator.callbacks] == ["delivered", "refused"]


def test_unknown_names_fail(started: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host name that does not resolve is a failed attempt."""

    def resolve(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(outbound_http.socket, "getaddrinfo", resolve)
    started.send(callbackurl="http://nowhere.example/")
    started.simulator.advance(1)
    assert "not known" in (started.simulator.callbacks[0].error or "")


def test_the_network_can_be_allowed(listener: Listener) -> None:
    """With the switch, the check lets every address through; localhost is found in IPv6 or IPv4."""
    caller = Caller(allow_network=True)
    with caller.simulator:
        caller.send(callbackurl=f"http://localhost:{urlsplit(listener.url).port}/")
        caller.simulator.advance(1)
    assert [attempt.outcome for attempt in caller.simulator.callbacks] == ["delivered"]


def test_proxies_of_the_environment_are_not_used(
    started: Caller, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy named in the environment would carry a callback off the machine."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    started.send(callbackurl=listener.url)
    started.simulator.advance(1)
    assert started.simulator.callbacks[0].status == 200


def test_slow_and_endless_answers_are_cut(listener: Listener) -> None:
    """An exchange has a time limit, and a response a size limit."""
    caller = Caller(outgoing_timeout=0.2, callback_tries=1)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(6):
            handler.wfile.write(b".")
            handler.wfile.flush()
            time.sleep(0.1)

    with caller.simulator:
        listener.answer = drip
        caller.send(callbackurl=listener.url)
        caller.simulator.advance(1)
        listener.answer = listener._answer
        listener.answers = [(200, b"x" * 100_000)]
        caller.send(callbackurl=listener.url)
        caller.simulator.advance(1)
    errors = [attempt.error for attempt in caller.simulator.callbacks]
    assert errors == ["no answer within 0.2 s", "the answer is longer than 65536 bytes"]


@pytest.mark.parametrize(
    ("answer", "steps", "status", "duration"),
    [
        ('say ja "こんにちは"', ["say"], "ANSWERED", 1),
        ("playback http://example.com/g.mp3", ["playback"], "ANSWERED", 3),
        ("transfer +819000002222", ["transfer", "connected"], "ANSWERED", 6),
        ("transfer +819000000003", ["transfer"], "NO ANSWER", 5),
        ("transfer +819000000001", ["transfer", "failed"], "FAILED", 1),
        ("voicemail", ["voicemail"], "ANSWERED", 5),
        ('voicemail say en "Please speak"', ["say", "voicemail"], "ANSWERED", 7),
        ("voicemail playback http://example.com/g.mp3", ["playback", "voicemail"], "ANSWERED", 8),
    ],
)
def test_an_answer_is_carried_out(  # noqa: PLR0917 - fixtures, and the columns of the table
    started: Caller, listener: Listener, answer: str, steps: list[str], status: str, duration: int
) -> None:
    """The action URL is requested with caller and number; its action is carried out step by step."""
    line = started.subscribe(action_url=f"{listener.url}/action?a=b#c")
    listener.answers = [(200, answer.encode())]
    before = started.credits()
    call = finish(started, started.simulator.incoming_call(f"+{line['din']}", CALLER))
    assert listener.requests[0][:2] == ("GET", f"/action?a=b&caller=819000001111&recipient={line['din']}")
    assert names(call) == ["ringing", "asking", "fetched", "answered", *steps, "ended"]
    assert (call.status, call.duration) == (status, duration)
    assert before - started.credits() == 1
    shown = started.call(call.callid)
    assert (shown["direction"], shown["call_type"], shown["cost"]) == ("inbound", "din", 1)
    assert started.simulator.phone(CALLER).calls == (call,)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, b"voicemail", "the action URL answered 404"),
        (302, b"voicemail", "the action URL answered 302"),
        (200, b"", "the answer is empty"),
        (200, b"\xff", "the answer is not UTF-8"),
        (200, b"dance", "the line is none of playback, say, transfer and voicemail"),
    ],
)
def test_bad_answers_fail(started: Caller, listener: Listener, status: int, body: bytes, reason: str) -> None:
    """The call fails with a reason, and is not asked again."""
    line = started.subscribe(action_url=listener.url)
    listener.answers = [(status, body)]
    call = finish(started, started.simulator.incoming_call(line["din"]))
    assert call.status == "FAILED"
    assert next(step for step in call.steps if step["name"] == "failed")["reason"] == reason
    assert len(listener.requests) == 1


def test_settings_shape_the_question(listener: Listener) -> None:
    """Plus signs, a withheld number and the URL's own query follow their settings."""
    caller = Caller(action_numbers_with_plus=True, anonymous_caller="omitted", keep_action_query=False)
    with caller.simulator:
        line = caller.subscribe(action_url=f"{listener.url}/?a=b")
        caller.simulator.incoming_call(line["din"], CALLER)
        caller.simulator.advance(0)
        caller.simulator.incoming_call(line["din"])
        caller.simulator.advance(0)
    plus = f"recipient=%2B{line['din']}"
    assert [path for _, path, _, _ in listener.requests] == [f"/?caller=%2B819000001111&{plus}", f"/?{plus}"]


def test_a_withheld_number_is_an_empty_caller(started: Caller, listener: Listener) -> None:
    """By default `caller` is there without a value; the status object shows it empty."""
    line = started.subscribe(action_url=listener.url)
    call = finish(started, started.simulator.incoming_call(line["din"]))
    assert listener.requests[0][1] == f"/?caller=&recipient={line['din']}"
    assert (call.caller, started.call(call.callid)["caller"]) == (None, "")


def test_two_actions_where_allowed(listener: Listener) -> None:
    """With two lines allowed, the second follows the first."""
    caller = Caller(actions_per_answer=2)
    with caller.simulator:
        line = caller.subscribe(action_url=listener.url)
        listener.answers = [(200, b'say en "Hold on"\ntransfer +819000002222')]
        call = finish(caller, caller.simulator.incoming_call(line["din"]))
    assert names(call)[-4:] == ["say", "transfer", "connected", "ended"]
    assert caller.simulator.phone("+819000002222").calls[0].callid == call.callid


def test_without_action_or_money_nothing_is_requested(listener: Listener) -> None:
    """A number without an action URL fails its calls for free; an empty balance keeps the URL from being asked."""
    caller = Caller(credits=650)
    with caller.simulator:
        line = caller.subscribe()
        call = caller.simulator.incoming_call(line["din"])
        assert (call.status, names(call)) == ("FAILED", ["ringing", "failed", "ended"])
        caller.post(f"/voice/dins/subscriptions/{line['din_uid']}/", {"action_url": listener.url})
        call = finish(caller, caller.simulator.incoming_call(line["din"]))
    assert call.steps[1]["reason"] == "not enough credits"
    assert not listener.requests


def test_an_incoming_call_is_cut_when_the_money_is_gone(listener: Listener) -> None:
    """No further action follows a balance that ran dry in the middle of one."""
    caller = Caller(credits=651, recording_seconds=100, actions_per_answer=2)
    with caller.simulator:
        line = caller.subscribe(action_url=listener.url)
        listener.answers = [(200, b"playback http://a.example/b.mp3\nvoicemail"),
                            (200, b"voicemail playback http://a.example/b.mp3")]  # fmt: skip
        call = finish(caller, caller.simulator.incoming_call(line["din"]), 500)
        caller.simulator.engine.accounts.get("sid", "token").credits += 1
        second = finish(caller, caller.simulator.incoming_call(line["din"]), 500)
    assert names(call)[-3:] == ["playback", "out of credits", "ended"]
    assert names(second)[-3:] == ["playback", "out of credits", "ended"]
    assert caller.credits() == 0


def test_a_transfer_rings_no_longer_than_the_money(listener: Listener) -> None:
    """A transfer that would have failed later leaves a call alone that has already ended."""
    caller = Caller(credits=651, ring_seconds=100, max_calls=1)
    with caller.simulator:
        line = caller.subscribe(action_url=listener.url)
        listener.answers = [(200, b"transfer +819000000001")]
        call = finish(caller, caller.simulator.incoming_call(line["din"], CALLER), 500)
        assert names(call)[-3:] == ["transfer", "out of credits", "ended"]
        caller.simulator.incoming_call(line["din"])
        for number in (CALLER, "+819000000001"):
            assert not caller.simulator.phone(number).calls


def test_a_fault_of_a_listener_leaves_the_engine_usable(caller: Caller) -> None:
    """What a timer raises reaches the caller, and the lock is free again."""
    caller.send()

    def fail(_event: object) -> None:
        message = "listener"
        raise RuntimeError(message)

    caller.simulator.engine.add_listener(fail)
    caller.step(1)
    with pytest.raises(RuntimeError, match="listener"):
        caller.credits()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(caller.simulator.engine.lock.acquire, timeout=5).result()


def test_an_address_is_tried_after_another(started: Caller) -> None:
    """Localhost is both families; where one does not answer, the other is tried."""
    with socket.socket(socket.AF_INET6) as only:
        only.bind(("::1", 0))
        only.listen()
        port = only.getsockname()[1]
        started.send(callbackurl=f"http://localhost:{port}/")
        advancing = threading.Thread(target=lambda: started.simulator.advance(1))
        advancing.start()
        only.settimeout(10)
        connection, _ = only.accept()
        with connection:
            assert connection.recv(65_536).startswith(b"POST")
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        advancing.join()
    assert started.simulator.callbacks[0].outcome == "delivered"


def test_a_complete_call(started: Caller, listener: Listener) -> None:
    """A complete call can be simulated at a later time on a stepped clock, and has all its steps."""
    listener.answers = [(200, b'say en "Hello"')]
    line = started.subscribe(action_url=listener.url)
    at = started.simulator.now + timedelta(hours=9)
    call = started.simulator.call(line["din"], "+818011112222", at=at, sid="sid")
    assert call.status == "ANSWERED"
    assert names(call) == ["ringing", "asking", "fetched", "answered", "say", "ended"]
    assert call.steps[0]["at"] == at.strftime("%Y-%m-%d %H:%M:%S")
    assert at < started.simulator.now < at + timedelta(minutes=1)
    listener.answers = [(500, b"")]
    before = started.simulator.now
    assert started.simulator.call(line["din"]).status == "FAILED"
    assert started.simulator.now - before < timedelta(minutes=1)
    for past in (at, datetime(2100, 1, 1)):  # noqa: DTZ001 - without a zone it is refused
        with pytest.raises(SimulatorError):
            started.simulator.call(line["din"], at=past)


def test_a_call_by_a_real_clock(listener: Listener) -> None:
    """By the machine's clock a complete call takes real time."""
    listener.answers = [(200, b"voicemail")]
    caller = Caller()
    caller.simulator = Simulator(Settings(voicemail_seconds=0.1))
    with caller.simulator:
        line = caller.subscribe(action_url=listener.url)
        call = caller.simulator.call(line["din"])
    assert (call.status, names(call)[-2:]) == ("ANSWERED", ["voicemail", "ended"])


def test_incoming_calls_may_be_unlisted(listener: Listener) -> None:
    """The API hides them where no source says that it shows them."""
    caller = Caller(inbound_calls_listed=False)
    line = caller.subscribe(action_url=listener.url)
    call = caller.simulator.incoming_call(line["din"], sid="sid")
    assert caller.get(f"/voice/calls/{call.callid}/") == (404, None)


def test_what_the_python_api_refuses(caller: Caller) -> None:
    """Unknown numbers and calls, other accounts' numbers, and a clock that cannot be advanced are errors."""
    line = caller.subscribe()
    for act in (
        lambda: caller.simulator.incoming_call("+815099999999"),
        lambda: caller.simulator.incoming_call(line["din"], "0312345678"),
        lambda: caller.simulator.incoming_call(line["din"], sid="other"),
        lambda: caller.simulator.find_call("x"),
        lambda: caller.simulator.advance(1),
    ):
        with pytest.raises(SimulatorError):
            act()
    with caller.simulator:
        for seconds in (-1, float("nan"), float("inf"), 10**400, 1e12):
            with pytest.raises(SimulatorError):
                caller.simulator.advance(seconds)
    with Simulator() as real, pytest.raises(SimulatorError):
        real.advance(1)


def test_reset_forgets_everything(started: Caller, listener: Listener) -> None:
    """Messages, balances, subscriptions and pending callbacks are gone; an answer that comes late changes nothing."""
    received: list[str] = []
    started.simulator.engine.add_listener(lambda event: received.append(event.name))
    started.send(callbackurl=listener.url)
    line = started.subscribe(action_url=listener.url)
    started.simulator.incoming_call(line["din"])
    started.simulator.reset()
    received.clear()
    started.simulator.advance(10)
    assert (received, started.credits(), started.get("/voice/dins/subscriptions/")[1]) == ([], 100_000, [])
    started.send()
    assert received == ["sms"]


def test_a_real_clock_moves_by_itself(listener: Listener) -> None:
    """States change and callbacks go out without anybody asking."""
    settings = Settings(sms_queued_seconds=0.01, sms_delivering_seconds=0.01)
    caller = Caller()
    caller.simulator = Simulator(settings)
    with caller.simulator:
        caller.send(callbackurl=listener.url)
        deadline = time.monotonic() + 10
        while not caller.simulator.callbacks and time.monotonic() < deadline:
            time.sleep(0.005)
    assert listener.requests
    assert caller.simulator.callbacks[0].outcome == "delivered"


def test_closing_drops_what_is_under_way(listener: Listener) -> None:
    """A callback that hangs does not hold up the end."""
    caller = Caller()
    go_on = threading.Event()
    listener.answer = lambda _handler: go_on.wait(30)
    with caller.simulator:
        line = caller.subscribe(action_url=listener.url)
        caller.simulator.incoming_call(line["din"])
        deadline = time.monotonic() + 30
        while not listener.requests and time.monotonic() < deadline:
            time.sleep(0.005)
        begun = time.monotonic()
    assert time.monotonic() - begun < 15
    go_on.set()


def test_a_name_that_resolves_too_late_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow resolver neither holds up the end nor breaks on what it finds closed."""
    go_on = threading.Event()
    monkeypatch.setattr(outbound_http.socket, "getaddrinfo", lambda *_args, **_kwargs: go_on.wait(10) and [])
    caller = Caller(outgoing_timeout=0.05, callback_tries=1)
    with caller.simulator:
        caller.send(callbackurl="http://slow.example/")
        caller.simulator.advance(1)
        go_on.set()
        _join_resolvers()
        caller.simulator.advance(0)
        go_on.clear()
        caller.send(callbackurl="http://slow.example/")
        caller.simulator.advance(1)
    go_on.set()
    _join_resolvers()
    assert [attempt.error for attempt in caller.simulator.callbacks] == ["no answer within 0.05 s"] * 2


def _join_resolvers() -> None:
    for thread in threading.enumerate():
        if thread.name == "xoxzo-simulator-resolver":
            thread.join(10)


def test_its_own_thread_cannot_wait_for_itself(started: Caller) -> None:
    """Advancing from a listener in the simulator's thread is refused instead of hanging."""
    refused: list[SimulatorError] = []

    def listen(_event: object) -> None:
        try:
            started.simulator.advance(1)
        except SimulatorError as error:
            refused.append(error)

    started.send()
    started.simulator.engine.add_listener(listen)
    started.simulator.advance(0.3)
    assert refused
