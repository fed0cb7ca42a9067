"""When the database cannot be written: nothing is half done, and it goes on as soon as it can."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from simulator_callers import SMS, Caller, Listener, web

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.runtime import engine_loop

UNSAVED = (503, {"detail": "The simulator cannot write to its database."})


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Caller]:
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


def test_what_cannot_be_written_did_not_happen(kept: Caller) -> None:
    """Sends are 503, nothing is charged and no phone has them; once writes succeed, all continues."""
    first = kept.send()
    writable(kept, yes=False)
    for _ in range(2):
        assert kept.post("/sms/messages/", SMS) == UNSAVED
        assert kept.get("/you/credits/") == UNSAVED
    writable(kept, yes=True)
    assert kept.credits() == 99_990
    second = kept.send()
    assert first != second
    for _ in range(2):
        assert [message["msgid"] for message in kept.get("/sms/messages/")[1]] == [second, first]
        assert kept.credits() == 99_980
        kept.restart()


def test_a_full_disk_takes_back_one_request_alone(kept: Caller) -> None:
    """A large message finds no room and was never there; what is small enough is served, before and after."""
    full(kept, yes=True)
    large = {**SMS, "tags": "a" * 100_000}
    assert kept.post("/sms/messages/", large) == UNSAVED
    assert kept.credits() == 100_000
    assert kept.simulator.phone(SMS["recipient"]).inbox == ()
    full(kept, yes=False)
    assert kept.post("/sms/messages/", large)[0] == 201
    kept.restart()
    assert len(kept.get("/sms/messages/")[1]) == 1


def test_a_reset_that_cannot_be_written_did_not_happen(kept: Caller) -> None:
    """Everything is there still; the next reset works, and is kept."""
    kept.send()
    writable(kept, yes=False)
    with pytest.raises(SimulatorError, match="cannot write"):
        kept.simulator.reset()
    writable(kept, yes=True)
    assert len(kept.get("/sms/messages/")[1]) == 1
    kept.simulator.reset()
    kept.restart()
    assert kept.get("/sms/messages/") == (200, [])


def test_a_link_is_not_followed_unnoticed(kept: Caller) -> None:
    """A click that cannot be written is 503, and the next one is the first."""
    kept.send(message="http://a.example/", track_link="true")
    path = "/s/" + kept.simulator.phone(SMS["recipient"]).inbox[0].text.rpartition("/s/")[2]
    writable(kept, yes=False)
    assert kept.get(path) == UNSAVED
    writable(kept, yes=True)
    assert kept.get("/sms/messages/")[1][0]["link_tracking"]["accessed"] is False
    assert kept.raw("GET", path).status == 302


def test_calls_end_when_they_cannot_be_kept(kept: Caller) -> None:
    """A talk that is taken up from the file cannot be resumed there either; its last step says why."""
    callid = kept.place()
    writable(kept, yes=False)
    assert kept.post("/sms/messages/", SMS) == UNSAVED
    writable(kept, yes=True)
    assert kept.call(callid)["status"] == "FAILED"
    assert kept.simulator.find_call(callid).steps[-2]["reason"] == "the database could not be written"


def test_nothing_is_posted_that_was_not_written(
    kept: Caller, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report is neither lost nor sent off the record while nothing can be written; later it arrives once."""
    monkeypatch.setattr(engine_loop, "_RETRY_SECONDS", 0.01)
    with kept.simulator.serve() as server, web(server.url) as page:
        kept.send(callbackurl=listener.url)
        writable(kept, yes=False)
        with pytest.raises(SimulatorError, match="cannot write"):
            kept.simulator.advance(60)
        assert page.json("POST", "/_simulator/clock/advance", {"seconds": 60}) == UNSAVED
        assert listener.requests == []
        writable(kept, yes=True)
        kept.simulator.advance(60)
        assert [attempt.outcome for attempt in kept.simulator.callbacks] == ["delivered"]
        assert len(listener.requests) == 1


def test_an_answer_that_cannot_be_noted_is_requested_again(kept: Caller, listener: Listener) -> None:
    """A report whose 200 could not be written is posted again, because nothing tells of the first."""

    def refuse_and_answer(handler: object) -> None:
        writable(kept, yes=False)
        listener.answer = listener._answer
        listener._answer(handler)  # type: ignore[arg-type]

    listener.answer = refuse_and_answer
    with kept.simulator:
        kept.send(callbackurl=listener.url)
        with pytest.raises(SimulatorError, match="cannot write"):
            kept.simulator.advance(60)
        writable(kept, yes=True)
        kept.simulator.advance(60)
        assert [attempt.outcome for attempt in kept.simulator.callbacks] == ["delivered"]
    assert len(listener.requests) == 2


def test_listeners_that_look_in_save_nothing_half_done(kept: Caller) -> None:
    """What a listener asks in the middle of a request does not cut its transaction in two."""
    seen = []

    def look(_event: object) -> None:
        seen.append(kept.simulator.credits("sid", "token"))
        writable(kept, yes=False)

    kept.simulator.engine.add_listener(look)
    assert kept.post("/sms/messages/", SMS) == UNSAVED
    writable(kept, yes=True)
    assert seen == [99_990]
    assert kept.credits() == 100_000


def test_a_closed_simulator_keeps_its_hands_off(kept: Caller) -> None:
    """It refuses everything, so that another one can have the file; started again, it goes on."""
    msgid = kept.send()
    kept.simulator.close()
    assert kept.post("/sms/messages/", SMS) == UNSAVED
    other = Caller(kept._database)
    assert other.sms(msgid)["msgid"] == msgid
    with pytest.raises(SimulatorError, match="is in use by another simulator"):
        kept.simulator.start()
    other.simulator.close()
    with kept.simulator:
        assert kept.sms(msgid)["msgid"] == msgid
