"""Receive notifications, and run one task for each incident that makes its notification attempts."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from xoxzo.cloudpy.callbacks import Action
from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager import acknowledgement, escalation, message_text
from xoxzo.cloudpy.integrations.alertmanager.config.settings import Method, Settings
from xoxzo.cloudpy.integrations.alertmanager.event_log import EventLog
from xoxzo.cloudpy.integrations.alertmanager.incidents import (
    IN_FLIGHT,
    Alert,
    Incident,
    Kind,
    Notification,
    NotificationAttempt,
    Outcome,
    Phase,
    Verdict,
)
from xoxzo.cloudpy.integrations.alertmanager.message_text import Rendered
from xoxzo.cloudpy.integrations.alertmanager.next_step import NextStep
from xoxzo.cloudpy.integrations.alertmanager.senders import Sender
from xoxzo.cloudpy.integrations.alertmanager.store import Store

# Incidents that are not open are deleted after this time without a notification.
_RETENTION_SECONDS = 30 * 86_400.0
# Easy to read aloud: without 0, O, 1 and I.
_ID_CHARACTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_ID_LENGTH = 4
_MIN_POLL_SECONDS, _MAX_POLL_SECONDS = 2.0, 10.0
_MAX_CALL_SECONDS = 900.0
# The wall clock may be set, so a sleep is never longer than this.
_MAX_SLEEP_SECONDS = 60.0
_FAULT_PAUSE_SECONDS = 5.0
_DAY_SECONDS = 86_400.0
_HEARTBEAT_CHECK_SECONDS = 10.0
# While the machine sleeps, nothing can be received.
_MAX_SILENT_SECONDS = 4 * _HEARTBEAT_CHECK_SECONDS


class Receiver:
    """Receives notifications and makes the attempts, in one event loop; `clock` returns seconds since 1970."""

    def __init__(
        self, settings: Settings, store: Store, sender: Sender, log: EventLog, *, clock: Callable[[], float]
    ) -> None:
        self.settings = settings
        self.store = store
        self._sender = sender
        self._log = log
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake_ups: dict[str, asyncio.Event] = {}
        """An event for each incident that has a task."""
        self._stopping = asyncio.Event()
        self._failure = ""
        self._duties: list[asyncio.Task[None]] = []
        self._next_step = NextStep(settings, store, log, clock)

    def start(self) -> None:
        """Start the tasks of the incidents that were open when the last receiver stopped."""
        self._checked = self._clock()
        purge = self._repeat(lambda: self.store.purge(self._clock() - _RETENTION_SECONDS), _DAY_SECONDS)
        self._duties = [asyncio.create_task(purge)]
        if self.settings.heartbeats:
            watch = self._repeat(self._check_heartbeats, _HEARTBEAT_CHECK_SECONDS)
            self._duties.append(asyncio.create_task(watch))
        for incident in self.store.incidents(Phase.OPEN, Phase.RESOLVED):
            self._wake(incident.ident)

    async def stop(self, grace_seconds: float = 10.0) -> None:
        """Stop, with some time for sends in flight; ringing calls and waits are taken over by the next receiver."""
        self._stopping.set()
        await asyncio.gather(*self._duties)
        for event in self._wake_ups.values():
            event.set()
        if self._tasks:
            _, pending = await asyncio.wait(self._tasks, timeout=grace_seconds)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    async def _repeat(self, duty: Callable[[], None], seconds: float) -> None:
        stopping = False
        while not stopping:
            try:
                duty()
            except sqlite3.Error as error:
                self._log.write("fault", error=error)
            stopping = await _wait(self._stopping, seconds)

    def receive(self, notification: Notification) -> tuple[Verdict, str]:
        """Store a notification on disk; return its effect, and the id of its incident, ``""`` if there is none."""
        for name, heartbeat in self.settings.heartbeats.items():
            beats = [one for one in notification.alerts if heartbeat.match and heartbeat.matches(one)]
            if any(one.status == "firing" for one in beats):
                self.beat(name)
            if beats and len(beats) == len(notification.alerts):
                return Verdict.HEARTBEAT, ""
            others = tuple(one for one in notification.alerts if one not in beats)
            notification = msgspec.structs.replace(notification, alerts=others)
            if beats and not notification.firing:
                notification = msgspec.structs.replace(notification, status="resolved")
        return self._apply(notification, self.settings.select_policy)

    def _apply(
        self, notification: Notification, select: Callable[[Sequence[Alert]], str | None], *, urgent: bool = False
    ) -> tuple[Verdict, str]:
        with self.store.transaction() as store:
            key, secret = notification.key, secrets.token_hex()
            before = store.latest(key)
            new = Incident(ident=_unused_id(store), group_key=key, policy="", secret=secret, urgent=urgent)
            after, verdict = escalation.apply_notification(before, notification, select, self._clock(), new)
            if after is not None and after != before:
                store.save(after)
        ident, policy = (after.ident, after.policy) if after else ("", "")
        self._log.write("received", verdict=verdict, incident=ident, list=policy, firing=len(notification.firing))
        if ident:
            self._wake(ident)
        return verdict, ident

    def page(self, name: str, message: str = "", method: Method | None = None) -> str:
        """Notify a person once, or begin an escalation policy, at any time of the day; return the id of the incident.

        By default the message says that it is a test, and a person gets an SMS. An unknown name is refused, and a
        method for which the settings have no sender or caller.
        """
        settings = self.settings
        policy = name
        if name not in settings.policies or method is not None:
            if name not in settings.people:
                known = ", ".join([*settings.people, *(() if method else settings.policies)])
                raise InvalidArgument("name", "must be one of {known}", known=known)
            needed = "caller" if method == "call" else "sender"
            if not getattr(settings, needed):
                rule = N_("cannot be notified this way: the settings have no {needed}")
                raise InvalidArgument("name", rule, needed=needed)
            policy = f"{method or 'sms'}:{name}"  # a policy that `NextStep` makes
        labels, key = {"alertname": "Page"}, f"page/{secrets.token_hex(8)}"
        return self._raise_alert(key, labels, message or message_text.TEST_PAGE[settings.language], policy)

    def _raise_alert(self, key: str, labels: dict[str, str], summary: str, policy: str) -> str:
        """Open an incident of our own, and return its id."""
        since = datetime.fromtimestamp(self._clock(), UTC)
        alert = Alert(status="firing", labels=labels, annotations={"summary": summary}, starts_at=since)
        notification = Notification(version="4", group_key=key, status="firing", alerts=(alert,))
        return self._apply(notification, lambda _: policy, urgent=True)[1]

    def beat(self, name: str) -> None:
        """Record a heartbeat, and resolve the incident that its absence has opened."""
        self.store.save_heartbeat(name, self._clock(), 0.0)
        if self._is_missing(name):
            self._apply(Notification(version="4", group_key=f"heartbeat/{name}", status="resolved"), lambda _: None)

    def _is_missing(self, name: str) -> bool:
        incident = self.store.latest(f"\nheartbeat/{name}")
        return incident is not None and incident.phase not in {Phase.RESOLVED, Phase.CLOSED}

    def _check_heartbeats(self) -> None:
        now = self._clock()
        passed, self._checked = min(max(0.0, now - self._checked), _MAX_SILENT_SECONDS), now
        for name, heartbeat in self.settings.heartbeats.items():
            at, silent = self.store.heartbeat(name)
            self.store.save_heartbeat(name, at, silent + passed)
            if silent + passed >= heartbeat.timeout and not self._is_missing(name):
                minutes = round(heartbeat.timeout / 60, 1)
                summary = message_text.NO_HEARTBEAT[self.settings.language].format(name=name, minutes=minutes)
                labels = {"alertname": "HeartbeatMissing", "instance": name}
                self._raise_alert(f"heartbeat/{name}", labels, summary, heartbeat.policy)

    def acknowledge(self, ident: str, by: str) -> Incident | None:
        """Acknowledge an incident and return it, or ``None`` if there is none with this id."""
        incident = acknowledge(self.store, ident, by, self._clock())
        if incident is not None:
            self._log.write("acknowledged", incident=ident, by=incident.acknowledged_by, phase=incident.phase)
            self._wake(ident)
        return incident

    def acknowledge_call(self, number: str | None) -> Action:
        """Acknowledge what the person who calls from a number was notified of; return what the caller hears."""
        people = self.settings.people.items()
        person = next((name for name, one in people if number and one.number == number), None)
        incidents = [] if person is None else acknowledgement.notified_of(self.store, person)
        for incident in incidents:
            self.acknowledge(incident.ident, f"{person}, by calling")
        if not incidents:
            self._log.write("incoming-call", by=person, reason="nothing to acknowledge" if person else "unknown caller")
        return acknowledgement.spoken_reply(self.settings, person, incidents)

    def health(self) -> dict[str, Any]:
        """Return the state for the health check, without numbers and messages."""
        status, count = "failing" if self._failure else "ok", len(self.store.incidents(Phase.OPEN))
        return {"status": status, "open": count, "failure": self._failure or None}

    def _wake(self, ident: str) -> None:
        """Let the incident's task look at it now; start the task if none runs."""
        if self._stopping.is_set():
            return
        if ident not in self._wake_ups:
            self._wake_ups[ident] = asyncio.Event()
            task = asyncio.create_task(self._run_incident(ident, self._wake_ups[ident]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._wake_ups[ident].set()

    async def _run_incident(self, ident: str, wake_up: asyncio.Event) -> None:
        """Make the attempts of one incident until nothing is left to do."""
        may_have_more = True
        while may_have_more and not self._stopping.is_set():
            wake_up.clear()
            try:
                may_have_more = await self._run_step(ident, wake_up)
            except Exception as error:  # noqa: BLE001
                # A full disk, for instance: the health check shows it, and the incident continues afterwards.
                self._failure = f"{type(error).__name__}: {error}"
                self._log.write("fault", incident=ident, error=self._failure)
                await _wait(self._stopping, _FAULT_PAUSE_SECONDS)
        del self._wake_ups[ident]

    async def _run_step(self, ident: str, wake_up: asyncio.Event) -> bool:
        """Make the next attempts, or wait for their time. Return whether anything may be left to do."""
        claimed = self._next_step.claim(ident)
        if claimed is None:
            return False
        if isinstance(claimed, float):
            await _wait(wake_up, min(max(0.0, claimed - self._clock()), _MAX_SLEEP_SECONDS))
            return True
        called = {attempt.person for attempt, _ in claimed if attempt.kind is Kind.CALL}
        self._next_step.ringing |= called
        try:
            attempts = await asyncio.gather(*(self._make(attempt, content) for attempt, content in claimed))
        finally:
            self._next_step.ringing -= called
        if not any(attempt.outcome in IN_FLIGHT for attempt in attempts):
            self._record(ident, attempts)
        return True

    async def _make(self, attempt: NotificationAttempt, content: Rendered | None) -> NotificationAttempt:
        """Make an attempt and return it with its outcome; one without content was claimed by a receiver that died."""
        if content is not None:
            attempt = await self._sender.send(attempt, content)
        elif attempt.outcome is Outcome.CLAIMED:
            fields = {"kind": attempt.kind, "to": attempt.person, "reference": attempt.key}
            self._log.write("unknown", incident=attempt.incident, **fields)
            attempt = msgspec.structs.replace(attempt, outcome=Outcome.UNKNOWN)
        if attempt.outcome is not Outcome.RINGING:
            return attempt
        self.store.record_outcome(attempt)
        return await self._follow_call(attempt)

    async def _follow_call(self, attempt: NotificationAttempt) -> NotificationAttempt:
        """Poll a call until it has ended, for at most 15 minutes."""
        pause = _MIN_POLL_SECONDS
        while not await _wait(self._stopping, pause):
            attempt = await self._sender.check_call(attempt)
            if attempt.outcome is not Outcome.RINGING:
                break
            if self._clock() >= attempt.at + _MAX_CALL_SECONDS:
                fields = {"to": attempt.person, "callid": attempt.callid, "status": "unknown"}
                self._log.write("unanswered", incident=attempt.incident, **fields)
                return msgspec.structs.replace(attempt, outcome=Outcome.UNANSWERED)
            pause = min(_MAX_POLL_SECONDS, pause * 1.5)
        return attempt

    def _record(self, ident: str, attempts: Sequence[NotificationAttempt]) -> None:
        """Store the outcomes of attempts, and the incident's new state."""
        with self.store.transaction() as store:
            before = store.incident(ident)
            if before is None:
                return
            after = escalation.apply_outcomes(before, self._next_step.policy(before), attempts, self._clock())
            for attempt in attempts:
                store.record_outcome(attempt)
            store.save(after)
        failed = [attempt for attempt in attempts if attempt.outcome in {Outcome.UNSENT, Outcome.REFUSED}]
        self._failure = f"the last {failed[0].kind} was {failed[0].outcome}" if failed else ""
        if after.phase is not before.phase:
            self._log.write(after.phase, incident=ident, by=after.acknowledged_by)


def acknowledge(store: Store, ident: str, by: str, now: float) -> Incident | None:
    """Acknowledge an incident in a store and return it, or ``None`` if there is none with this id."""
    with store.transaction():
        before = store.incident(ident)
        if before is None:
            return None
        after = escalation.acknowledge(before, by, now)
        if after != before:
            store.save(after)
    return after


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, at most for some seconds; return whether it has happened."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def _unused_id(store: Store) -> str:
    while True:
        ident = "".join(secrets.choice(_ID_CHARACTERS) for _ in range(_ID_LENGTH))
        if store.incident(ident) is None:
            return ident
