"""The simulator as an object: start it, look into it, let somebody call."""

import asyncio
import os
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self, TypeVar

from xoxzo.cloudpy.errors import SimulatorError

from .api import Api
from .background import Background
from .clock import Clock, RealClock, SteppedClock
from .engine import CallbackAttempt, Engine, UnknownNumber, UnknownTemplate
from .faults import FaultDesk
from .numbers import is_number
from .phone import Phone
from .records import CallRecord, ReceivedSms, TemplateRecord, call_record, template_record
from .settings import Settings

if TYPE_CHECKING:
    from .driver import Driver
    from .engine import Store
    from .server import Server
    from .transport import AsyncSimulatorTransport, SimulatorTransport

T = TypeVar("T")

_GLANCE = 0.02


class Simulator:
    """Xoxzo's telephony service on this machine.

    It needs no start for looking and sending in the same process; `with simulator:` or `simulator.serve()` starts the
    thread that moves states on by themselves, delivers callbacks and asks action URLs. All methods may be called from
    any thread. Several simulators live side by side; `instance` tells one from another, in the health answer as well.

    Args:
        settings: How it behaves; by default as the API's description proposes.
        clock: Its time; the machine's clock by default, or a `SteppedClock`, which a database sets to where it stood.
        database: A file that keeps its state, made when it is not there; by default the state is in memory alone.
            `close` gives the file up.

    Raises:
        SimulatorError: A setting is wrong, or the file is in use, damaged, not the simulator's, or cannot be written.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        database: str | os.PathLike[str] | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.instance = os.urandom(8).hex()
        self.engine = Engine(self.settings, clock or RealClock(), _store(database))
        self.api = Api(self.engine)
        self._lock = threading.Lock()
        self._users = 0
        self._background: Background | None = None
        self._driver: Driver | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the simulator's thread; each start needs one `close`.

        Raises:
            SimulatorError: The database was closed and cannot be opened again.
        """
        with self._lock:
            self.engine.open()
            self._users += 1
            if self._background is None:
                self._background = Background(self._drive)
                self._background.start()

    def close(self) -> None:
        """Undo one `start`; the last one stops the thread, drops callbacks under way and closes the database."""
        with self._lock:
            self._users = max(0, self._users - 1)
            if self._users == 0 and self._background is not None:
                self._background.stop()
                self._background = self._driver = None
            if self._users == 0:
                self.engine.close()

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> "Server":
        """Return an HTTP server for this simulator, to be used in a `with` statement.

        Args:
            host: The address to bind, numeric or a name.
            port: The port; 0 takes a free one, then told by `server.url`.
        """
        from .server import Server

        return Server(self, host, port)

    def transport(self) -> "SimulatorTransport":
        """Return a transport for `Client(transport=...)` that needs no socket: the client talks to this object."""
        from .transport import SimulatorTransport

        return SimulatorTransport(self)

    def async_transport(self) -> "AsyncSimulatorTransport":
        """Return the same for `AsyncClient(transport=...)`."""
        from .transport import AsyncSimulatorTransport

        return AsyncSimulatorTransport(self)

    def in_background(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the simulator's own event loop and return what it returns.

        Raises:
            SimulatorError: The simulator was not started.
        """
        return self._running()[0].call(work)

    @property
    def now(self) -> datetime:
        """The present on the simulator's clock, in UTC."""
        return datetime.fromtimestamp(self.engine.clock.now(), UTC)

    def credits(self, sid: str, token: str) -> Decimal:
        """Return the balance of an account."""
        with self.engine as engine:
            return engine.accounts.get(sid, token).credits

    def phone(self, number: str) -> Phone:
        """Return a phone: what it received, and what can be done with it.

        Args:
            number: In E.164, with its +.
        """
        return Phone(self, number)

    def assert_delivered_once(self, number: str, contains: str = "") -> ReceivedSms:
        """Return the one SMS that a phone received; more than one, or none, is an error.

        Args:
            number: The phone's number, in E.164.
            contains: What its text must hold; others do not count.

        Raises:
            AssertionError: There is not exactly one, or it has not arrived.
        """
        fitting = [sms for sms in self.phone(number).inbox if contains in sms.text]
        if len(fitting) != 1 or fitting[0].status != "DELIVERED":
            told = ", ".join(f"{sms.text!r} ({sms.status})" for sms in fitting) or "none"
            raise AssertionError(f"{number} should have received one SMS, and received {told}")
        return fitting[0]

    def incoming_call(self, din: str, caller: str | None = None, *, sid: str | None = None) -> CallRecord:
        """Let a call come in to a subscribed dial-in number.

        Args:
            din: The number, with or without its +.
            caller: Who calls, in E.164; ``None`` withholds the number.
            sid: Whose number it must be; anybody's by default.

        Returns:
            The call as it begins; `find_call` tells how it went on.

        Raises:
            SimulatorError: Nobody (or somebody else) subscribes the number, or the caller is no number.
        """
        if caller is not None and not is_number(caller):
            message = "caller is not an E.164 number"
            raise SimulatorError(message)
        with self.engine as engine:
            try:
                return call_record(engine.incoming.ring(din, caller, sid=sid))
            except UnknownNumber:
                message = "the number is not subscribed"
                raise SimulatorError(message) from None

    def call(
        self, din: str, caller: str | None = None, *, at: datetime | None = None, sid: str | None = None
    ) -> CallRecord:
        """Let a call come in to a dial-in number and return it when it has ended, with all its steps.

        A stepped clock is advanced as far as that takes; by the machine's clock the call takes its time.

        Args:
            din: The number, with or without its +.
            caller: Who calls, in E.164; ``None`` withholds the number.
            at: When, on a stepped clock, which is advanced to this moment first.
            sid: Whose number it must be; anybody's by default.

        Raises:
            SimulatorError: As `incoming_call` and `advance`; or the moment has no zone or has passed.
        """
        if at is not None:
            if at.tzinfo is None or at < self.now:
                message = "at must have a time zone and not have passed on the simulator's clock"
                raise SimulatorError(message)
            self.advance((at - self.now).total_seconds())
        callid = self.incoming_call(din, caller, sid=sid).callid
        stepped = isinstance(self.engine.clock, SteppedClock)
        while True:
            if stepped:
                # What the action URL answers comes first: before that the next timer may be a renewal, a month ahead.
                self.advance(0)
            call = self.find_call(callid)
            if call.status != "IN PROGRESS":
                return call
            if stepped:
                due = self.engine.next_due()
                self.advance(0 if due is None else max(0.0, due - self.engine.clock.now()))
            else:
                time.sleep(_GLANCE)

    def find_call(self, callid: str) -> CallRecord:
        """Return how a call stands, incoming or outgoing.

        Raises:
            SimulatorError: There is no such call.
        """
        with self.engine as engine:
            call = engine.calls.calls.get(callid)
            if call is None:
                message = "there is no such call"
                raise SimulatorError(message)
            return call_record(call)

    @property
    def templates(self) -> tuple[TemplateRecord, ...]:
        """The SMS templates of all accounts, oldest first."""
        with self.engine as engine:
            return tuple(map(template_record, engine.templates.templates.values()))

    def approve_template(self, ident: int) -> TemplateRecord:
        """Approve a template, as a person at Xoxzo does (API section 3.2); one that is approved stays so.

        Args:
            ident: Its id.

        Raises:
            SimulatorError: There is no such template.
        """
        with self.engine as engine, _known_template():
            return template_record(engine.templates.approve(ident))

    def return_template(self, ident: int) -> TemplateRecord:
        """Return a template to its author instead of approving it.

        A text that was in force before counts again; a first one goes on waiting, for the API has no status for a
        refusal (API section 3.1).

        Args:
            ident: Its id.

        Raises:
            SimulatorError: There is no such template.
        """
        with self.engine as engine, _known_template():
            return template_record(engine.templates.give_back(ident))

    @property
    def callbacks(self) -> tuple[CallbackAttempt, ...]:
        """All tries to deliver a callback, oldest first."""
        with self.engine as engine:
            return tuple(engine.callbacks.log)

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Advance a stepped clock and wait until the callbacks that fell due were answered.

        Args:
            seconds: How far, zero or more; zero waits for what is under way.
            minutes: So many minutes farther.
            hours: So many hours farther.
            days: So many days farther.

        Raises:
            SimulatorError: The clock is not stepped, `seconds` is out of range, or the simulator was not started.
        """
        background, driver = self._running()
        background.call(driver.advance(_seconds(seconds, minutes, hours, days)))

    async def advance_async(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Do what `advance` does without blocking the event loop that runs the caller."""
        background, driver = self._running()
        await asyncio.wrap_future(background.submit(driver.advance(_seconds(seconds, minutes, hours, days))))

    @property
    def faults(self) -> FaultDesk:
        """What goes wrong on purpose: `add`, `remove`, `all_normal`, and `counts` of what has hit."""
        return self.api.faults

    def fail_next(self, kind: str, endpoint: str = "*", *, times: int = 1, seconds: float = 5.0) -> None:
        """Let the next requests go wrong.

        Args:
            kind: How; one of `KINDS` of the module ``faults``.
            endpoint: A method and a path, such as ``POST /sms/messages/``; ``*`` for all.
            times: How many requests.
            seconds: How long it takes, where it takes time.

        Raises:
            SimulatorError: There is no such kind or endpoint, or a number is out of range.
        """
        self.faults.add(kind, endpoint, times=times, seconds=seconds)

    def reset(self) -> None:
        """Forget all messages, templates, calls, subscriptions and balances; clock and limits go on as they are."""
        self.engine.reset()

    def _running(self) -> "tuple[Background, Driver]":
        if self._background is None or self._driver is None:
            message = "the simulator was not started: use it in a with statement, or serve it"
            raise SimulatorError(message)
        return self._background, self._driver

    async def _drive(self) -> None:
        from .driver import Driver

        self._driver = Driver(self.engine)
        await self._driver.run()


def _seconds(seconds: float, minutes: float, hours: float, days: float) -> float:
    # Nothing is converted where only seconds are told: an integer may be too large for that, and is refused later.
    more = minutes * 60 + hours * 3600 + days * 86_400
    return seconds + more if more else seconds


def _store(database: str | os.PathLike[str] | None) -> "Store | None":
    if database is None:
        return None
    from .storage.store import DatabaseStore

    return DatabaseStore(database)


@contextmanager
def _known_template() -> Iterator[None]:
    try:
        yield
    except UnknownTemplate:
        message = "there is no such template"
        raise SimulatorError(message) from None
