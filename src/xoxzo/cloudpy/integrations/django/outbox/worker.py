"""Send what is due in the outbox: the same for a command, for Celery and for Django's tasks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.db import OperationalError, connections, transaction

from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.records import State
from xoxzo.cloudpy.campaigns.sending.rules import Lease, SendFailure, Throttle, classify_error
from xoxzo.cloudpy.errors import APIError, ConfigurationError, RateLimited
from xoxzo.cloudpy.integrations.django import conf, models, sms
from xoxzo.cloudpy.integrations.django.backends import LiveBackend
from xoxzo.cloudpy.integrations.django.outbox.rows import Outbox, reconcile
from xoxzo.cloudpy.models import SentMessage

POLL_SECONDS = 1.0
"""How often a worker looks for rows that nobody has woken it for."""
SWEEP_SECONDS = 15.0
_PURGE_SECONDS = 3600.0
_RECONCILE_SECONDS = 60.0
_DAY_SECONDS = 86_400.0
# Of what cannot be settled within this time, the rest is for delivery reports and people.
_RECONCILE_DAYS = 2
_STEP_SECONDS = 0.1
_MAX_RETRY_SECONDS = 300.0
_STOPPED_SECONDS = 60.0
_WRITE_BACK_TRIES = 6
_MESSAGES = {"sms": sms.SmsMessage, "call": sms.CallMessage}
_log = logging.getLogger(__name__)


def send_due(using: str | None = None) -> int:
    """Send everything that is due now, in this process; return how many rows were tried.

    For cron, and for tests, which run the hooks of a commit with ``captureOnCommitCallbacks``.

    Args:
        using: the database; by default all that have an outbox.

    Raises:
        ConfigurationError: the settings are invalid.
        RuntimeError: a transaction is open: what is claimed has to be committed before it is sent.
    """
    return sum(Worker(alias).run() for alias in conf.outbox_databases(using))


class Worker:
    """Sends the outbox of a database, one message at a time; several may run, in any number of processes.

    When `should_stop` returns true, the message in flight is completed, and the others are released.
    """

    def __init__(self, alias: str, should_stop: Callable[[], bool] = bool) -> None:
        settings = conf.get_outbox()
        self._days = settings.days
        self._limits = settings.limits
        self._backend = sms.get_connection()
        self._live = self._backend if isinstance(self._backend, LiveBackend) else None
        self._client = conf.get_client() if self._live else None
        self._outbox = Outbox(alias, self._client.account_key if self._client else "")
        self._clock = SteadyClock()
        self._throttle = Throttle(self._limits, self._clock)
        self._should_stop = should_stop
        self._swept = -SWEEP_SECONDS
        self._rate = 0.0
        self._offset = 0.0
        """From the monotonic clock to the database's, as it was when the rows were claimed."""
        self.has_more = False
        """Whether the last run ended because its time was over."""

    def run(self, seconds: float = float("inf")) -> int:
        """Send until nothing is due, or for some seconds; return how many rows were tried; raises as `send_due`."""
        connection = connections[self._outbox.alias]
        if not (connection.in_atomic_block or connection.get_autocommit()):
            raise RuntimeError("the outbox is sent outside of transactions: turn autocommit on")
        with transaction.atomic(using=self._outbox.alias, durable=True):
            pass  # raises RuntimeError inside another one; Django's test cases are exempt
        until = self._clock.monotonic() + seconds
        count = 0
        while not self._should_stop():
            self.has_more = self._clock.monotonic() >= until
            if self.has_more:
                break
            wait = self._outbox.wait_seconds(self._limits.lease / 4)
            self._sweep()
            if wait > POLL_SECONDS:
                break
            if wait:
                time.sleep(min(wait, _STEP_SECONDS))
                continue
            tried = self._send_batch()
            if not tried:
                break
            count += tried
        return count

    def _sweep(self) -> None:
        if self._clock.monotonic() - self._swept < SWEEP_SECONDS:
            return
        self._swept = self._clock.monotonic()
        outbox = self._outbox
        outbox.sweep()
        if self._days is not None and outbox.take_turn("purged", _PURGE_SECONDS):
            outbox.purge(self._days * _DAY_SECONDS)
        if self._client is None or not (unknown := outbox.unknown(_RECONCILE_DAYS * _DAY_SECONDS)):
            return
        # The list has a low rate limit: what stays unknown is looked up less and less often.
        age = outbox.now() - max(row.ended for row in unknown)
        if outbox.take_turn("reconciled", max(_RECONCILE_SECONDS, age / 10)):
            try:
                reconcile(outbox, self._client, unknown, self._limits.settle)
            except APIError as error:
                _log.warning("the sent list could not be read: %s", error)

    def _send_batch(self) -> int:
        """Send some rows, but one alone until an SMS was sent: the sent list proves nothing before its first entry."""
        gap = 1 / self._limits.rate if self._limits.rate else 0.0
        if self._live is None or not self._outbox.is_first():
            return self._send_rows(self._throttle.claim_size(self._rate), gap)
        with self._outbox.alone(self._limits.lease, gap) as is_alone:
            return self._send_rows(1, 0.0) if is_alone else 0

    def _send_rows(self, limit: int, gap: float) -> int:
        asked = self._clock.monotonic()
        rows = self._outbox.claim(limit, self._limits.lease)
        if not rows:
            return 0
        lease = Lease(self._clock, asked, self._limits)
        if self._live is not None:
            # What had no effect is retried later: meanwhile others may be sent.
            self._live.client = conf.get_client().with_options(
                max_retries=0, deadline=self._limits.message_seconds, may_write=lease.may_write
            )
        send_at = self._clock.monotonic() + (self._outbox.reserve(len(rows), gap) if gap else 0.0)
        for place, row in enumerate(rows):
            if not self._wait_until(send_at + place * gap, lease):
                self._outbox.give_back(rows[place:])
                return place
            self._offset = row.began - asked
            self._send(row, lease)
        self._rate = len(rows) / max(self._clock.monotonic() - asked, _STEP_SECONDS / 10)
        return len(rows)

    def _wait_until(self, moment: float, lease: Lease) -> bool:
        """Wait for a send time; return whether the message may be sent then."""
        while not self._should_stop() and lease.may_write() and self._throttle.wait_seconds() <= 0:
            left = moment - self._clock.monotonic()
            if left <= 0:
                return True
            time.sleep(min(left, _STEP_SECONDS))
        return False

    def _send(self, row: models.OutboxMessage, lease: Lease) -> None:
        try:
            message = _MESSAGES[row.kind](recipient=row.recipient, reference=row.reference, **row.content)
        except (KeyError, TypeError) as error:
            _log.exception("a row of the outbox cannot be read")
            self._write_back(row, State.REJECTED, error=type(error).__name__)
            return
        try:
            message.send(connection=self._backend)
        except BaseException as error:
            if message.sent is None:
                self._fail(row, lease, error)
            else:
                _log.exception("a message of the outbox was sent, and the delivery log could not be written")
            if not isinstance(error, Exception):
                raise
        finally:
            if message.sent is not None:
                self._throttle.pauses = 0
                ident = message.sent.msgid if isinstance(message.sent, SentMessage) else message.sent.callid
                self._write_back(row, State.SENT, ident=ident, error="", accepted=self._now())

    def _fail(self, row: models.OutboxMessage, lease: Lease, error: BaseException) -> None:
        failure = classify_error(error)
        if isinstance(error, ConfigurationError):
            failure = SendFailure(State.REJECTED, type(error).__name__)
        now = self._now()
        if failure.state != State.WAITING:
            self._write_back(row, failure.state, error=failure.error, ended=now)
        elif not lease.may_write():
            # The transport has refused it: somebody else may have it by now.
            self._outbox.give_back([row])
        else:
            self._throttle.pause(_STOPPED_SECONDS if failure.stop else failure.pause_seconds)
            pause = self._throttle.wait_seconds()
            if failure.stop or isinstance(error, RateLimited):
                _log.warning("the outbox pauses for %.0f s: %s", pause, failure.error)
                self._outbox.pause(pause)
            else:
                pause = max(pause, min(2.0**row.attempts, _MAX_RETRY_SECONDS))
            self._write_back(row, State.WAITING, error=failure.error, due=now + pause)

    def _now(self) -> float:
        """Return the time of the database's clock."""
        return self._clock.monotonic() + self._offset

    def _write_back(self, row: models.OutboxMessage, state: State, **values: Any) -> None:  # noqa: ANN401 - columns
        for tries in range(_WRITE_BACK_TRIES):
            try:
                self._outbox.write_back(row, state, **values)
            except OperationalError:
                # A lock, or a lost connection. If nothing helps, the claim lapses, and is reconciled.
                if not connections[self._outbox.alias].in_atomic_block:
                    connections[self._outbox.alias].close_if_unusable_or_obsolete()
                time.sleep(_STEP_SECONDS * 2**tries)
            else:
                return
        _log.error("the outcome of a message of the outbox could not be recorded: it is unknown until it is reconciled")
