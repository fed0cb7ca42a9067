"""Everything that is known of one message, call or reply, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct
from msgspec.structs import asdict

from xoxzo.cloudpy.simulator.engine.context import request_headers
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.records.traffic import Call, CallbackAttempt, Message, ReceivedRequest
from xoxzo.cloudpy.simulator.engine.rules import as_decimal, price_json
from xoxzo.cloudpy.simulator.engine.services.sms import sms_route
from xoxzo.cloudpy.simulator.errors import ItemNotFound
from xoxzo.cloudpy.simulator.queries.results import SearchResult, from_call, from_message, from_reply
from xoxzo.cloudpy.simulator.settings import carrier_of


class TimelineEntry(Struct, frozen=True):
    """One event."""

    at: float
    """When, seconds since 1970 on the simulator's clock."""
    name: str
    """`request`, `checks`, `price`, `status`, `step`, `link` or `callback`."""
    facts: dict[str, Any] = {}


class Timeline(Struct, frozen=True):
    """What it is, and what happened to it."""

    found: SearchResult
    entries: tuple[TimelineEntry, ...]
    next_try: float | None
    """When its callback is tried again; ``None`` when nothing waits."""


def timeline(engine: Engine, ident: str) -> Timeline:
    """Return the time line of a msgid, a callid or a reply's id."""
    with engine:
        if message := engine.sms.messages.get(ident):
            found, entries = from_message(message), _of_message(engine, message)
        elif call := engine.calls.calls.get(ident):
            found, entries = from_call(call), _of_call(call)
        elif reply := engine.inbound_sms.replies.get(ident):
            found, entries = from_reply(reply), iter([TimelineEntry(reply.at, "status", {"status": reply.status})])
        else:
            raise ItemNotFound("no_such_id", "there is no message or call with this id")
        tries = map(_callback, engine.callbacks.of(ident))
        ordered = tuple(sorted((*entries, *tries), key=lambda entry: entry.at))
        return Timeline(found, ordered, engine.callbacks.next_try(ident))


def _of_message(engine: Engine, message: Message) -> Iterator[TimelineEntry]:
    settings, request = engine.settings, message.request
    if message.received is not None:
        yield TimelineEntry(message.sent, "request", _request(message.received, message.account.sid))
    carrier = carrier_of(settings.carriers, request.recipient)
    checks = {
        "recipient": request.recipient,
        "carrier": carrier.name if carrier else None,
        "sender": request.sender,
        "shown_sender": message.shown_sender,
        "characters": len(message.text.encode("utf-16-le")) // 2,
        "encoding": "ASCII" if message.text.isascii() else "non-ASCII",
        "parts": message.parts,
        "k_premium": request.k_premium or None,
        "text_replaced": message.text != request.text and message.tracking is None,
    }
    yield TimelineEntry(message.sent, "checks", checks)
    yield TimelineEntry(message.sent, "price", _price(engine, message))
    for at, status, why in message.moves:
        yield TimelineEntry(at, "status", {"status": status, "why": why or None})
    if message.tracking:
        for at in message.tracking.accesses:
            yield TimelineEntry(at, "link", {"link": message.tracking.link, "shortlink": message.tracking.shortlink})


def _price(engine: Engine, message: Message) -> dict[str, Any]:
    if message.request.fixed_cost is not None:
        return {"fixed": price_json(message.cost), "total": price_json(message.cost)}
    each, _ = sms_route(engine.settings, message.request)
    tracking = as_decimal(engine.settings.tracking_price) if message.tracking else 0
    return {
        "each": price_json(each),
        "parts": message.parts,
        "tracking": price_json(as_decimal(tracking)),
        "total": price_json(message.cost),
    }


def _of_call(call: Call) -> Iterator[TimelineEntry]:
    if call.received is not None:
        yield TimelineEntry(call.started, "request", _request(call.received, call.account.sid))
    yield TimelineEntry(call.started, "price", {"each_minute": price_json(call.minute_price)})
    for step in call.steps:
        yield TimelineEntry(step.at, "step", {"step": step.name, **step.facts})


def form_fields(body: str, content_type: str) -> dict[str, str] | None:
    """Return the fields of a form; of a repeated name the last counts. ``None`` for any other body."""
    if "form-urlencoded" not in content_type:
        return None
    with suppress(ValueError):
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=1_000))
    return None


def _request(received: ReceivedRequest, sid: str) -> dict[str, Any]:
    text = received.body.decode("utf-8", "replace")
    return {
        "method": received.method,
        "path": received.path,
        "sid": sid,
        "authorization": "Basic ••••",
        "content_type": received.content_type or None,
        "user_agent": received.user_agent or None,
        "request_id": received.request_id or None,
        "fields": form_fields(text, received.content_type),
        "body": text,
        "cut": received.size > len(received.body),
    }


def _callback(attempt: CallbackAttempt) -> TimelineEntry:
    facts = {name: value for name, value in asdict(attempt).items() if name not in {"ident", "at", "content_type"}}
    facts |= {"headers": request_headers(attempt.content_type), "answer_headers": dict(attempt.answer_headers)}
    return TimelineEntry(attempt.at, "callback", facts)
