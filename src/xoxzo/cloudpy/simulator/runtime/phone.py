"""A phone of the simulator, as whoever holds it sees and uses it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, TypeVar

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.rules.phone_numbers import is_number
from xoxzo.cloudpy.simulator.engine.services.subscribed_numbers import UnknownNumber
from xoxzo.cloudpy.simulator.queries.records import (
    CallRecord,
    ReceivedSms,
    SentReply,
    call_record,
    reply_record,
    sms_record,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy.simulator.queries.results import ResultPage, SearchResult
    from xoxzo.cloudpy.simulator.simulator import Simulator

T = TypeVar("T")

_CODE = re.compile(r"(?<![0-9])[0-9]{4,8}(?![0-9])")
_GLANCE = 0.01
_LONGEST_TEXT = 660
# Half of a surrogate pair, which JSON can hold and UTF-8 cannot.
_HALF = re.compile("[\ud800-\udfff]")


class Phone:
    """One phone. It shows what is there at the moment at which it is asked.

    Args:
        simulator: Where it is reached.
        number: Its number, in E.164.
    """

    def __init__(self, simulator: Simulator, number: str) -> None:
        self._simulator = simulator
        self.number = number

    def __repr__(self) -> str:
        return f"Phone({self.number!r})"

    @property
    def inbox(self) -> tuple[ReceivedSms, ...]:
        """Every SMS that was sent to it, oldest first; `status` says whether it has arrived."""
        with self._simulator.engine as engine:
            return tuple(map(sms_record, engine.sms.by_phone.get(self.number, {}).values()))

    @property
    def calls(self) -> tuple[CallRecord, ...]:
        """Every call to it, oldest first."""
        with self._simulator.engine as engine:
            return tuple(map(call_record, engine.calls.by_phone.get(self.number, {}).values()))

    def wait_for_sms(self, contains: str = "", *, timeout: float = 5.0) -> ReceivedSms:
        """Wait until an SMS has arrived, and return the latest one.

        Args:
            contains: What its text must hold.
            timeout: Seconds by the simulator's clock; a stepped one is advanced as far as it takes.

        Raises:
            SimulatorError: None arrived; or the clock is stepped and the simulator was not started.
        """

        def arrived() -> ReceivedSms | None:
            fitting = (sms for sms in reversed(self.inbox) if contains in sms.text)
            return next((sms for sms in fitting if sms.status == "DELIVERED"), None)

        wanted = f" with {contains!r}" if contains else ""
        return self._wait(arrived, f"no SMS{wanted} arrived", timeout)

    def wait_for_call(self, *, timeout: float = 60.0) -> CallRecord:
        """Wait until a call to it has ended, and return the latest one with its steps.

        Args:
            timeout: As for `wait_for_sms`.

        Raises:
            SimulatorError: None has ended; or the clock is stepped and the simulator was not started.
        """

        def ended() -> CallRecord | None:
            return next((call for call in reversed(self.calls) if call.status != "IN PROGRESS"), None)

        return self._wait(ended, "no call has ended", timeout)

    def otp_code(self, *, timeout: float = 5.0) -> str:
        """Wait for an SMS with a code of four to eight digits in it, and return that of the latest.

        Args:
            timeout: As for `wait_for_sms`.

        Raises:
            SimulatorError: None arrived; or the clock is stepped and the simulator was not started.
        """

        def code() -> str | None:
            arrived = (sms.text for sms in reversed(self.inbox) if sms.status == "DELIVERED")
            return next((found.group() for text in arrived if (found := _CODE.search(text))), None)

        return self._wait(code, "no SMS with a code arrived", timeout)

    def thread(self, *, limit: int = 100, before: int | None = None) -> ResultPage[SearchResult]:
        """Return what reached it and what it sent, the newest first.

        Args:
            limit: How many at most.
            before: Only what is older: the `next` of the page before.
        """
        from xoxzo.cloudpy.simulator.queries.search import thread

        return thread(self._simulator.engine, self.number, limit, before)

    @property
    def sent(self) -> tuple[SentReply, ...]:
        """Every SMS that was written on it, oldest first."""
        with self._simulator.engine as engine:
            return tuple(map(reply_record, engine.inbound_sms.by_phone.get(self.number, {}).values()))

    def reply(self, sin: str, text: str) -> SentReply:
        """Write an SMS to a receiving number, whose action URL is then told of it (API sections 4 and 10).

        Args:
            sin: The number, with or without its +; somebody must subscribe it.
            text: What to write, at most 660 characters.

        Raises:
            SimulatorError: Nobody subscribes the number, the text is empty or too long, or this phone's number is none.
        """
        if not is_number(self.number):
            raise SimulatorError("the phone's number is not an E.164 number")
        if not 0 < len(text) <= _LONGEST_TEXT or _HALF.search(text):
            raise SimulatorError(f"the text must have 1 to {_LONGEST_TEXT} whole characters")
        with self._simulator.engine as engine:
            try:
                return reply_record(engine.inbound_sms.receive(sin, self.number, text))
            except UnknownNumber:
                raise SimulatorError("the number is not subscribed") from None

    def dial(self, din: str, *, anonymous: bool = False) -> CallRecord:
        """Dial a dial-in number, and return the call as it begins; see `Simulator.incoming_call`.

        Args:
            din: The number, with or without its +.
            anonymous: Withhold this phone's number.
        """
        return self._simulator.incoming_call(din, None if anonymous else self.number)

    def call(self, din: str) -> CallRecord:
        """Call a dial-in number from this phone, and return the call when it has ended; see `Simulator.call`."""
        return self._simulator.call(din, self.number)

    def _wait(self, found: Callable[[], T | None], failure: str, timeout: float) -> T:
        engine = self._simulator.engine
        give_up = engine.clock.now() + timeout
        while True:
            if (value := found()) is not None:
                return value
            now = engine.clock.now()
            due = engine.next_due()
            stepped = engine.clock.stopped
            if now >= give_up or (stepped and (due is None or due > give_up)):
                raise SimulatorError(f"{failure} at {self.number} within {timeout:g} s; {self._held()}")
            if stepped:
                self._simulator.advance(max(0.0, (due or now) - now))
            else:
                time.sleep(_GLANCE)

    def _held(self) -> str:
        texts = [f"{sms.text!r} ({sms.status})" for sms in self.inbox]
        return f"its inbox holds {', '.join(texts)}" if texts else "its inbox is empty"
