"""Conferences: two or three phones are called and talk with each other (API sections 5.3 and 5.4)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.engine.aggregates import OldestFirst
from xoxzo.cloudpy.simulator.engine.context import EngineContext
from xoxzo.cloudpy.simulator.engine.records.accounts import Account, is_same_account
from xoxzo.cloudpy.simulator.engine.records.calls import Call, Conference, ConferenceRequest
from xoxzo.cloudpy.simulator.engine.rules.pricing import as_decimal, price_for_number
from xoxzo.cloudpy.simulator.engine.services.accounts import AccountService
from xoxzo.cloudpy.simulator.engine.services.callbacks import CallbackService
from xoxzo.cloudpy.simulator.engine.services.calls import CallService


class ConferenceService:
    """Places conferences and reports their end."""

    def __init__(
        self, context: EngineContext, accounts: AccountService, calls: CallService, callbacks: CallbackService
    ) -> None:
        self._context = context
        self._accounts = accounts
        self._calls = calls
        self._callbacks = callbacks
        limit = context.settings.max_calls
        self.conferences: OldestFirst[str, Conference] = OldestFirst(limit, lambda one: one.started, self._delete)
        calls.on_end(self._leg_ended)
        calls.on_change(self._leg_changed)

    def place(self, account: Account, request: ConferenceRequest) -> Conference:
        """Accept a conference and take the first minute of each call, answered or not, or raise `NotEnoughCredits`."""
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
            conferenceid=conferenceid, account=account, request=request, started=self._context.now(), legs=legs
        )
        self._context.mark_changed(conference)
        self.restore(conference)
        for leg in legs:
            self._call(leg)
        return conference

    def find(self, account: Account, conferenceid: str) -> Conference | None:
        """Return an account's conference."""
        conference = self.conferences.get(conferenceid)
        return conference if conference and is_same_account(conference.account, account) else None

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

    def restore(self, conference: Conference) -> None:
        """Store a conference, new or loaded, whose calls end by themselves; over the limit, the oldest are deleted."""
        self.conferences.keep(conference.conferenceid, conference)

    def _delete(self, conference: Conference) -> None:
        self._context.mark_deleted(conference)
        for leg in conference.legs:
            self._calls.phones.silence(leg)

    def _leg_changed(self, leg: Call) -> None:
        # A conference may outlive its calls, so it is saved with them.
        if conference := self.conferences.get(leg.conferenceid):
            self._context.mark_changed(conference)
