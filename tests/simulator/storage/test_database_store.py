"""A simulator with a database: what a restart keeps, what it goes on with, what it cannot go on with."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from simulator_actions import ACTIONS, CONFERENCE, OTHER, OTP, PHONE, WEBSITE, code, request_otp, uids, view
from simulator_callers import SMS, Caller, Listener, basic

from xoxzo.cloudpy.simulator.engine.rules import count_parts

WRONG = (400, {"message": "Invalid or expired OTP."})


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Caller]:
    """A caller whose simulator has a database."""
    caller = Caller(tmp_path / "state.db")
    yield caller
    caller.simulator.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([name for name in ACTIONS if name != "right code"]), max_size=12))
def test_a_restart_changes_nothing(actions: list[str]) -> None:
    """After any actions, with few things kept, a restarted simulator shows what one shows that was never stopped."""
    few = {f"max_{kind}": 2 for kind in ("accounts", "messages", "calls", "templates", "callbacks")}
    with tempfile.TemporaryDirectory() as folder:
        stored, other = Caller(Path(folder) / "a.db", max_websites=1, **few), Caller(max_websites=1, **few)
        for caller in (stored, other):
            for action in actions:
                ACTIONS[action](caller)
        before = view(stored)
        stored.restart()
        assert view(stored) == before == view(other)
        for caller in (stored, other):
            caller.step(0.5)
        assert view(stored) == view(other)
        for caller in (stored, other):
            caller.step(61 * 86400)
        assert view(stored) == view(other)
        stored.simulator.close()


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_stored(stored: Caller, action: str) -> None:
    """Each alone, done to a simulator that has some of everything, is there after a restart, and so is the rest."""
    request_otp(stored)
    for name in ("subscribe", "write", "approve template", "track"):
        ACTIONS[name](stored)
    stored.restart()
    if action == "right code":
        stored.step(301)
        request_otp(stored)
    ACTIONS[action](stored)
    before = view(stored)
    stored.restart()
    assert view(stored) == before


def test_balances_are_exact(tmp_path: Path) -> None:
    """Fractions of a credit are kept to the last digit, for each account of its own."""
    caller = Caller(tmp_path / "a.db", sms_prices={"": 0.1}, credits=Decimal("1e20") + Decimal("0.3"))
    for _ in range(3):
        caller.send()
    caller.restart()
    assert caller.simulator.credits("sid", "token") == Decimal("100000000000000000000.0")
    assert caller.simulator.credits("other", "token") == Decimal("100000000000000000000.3")
    caller.simulator.close()


def test_one_time_passwords_go_on(stored: Caller) -> None:
    """A code can be verified after a restart, with the tries that were left; it ends when it would have ended."""
    request_otp(stored)
    for _ in range(4):
        assert stored.post("/otp/verify/", {**OTP, "code": "x"}) == WRONG
    stored.restart()
    right = code(stored)
    assert stored.post("/otp/request/", OTP)[0] == 400
    assert stored.post("/otp/register-website/", WEBSITE)[0] == 400
    assert stored.post("/otp/verify/", {**OTP, "code": right})[0] == 200
    request_otp(stored)
    stored.restart()
    stored.step(300)
    assert stored.post("/otp/verify/", {**OTP, "code": code(stored)}) == WRONG


def test_ids_are_not_given_twice(stored: Caller) -> None:
    """With a seed, each start makes ids of its own; a template's id is not used again though the newest is gone."""
    sent = {stored.send()}
    for _ in range(3):
        stored.post("/sms/templates/", {"name": "n", "content": "c"})
        ACTIONS["DELETE template"](stored)
        stored.restart()
        sent.add(stored.send())
    assert len(sent) == 4
    assert stored.post("/sms/templates/", {"name": "n", "content": "c"})[1]["id"] == 4
    assert {message["msgid"] for message in stored.get("/sms/messages/")[1]} == sent


def test_what_fell_due_meanwhile_happens_at_the_start(stored: Caller) -> None:
    """A number is renewed for each month that passed, a link dies, a message arrives."""
    stored.subscribe()
    msgid = stored.send(message="http://a.example/", track_link="true")
    path = "/s/" + stored.simulator.phone(PHONE).inbox[0].text.rpartition("/s/")[2]
    stored.restart()
    stored.step(91 * 86400)
    assert stored.sms(msgid)["status"] == "DELIVERED"
    assert stored.credits() == 100_000 - 4 * 650 - 10 * count_parts("http://a.example/") - 5
    assert stored.raw("GET", path).status == 404


def test_talks_end_with_the_process(stored: Caller, listener: Listener) -> None:
    """Calls and conferences in progress end as FAILED at the last write, stay charged, and are reported."""
    callid = stored.place(recording_url=None, tts_message="a" * 2000, tts_lang="en", callbackurl=listener.url)
    asked = {**CONFERENCE, "callbackurl": listener.url}
    conferenceid = stored.post("/voice/simple/conferences/", asked)[1]["conferenceid"]
    stored.step(70)
    callid2 = stored.place()
    before = stored.credits()
    stored.restart()
    stored.step(3600)
    ended = stored.call(callid)
    assert (ended["status"], ended["duration"], ended["end_time"]) == ("FAILED", 69, "2026-03-01 12:01:10")
    assert ended["cost"] == 21
    assert (stored.call(callid2)["status"], stored.call(callid2)["cost"]) == ("FAILED", 10)
    assert stored.credits() == before
    assert stored.simulator.find_call(callid).steps[-2]["reason"] == "the simulator was stopped"
    assert stored.get(f"/voice/simple/conferences/{conferenceid}/")[1]["end_time"] is not None
    with stored.simulator:
        stored.simulator.advance(0)
        assert sorted(attempt.kind for attempt in stored.simulator.callbacks) == ["call", "conference"]


def test_reasons_can_be_translated_after_a_restart(stored: Caller, listener: Listener) -> None:
    """The reasons of a message's status, a call's step and a failed callback keep their template and values."""
    stored.simulator.carrier.add_rule(PHONE, "fail")
    listener.answers = [(404, b"")]
    din = stored.subscribe(action_url=listener.url)["din"]
    with stored.simulator:
        msgid = stored.send(callbackurl="http://192.0.2.1/")
        callid = stored.simulator.incoming_call(din).callid
        stored.simulator.advance(10)
    stored.restart()
    status, callback = stored.simulator.timeline(msgid).entries[-2:]
    step = stored.simulator.timeline(callid).entries[-2]
    reasons = [status.facts["why"], callback.facts["error"], step.facts["reason"]]
    assert [(reason.template, reason.values) for reason in reasons] == [
        ("rule {n}", {"n": "1"}),
        ("{host} is not on this machine", {"host": "192.0.2.1"}),
        ("the action URL answered {n}", {"n": "404"}),
    ]
    assert reasons == ["rule 1", "192.0.2.1 is not on this machine", "the action URL answered 404"]


def test_reports_are_posted_again(stored: Caller, listener: Listener) -> None:
    """A delivery report that was not answered with 200 goes on where it was; one that was is posted no more."""
    listener.answers = [(500, b""), (500, b""), (200, b""), (200, b"")]
    with stored.simulator:
        stored.send(callbackurl=listener.url)
        stored.simulator.advance(2.5)
        assert [attempt.attempt for attempt in stored.simulator.callbacks] == [1, 2]
    stored.open()
    for seconds, tries in ((1.0, 2), (1.0, 3), (100, 3)):
        with stored.simulator:
            stored.simulator.advance(seconds)
            assert len(stored.simulator.callbacks) == len(listener.requests) == tries
        stored.open()
    assert [attempt.outcome for attempt in stored.simulator.callbacks] == ["will retry", "will retry", "delivered"]


def test_the_stepped_clock_goes_on(stored: Caller) -> None:
    """Where it stood is kept, also when nothing else happened, and though the new one began later."""
    with stored.simulator:
        stored.simulator.advance(1000)
    stored.open()
    before = stored.clock.now()
    stored.step(-500)
    stored.simulator.close()
    stored.open()
    assert stored.clock.now() == before


def test_in_memory_nothing_is_noted(caller: Caller) -> None:
    """Without a database nothing piles up, and what was closed can still be looked at."""
    caller.send()
    assert caller.simulator.engine.context.changes is None
    caller.simulator.close()
    assert len(caller.simulator.phone(PHONE).inbox) == 1


def test_a_forgotten_account_leaves_nothing() -> None:
    """What it sent, called and subscribed goes with it; who comes again with the same pair is new."""
    caller = Caller(max_accounts=1)
    msgid, callid, line = caller.send(), caller.place(), caller.subscribe()
    caller.post("/sms/messages/", {**SMS, "recipient": OTHER}, authorization=basic("b"))
    caller.step(100)
    assert caller.credits() == 100_000
    assert caller.simulator.phone(PHONE).inbox == caller.simulator.phone(PHONE).calls == ()
    assert {caller.raw("GET", f"/{path}/").status for path in (f"sms/messages/{msgid}", f"voice/calls/{callid}")} == {
        404
    }
    assert line["din_uid"] in {free["din_uid"] for free in caller.get("/voice/dins/")[1]}
    assert len(caller.simulator.phone(OTHER).inbox) == 1


def test_a_conference_outlives_its_calls(tmp_path: Path) -> None:
    """Where few calls are kept, a conference still shows its own after a restart, and those in progress end."""
    caller = Caller(tmp_path / "a.db", max_calls=1, conference_seconds=100)
    conferenceid = caller.post("/voice/simple/conferences/", CONFERENCE)[1]["conferenceid"]
    caller.step(70)
    charged = caller.credits()
    caller.restart()
    status, shown = caller.get(f"/voice/simple/conferences/{conferenceid}/")
    assert [leg["status"] for leg in shown["participants"]] == ["FAILED", "FAILED"]
    assert (status, shown["cost"], shown["duration"]) == (200, 100_000 - charged, 69)
    caller.simulator.close()


def test_a_carried_number_is_on_offer_no_more(tmp_path: Path) -> None:
    """A number subscribed under another seed still belongs to its account, and no other can subscribe it."""
    caller = Caller(tmp_path / "a.db", seed=1)
    line = caller.subscribe()
    caller.simulator.close()
    other = Caller(tmp_path / "a.db", seed=2)
    assert uids(other) == [line["din_uid"]]
    assert line["din"] not in {free["din"] for free in other.get("/voice/dins/")[1]}
    other.simulator.close()


def test_a_forgotten_account_pays_for_itself() -> None:
    """A call that outlives its deleted account costs nothing to a new account with the same credentials."""
    caller = Caller(max_accounts=1)
    caller.place(recording_url=None, tts_message="a" * 2000, tts_lang="en")
    caller.post("/sms/messages/", SMS, authorization=basic("b"))
    caller.send()
    caller.step(200)
    assert caller.credits() == 99_990


def test_as_many_tries_are_kept_as_are_shown(tmp_path: Path) -> None:
    """Of the log of callbacks the oldest tries are forgotten in the file as well."""
    caller = Caller(tmp_path / "a.db", max_callbacks=2)
    with caller.simulator:
        for _ in range(4):
            last = caller.send(callbackurl="http://192.0.2.1/")
            caller.simulator.advance(2)
        shown = caller.simulator.callbacks
    assert shown[-1].ident == last
    caller.open()
    assert caller.simulator.callbacks == shown
    rows = caller.simulator.engine._store._open_connection().execute("SELECT count(*) FROM attempt")
    assert rows.fetchone() == (2,)
    caller.simulator.close()


def test_half_a_surrogate_pair(tmp_path: Path) -> None:
    """A text that UTF-8 cannot encode, which all inputs refuse, would not fail the rest of its commit."""
    caller = Caller(tmp_path / "a.db", legacy_sin=True)
    sin = caller.get("/sms/sins/")[1][0]
    assert caller.post("/sms/sins/subscriptions/", {"sin_uid": sin["sin_uid"]})[0] == 201
    with caller.simulator.engine as engine:
        engine.sms.receive(sin["sin"], PHONE, "half a \ud83d pair, ことば")
    caller.restart()
    assert [sent.text for sent in caller.simulator.phone(PHONE).sent] == ["half a \ud83d pair, ことば"]
    caller.simulator.close()
