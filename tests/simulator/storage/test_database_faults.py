"""When the database cannot be written: nothing is half done, and it goes on as soon as it can."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from simulator_callers import SMS, Caller, Listener, web

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.runtime import lifecycle

UNSAVED = (503, {"detail": "The simulator cannot write to its database."})


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Caller]:
    """A caller whose simulator has a database."""
    caller = Caller(tmp_path / "state.db")
    yield caller
    caller.simulator.close()


def writable(caller: Caller, *, yes: bool) -> None:
    """Let SQLite refuse every change, or allow them again."""
    connection = caller.simulator.engine._store._open_connection()
    connection.execute(f"PRAGMA query_only={'OFF' if yes else 'ON'}")


def full(caller: Caller, *, yes: bool) -> None:
    """Let the file grow no more, or as it wants."""
    connection = caller.simulator.engine._store._open_connection()
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages if yes else 1_000_000}")


def test_what_cannot_be_written_did_not_happen(stored: Caller) -> None:
    """Sends are 503, nothing is charged and no phone has them; once writes succeed, all continues."""
    first = stored.send()
    writable(stored, yes=False)
    for _ in range(2):
        assert stored.post("/sms/messages/", SMS) == UNSAVED
        assert stored.get("/you/credits/") == UNSAVED
    writable(stored, yes=True)
    assert stored.credits() == 99_990
    second = stored.send()
    assert first != second
    for _ in range(2):
        assert [message["msgid"] for message in stored.get("/sms/messages/")[1]] == [second, first]
        assert stored.credits() == 99_980
        stored.restart()


def test_a_full_disk_takes_back_one_request_alone(stored: Caller) -> None:
    """A large message finds no room and was never there; what is small enough is served, before and after."""
    full(stored, yes=True)
    large = {**SMS, "tags": "a" * 100_000}
    assert stored.post("/sms/messages/", large) == UNSAVED
    assert stored.credits() == 100_000
    assert stored.simulator.phone(SMS["recipient"]).inbox == ()
    full(stored, yes=False)
    assert stored.post("/sms/messages/", large)[0] == 201
    stored.restart()
    assert len(stored.get("/sms/messages/")[1]) == 1


def test_a_reset_that_cannot_be_written_did_not_happen(stored: Caller) -> None:
    """Everything is there still; the next reset works, and is kept."""
    stored.send()
    writable(stored, yes=False)
    with pytest.raises(SimulatorError, match="cannot write"):
        stored.simulator.reset()
    writable(stored, yes=True)
    assert len(stored.get("/sms/messages/")[1]) == 1
    stored.simulator.reset()
    stored.restart()
    assert stored.get("/sms/messages/") == (200, [])


def test_a_link_is_not_followed_unnoticed(stored: Caller) -> None:
    """A click that cannot be written is 503, and the next one is the first."""
    stored.send(message="http://a.example/", track_link="true")
    path = "/s/" + stored.simulator.phone(SMS["recipient"]).inbox[0].text.rpartition("/s/")[2]
    writable(stored, yes=False)
    assert stored.get(path) == UNSAVED
    writable(stored, yes=True)
    assert stored.get("/sms/messages/")[1][0]["link_tracking"]["accessed"] is False
    assert stored.raw("GET", path).status == 302


def test_calls_end_when_they_cannot_be_kept(stored: Caller) -> None:
    """A talk that is taken up from the file cannot be resumed there either; its last step says why."""
    callid = stored.place()
    writable(stored, yes=False)
    assert stored.post("/sms/messages/", SMS) == UNSAVED
    writable(stored, yes=True)
    assert stored.call(callid)["status"] == "FAILED"
    assert stored.simulator.find_call(callid).steps[-2]["reason"] == "the database could not be written"


def test_nothing_is_posted_that_was_not_written(
    stored: Caller, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report is neither lost nor sent off the record while nothing can be written; later it arrives once."""
    monkeypatch.setattr(lifecycle, "_RETRY_SECONDS", 0.01)
    with stored.simulator.serve() as server, web(server.url) as page:
        stored.send(callbackurl=listener.url)
        writable(stored, yes=False)
        with pytest.raises(SimulatorError, match="cannot write"):
            stored.simulator.advance(60)
        assert page.json("POST", "/_simulator/clock/advance", {"seconds": 60}) == UNSAVED
        assert listener.requests == []
        writable(stored, yes=True)
        stored.simulator.advance(60)
        assert [attempt.outcome for attempt in stored.simulator.callbacks] == ["delivered"]
        assert len(listener.requests) == 1


def test_an_answer_that_cannot_be_noted_is_requested_again(stored: Caller, listener: Listener) -> None:
    """A report whose 200 could not be written is posted again, because nothing tells of the first."""

    def refuse_and_answer(handler: object) -> None:
        writable(stored, yes=False)
        listener.answer = listener._answer
        listener._answer(handler)  # type: ignore[arg-type]

    listener.answer = refuse_and_answer
    with stored.simulator:
        stored.send(callbackurl=listener.url)
        with pytest.raises(SimulatorError, match="cannot write"):
            stored.simulator.advance(60)
        writable(stored, yes=True)
        stored.simulator.advance(60)
        assert [attempt.outcome for attempt in stored.simulator.callbacks] == ["delivered"]
    assert len(listener.requests) == 2


def test_listeners_that_look_in_save_nothing_half_done(stored: Caller) -> None:
    """What a listener asks in the middle of a request does not cut its transaction in two."""
    seen = []

    def look(_event: object) -> None:
        seen.append(stored.simulator.credits("sid", "token"))
        writable(stored, yes=False)

    stored.simulator.engine.add_listener(look)
    assert stored.post("/sms/messages/", SMS) == UNSAVED
    writable(stored, yes=True)
    assert seen == [99_990]
    assert stored.credits() == 100_000


def test_a_closed_simulator_keeps_its_hands_off(stored: Caller) -> None:
    """It refuses everything, so that another one can have the file; started again, it goes on."""
    msgid = stored.send()
    stored.simulator.close()
    assert stored.post("/sms/messages/", SMS) == UNSAVED
    other = Caller(stored._database)
    assert other.sms(msgid)["msgid"] == msgid
    with pytest.raises(SimulatorError, match="is in use by another simulator"):
        stored.simulator.start()
    other.simulator.close()
    with stored.simulator:
        assert stored.sms(msgid)["msgid"] == msgid
