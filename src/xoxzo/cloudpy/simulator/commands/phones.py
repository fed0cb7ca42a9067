"""Acting for the user of a phone: write an SMS, call a dial-in number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.errors import UnknownNumber
from xoxzo.cloudpy.simulator.engine.rules.phone_numbers import is_number
from xoxzo.cloudpy.simulator.errors import ItemNotFound
from xoxzo.cloudpy.simulator.queries.records import CallRecord, SentReply, call_record, reply_record

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.engine.engine import Engine

_MAX_CHARACTERS = 660
# Half of a surrogate pair, which JSON can hold and UTF-8 cannot.
_SURROGATE = re.compile("[\ud800-\udfff]")


class PhoneCommands:
    """Acts for the users of phones."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def send_sms(self, sin: str, sender: str, text: str) -> SentReply:
        """Write an SMS to a receiving number, whose action URL then gets a callback (API sections 4 and 10).

        Args:
            sin: The number, with or without its +; an account must subscribe it.
            sender: The phone that writes, in E.164.
            text: What to write, at most 660 characters.

        Raises:
            SimulatorError: The text is empty or too long, or the phone's number is not one.
            ItemNotFound: No account subscribes the number.
        """
        if not is_number(sender):
            raise SimulatorError("invalid_phone_number", "the phone's number is not an E.164 number")
        if not 0 < len(text) <= _MAX_CHARACTERS or _SURROGATE.search(text):
            raise SimulatorError("invalid_text", "the text must have 1 to {n} whole characters", n=_MAX_CHARACTERS)
        with self._engine as engine:
            try:
                return reply_record(engine.inbound_sms.receive(sin, sender, text))
            except UnknownNumber:
                raise _not_subscribed() from None

    def call(self, din: str, caller: str | None, *, sid: str | None = None) -> CallRecord:
        """Call a subscribed dial-in number, and return the call as it begins.

        Args:
            din: The number, with or without its +.
            caller: Who calls, in E.164; ``None`` withholds the number.
            sid: The account that must subscribe it; by default any.

        Raises:
            SimulatorError: The caller is not a number.
            ItemNotFound: No account, or another one, subscribes the number.
        """
        if caller is not None and not is_number(caller):
            raise SimulatorError("invalid_caller", "caller is not an E.164 number")
        with self._engine as engine:
            try:
                return call_record(engine.incoming.ring(din, caller, sid=sid))
            except UnknownNumber:
                raise _not_subscribed() from None


def _not_subscribed() -> ItemNotFound:
    return ItemNotFound("not_subscribed", "the number is not subscribed")
