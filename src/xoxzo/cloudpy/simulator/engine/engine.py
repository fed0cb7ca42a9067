"""The simulated service itself: one object, with no globals and no HTTP in it.

Doors lead to it: the API (`..api`), the control API and the `Simulator` object. What it wants sent, it puts into its
outbox; somebody with a network takes it from there and reports how it went.
"""

from __future__ import annotations

import math
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.context import EngineContext, Event, OutboundRequest, OutboundResult
from xoxzo.cloudpy.simulator.engine.outcome_rules import OutcomeRules
from xoxzo.cloudpy.simulator.engine.rules.retention import DAY
from xoxzo.cloudpy.simulator.engine.services.accounts import AccountService
from xoxzo.cloudpy.simulator.engine.services.callbacks import CallbackService
from xoxzo.cloudpy.simulator.engine.services.calls import CallService
from xoxzo.cloudpy.simulator.engine.services.carrier_lookup import CarrierLookupService
from xoxzo.cloudpy.simulator.engine.services.conferences import ConferenceService
from xoxzo.cloudpy.simulator.engine.services.inbound_sms import InboundSmsService
from xoxzo.cloudpy.simulator.engine.services.incoming_calls import IncomingCallService
from xoxzo.cloudpy.simulator.engine.services.otp import (
    OtpService,
)
from xoxzo.cloudpy.simulator.engine.services.registered_senders import RegisteredSenderService
from xoxzo.cloudpy.simulator.engine.services.sms import SmsService
from xoxzo.cloudpy.simulator.engine.services.subscribed_numbers import (
    SubscribedNumberService,
)
from xoxzo.cloudpy.simulator.engine.services.templates import (
    TemplateService,
)
from xoxzo.cloudpy.simulator.engine.store import NotSaved, SavedState, Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy.simulator.commands.faults import Fault
    from xoxzo.cloudpy.simulator.engine.clock import RealClock
    from xoxzo.cloudpy.simulator.settings import Settings

STOPPED = "the simulator was stopped"
UNWRITTEN = "the database could not be written"


class Engine:
    """Accounts, messages, calls and numbers on one clock.

    Everything is done while holding `lock`; `with engine:` takes it and brings the state up to the present. It may be
    used from any thread. With a store, what was changed is on disk when the outermost `with` ends. If that fails, the
    state is taken up again from the store before anything else is done: what could not be saved did not happen.

    Args:
        settings: How the service behaves.
        clock: The time it lives in.
        store: What keeps the state; by default it ends with the process.

    Raises:
        SimulatorError: The store cannot be read or written.
    """

    def __init__(self, settings: Settings, clock: RealClock, store: Store | None = None) -> None:
        self.settings = settings
        self.clock = clock
        self.lock = threading.RLock()
        self.context = EngineContext(settings, clock)
        self._store = store
        self._depth = 0
        self._saved_at: float | None = None
        self._wiped = False
        self._closed = False
        self._prune_at = -math.inf
        self._stale = None if store is None else STOPPED
        """Why the state has to be taken up from the store before it is used."""
        self._furnish()
        self.open()

    def _furnish(self) -> None:
        context = self.context
        self.accounts = AccountService(context)
        self.callbacks = CallbackService(context)
        self.outcome_rules = OutcomeRules(context)
        self.registered_senders = RegisteredSenderService(context)
        self.sms = SmsService(context, self.accounts, self.callbacks, self.outcome_rules)
        self.templates = TemplateService(context)
        self.calls = CallService(context, self.accounts, self.callbacks, self.outcome_rules)
        self.conferences = ConferenceService(context, self.accounts, self.calls, self.callbacks)
        self.otp = OtpService(context, self.sms)
        self.lookup = CarrierLookupService(context, self.accounts)
        self.dins = SubscribedNumberService(context, self.accounts, "din")
        self.sins = SubscribedNumberService(context, self.accounts, "sin")
        self.incoming = IncomingCallService(context, self.accounts, self.calls, self.dins)
        self.inbound_sms = InboundSmsService(context, self.accounts, self.sins, self.callbacks)

    def __enter__(self) -> Self:
        self.lock.acquire()
        self._depth += 1
        try:
            if self._stale is not None:
                self._take_up(self._stale)
            self.context.run_due()
            if self._depth == 1 and self.settings.max_age is not None:
                self._prune(self.settings.max_age * DAY)
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
        """Take up what the store keeps; nothing happens while it is open, or without one.

        Raises:
            SimulatorError: It cannot be read or written.
        """
        with self.lock:
            self._closed = False
            if self._stale is not None:
                try:
                    self._take_up(self._stale)
                except SimulatorError:
                    self.close()
                    raise

    def close(self) -> None:
        """Give up the store; until it is opened again, everything is refused with `NotSaved`."""
        with self.lock:
            if self._store is not None:
                self._store.close()
                self._closed, self._stale = True, STOPPED

    def reset(self) -> None:
        """Forget everything; listeners stay, and so does the clock. Answers still under way are dropped."""
        with self:
            context = EngineContext(self.settings, self.clock)
            context.changes = None if self.context.changes is None else {}
            self._replace(context)
            self._wiped = True

    def _replace(self, context: EngineContext) -> None:
        before, self.context = self.context, context
        context.listeners, context.wake = before.listeners, before.wake
        context.callback_fault = before.callback_fault
        # Nothing that still holds the old context is told, or written down, any more.
        before.listeners, before.changes = [], None
        self._furnish()

    def _take_up(self, reason: str) -> None:
        """Replace the state with what the store keeps; calls end, and their last step tells the reason."""
        assert self._store is not None  # noqa: S101 - without one nothing is ever stale
        if self._closed:
            message = "the simulator was closed"
            raise NotSaved(message)
        beginning = self._store.begin()
        marks = beginning.marks or SavedState(self.clock.now(), 0)
        self.clock.resume_at(marks.moment)
        context = EngineContext(self.settings, self.clock, beginning.generation)
        context.changes = {}
        self._replace(context)
        self._store.load(self, marks.moment, reason)
        context.phones.sort()
        self.templates.last = marks.templates
        self._saved_at, self._stale, self._wiped = marks.moment, None, False

    def _save(self, changes: dict[object, bool]) -> None:
        assert self._store is not None  # noqa: S101 - without one nothing is noted
        now = self.clock.now()
        moved = now != self._saved_at and self.clock.stopped
        if not (changes or self._wiped or moved):
            return
        try:
            self._store.save(changes, SavedState(now, self.templates.last), wipe=self._wiped)
        except NotSaved:
            self._stale = UNWRITTEN
            self.context.wake()  # whoever drives the engine shall not wait for timers that are gone
            raise
        changes.clear()
        self._saved_at, self._wiped = now, False

    def stop_clock(self) -> None:
        """Let time stand still until it is advanced."""
        with self:
            self.clock.stop()
            self.context.tell("clock", "clock", what="stopped")
            self.context.wake()

    def run_clock(self) -> None:
        """Let time go on from where it stands."""
        with self:
            self.clock.run()
            self.context.tell("clock", "clock", what="running")
            self.context.wake()

    def _prune(self, age: float) -> None:
        """Forget what is too old; it is looked for a hundred times in that time, or every hour."""
        now = self.clock.now()
        if now >= self._prune_at:
            self._prune_at = now + min(age / 100, 3600)
            for desk in (self.sms, self.inbound_sms, self.calls, self.conferences, self.callbacks):
                desk.forget_before(now - age)

    def callbacks_hit_by(self, hit: Callable[[], Fault | None]) -> None:
        """Have `hit` asked before each try to deliver a callback which fault hits it; a reset changes nothing there."""
        with self.lock:
            self.context.callback_fault = hit

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Have every event told to `listener`, at once and in the thread in which it happens."""
        with self.lock:
            self.context.listeners.append(listener)

    def unlisten(self, listener: Callable[[Event], None]) -> None:
        """Tell a listener nothing more; one that does not listen is fine."""
        with self.lock, suppress(ValueError):
            self.context.listeners.remove(listener)

    def on_work(self, wake: Callable[[], None]) -> None:
        """Have `wake` called when there is something to send, or a timer that is due before all others."""
        with self.lock:
            self.context.wake = wake

    def next_due(self) -> float | None:
        """Return when the next timer is due, or ``None``."""
        with self.lock:
            return self.context.timers.next_due

    def take_outgoing(self, most: int = sys.maxsize) -> list[OutboundRequest]:
        """Take requests out of the outbox, the oldest first, and at most so many."""
        with self:
            outbox = self.context.outbox
            return [outbox.popleft() for _ in range(min(most, len(outbox)))]

    def answered(self, outgoing: OutboundRequest, answer: OutboundResult) -> None:
        """Report how a request went that was taken from the outbox."""
        with self:
            outgoing.answered(answer)

    def has_outgoing(self) -> bool:
        """Say whether there is anything in the outbox."""
        return bool(self.context.outbox)
