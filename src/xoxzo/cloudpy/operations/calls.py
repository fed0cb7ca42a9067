"""Voice calls (API section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from xoxzo.cloudpy.models import Call, CallStatus, StartedCall
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.operations.decoding import records
from xoxzo.cloudpy.operations.operation import Operation, create_operation, read_operation
from xoxzo.cloudpy.operations.options import call_fields

if TYPE_CHECKING:
    from xoxzo.cloudpy.operations.options import Fields
    from xoxzo.cloudpy.protocols import SendOptions


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
            "tts_lang": checks.language(tts_lang),
            "jp_din_caller": checks.flag("jp_din_caller", jp_din_caller),
        },
        options,
    )


def _start(name: str, own: Fields, options: SendOptions) -> Operation[StartedCall]:
    fields, reference = call_fields(own, **options)

    def read(body: bytes) -> StartedCall:
        raw = records.decode_record(body)
        return StartedCall(callid=records.required(raw, "callid"), reference=reference, raw=raw)

    recipients = (fields["recipient"] or "",)
    path = "/voice/simple/playbacks/"
    return create_operation(name, path, read, fields, reference=reference, recipients=recipients)


def get_call(callid: str) -> Operation[Call]:
    """Return the status of one call (API section 5.2)."""
    return read_operation("calls.get", f"/voice/calls/{checks.path_id('callid', callid)}/", _read_call)


def _read_call(body: bytes) -> Call:
    raw = records.decode_record(body)
    return read_call(raw, records.required(raw, "callid"))


def read_call(raw: dict[str, Any], callid: str) -> Call:
    """Read a call's record (API section 5.2), which stands in a conference's too (API section 5.4)."""
    return Call(
        callid=callid,
        caller=records.text(raw, "caller"),
        recipient=records.text(raw, "recipient"),
        status=CallStatus(records.text(raw, "status")),
        direction=records.text(raw, "direction"),
        call_type=records.text(raw, "call_type"),
        start_time=records.timestamp(raw, "start_time"),
        end_time=records.timestamp(raw, "end_time"),
        duration=records.integer(raw, "duration") or 0,
        cost=records.decimal(raw, "cost"),
        tags=records.text_list(raw, "tags"),
        url=records.text(raw, "url"),
        raw=raw,
    )
