"""SMS and calls that come in to subscribed numbers (API sections 4, 6, 10 and 11)."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlencode

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.engine.context import EngineContext, OutboundRequest, OutboundResult, TrafficRecords
from xoxzo.cloudpy.simulator.engine.errors import NotEnoughCredits, Reason
from xoxzo.cloudpy.simulator.engine.records.traffic import Call, InboundSms, InboundSmsStatus
from xoxzo.cloudpy.simulator.engine.rules import (
    Action,
    ActionError,
    Transfer,
    Voicemail,
    add_query,
    format_time,
    parse_answer,
    without_plus,
)
from xoxzo.cloudpy.simulator.engine.services.accounts import AccountService
from xoxzo.cloudpy.simulator.engine.services.callbacks import CallbackService
from xoxzo.cloudpy.simulator.engine.services.calls import CallService
from xoxzo.cloudpy.simulator.engine.services.subscribed_numbers import SubscribedNumberService


class InboundSmsService:
    """Takes what phones write, charges it, and posts it to the action URL of the number."""

    def __init__(
        self,
        context: EngineContext,
        accounts: AccountService,
        sins: SubscribedNumberService,
        callbacks: CallbackService,
    ) -> None:
        self._context = context
        self._accounts = accounts
        self._sins = sins
        self._callbacks = callbacks
        limit = context.settings.max_messages
        self.replies = TrafficRecords[InboundSms](context, limit, lambda one: one.at, lambda one: (one.sender,))
        self.by_phone = self.replies.by_phone

    def receive(self, sin: str, sender: str, text: str) -> InboundSms:
        """Let an SMS come in, or raise `ItemNotFound`; it is charged and posted to the number's action URL."""
        line, owner = self._sins.by_number(sin)
        status: InboundSmsStatus = "NO ACTION URL"
        cost = Decimal(line.range.minute_cost)
        if line.action_url is not None:
            try:
                self._accounts.charge(owner, cost)
                status = "RECEIVED"
            except NotEnoughCredits:
                status = "NO CREDITS"
        reply = InboundSms(
            ident=self._context.msgid(),
            account=owner,
            sender=sender,
            recipient=f"+{line.number}",
            text=text,
            cost=cost if status == "RECEIVED" else Decimal(0),
            at=self._context.now(),
            status=status,
            serial=self._context.serial(),
        )
        self._context.mark_changed(reply)
        self.replies.keep(reply.ident, reply)
        numbers = {"from": sender, "to": reply.recipient}
        self._context.publish("reply", reply.ident, numbers=numbers, content=text, status=status)
        if status == "RECEIVED" and line.action_url is not None:
            # No source documents the names of these fields (API section 10).
            report = {"sender": sender, "recipient": without_plus(reply.recipient), "message": text}
            report["received_time"] = format_time(reply.at)
            self._callbacks.post("reply", reply.ident, line.action_url, report)
        return reply


_MAX_RESPONSE_BYTES = 1_000


class IncomingCallService:
    """Takes incoming calls: asks the action URL and carries out its answer."""

    def __init__(
        self, context: EngineContext, accounts: AccountService, calls: CallService, dins: SubscribedNumberService
    ) -> None:
        self._context = context
        self._accounts = accounts
        self._calls = calls
        self._dins = dins

    def ring(self, din: str, caller: str | None, *, sid: str | None = None) -> Call:
        """Let a call come in, or raise `ItemNotFound`; its first minute is charged with the action URL's request."""
        line, owner = self._dins.by_number(din, sid)
        call = Call(
            callid=self._context.callid(),
            account=owner,
            caller=caller or "",
            recipient=f"+{line.number}",
            call_type="din",
            direction="inbound",
            minute_price=Decimal(line.range.minute_cost),
            started=self._context.now(),
            serial=self._context.serial(),
        )
        self._calls.begin(call)
        self._ask(call, line.action_url)
        return call

    def _ask(self, call: Call, action_url: str | None) -> None:
        if action_url is None:
            self._calls.fail(call, N_("no action URL is set"))
            return
        try:
            self._accounts.charge(call.account, call.minute_price)
        except NotEnoughCredits:
            self._calls.fail(call, N_("not enough credits"))
            return
        call.charged = call.minute_price
        url = self._action_url(action_url, call)
        self._calls.step(call, "asking", url=action_url)
        self._context.send(OutboundRequest("GET", url, lambda answer: self._answered(call, answer)))

    def _action_url(self, url: str, call: Call) -> str:
        settings = self._context.settings
        plus = "+" if settings.action_numbers_with_plus else ""
        query = {"caller": plus + without_plus(call.caller), "recipient": plus + without_plus(call.recipient)}
        if not call.caller:
            query["caller"] = ""
            if settings.anonymous_caller == "omitted":
                del query["caller"]
        return add_query(url, urlencode(query), keep=settings.keep_action_query)

    def _answered(self, call: Call, answer: OutboundResult) -> None:
        settings = self._context.settings
        if answer.error is not None or answer.status != 200:
            self._calls.fail(call, answer.error or Reason(N_("the action URL answered {n}"), n=answer.status))
            return
        content = answer.body[:_MAX_RESPONSE_BYTES].decode("utf-8", "replace")
        self._calls.step(call, "fetched", status=answer.status, content=content)
        try:
            actions = parse_answer(answer.body, most=settings.actions_per_answer, recordings=settings.recording_urls)
        except ActionError as error:
            self._calls.fail(call, error.reason)
            return
        self._calls.answer(call)
        self._carry_out(call, actions)

    def _carry_out(self, call: Call, actions: list[Action]) -> None:
        if call.ended is not None:  # the balance ran out
            return
        if not actions:
            self._calls.end(call, "ANSWERED")
            return
        first, *rest = actions
        match first:
            case Transfer(number):
                self._transfer(call, number, rest)
            case Voicemail(welcome):
                seconds = 0.0 if welcome is None else self._calls.present(call, welcome)
                self._context.after(seconds, lambda: self._record(call, rest))
            case content:
                self._context.after(self._calls.present(call, content), lambda: self._carry_out(call, rest))

    def _record(self, call: Call, rest: list[Action]) -> None:
        if call.ended is None:
            seconds = self._context.settings.voicemail_seconds
            self._calls.step(call, "voicemail", seconds=seconds)
            self._context.after(seconds, lambda: self._carry_out(call, rest))

    def _transfer(self, call: Call, number: str, rest: list[Action]) -> None:
        self._calls.step(call, "transfer", number=number)
        self._calls.calls.attach(number, call.callid, call)

        def talk() -> None:
            self._calls.step(call, "connected", number=number)
            self._context.after(self._context.settings.transfer_seconds, lambda: self._carry_out(call, rest))

        self._calls.ring(call, number, talk, lambda: self._calls.fail(call, N_("the transfer failed")))
