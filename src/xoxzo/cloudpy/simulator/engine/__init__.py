"""The simulated service itself: one object, with no globals and no HTTP in it.

Doors lead to it: the API (`..api`), the control API and the `Simulator` object. What it wants sent, it puts into its
outbox; somebody with a network takes it from there and reports how it went.
"""

import threading
from collections.abc import Callable
from typing import Self

from xoxzo.cloudpy.simulator.clock import Clock
from xoxzo.cloudpy.simulator.settings import Settings

from .accounts import Account, Accounts, NotEnoughCredits
from .callbacks import CallbackAttempt, CallbackDesk
from .calls import Call, CallDesk, CallRequest, Step
from .conferences import Conference, ConferenceDesk, ConferenceRequest
from .incoming import IncomingDesk, call_view
from .lines import Line, LineDesk, UnknownNumber
from .lookup import LookupDesk
from .otp import AlreadyRegistered, Otp, OtpActive, OtpDesk, UnknownWebsite
from .sms import Message, MessageTooLong, SmsDesk, SmsRequest
from .templates import MissingVariables, NotApproved, Template, TemplateDesk, UnknownTemplate
from .world import Answer, Event, Outgoing, World

__all__ = [
    "Account",
    "Accounts",
    "AlreadyRegistered",
    "Answer",
    "Call",
    "CallDesk",
    "CallRequest",
    "CallbackAttempt",
    "CallbackDesk",
    "Conference",
    "ConferenceDesk",
    "ConferenceRequest",
    "Engine",
    "Event",
    "IncomingDesk",
    "Line",
    "LineDesk",
    "LookupDesk",
    "Message",
    "MessageTooLong",
    "MissingVariables",
    "NotApproved",
    "NotEnoughCredits",
    "Otp",
    "OtpActive",
    "OtpDesk",
    "Outgoing",
    "SmsDesk",
    "SmsRequest",
    "Step",
    "Template",
    "TemplateDesk",
    "UnknownNumber",
    "UnknownTemplate",
    "UnknownWebsite",
    "World",
    "call_view",
]


class Engine:
    """Accounts, messages, calls and numbers on one clock.

    Everything is done while holding `lock`; `with engine:` takes it and brings the state up to the present. It may be
    used from any thread.

    Args:
        settings: How the service behaves.
        clock: The time it lives in.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.lock = threading.RLock()
        self.world = World(settings, clock)
        self._furnish()

    def _furnish(self) -> None:
        world = self.world
        self.accounts = Accounts(world)
        self.callbacks = CallbackDesk(world)
        self.sms = SmsDesk(world, self.accounts, self.callbacks)
        self.templates = TemplateDesk(world)
        self.calls = CallDesk(world, self.accounts, self.callbacks)
        self.conferences = ConferenceDesk(world, self.accounts, self.calls, self.callbacks)
        self.otp = OtpDesk(world, self.sms)
        self.lookup = LookupDesk(world, self.accounts)
        self.dins = LineDesk(world, self.accounts, "din")
        self.sins = LineDesk(world, self.accounts, "sin")
        self.incoming = IncomingDesk(world, self.accounts, self.calls, self.dins)

    def __enter__(self) -> Self:
        self.lock.acquire()
        try:
            self.world.run_due()
        except BaseException:
            self.lock.release()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self.lock.release()

    def reset(self) -> None:
        """Forget everything; listeners stay, and so does the clock. Answers still under way are dropped."""
        with self.lock:
            before, self.world = self.world, World(self.settings, self.clock)
            self.world.listeners, self.world.wake = before.listeners, before.wake
            before.listeners = []
            self._furnish()

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Have every event told to `listener`, at once and in the thread in which it happens."""
        with self.lock:
            self.world.listeners.append(listener)

    def on_work(self, wake: Callable[[], None]) -> None:
        """Have `wake` called when there is something to send, or a timer that is due before all others."""
        with self.lock:
            self.world.wake = wake

    def next_due(self) -> float | None:
        """Return when the next timer is due, or ``None``."""
        with self.lock:
            return self.world.timers.next_due

    def take_outgoing(self) -> list[Outgoing]:
        """Take all requests out of the outbox."""
        with self:
            taken = list(self.world.outbox)
            self.world.outbox.clear()
            return taken

    def answered(self, outgoing: Outgoing, answer: Answer) -> None:
        """Report how a request went that was taken from the outbox."""
        with self:
            outgoing.answered(answer)
