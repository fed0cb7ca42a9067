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
from xoxzo.cloudpy.simulator.engine.records import traffic
from xoxzo.cloudpy.simulator.engine.rules import ItemNotFound, as_decimal, count_units, price_json
from xoxzo.cloudpy.simulator.engine.services.sms import sms_route
from xoxzo.cloudpy.simulator.queries.results import SearchResult, result_from
from xoxzo.cloudpy.simulator.settings import Settings, carrier_of


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
        record: traffic.Traffic | None = next((kind[ident] for kind in engine.context.traffic if ident in kind), None)
        if record is None:
            raise ItemNotFound("no_such_id", "there is no message or call with this id")
        entries = (*_entries(engine, record), *map(_callback, engine.callbacks.of(ident)))
        ordered = tuple(sorted(entries, key=lambda entry: entry.at))
        return Timeline(result_from(record), ordered, engine.callbacks.next_try(ident))


def _entries(engine: Engine, record: traffic.Traffic) -> Iterator[TimelineEntry]:
    if isinstance(record, traffic.InboundSms):
        yield TimelineEntry(record.at, "status", {"status": record.status})
        return
    began = record.sent if isinstance(record, traffic.Message) else record.started
    if record.received is not None:
        yield TimelineEntry(began, "request", _request(record.received, record.account.sid))
    if isinstance(record, traffic.Call):
        yield TimelineEntry(began, "price", {"each_minute": price_json(record.minute_price)})
        for step in record.steps:
            yield TimelineEntry(step.at, "step", {"step": step.name, **step.facts})
        return
    request, tracking = record.request, record.tracking
    carrier = carrier_of(engine.settings.carriers, request.recipient)
    checks = {
        "recipient": request.recipient,
        "carrier": carrier.name if carrier else None,
        "sender": request.sender,
        "shown_sender": record.shown_sender,
        "characters": count_units(record.text),
        "encoding": "ASCII" if record.text.isascii() else "non-ASCII",
        "parts": record.parts,
        "k_premium": request.k_premium or None,
        "text_replaced": record.text != request.text and tracking is None,
    }
    yield TimelineEntry(began, "checks", checks)
    yield TimelineEntry(began, "price", _price(engine.settings, record))
    for at, status, why in record.moves:
        yield TimelineEntry(at, "status", {"status": status, "why": why or None})
    if tracking:
        for at in tracking.accesses:
            yield TimelineEntry(at, "link", {"link": tracking.link, "shortlink": tracking.shortlink})


def _price(settings: Settings, message: traffic.Message) -> dict[str, Any]:
    total = price_json(message.cost)
    if message.request.fixed_cost is not None:
        return {"fixed": total, "total": total}
    each, _ = sms_route(settings, message.request)
    tracking = price_json(as_decimal(settings.tracking_price)) if message.tracking else 0
    return {"each": price_json(each), "parts": message.parts, "tracking": tracking, "total": total}


def form_fields(body: str, content_type: str) -> dict[str, str] | None:
    """Return the fields of a form; of a repeated name the last counts. ``None`` for any other body."""
    if "form-urlencoded" not in content_type:
        return None
    with suppress(ValueError):
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=1_000))
    return None


def _request(received: traffic.ReceivedRequest, sid: str) -> dict[str, Any]:
    text = received.body.decode("utf-8", "replace")
    names = ("content_type", "user_agent", "request_id")
    return {
        "method": received.method,
        "path": received.path,
        "sid": sid,
        "authorization": "Basic ••••",
        **{name: getattr(received, name) or None for name in names},
        "fields": form_fields(text, received.content_type),
        "body": text,
        "cut": received.size > len(received.body),
    }


def _callback(attempt: traffic.CallbackAttempt) -> TimelineEntry:
    facts = {name: value for name, value in asdict(attempt).items() if name not in {"ident", "at", "content_type"}}
    facts |= {"headers": request_headers(attempt.content_type), "answer_headers": dict(attempt.answer_headers)}
    return TimelineEntry(attempt.at, "callback", facts)
