"""Plain values of SMS, calls and templates, as they stood at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from xoxzo.cloudpy.simulator.engine.records.callbacks import CallbackAttempt as CallbackAttempt  # noqa: PLC0414 - others get it here
from xoxzo.cloudpy.simulator.engine.records.calls import Call
from xoxzo.cloudpy.simulator.engine.records.rules import OutcomeRule as OutcomeRule  # noqa: PLC0414 - others get it here
from xoxzo.cloudpy.simulator.engine.records.sms import InboundSms, Message
from xoxzo.cloudpy.simulator.engine.records.templates import Template
from xoxzo.cloudpy.simulator.engine.rules.timestamps import format_time


@dataclass(frozen=True, slots=True)
class ReceivedSms:
    """An SMS that was sent to a phone; `sender` is what the phone shows."""

    msgid: str
    sender: str
    text: str
    parts: int
    status: str


@dataclass(frozen=True, slots=True)
class SentReply:
    """An SMS that was written on a phone, to a receiving number."""

    ident: str
    sin: str
    """The receiving number, with its +."""
    text: str
    status: str
    """`RECEIVED`, or `NO ACTION URL` or `NO CREDITS`, when no callback was sent."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call as it stood at one moment; `steps` lists what happened, first to last."""

    callid: str
    direction: str
    caller: str | None
    recipient: str
    status: str
    duration: int
    steps: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class TemplateRecord:
    """A template as the person who approves it sees it (API section 3)."""

    id: int
    sid: str
    """Whose it is."""
    name: str
    approved_content: str | None
    pending_content: str | None
    status: Literal["APPROVED", "PENDING"]


def sms_record(message: Message) -> ReceivedSms:
    """Return a message as its phone shows it."""
    return ReceivedSms(message.msgid, message.shown_sender, message.text, message.parts, message.status)


def reply_record(reply: InboundSms) -> SentReply:
    """Return what a phone wrote."""
    return SentReply(reply.ident, reply.recipient, reply.text, reply.status)


def call_record(call: Call) -> CallRecord:
    """Return a call with its steps."""
    steps = ({"at": format_time(step.at), "name": step.name, **step.facts} for step in call.steps)
    return CallRecord(
        call.callid, call.direction, call.caller or None, call.recipient, call.status, call.duration, tuple(steps)
    )


def template_record(template: Template) -> TemplateRecord:
    """Return a template with its owner."""
    return TemplateRecord(
        template.ident,
        template.account.sid,
        template.name,
        template.approved_content,
        template.pending_content,
        template.status,
    )
