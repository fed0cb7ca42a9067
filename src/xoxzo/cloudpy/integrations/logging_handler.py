"""Send log records by SMS, a limited number an hour: `SmsHandler` for the standard library's `logging`."""

from __future__ import annotations

import copy
import logging
import os
import queue
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.common import forks
from xoxzo.cloudpy.common.sqlite_files import IN_MEMORY, WrongSchemaError, open_database
from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.text.parts import shorten

_SCHEMA = ("CREATE TABLE sent (at REAL NOT NULL, key TEXT NOT NULL)", "CREATE INDEX sent_at ON sent (at)")
_SCHEMA_VERSION = 1
_MAX_QUEUED = 1000
_SUMMARY_KEY = ""
_this_thread = threading.local()
"""``sends`` is true in the threads that send."""
_OWN_LOGGERS = "xoxzo"


class SmsHandler(logging.Handler):
    """Sends records by SMS, in a thread of its own: a logging call never waits for the network, and never fails.

    At most `limit` records are sent within `period`. The others are counted, and the next SMS says how many they were;
    after a quiet `repeat`, or at the end of the program, a summary does. Records of this library, and those that are
    logged while an SMS is sent, are ignored. An SMS has one line, with the exception but without its traceback.

    For ``logging.config.dictConfig``, name this class; each argument is a key.

    Args:
        recipients: a number in E.164, or several.
        sender: the sender of the SMS.
        level: the least level of records.
        limit: the most records that are sent within `period`, each to all recipients.
        period: seconds.
        repeat: the least number of seconds between two SMS with the same `key`.
        state: a file in which processes share the limits: the workers of a server, and a program that restarts again
            and again. Without it, each process has limits of its own.
        max_parts: the most SMS parts of a record, 1 to 10; longer ones are cut.
        flush_timeout: the most seconds that `flush` and the end of the program wait.
        client: sends the SMS and stays open; by default one is made of `client_options`.
        clock: returns seconds since 1970.
        client_options: arguments of `Client`: ``sid``, ``auth_token``, ``base_url`` … By default they come from the
            environment.

    Raises:
        InvalidArgument: a number or a limit is invalid.
        ConfigurationError: there are no credentials, or the state cannot be opened.
    """

    def __init__(
        self,
        recipients: str | Sequence[str],
        sender: str,
        *,
        level: int | str = logging.CRITICAL,
        limit: int = 10,
        period: float = 3600.0,
        repeat: float = 300.0,
        state: str | os.PathLike[str] | None = None,
        max_parts: int = 2,
        flush_timeout: float = 5.0,
        client: Client | None = None,
        clock: Callable[[], float] = time.time,
        **client_options: Any,  # noqa: ANN401 - of Client
    ) -> None:
        super().__init__(level)
        numbers = [recipients] if isinstance(recipients, str) else list(recipients)
        self._recipients = [checks.recipient(number, "recipients") for number in numbers]
        self._sender = checks.sender(sender)
        if not self._recipients or limit < 1 or not 1 <= max_parts <= 10:
            raise InvalidArgument("recipients", "and limit must be at least 1, and max_parts from 1 to 10")
        self._open_limiter = partial(_RateLimiter, IN_MEMORY if state is None else state, limit, period, repeat, clock)
        self._open_limiter().connection.close()
        self._max_parts = max_parts
        self._flush_timeout = flush_timeout
        self._owned: Client | None = None
        if client is None:
            client = self._owned = Client(app_info="xoxzo-logging", **client_options)
        self._client = client
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self._worker: _Worker | None = None

    def key(self, record: logging.LogRecord) -> str:
        """Return what makes two records the same one for `repeat`: logger, level and unformatted message."""
        return f"{record.name}\n{record.levelno}\n{record.msg}"

    def format(self, record: logging.LogRecord) -> str:
        """Format a record on one line, with the exception but without its traceback."""
        # A copy: the formatter stores the text of an exception in the record, for the next handlers.
        short = copy.copy(record)
        short.exc_info = short.exc_text = short.stack_info = None
        text = super().format(short)
        error = record.exc_info[1] if record.exc_info else None
        return text if error is None else f"{text} {type(error).__name__}: {error}"

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record. Called by `logging`, which holds this handler's lock."""
        try:
            worker = self._worker
            if record.name.partition(".")[0] == _OWN_LOGGERS or getattr(_this_thread, "sends", False):
                return
            if worker is None or worker.process != forks.pid or not worker.thread.is_alive():
                # A forked process has no threads of its parent's.
                worker = self._worker = _Worker(self._send, self._open_limiter)
            worker.put(self.key(record), self.format(record))
        except Exception:  # noqa: BLE001 - whatever a record's own objects raise
            self.handleError(record)

    def flush(self) -> None:
        """Wait until the queued records are sent or held back, at most `flush_timeout` seconds."""
        if (worker := self._worker) is not None and worker.process == forks.pid:
            worker.flush(self._flush_timeout)

    def close(self) -> None:
        """Send what is queued, and a summary of what was held back, within `flush_timeout` seconds."""
        worker, self._worker = self._worker, None
        if worker is not None and worker.process == forks.pid:
            worker.stop(self._flush_timeout)
        if self._owned is not None:
            self._owned.close()
        super().close()

    def _send(self, text: str) -> None:
        message = shorten(text, self._max_parts)
        for recipient in self._recipients:
            try:
                self._client.sms.send(recipient=recipient, sender=self._sender, message=message)
            except Exception as error:  # noqa: BLE001 - the program goes on, whatever it is
                if logging.raiseExceptions and sys.stderr:
                    print(f"SmsHandler: a record was not sent: {error}", file=sys.stderr)  # noqa: T201


class _Worker:
    """A thread that takes records from a queue, and sends what the limits allow."""

    def __init__(self, send: Callable[[str], None], open_limiter: Callable[[], _RateLimiter]) -> None:
        self.process = forks.pid
        self._send = send
        self._open_limiter = open_limiter
        # Keys and texts; ``None`` ends the thread.
        self._queue: queue.Queue[tuple[str, str] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._held = 0
        self._last = ""
        self._gave_up = False
        self.thread = threading.Thread(target=self._run, name="xoxzo-logging", daemon=True)
        self.thread.start()

    def put(self, key: str, text: str) -> None:
        """Queue a record, or hold it back if very many are queued."""
        if self._queue.qsize() < _MAX_QUEUED:
            self._queue.put((key, text))
        else:
            self._hold(text)

    def flush(self, timeout: float) -> None:
        """Wait until the queue is empty."""
        with self._queue.all_tasks_done:
            done = self._queue.all_tasks_done.wait_for(lambda: not self._queue.unfinished_tasks, timeout)
        self._gave_up = not done

    def stop(self, timeout: float) -> None:
        """End the thread, and wait for it unless `flush` has waited in vain."""
        self._queue.put(None)
        self.thread.join(0.0 if self._gave_up else timeout)

    def _run(self) -> None:
        _this_thread.sends = True
        limiter = self._open_limiter()
        record: tuple[str, str] | None = ("", "")
        while record is not None:
            try:
                record = self._queue.get(timeout=limiter.repeat if self._held else None)
            except queue.Empty:
                self._summarize(limiter)
                continue
            try:
                if record is None:
                    self._summarize(limiter)
                elif limiter.take(record[0]):
                    self._send_with_count(record[1])
                else:
                    self._hold(record[1])
            finally:
                self._queue.task_done()
        limiter.connection.close()

    def _hold(self, text: str) -> None:
        with self._lock:
            self._held += 1
            self._last = text

    def _summarize(self, limiter: _RateLimiter) -> None:
        if self._held and limiter.take(_SUMMARY_KEY):
            self._send_with_count(self._last)

    def _send_with_count(self, text: str) -> None:
        with self._lock:
            held, self._held = self._held, 0
        self._send(f"(+{held} held back) {text}" if held else text)


class _RateLimiter:
    """Decides what may be sent, by what was sent before; belongs to one thread."""

    def __init__(
        self, path: str | os.PathLike[str], limit: int, period: float, repeat: float, clock: Callable[[], float]
    ) -> None:
        self.repeat = repeat
        self._limit, self._period, self._clock = limit, period, clock
        try:
            self.connection = open_database(path, _SCHEMA, _SCHEMA_VERSION)
        except (OSError, sqlite3.Error, WrongSchemaError) as error:
            raise ConfigurationError("{path} cannot be used as state: {why}", path=path, why=error) from None

    def take(self, key: str) -> bool:
        """Return whether a record with this key may be sent now, and count it."""
        now = self._clock()
        digest = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        try:
            return self._take(digest, now)
        except sqlite3.Error:
            # Such as a full disk, which people must hear of.
            self.connection.close()
            self.connection = open_database(IN_MEMORY, _SCHEMA, _SCHEMA_VERSION)
            return self._take(digest, now)

    def _take(self, digest: str, now: float) -> bool:
        with self.connection as database:
            database.execute("BEGIN IMMEDIATE")
            # Those from the future, too: the clock was set.
            oldest = now - max(self._period, self.repeat)
            database.execute("DELETE FROM sent WHERE at NOT BETWEEN ? AND ?", (oldest, now))
            [[sent, same]] = database.execute(
                "SELECT count(*) FILTER (WHERE at > ?), count(*) FILTER (WHERE at > ? AND key = ?) FROM sent",
                (now - self._period, now - self.repeat, digest),
            )
            if sent >= self._limit or same:
                return False
            database.execute("INSERT INTO sent VALUES (?, ?)", (now, digest))
            return True
