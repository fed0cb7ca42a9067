"""The simulated service as one object, with no globals and no I/O.

The API, the queries and the commands call its services. Outbound HTTP requests are put into its outbox; the runtime
takes them from there and reports their results.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol, Self

from msgspec import Struct

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.clock import RealClock
from xoxzo.cloudpy.simulator.engine.context import DAY_SECONDS, EngineContext, Event, OutboundRequest
from xoxzo.cloudpy.simulator.engine.outcome_rules import OutcomeRule, OutcomeRules
from xoxzo.cloudpy.simulator.engine.records import accounts, traffic
from xoxzo.cloudpy.simulator.engine.rules import NotSaved
from xoxzo.cloudpy.simulator.engine.services import callbacks, otp, sms
from xoxzo.cloudpy.simulator.engine.services.accounts import AccountService, SubscribedNumberService
from xoxzo.cloudpy.simulator.engine.services.calls import CallService
from xoxzo.cloudpy.simulator.settings import Settings

STOPPED = N_("the simulator was stopped")
UNWRITTEN = N_("the database could not be written")


class SavedState(Struct, frozen=True):
    """What is saved besides the records."""

    moment: float
    """When the state was written, by the engine's clock; a stepped clock goes on from there."""
    templates: int
    """The last id that a template got; ids are not used again."""


class Store(Protocol):
    """Saves records. The engine's lock guards it."""

    def begin(self) -> tuple[int, SavedState | None]:
        """Count and return a new generation, by which ids differ, and what was saved, if anything; else `NotSaved`."""

    def load(
        self, account: Callable[[str, str], accounts.Account], restore: Mapping[type, Callable[[Any], object]]
    ) -> list[traffic.Call]:
        """Restore all records by type; return calls that conferences alone refer to, or raise `SimulatorError`."""

    def save(self, changes: Mapping[object, bool], saved: SavedState, *, wipe: bool) -> None:
        """Write all changes (false: deleted), in place of all records if `wipe`, or raise `NotSaved`."""

    def close(self) -> None:
        """Release the store until the next `begin`."""


class Engine:
    """Accounts, messages, calls and numbers on one clock; a store saves them beyond the process.

    Everything is done while holding `lock`; `with engine:` takes it and fires the timers that are due. It may be used
    from any thread. With a store, all changes are on disk when the outermost `with` ends. If saving fails, the state is
    loaded again from the store before anything else is done: what could not be saved did not happen.
    """

    def __init__(self, settings: Settings, clock: RealClock, store: Store | None = None) -> None:
        self.settings = settings
        self.clock = clock
        self.lock = threading.RLock()
        self.context = EngineContext(settings, clock)
        self._store = store
        self._depth = 0
        self._saved_at: float | None = None
        self._wipe_pending = False
        self._closed = False
        self._prune_at = -math.inf
        self._reload_reason = None if store is None else STOPPED
        """Why the state must be loaded from the store before it is used; ``None`` when it need not."""
        self._create_services()
        self.open()

    def _create_services(self) -> None:
        context = self.context
        self.accounts = AccountService(context)
        self.callbacks = callbacks.CallbackService(context)
        self.outcome_rules = OutcomeRules(context)
        self.dins = SubscribedNumberService(context, self.accounts, "din")
        self.sins = SubscribedNumberService(context, self.accounts, "sin")
        shared = context, self.accounts, self.callbacks, self.outcome_rules
        self.sms = sms.SmsService(shared, self.sins)
        self.calls = CallService(shared, self.dins)
        self.templates = sms.TemplateService(context)
        self.otp = otp.OtpService(context, self.sms)

    def __enter__(self) -> Self:
        self.lock.acquire()
        self._depth += 1
        try:
            if self._reload_reason is not None:
                self._load(self._reload_reason)
            self.context.run_due()
            if self._depth == 1 and self.settings.max_age is not None:
                self._prune(self.settings.max_age * DAY_SECONDS)
        except BaseException:
            self._depth -= 1
            self.lock.release()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        try:
            self._depth -= 1
            if self._depth == 0 and self.context.changes is not None:
                self._save(self.context.changes)
        finally:
            self.lock.release()

    def open(self) -> None:
        """Load the state from the store, unless it is open or there is none; raise `SimulatorError` if that fails."""
        with self.lock:
            self._closed = False
            if self._reload_reason is not None:
                try:
                    self._load(self._reload_reason)
                except SimulatorError:
                    self.close()
                    raise

    def close(self) -> None:
        """Close the store; until it is opened again, everything is refused with `NotSaved`."""
        with self.lock:
            if self._store is not None:
                self._store.close()
                self._closed, self._reload_reason = True, STOPPED

    def reset(self) -> None:
        """Delete all records; listeners and the clock stay. Results of outbound requests under way are dropped."""
        with self:
            context = EngineContext(self.settings, self.clock)
            context.changes = None if self.context.changes is None else {}
            self._replace(context)
            self._wipe_pending = True

    def _replace(self, context: EngineContext) -> None:
        before, self.context = self.context, context
        context.listeners, context.wake = before.listeners, before.wake
        context.callback_fault = before.callback_fault
        # Timers and requests that still refer to the old context must neither publish nor save anything.
        before.listeners, before.changes = [], None
        self._create_services()

    def _load(self, reason: str) -> None:
        """Replace the state with the store's; calls in progress end, and their last step gives the reason."""
        assert self._store is not None  # noqa: S101 - without a store there is never a reason
        if self._closed:
            raise NotSaved("closed", "the simulator was closed")
        generation, found = self._store.begin()
        saved = found or SavedState(self.clock.now(), 0)
        self.clock.resume_at(saved.moment)
        context = EngineContext(self.settings, self.clock, generation)
        context.changes = {}
        self._replace(context)
        calls: list[traffic.Call] = []  # collected, since they refer to each other
        restore: dict[type, Callable[[Any], object]] = {
            accounts.Account: self.accounts.restore,
            traffic.Message: self.sms.restore,
            traffic.Call: calls.append,
            traffic.Conference: lambda conference: self.calls.conferences.keep(conference.conferenceid, conference),
            accounts.SubscribedNumber: lambda line: (self.dins if line.kind == "din" else self.sins).restore(line),
            accounts.Template: self.templates.restore,
            accounts.Website: lambda website: self.otp.websites.keep(website, website),
            accounts.Otp: self.otp.restore,
            traffic.CallbackDelivery: self.callbacks.restore,
            OutcomeRule: self.outcome_rules.restore,
            accounts.RegisteredSender: lambda sender: self.accounts.senders.update({sender.digits: sender}),
            traffic.InboundSms: lambda reply: self.sms.replies.keep(reply.ident, reply),
            traffic.CallbackAttempt: self.callbacks.note,
        }
        legs = self._store.load(self.accounts.get, restore)
        self.calls.restore(calls, legs, saved.moment, reason)
        context.sort_phones()
        self.templates.last = saved.templates
        self._saved_at, self._reload_reason, self._wipe_pending = saved.moment, None, False

    def _save(self, changes: dict[object, bool]) -> None:
        assert self._store is not None  # noqa: S101 - without a store no changes are noted
        now = self.clock.now()
        moved = now != self._saved_at and self.clock.stopped
        if not (changes or self._wipe_pending or moved):
            return
        try:
            self._store.save(changes, SavedState(now, self.templates.last), wipe=self._wipe_pending)
        except NotSaved:
            self._reload_reason = UNWRITTEN
            self.context.wake()  # the engine's loop must not wait for timers that are gone
            raise
        changes.clear()
        self._saved_at, self._wipe_pending = now, False

    def run_clock(self, run: bool) -> None:
        """Let the clock continue from the time it shows, or stop it until it is advanced."""
        with self:
            (self.clock.run if run else self.clock.stop)()
            self.context.publish("clock", "clock", what="running" if run else "stopped")
            self.context.wake()

    def _prune(self, age: float) -> None:
        """Delete what is too old: a hundred times in that age, or every hour."""
        now = self.clock.now()
        if now >= self._prune_at:
            self._prune_at = now + min(age / 100, 3600)
            for records in (*self.context.traffic, self.calls.conferences):
                records.delete_before(now - age)
            self.callbacks.delete_before(now - age)

    def add_listener(self, listener: Callable[[Event], None]) -> None:
        """Call a function for every event, at once and in the thread in which it happens."""
        with self.lock:
            self.context.listeners.append(listener)

    def remove_listener(self, listener: Callable[[Event], None]) -> None:
        """Stop calling a listener; does nothing for one that was not added."""
        with self.lock, suppress(ValueError):
            self.context.listeners.remove(listener)

    def set_wake(self, wake: Callable[[], object]) -> None:
        """Call `wake` when there is an outbound request, or a timer that is due before all others."""
        with self.lock:
            self.context.wake = wake

    def next_due(self) -> float | None:
        """Return when the next timer is due, or ``None``."""
        with self.lock:
            timers = self.context.timers
            return timers[0][0] if timers else None

    def take_outbound(self, limit: int = sys.maxsize) -> list[OutboundRequest]:
        """Take at most `limit` requests out of the outbox, the oldest first."""
        with self:
            outbox = self.context.outbox
            return [outbox.popleft() for _ in range(min(limit, len(outbox)))]
