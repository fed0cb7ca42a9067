"""A phone of the simulator, as its user sees and uses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from xoxzo.cloudpy.simulator.commands.actions import dial, send_sms
from xoxzo.cloudpy.simulator.engine.rules import CODE
from xoxzo.cloudpy.simulator.queries.phones import PhoneQueries, find_call
from xoxzo.cloudpy.simulator.queries.results import CallRecord, ReceivedSms, SentReply
from xoxzo.cloudpy.simulator.runtime.lifecycle import Lifecycle

T = TypeVar("T")


class Phone(PhoneQueries):
    """One phone of a simulator; its number is in E.164."""

    def __init__(self, simulator: Lifecycle, number: str) -> None:
        super().__init__(simulator.engine, number)
        self._simulator = simulator

    def __repr__(self) -> str:
        return f"Phone({self.number!r})"

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
        """Wait until a call to it has ended, and return the latest one with its steps; `timeout` as for `wait_for_sms`.

        Raises:
            SimulatorError: None has ended; or the clock is stepped and the simulator was not started.
        """

        def ended() -> CallRecord | None:
            return next((call for call in reversed(self.calls) if call.status != "IN PROGRESS"), None)

        return self._wait(ended, "no call has ended", timeout)

    def otp_code(self, *, timeout: float = 5.0) -> str:
        """Wait for an SMS with a code of four to eight digits; return the latest; `timeout` as for `wait_for_sms`.

        Raises:
            SimulatorError: None arrived; or the clock is stepped and the simulator was not started.
        """

        def code() -> str | None:
            arrived = (sms.text for sms in reversed(self.inbox) if sms.status == "DELIVERED")
            return next((found.group() for text in arrived if (found := CODE.search(text))), None)

        return self._wait(code, "no SMS with a code arrived", timeout)

    def reply(self, sin: str, text: str) -> SentReply:
        """Write an SMS to a receiving number, whose action URL then gets a callback (API sections 4 and 10).

        Args:
            sin: The number, with or without its +; an account must subscribe it.
            text: What to write, at most 660 characters.

        Raises:
            SimulatorError: No account subscribes the number, the text is empty or too long, or this number is invalid.
        """
        return send_sms(self._engine, sin, self.number, text)

    def dial(self, din: str, *, anonymous: bool = False) -> CallRecord:
        """Dial a dial-in number, and return the call as it begins; see `Simulator.incoming_call`.

        Args:
            din: The number, with or without its +.
            anonymous: Withhold this phone's number.
        """
        return dial(self._engine, din, None if anonymous else self.number)

    def call(self, din: str) -> CallRecord:
        """Call a dial-in number from this phone, and return the call when it has ended; see `Simulator.call`."""
        return wait_for_call_end(self._simulator, self.dial(din))

    def _wait(self, find: Callable[[], T | None], failure: str, timeout: float) -> T:
        def describe() -> str:
            texts = [f"{sms.text!r} ({sms.status})" for sms in self.inbox]
            inbox = f"its inbox holds {', '.join(texts)}" if texts else "its inbox is empty"
            return f"{failure} at {self.number} within {timeout:g} s; {inbox}"

        return self._simulator.wait_until(find, describe, timeout)


def wait_for_call_end(simulator: Lifecycle, call: CallRecord) -> CallRecord:
    """Return a call when it has ended, with all its steps; raise `SimulatorError` as `Lifecycle.wait_until` does."""

    def ended() -> CallRecord | None:
        now = find_call(simulator.engine, call.callid)
        return None if now.status == "IN PROGRESS" else now

    return simulator.wait_until(ended, lambda: "the call has not ended")
