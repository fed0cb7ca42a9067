"""Voice calls and conference calls (API section 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models import Call, Conference, StartedCall, StartedConference
from xoxzo.cloudpy.operations import bodies, checks
from xoxzo.cloudpy.operations.bodies import Fields
from xoxzo.cloudpy.operations.operation import Operation, read_operation, write_operation
from xoxzo.cloudpy.protocols import CallbackUrls, SendOptions

_CONFERENCES = "/voice/simple/conferences/"


def play(
    *, caller: str, recipient: str, recording_url: str, jp_din_caller: bool = False, **options: Unpack[SendOptions]
) -> Operation[StartedCall]:
    """Call a phone and play an mp3 (API section 5.1)."""
    return _start(
        "calls.play",
        {
            "caller": checks.caller(caller),
            "recipient": checks.recipient(recipient),
            "recording_url": checks.recording_url(recording_url),
            "tts_message": None,
            "tts_lang": None,
            "jp_din_caller": checks.flag("jp_din_caller", jp_din_caller),
        },
        options,
    )


def say(
    *,
    caller: str,
    recipient: str,
    tts_message: str,
    tts_lang: str,
    jp_din_caller: bool = False,
    **options: Unpack[SendOptions],
) -> Operation[StartedCall]:
    """Call a phone and speak a text (API section 5.1)."""
    return _start(
        "calls.say",
        {
            "caller": checks.caller(caller),
            "recipient": checks.recipient(recipient),
            "recording_url": None,
            "tts_message": checks.text("tts_message", tts_message),
            "tts_lang": checks.formatted("tts_lang", tts_lang),
            "jp_din_caller": checks.flag("jp_din_caller", jp_din_caller),
        },
        options,
    )


def _start(name: str, own: Fields, options: SendOptions) -> Operation[StartedCall]:
    fields, reference = call_fields(own, **options)
    read = bodies.reader(StartedCall, reference=reference)
    recipients = (fields["recipient"] or "",)
    path = "/voice/simple/playbacks/"
    return write_operation(name, path, read, fields, reference=reference, recipients=recipients)


def call_fields(
    own: Fields,
    *,
    callback_url: str | None = None,
    callbacks: CallbackUrls | None = None,
    reference: str | None = None,
    tags: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
) -> tuple[Fields, str | None]:
    """Check :class:`~xoxzo.cloudpy.SendOptions`; return all parameters by their names in the API, and the reference.

    `own` are the operation's own parameters: all that the endpoint knows, so those not to be sent are ``None``.
    """
    reference = checks.optional_reference(reference)
    fields = own | {
        "callbackurl": checks.callback_url("callback_url", callback_url, callbacks, "call-ended", reference),
        "tags": checks.tags(tags, reference),
    }
    return fields | checks.extra_parameters(extra, fields.keys()), reference


def get_call(callid: str) -> Operation[Call]:
    """Return the status of one call (API section 5.2)."""
    return read_operation("calls.get", f"/voice/calls/{checks.path_id('callid', callid)}/", bodies.reader(Call))


def create_conference(
    *, caller: str, participants: Sequence[str], lang: str | None = None, **options: Unpack[SendOptions]
) -> Operation[StartedConference]:
    """Call two or three phones and connect them (API section 5.3)."""
    if isinstance(participants, str):
        raise InvalidArgument("participants", "must be a list of numbers, not one text")
    numbers = tuple(checks.recipient(value, "participants") for value in participants)
    if not 2 <= len(numbers) <= 3:
        raise InvalidArgument("participants", "must be 2 or 3 numbers, not {count}", count=len(numbers))
    own = {
        "caller": checks.caller(caller),
        "participants": ",".join(numbers),
        # That the guide's language can be chosen is known, the parameter's name is not (API section 15.44).
        "lang": None if lang is None else checks.formatted("lang", lang),
    }
    fields, reference = call_fields(own, **options)
    read = bodies.reader(StartedConference, reference=reference)
    return write_operation("conferences.create", _CONFERENCES, read, fields, reference=reference, recipients=numbers)


def get_conference(conferenceid: str) -> Operation[Conference]:
    """Return one conference (API section 5.4)."""
    path = f"{_CONFERENCES}{checks.path_id('conferenceid', conferenceid)}/"
    return read_operation("conferences.get", path, _read_conference)


def _read_conference(body: bytes) -> Conference:
    raw = bodies.decode_record(body)
    calls = bodies.record_list(raw, "participants")
    # A call of a conference may be listed before it has an id.
    participants = tuple(bodies.record(Call, call, callid=bodies.text(call, "callid")) for call in calls)
    return bodies.record(Conference, raw, participants=participants)
