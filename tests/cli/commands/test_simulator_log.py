"""The simulator's log: it never holds up a request."""

from __future__ import annotations

import os
import sys
import threading
from io import TextIOWrapper

import pytest

from xoxzo.cloudpy.cli.commands import simulator as simulator_log
from xoxzo.cloudpy.cli.commands.simulator import EventLog
from xoxzo.cloudpy.simulator.engine.context import Event


def line(event: Event, show: bool) -> str:
    return f"{event.ident} {'whole' if show else 'masked'}"


def test_what_happened_before_it_began_is_written_first(capsys: pytest.CaptureFixture) -> None:
    """Nothing is written before the log begins; then everything is, in its order."""
    log = EventLog(line, show_content=True)
    log.enqueue(Event(0.0, "sms", "first"))
    assert capsys.readouterr().out == ""
    log.begin()
    log.enqueue(Event(0.0, "sms", "second"))
    log.close(20)
    assert capsys.readouterr().out == "first whole\nsecond whole\n"


def test_one_that_never_began_is_closed(capsys: pytest.CaptureFixture) -> None:
    """A simulator that did not start writes no log."""
    log = EventLog(line, show_content=False)
    log.enqueue(Event(0.0, "sms", "first"))
    log.close()
    assert capsys.readouterr().out == ""


def test_a_full_pipe_stops_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    """While the log is not read, the simulator continues, and dropped entries are counted later."""
    monkeypatch.setattr(simulator_log, "MAX_WAITING_EVENTS", 50)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "wb", buffering=0) as raw:
        monkeypatch.setattr(sys, "stdout", TextIOWrapper(raw, write_through=True))
        log = EventLog(lambda event, _show: event.ident * 1_000, show_content=False)
        log.begin()
        for _ in range(1_000):
            log.enqueue(Event(0.0, "sms", "x"))
        log.close(0.01)
        read = threading.Thread(target=reader.read, daemon=True)
        read.start()
        log.close(20)
        raw.close()
        read.join(20)
    output = capsys.readouterr().err
    assert "the log was not read" in output


def test_a_reader_that_has_gone_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken pipe is no reason to end, and neither is an encoding without the letters."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as raw:
        monkeypatch.setattr(sys, "stdout", TextIOWrapper(raw, encoding="ascii", write_through=True))
        log = EventLog(lambda event, _show: event.ident, show_content=False)
        log.begin()
        for ident in ("plain", "日本"):
            log.enqueue(Event(0.0, "sms", ident))
        log.close(20)
        assert not log._thread.is_alive()
