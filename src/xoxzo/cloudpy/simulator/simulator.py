"""The simulator as an object: start it, look into it, play the phones and the people at Xoxzo."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.rules.phone_numbers import is_number
from xoxzo.cloudpy.simulator.engine.services.callbacks import CallbackAttempt
from xoxzo.cloudpy.simulator.engine.services.subscribed_numbers import UnknownNumber
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation

# What looks in and what acts by hand is imported when it is used: no start waits for it.
if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from xoxzo.cloudpy.simulator.commands.carrier import CarrierCommands
    from xoxzo.cloudpy.simulator.commands.faults import FaultInjector
    from xoxzo.cloudpy.simulator.commands.office import OfficeCommands
    from xoxzo.cloudpy.simulator.queries.overview import Overview
    from xoxzo.cloudpy.simulator.queries.records import CallRecord, ReceivedSms, TemplateRecord
    from xoxzo.cloudpy.simulator.queries.results import ResultPage, SearchResult
    from xoxzo.cloudpy.simulator.queries.search import PhoneSummary
    from xoxzo.cloudpy.simulator.queries.timeline import Timeline
    from xoxzo.cloudpy.simulator.runtime.in_process_transport import AsyncSimulatorTransport, SimulatorTransport
    from xoxzo.cloudpy.simulator.runtime.phone import Phone
    from xoxzo.cloudpy.simulator.server import Server

_GLANCE = 0.02
_MOST = 1_000


class Simulator(Simulation):
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

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> Server:
        """Return an HTTP server for this simulator, to be used in a `with` statement.

        Args:
            host: The address to bind, numeric or a name.
            port: The port; 0 takes a free one, then told by `server.url`.
        """
        from xoxzo.cloudpy.simulator.server import Server

        return Server(self, host, port)

    def transport(self) -> SimulatorTransport:
        """Return a transport for `Client(transport=...)` that needs no socket: the client talks to this object."""
        from xoxzo.cloudpy.simulator.runtime.in_process_transport import SimulatorTransport

        return SimulatorTransport(self)

    def async_transport(self) -> AsyncSimulatorTransport:
        """Return the same for `AsyncClient(transport=...)`."""
        from xoxzo.cloudpy.simulator.runtime.in_process_transport import AsyncSimulatorTransport

        return AsyncSimulatorTransport(self)

    def credits(self, sid: str, token: str) -> Decimal:
        """Return the balance of an account."""
        with self.engine as engine:
            return engine.accounts.get(sid, token).credits

    def phone(self, number: str) -> Phone:
        """Return a phone: what it received, and what can be done with it.

        Args:
            number: In E.164, with its +.
        """
        from xoxzo.cloudpy.simulator.runtime.phone import Phone

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
        from xoxzo.cloudpy.simulator.queries.records import call_record

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
        stepped = self.engine.clock.stopped
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
        from xoxzo.cloudpy.simulator.queries.records import call_record

        with self.engine as engine:
            call = engine.calls.calls.get(callid)
            if call is None:
                message = "there is no such call"
                raise SimulatorError(message)
            return call_record(call)

    @property
    def office(self) -> OfficeCommands:
        """What people at Xoxzo do: approve templates, add credits, register senders, verify accounts."""
        from xoxzo.cloudpy.simulator.commands.office import OfficeCommands

        return OfficeCommands(self.engine)

    @property
    def carrier(self) -> CarrierCommands:
        """What carriers and the holders of phones do: rules, and messages and calls settled by hand."""
        from xoxzo.cloudpy.simulator.commands.carrier import CarrierCommands

        return CarrierCommands(self.engine)

    @property
    def templates(self) -> tuple[TemplateRecord, ...]:
        """The SMS templates of all accounts, oldest first."""
        return self.office.templates

    def approve_template(self, ident: int) -> TemplateRecord:
        """Approve a template; the same as ``office.approve``."""
        return self.office.approve(ident)

    def return_template(self, ident: int) -> TemplateRecord:
        """Return a template to its author; the same as ``office.give_back``."""
        return self.office.give_back(ident)

    def search(
        self, query: str = "", *, limit: int = 50, before: int | None = None, patience: float | None = None
    ) -> ResultPage[SearchResult]:
        """Find messages, calls and replies, the newest first.

        Args:
            query: Words that must all fit: ``to:``, ``from:``, ``status:``, ``tag:``, ``kind:`` (sms, call, reply) and
                ``id:`` look at one thing, any other word at the text. A minus in front means "not", double quotes hold
                words together. Empty for everything.
            limit: How many at most, 1 to 1,000.
            before: Only what is older: the `next` of the page before.
            patience: Real seconds after which it returns what it has found; the next page goes on. ``None`` for any.

        Raises:
            SimulatorError: The query asks for a status or kind that there is not, or a number is out of range.
        """
        from xoxzo.cloudpy.simulator.queries.search import search

        return search(self.engine, query, _limit(limit), before, patience)

    def phones(self, *, limit: int = 50, before: int | None = None) -> ResultPage[PhoneSummary]:
        """Return the phones that were reached, the latest first.

        Args:
            limit: How many at most, 1 to 1,000.
            before: Only those that were reached earlier: the `next` of the page before.

        Raises:
            SimulatorError: A number is out of range.
        """
        from xoxzo.cloudpy.simulator.queries.search import phones

        return phones(self.engine, _limit(limit), before)

    def timeline(self, ident: str) -> Timeline:
        """Return all that happened to a message, a call or a reply.

        The request as it came in (without what authenticates it), what was checked, the price, each status with its
        time, each step of a call, each try to deliver a callback with what was answered.

        Args:
            ident: A msgid, a callid, or the id of a reply.

        Raises:
            SimulatorError: There is nothing with this id.
        """
        from xoxzo.cloudpy.simulator.queries.timeline import timeline

        found = timeline(self.engine, ident)
        if found is None:
            raise SimulatorError("there is no message or call with this id")
        return found

    def overview(self, minutes: int = 60) -> Overview:
        """Return how much happened in each of the last minutes, and how things stand.

        Args:
            minutes: How many, 1 to 1,440.

        Raises:
            SimulatorError: `minutes` is out of range.
        """
        from xoxzo.cloudpy.simulator.queries.overview import MAX_MINUTES, overview

        if not 1 <= minutes <= MAX_MINUTES:
            raise SimulatorError(f"minutes must be 1 to {MAX_MINUTES}")
        return overview(self.engine, minutes)

    @property
    def callbacks(self) -> tuple[CallbackAttempt, ...]:
        """All tries to deliver a callback, oldest first."""
        with self.engine as engine:
            return tuple(engine.callbacks.log)

    def resend_callback(self, ident: str) -> None:
        """Post at once what waits for its next try, or else once more what was posted last.

        Args:
            ident: The msgid, callid, conferenceid or reply that it tells of.

        Raises:
            SimulatorError: No callback was ever posted for it.
        """
        with self.engine as engine:
            if not engine.callbacks.again(ident):
                raise SimulatorError("there is no callback of this id")

    @property
    def faults(self) -> FaultInjector:
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


def _limit(limit: int) -> int:
    if not 1 <= limit <= _MOST:
        raise SimulatorError(f"limit must be 1 to {_MOST}")
    return limit
