"""The logging handler: sends records to phones of a simulator, within its limits, and never disturbs the program."""

from __future__ import annotations

import io
import logging
import logging.config
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.integrations import logging_handler
from xoxzo.cloudpy.integrations.logging_handler import SmsHandler
from xoxzo.cloudpy.simulator import Simulator

ANNE, BERT = "+818011110001", "+818011110002"


class Phones:
    """A client that keeps what it is asked to send."""

    def __init__(self, send: Callable[..., None] | None = None) -> None:
        self.texts: list[str] = []
        self.sms = self
        self._send = send

    def send(self, *, recipient: str, sender: str, message: str) -> None:
        if self._send is not None:
            self._send()
        self.texts.append(message)


@contextmanager
def logger(phones: Phones, **options: Any) -> Iterator[tuple[logging.Logger, SmsHandler]]:
    """Give a logger of its own with the handler."""
    handler = SmsHandler(ANNE, "Shop", client=phones, **options)  # type: ignore[arg-type]
    log = logging.Logger("shop")  # noqa: LOG001 - it must not be found by another test
    log.addHandler(handler)
    try:
        yield log, handler
    finally:
        handler.close()


def test_by_configuration(tmp_path: Path) -> None:
    """A program configures it by dictConfig; at its end all is sent, and a summary of what was held back."""
    with Simulator().serve() as server:
        program = f"""
import logging, logging.config
logging.config.dictConfig({{
    "version": 1,
    "handlers": {{"phone": {{
        "class": "xoxzo.cloudpy.integrations.logging_handler.SmsHandler",
        "recipients": ["{ANNE}", "{BERT}"], "sender": "Shop", "level": "ERROR", "state": {str(tmp_path / "s.db")!r},
    }}}},
    "root": {{"handlers": ["phone"]}},
}})
log = logging.getLogger("shop")
log.warning("not for phones")
for number in range(5):
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("order %d failed\\nin two lines", number)
"""
        account = {"XOXZO_API_HOST": server.url, "XOXZO_API_SID": "s", "XOXZO_API_AUTH_TOKEN": "t"}
        run = subprocess.run(
            [sys.executable, "-c", program], env=os.environ | account, capture_output=True, timeout=60, check=False
        )
        assert (run.returncode, run.stderr) == (0, b"")
        first = "ERROR shop: order 0 failed in two lines ZeroDivisionError: division by zero"
        summary = first.replace("0 failed", "4 failed")
        for number in (ANNE, BERT):
            texts = [message.text for message in server.simulator.phone(number).inbox]
            assert texts == [first, f"(+4 held back) {summary}"]
        # It restarts: the state remembers.
        subprocess.run([sys.executable, "-c", program], env=os.environ | account, check=True, timeout=60)
        assert len(server.simulator.phone(ANNE).inbox) == 2


def test_the_limits() -> None:
    """The same record comes once for each `repeat`, within the limit; the next SMS says how many were held."""
    now = [1000.0]
    phones = Phones()
    with logger(phones, limit=3, period=3600, repeat=60, clock=lambda: now[0]) as (log, handler):
        for step in range(4):
            for number in range(3):
                log.critical("disk %d is full", number)
            handler.flush()
            now[0] += 61
            assert len(phones.texts) == min(step + 1, 3)
        log.critical("another")
        handler.flush()
        now[0] += 3600
        log.critical("another")
        handler.flush()
        now[0] -= 7200
        log.critical("after the clock was set back")
        handler.flush()
    assert phones.texts == [
        "CRITICAL shop: disk 0 is full",
        "(+2 held back) CRITICAL shop: disk 0 is full",
        "(+2 held back) CRITICAL shop: disk 0 is full",
        "(+6 held back) CRITICAL shop: another",
        "CRITICAL shop: after the clock was set back",
    ]


@settings(max_examples=30, deadline=None)
@given(
    keys=strategies.lists(
        strategies.tuples(strategies.sampled_from("abc\ud800"), strategies.floats(0, 100)), max_size=60
    ),
    limit=strategies.integers(1, 4),
)
def test_any_records(keys: list[tuple[str, float]], limit: int) -> None:
    """Whatever comes when: never more than the limit within the period, and no key twice within `repeat`."""
    now, sent = 0.0, []
    limiter = logging_handler._RateLimiter(":memory:", limit, 100.0, 30.0, lambda: now)
    for key, passed in keys:
        now += passed
        if limiter.take(key):
            assert sum(now - at < 100 for at, _ in sent) < limit
            assert not any(key == other and now - at < 30 for at, other in sent)
            sent.append((now, key))
        else:
            assert sum(now - at <= 100 for at, _ in sent) >= limit or any(
                key == other and now - at <= 30 for at, other in sent
            )
    limiter.connection.close()


def test_a_summary_when_it_is_quiet() -> None:
    """After a quiet time the held-back records are counted in an SMS, without a further record."""
    phones = Phones()
    with logger(phones, repeat=0.2, limit=100) as (log, handler):
        log.critical("a")
        log.critical("a")
        handler.flush()
        give_up = time.monotonic() + 30
        while len(phones.texts) < 2 and time.monotonic() < give_up:
            time.sleep(0.01)
    assert phones.texts == ["CRITICAL shop: a", "(+1 held back) CRITICAL shop: a"]


def test_it_never_blocks_or_raises(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """While an SMS hangs, records are queued up to a limit, and closing gives up; errors go to standard error."""
    hanging = threading.Event()
    reached = threading.Event()

    def hang() -> None:
        reached.set()
        hanging.wait(60)
        raise OSError("no network")

    monkeypatch.setattr(logging_handler, "_MAX_QUEUED", 5)
    with logger(Phones(hang), flush_timeout=0.01) as (log, handler):
        log.critical("a")
        assert reached.wait(60)
        for number in range(50):
            log.critical("b %s", number)
        handler.flush()
        worker = handler._worker
        assert worker is not None
        assert (worker._queue.qsize(), worker._held) == (5, 45)
    hanging.set()
    worker.thread.join(60)
    assert "a record was not sent: no network" in capsys.readouterr().err

    class Bad:
        def __str__(self) -> str:
            raise RuntimeError("broken")

    phones = Phones()
    with logger(phones) as (log, handler):
        log.critical("%s", Bad())
        log.critical("good")
    assert phones.texts == ["CRITICAL shop: good"]
    assert "RuntimeError: broken" in capsys.readouterr().err
    monkeypatch.setattr(logging, "raiseExceptions", False)
    hanging.set()
    with logger(Phones(hang)) as (log, _):
        log.critical("a")
    assert capsys.readouterr().err == ""


def test_no_recursion() -> None:
    """What is logged while an SMS is sent, by us or by others, is not sent in turn."""
    inner = logging.Logger("tls")  # noqa: LOG001

    def log_more() -> None:
        inner.critical("handshake failed")

    phones = Phones(log_more)
    with logger(phones) as (log, handler):
        inner.addHandler(handler)
        log.critical("a")
        handler.flush()
        handler.handle(logging.makeLogRecord({"name": "xoxzo.cloudpy.x", "levelno": 50, "msg": "ours"}))
        handler.flush()
        inner.critical("elsewhere")
    assert phones.texts == ["CRITICAL shop: a", "CRITICAL tls: elsewhere"]


def test_other_handlers_see_the_traceback() -> None:
    """The handler leaves the record as it was; long texts are cut to the allowed parts."""
    phones = Phones()
    with logger(phones, max_parts=1) as (log, handler):
        log.addHandler(other := logging.StreamHandler(stream := io.StringIO()))
        try:
            int("x" * 300)
        except ValueError:
            log.critical("it broke", exc_info=True, stack_info=True)
        other.flush()
        handler.flush()
    assert "Traceback" in stream.getvalue()
    assert "Stack (most recent" in stream.getvalue()
    assert phones.texts[0].startswith("CRITICAL shop: it broke ValueError: invalid literal")
    assert len(phones.texts[0]) == 140


def test_state_that_breaks(tmp_path: Path) -> None:
    """State that cannot be opened is refused; if it breaks later, such as on a full disk, records are still sent."""
    with pytest.raises(ConfigurationError, match="cannot be used as state"):
        SmsHandler(ANNE, "Shop", state=tmp_path, client=Phones())  # type: ignore[arg-type]
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE x (y)")
    other.close()
    with pytest.raises(ConfigurationError, match="another program has written it"):
        SmsHandler(ANNE, "Shop", state=tmp_path / "other.db", client=Phones())  # type: ignore[arg-type]
    phones = Phones()
    with logger(phones, state=tmp_path / "s.db") as (log, handler):
        log.critical("a")
        handler.flush()
        other = sqlite3.connect(tmp_path / "s.db")
        other.execute("DROP TABLE sent")
        other.close()
        log.critical("a")
        log.critical("a")
        handler.flush()
    assert phones.texts[:2] == ["CRITICAL shop: a", "CRITICAL shop: a"]


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_after_a_fork() -> None:
    """A forked process sends its own records, and waits for nothing of its parent's."""
    phones = Phones()
    reader, writer = os.pipe()
    with logger(phones) as (log, handler):
        log.critical("parent")
        handler.flush()
        child = os.fork()
        if not child:
            try:
                handler.flush()
                log.critical("child")
                handler.flush()
                os.write(writer, "|".join(phones.texts[1:]).encode())
                handler.close()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert os.read(reader, 100) == b"CRITICAL shop: child"
    os.close(reader)
    os.close(writer)
    handler.close()


@pytest.mark.parametrize(
    "wrong", [{"recipients": []}, {"recipients": "090"}, {"limit": 0}, {"max_parts": 11}, {"sender": "much too long"}]
)
def test_refusals(wrong: dict[str, Any]) -> None:
    """Wrong arguments are refused when logging is configured."""
    with pytest.raises(InvalidArgument):
        SmsHandler(**{"recipients": ANNE, "sender": "Shop", "client": Phones(), **wrong})
