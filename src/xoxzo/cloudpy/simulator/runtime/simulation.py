"""A running simulator: everything that can be read from it and done with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Literal

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.request_log import LogPage
from xoxzo.cloudpy.simulator.commands.actions import CarrierCommands, OfficeCommands, dial
from xoxzo.cloudpy.simulator.commands.faults import FaultInjector
from xoxzo.cloudpy.simulator.engine.context import KEPT_MINUTES
from xoxzo.cloudpy.simulator.engine.records.traffic import CallbackAttempt
from xoxzo.cloudpy.simulator.engine.rules import ItemNotFound
from xoxzo.cloudpy.simulator.queries.formats import csv_file, json_file
from xoxzo.cloudpy.simulator.queries.overview import Overview, overview
from xoxzo.cloudpy.simulator.queries.phones import PhoneSummary, find_call, list_phones
from xoxzo.cloudpy.simulator.queries.results import CallRecord, ReceivedSms, ResultPage, SearchResult, TemplateRecord
from xoxzo.cloudpy.simulator.queries.search import Totals, found_pages, search, totals
from xoxzo.cloudpy.simulator.queries.timeline import Timeline, timeline
from xoxzo.cloudpy.simulator.runtime.lifecycle import Lifecycle
from xoxzo.cloudpy.simulator.runtime.phone import Phone, wait_for_call_end

_MAX_LIMIT = 1_000


class Simulation(Lifecycle):
    """A simulator without its servers and transports, which `Simulator` adds."""

    def credits(self, sid: str, token: str) -> Decimal:
        """Return the balance of an account."""
        with self.engine as engine:
            return engine.accounts.get(sid, token).credits

    def phone(self, number: str) -> Phone:
        """Return a phone, to read what it received and to act on it.

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
        __tracebackhide__ = True  # pytest shows the line of the test
        inbox = self.phone(number).inbox
        fitting = [sms for sms in inbox if contains in sms.text]
        if len(fitting) != 1 or fitting[0].status != "DELIVERED":
            expected = f"one SMS with {contains!r}" if contains else "one SMS"
            received = ", ".join(f"{sms.text!r} ({sms.status})" for sms in inbox) or "nothing"
            raise AssertionError(f"{number} should have received {expected}; it received {received}")
        return fitting[0]

    def incoming_call(self, din: str, caller: str | None = None, *, sid: str | None = None) -> CallRecord:
        """Let a call come in to a subscribed dial-in number.

        Args:
            din: The number, with or without its +.
            caller: Who calls, in E.164; ``None`` withholds the number.
            sid: The account that must subscribe it; by default any.

        Returns:
            The call as it begins; `find_call` returns it later with its steps.

        Raises:
            SimulatorError: No account (or another one) subscribes the number, or the caller is no number.
        """
        return dial(self.engine, din, caller, sid=sid)

    def call(
        self, din: str, caller: str | None = None, *, at: datetime | None = None, sid: str | None = None
    ) -> CallRecord:
        """Let a call come in to a dial-in number and return it when it has ended, with all its steps.

        A stepped clock is advanced as far as that takes; by the machine's clock the call takes its time.

        Args:
            din: The number, with or without its +.
            caller: Who calls, in E.164; ``None`` withholds the number.
            at: When, on a stepped clock, which is advanced to this moment first.
            sid: The account that must subscribe it; by default any.

        Raises:
            SimulatorError: As `incoming_call` and `advance`; or the moment has no zone or has passed.
        """
        if at is not None:
            if at.tzinfo is None or at < self.now:
                raise SimulatorError(
                    "moment_passed", "at must have a time zone and not have passed on the simulator's clock"
                )
            self.advance((at - self.now).total_seconds())
        return wait_for_call_end(self, self.incoming_call(din, caller, sid=sid))

    def find_call(self, callid: str) -> CallRecord:
        """Return a call as it is now, incoming or outgoing.

        Raises:
            SimulatorError: There is no such call.
        """
        return find_call(self.engine, callid)

    @property
    def office(self) -> OfficeCommands:
        """What people at Xoxzo do: approve templates, add credits, register senders, verify accounts."""
        return OfficeCommands(self.engine)

    @property
    def carrier(self) -> CarrierCommands:
        """What carriers and the holders of phones do: rules, and messages and calls decided one by one."""
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
        self, query: str = "", *, limit: int = 50, before: int | None = None, timeout: float | None = None
    ) -> ResultPage[SearchResult]:
        """Find messages, calls and replies, the newest first.

        Args:
            query: Words that must all fit: ``to:``, ``from:``, ``status:``, ``tag:``, ``kind:`` (sms, call, reply) and
                ``id:`` look at one thing, any other word at the text. A minus in front means "not", double quotes hold
                words together. Empty for everything.
            limit: How many at most, 1 to 1,000.
            before: Only what is older: the `next` of the page before.
            timeout: Real seconds after which it returns what it has found; the next page goes on. ``None`` for any.

        Raises:
            SimulatorError: The query asks for a status or kind that there is not, or a number is out of range.
        """
        return search(self.engine, query, _limit(limit), before, timeout)

    def totals(self, query: str = "", *, timeout: float | None = None) -> Totals:
        """Count what a search finds: messages, calls and replies with their parts and credits, by status.

        Args:
            query: As for `search`.
            timeout: Real seconds after which it returns what it has counted, `is_complete` false; ``None`` for any.

        Raises:
            SimulatorError: As `search`.
        """
        return totals(self.engine, query, timeout)

    def export(self, query: str = "", *, form: Literal["csv", "json"] = "csv") -> Iterator[bytes]:
        """Return all that a search finds as a file, in pieces, the newest first.

        In CSV, a cell that a spreadsheet would compute or change, such as ``+81…``, has an apostrophe in front, and
        control characters are shown by number. JSON holds the values as they are, as `search` returns them.

        Args:
            query: As for `search`.
            form: ``csv`` or ``json``.

        Raises:
            SimulatorError: As `search`.
        """
        return (json_file if form == "json" else csv_file)(found_pages(self.engine, query))

    def phones(self, *, limit: int = 50, before: int | None = None) -> ResultPage[PhoneSummary]:
        """Return the phones that were reached, the latest first.

        Args:
            limit: How many at most, 1 to 1,000; more only where one call was the last to reach several.
            before: Only those that were reached earlier: the `next` of the page before.

        Raises:
            SimulatorError: A number is out of range.
        """
        return list_phones(self.engine, _limit(limit), before)

    def timeline(self, ident: str) -> Timeline:
        """Return all that happened to a message, a call or a reply.

        The request as it came in (without what authenticates it), what was checked, the price, each status with its
        time, each step of a call, each try to deliver a callback with what was answered.

        Args:
            ident: A msgid, a callid, or the id of a reply.

        Raises:
            SimulatorError: There is nothing with this id.
        """
        return timeline(self.engine, ident)

    def overview(self, minutes: int = 60) -> Overview:
        """Return the counts of each of the last minutes, and the current state.

        Args:
            minutes: How many, 1 to 1,440.

        Raises:
            SimulatorError: `minutes` is out of range.
        """
        if not 1 <= minutes <= KEPT_MINUTES:
            raise SimulatorError("minutes_out_of_range", "minutes must be 1 to {n}", n=KEPT_MINUTES)
        return overview(self.engine, minutes)

    @property
    def callbacks(self) -> tuple[CallbackAttempt, ...]:
        """All tries to deliver a callback, oldest first."""
        with self.engine as engine:
            return tuple(engine.callbacks.log)

    def resend_callback(self, ident: str) -> None:
        """Post at once what waits for its next try, or else once more what was posted last.

        Args:
            ident: The msgid, callid, conferenceid or reply that it reports.

        Raises:
            SimulatorError: No callback was ever posted for it.
        """
        with self.engine as engine:
            if not engine.callbacks.again(ident):
                raise ItemNotFound("no_such_callback", "there is no callback of this id")

    def requests(
        self, *, status: str = "", text: str = "", limit: int = 50, before: int | None = None, origin: str = ""
    ) -> LogPage:
        """Return the latest requests to the API with their answers, the newest first.

        Credentials are masked. Requests that failed are kept apart, so that others do not push them out. The log is
        in memory alone.

        Args:
            status: ``2xx``, ``3xx``, ``4xx``, ``5xx``, ``none`` for no answer, ``failed`` for these three, or a status.
            text: What method and path, body or answer must contain.
            limit: How many at most, 1 to 1,000.
            before: Only older ones: the `next` of the page before.
            origin: Scheme and host of the simulator, such as ``http://127.0.0.1:8080``: how the URLs in `curl` begin.

        Raises:
            SimulatorError: There is no such status, or a number is out of range.
        """
        return self.api.log.find(status, text, _limit(limit), before, origin)

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
        """Delete all messages, templates, calls, subscriptions, balances, rules and logs; clock and faults stay."""
        self.engine.reset()
        self.api.log.clear()


def _limit(limit: int) -> int:
    if not 1 <= limit <= _MAX_LIMIT:
        raise SimulatorError("limit_out_of_range", "limit must be 1 to {n}", n=_MAX_LIMIT)
    return limit
