"""Conferences: two or three phones are called and talk with each other (API sections 5.3 and 5.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.engine.call_records import Call
from xoxzo.cloudpy.simulator.engine.clock import format_time
from xoxzo.cloudpy.simulator.engine.rules.prices import as_decimal, price_for_number, price_json
from xoxzo.cloudpy.simulator.engine.rules.retention import outlived, surplus
from xoxzo.cloudpy.simulator.engine.services.accounts import Account, AccountService, same

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.engine.context import EngineContext
    from xoxzo.cloudpy.simulator.engine.services.callbacks import CallbackService
    from xoxzo.cloudpy.simulator.engine.services.calls import CallService


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceRequest:
    """A checked request for a conference (API section 5.3)."""

    caller: str
    participants: tuple[str, ...]
    callback_url: str | None = None
    tags: tuple[str, ...] = ()
    base_url: str = "http://localhost"


@dataclass(slots=True, kw_only=True, eq=False)
class Conference:
    """A conference and the calls that it consists of."""

    conferenceid: str
    account: Account = field(repr=False)
    request: ConferenceRequest
    started: float
    legs: tuple[Call, ...]

    @property
    def ended(self) -> float | None:
        """When the last call ended, or ``None``."""
        ends = [leg.ended for leg in self.legs if leg.ended is not None]
        return max(ends) if len(ends) == len(self.legs) else None

    def view(self, base_url: str) -> dict[str, object]:
        """Return it as the API shows it (API section 5.4): the cost of all calls, the duration of the longest."""
        ended = self.ended
        cost = sum(leg.charged for leg in self.legs if leg.ended is not None)
        return {
            "conferenceid": self.conferenceid,
            "start_time": format_time(self.started),
            "end_time": None if ended is None else format_time(ended),
            "duration": max(leg.duration for leg in self.legs),
            "cost": price_json(as_decimal(cost)),
            "participants": [leg.view(base_url) for leg in self.legs],
        }


class ConferenceService:
    """Places conferences and reports their end."""

    def __init__(
        self, context: EngineContext, accounts: AccountService, calls: CallService, callbacks: CallbackService
    ) -> None:
        self._context = context
        self._accounts = accounts
        self._calls = calls
        self._callbacks = callbacks
        self.conferences: dict[str, Conference] = {}
        calls.on_end(self._leg_ended)
        calls.on_change(self._leg_changed)

    def place(self, account: Account, request: ConferenceRequest) -> Conference:
        """Accept a conference and take the first minute of each call, answered or not.

        Raises:
            NotEnoughCredits: The balance is below the minimum for any call, or below the cost of all.
        """
        settings = self._context.settings
        prices = [price_for_number(settings.voice_prices, number) for number in request.participants]
        self._accounts.charge(account, as_decimal(sum(prices)), needs=as_decimal(settings.voice_minimum))
        conferenceid = self._context.callid()
        legs = tuple(
            Call(
                callid=self._context.callid(),
                account=account,
                caller=request.caller,
                recipient=number,
                call_type="simple/conferences",
                direction="outbound",
                minute_price=price,
                started=self._context.now(),
                tags=request.tags,
                base_url=request.base_url,
                charged=price,
                conferenceid=conferenceid,
                serial=self._context.serial(),
                received=self._context.received,
            )
            for number, price in zip(request.participants, prices, strict=True)
        )
        conference = Conference(
            conferenceid=conferenceid,
            account=account,
            request=request,
            started=self._context.now(),
            legs=legs,
        )
        self._context.touch(conference)
        self._keep(conference)
        for leg in legs:
            self._call(leg)
        return conference

    def find(self, account: Account, conferenceid: str) -> Conference | None:
        """Return an account's conference."""
        conference = self.conferences.get(conferenceid)
        return conference if conference and same(conference.account, account) else None

    def restore(self, conference: Conference) -> None:
        """Take back a conference that was saved; its calls end by themselves."""
        self._keep(conference)

    def _call(self, leg: Call) -> None:
        self._calls.keep(leg)
        self._calls.step(leg, "ringing")
        self._calls.ring(leg, lambda: self._talk(leg))

    def _talk(self, leg: Call) -> None:
        self._calls.answer(leg)
        self._calls.step(leg, "conference", conferenceid=leg.conferenceid)
        self._context.after(self._context.settings.conference_seconds, lambda: self._calls.end(leg, "ANSWERED"))

    def _leg_ended(self, leg: Call) -> None:
        conference = self.conferences.get(leg.conferenceid)
        if conference is None or conference.ended is None:
            return
        url = conference.request.callback_url
        if url:
            view = conference.view(conference.request.base_url)
            self._callbacks.post("conference", conference.conferenceid, url, view)

    def _keep(self, conference: Conference) -> None:
        self.conferences[conference.conferenceid] = conference
        for conferenceid in surplus(self.conferences, self._context.settings.max_calls):
            self._forget(self.conferences.pop(conferenceid))

    def _forget(self, conference: Conference) -> None:
        self._context.forget(conference)
        for leg in conference.legs:
            self._calls.phones.silence(leg)

    def forget_before(self, moment: float) -> None:
        """Forget conferences that began before a moment."""
        for conferenceid in outlived(self.conferences, lambda conference: conference.started, moment):
            self._forget(self.conferences.pop(conferenceid))

    def _leg_changed(self, leg: Call) -> None:
        # A conference is kept longer than its calls may be, so it is saved with them.
        if conference := self.conferences.get(leg.conferenceid):
            self._context.touch(conference)
