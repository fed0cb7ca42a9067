"""Conference calls (API sections 5.3 and 5.4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models import Conference, ConferenceParticipant, StartedConference
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.operations.calls import read_call
from xoxzo.cloudpy.operations.decoding import records
from xoxzo.cloudpy.operations.operation import Operation, create_operation, read_operation
from xoxzo.cloudpy.operations.options import call_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.protocols import SendOptions

_PATH = "/voice/simple/conferences/"


def create_conference(
    *, caller: str, participants: Sequence[str], lang: str | None = None, **options: Unpack[SendOptions]
) -> Operation[StartedConference]:
    """Call two or three phones and connect them (API section 5.3)."""
    numbers = _participants(participants)
    own = {
        "caller": checks.caller(caller),
        "participants": ",".join(numbers),
        # That the guide's language can be chosen is known, the parameter's name is not (API section 15.44).
        "lang": None if lang is None else checks.language(lang, "lang"),
    }
    fields, reference = call_fields(own, **options)
    read = partial(_read_started, reference=reference)
    return create_operation("conferences.create", _PATH, read, fields, reference=reference, recipients=numbers)


def _participants(values: Sequence[str]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise InvalidArgument("participants", "must be a list of numbers, not one text")
    numbers = tuple(checks.recipient(value, "participants") for value in values)
    if not 2 <= len(numbers) <= 3:
        raise InvalidArgument("participants", "must be 2 or 3 numbers, not {count}", count=len(numbers))
    return numbers


def _read_started(body: bytes, reference: str | None) -> StartedConference:
    raw = records.decode_record(body)
    return StartedConference(
        conferenceid=records.required(raw, "conferenceid"),
        reference=reference,
        participants=tuple(
            ConferenceParticipant(
                participant=records.text(call, "participant"), callid=records.text(call, "callid"), raw=call
            )
            for call in records.record_list(raw, "participants")
        ),
        raw=raw,
    )


def get_conference(conferenceid: str) -> Operation[Conference]:
    """Return one conference (API section 5.4)."""
    path = f"{_PATH}{checks.path_id('conferenceid', conferenceid)}/"
    return read_operation("conferences.get", path, _read_conference)


def _read_conference(body: bytes) -> Conference:
    raw: dict[str, Any] = records.decode_record(body)
    return Conference(
        conferenceid=records.required(raw, "conferenceid"),
        participants=tuple(
            # A call of a conference may be listed before it has an id.
            read_call(call, records.text(call, "callid"))
            for call in records.record_list(raw, "participants")
        ),
        start_time=records.timestamp(raw, "start_time"),
        end_time=records.timestamp(raw, "end_time"),
        duration=records.integer(raw, "duration") or 0,
        cost=records.decimal(raw, "cost"),
        raw=raw,
    )
