"""What each record is as a row: its table, its key and its fields as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, get_type_hints

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from xoxzo.cloudpy.simulator.engine.outcome_rules import OutcomeRule
from xoxzo.cloudpy.simulator.engine.reasons import Reason
from xoxzo.cloudpy.simulator.engine.records.accounts import (
    Account,
    Otp,
    RegisteredSender,
    SubscribedNumber,
    Template,
    Website,
)
from xoxzo.cloudpy.simulator.engine.records.calls import Call, Conference
from xoxzo.cloudpy.simulator.engine.records.requests import CallbackAttempt, CallbackDelivery
from xoxzo.cloudpy.simulator.engine.records.sms import InboundSms, Message


class RecordKind(Struct, frozen=True):
    """One kind of record."""

    table: str
    record_type: type
    key: Callable[[Any], object]
    """Its unique key among records of its kind; JSON."""


CALLS = RecordKind("call", Call, lambda call: call.callid)

KINDS = (
    RecordKind("account", Account, lambda account: [account.sid, account.token]),
    RecordKind("message", Message, lambda message: message.msgid),
    CALLS,
    RecordKind("conference", Conference, lambda conference: conference.conferenceid),
    RecordKind("line", SubscribedNumber, lambda line: [line.kind, line.uid]),
    RecordKind("template", Template, lambda template: template.ident),
    RecordKind("website", Website, lambda website: [website.sid, website.token, website.website]),
    RecordKind("otp", Otp, lambda otp: otp.msgid),
    RecordKind("delivery", CallbackDelivery, lambda delivery: [delivery.kind, delivery.ident]),
    RecordKind("rule", OutcomeRule, lambda rule: rule.ident),
    RecordKind("sender", RegisteredSender, lambda sender: sender.digits),
    RecordKind("reply", InboundSms, lambda reply: reply.ident),
    RecordKind("attempt", CallbackAttempt, lambda attempt: [attempt.kind, attempt.ident, attempt.attempt]),
)
"""In the order in which they can be read: what refers to others comes after them."""

_BY_TYPE = {kind.record_type: kind for kind in KINDS}
# A delivery that was under way is not any more when it is read again.
_NOT_SAVED = {"under_way"}
_REFERRING = {"account", "owner", "legs"}


class Row(Struct, frozen=True):
    """A record as it is written; a text of `None` deletes it."""

    table: str
    key: str
    text: str | None


def row(record: object, *, saved: bool) -> Row:
    """Return the row of a record, or what deletes it."""
    kind = _BY_TYPE[type(record)]
    return Row(kind.table, json.dumps(kind.key(record)), _encode(_fields_of(record)) if saved else None)


def _encode(value: object) -> str:
    try:
        return msgspec.json.encode(value, enc_hook=_reason_fields).decode()
    except UnicodeEncodeError:  # a text may hold half a surrogate pair, which no UTF-8 can: it has to be escaped
        return json.dumps(msgspec.to_builtins(value, enc_hook=_reason_fields))


def _reason_fields(reason: Reason) -> dict[str, object]:
    return {"template": reason.template, "values": reason.values}


def decode(text: str) -> dict[str, Any]:
    """Return the fields of a row, from its JSON."""
    fields: dict[str, Any] = json.loads(text, object_hook=_with_reasons)
    return fields


def _with_reasons(fields: dict[str, Any]) -> Any:  # noqa: ANN401 - the fields as they are, or a reason
    return Reason(fields["template"], **fields["values"]) if fields.keys() == {"template", "values"} else fields


def _fields_of(record: object) -> dict[str, Any]:
    made: type = type(record)
    names, referring = _names(made)
    plain = {name: getattr(record, name) for name in names}
    for name in referring:
        plain[name] = _reference(plain[name])
    return plain


@cache
def _names(made: type) -> tuple[list[str], list[str]]:
    """Return the fields of a record that are written, and those of them that refer to other records."""
    names = [field.name for field in fields(made) if field.name not in _NOT_SAVED]
    return names, [name for name in names if name in _REFERRING]


def _reference(value: Any) -> object:  # noqa: ANN401 - an account, or the calls of a conference
    """Return a reference to an account, its key; the calls of a conference are written out."""
    if isinstance(value, tuple):
        return [_fields_of(call) for call in value]
    return value and (value.sid, value.token)


def record(
    kind: RecordKind,
    plain: dict[str, Any],
    account: Callable[[str, str], Account],
    leg: Callable[[dict[str, Any]], Call],
) -> Any:  # noqa: ANN401 - of the type that the kind names
    """Return the record of a row, from its JSON; raise `LookupError`, `ValueError` or `TypeError` for a bad field."""
    hints = _hints(kind.record_type)
    values: dict[str, Any] = {}
    for name, value in plain.items():
        if name in {"account", "owner"}:
            values[name] = account(*value)
        elif name == "legs":
            values[name] = tuple(map(leg, value))
        else:
            values[name] = msgspec.convert(value, hints[name])
    return kind.record_type(**values)


@cache
def _hints(made: type) -> dict[str, Any]:
    return get_type_hints(made, localns={"Message": Message, "Call": Call})
