"""Calls and conferences over HTTP (API section 5)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.api.http import ApiResponse, Fields, RequestContext, found, invalid, json_response
from xoxzo.cloudpy.simulator.engine import rules
from xoxzo.cloudpy.simulator.engine.records.traffic import CallRequest, ConferenceRequest


def place(context: RequestContext) -> ApiResponse:
    """Answer `POST /voice/simple/playbacks/`: an mp3, or a text that is spoken (API section 5.1)."""
    fields, engine = context.fields(), context.engine
    content: rules.Say | rules.Playback
    if fields.has("tts_message"):  # it wins over a recording (API section 15.39)
        content = rules.Say(text=fields.required("tts_message"), lang=fields.required("tts_lang"))
        if content.lang and content.lang not in rules.LANGUAGES:
            fields.error("tts_lang", f'"{content.lang}" is not a valid choice.')
    else:
        taken = engine.settings.recording_urls
        content = rules.Playback(
            fields.required("recording_url", lambda url: rules.is_recording(url, taken), "Enter a valid URL.")
        )
    request = CallRequest(
        caller=fields.required("caller", lambda caller: rules.is_digits(caller.removeprefix("+")), "Invalid caller"),
        recipient=fields.required("recipient", rules.is_number, "Invalid recipient"),
        content=content,
        callback_url=fields.url("callbackurl"),
        tags=fields.tags(),
        din_caller=fields.flag("jp_din_caller"),
        base_url=context.base_url,
    )
    caller = request.caller.removeprefix("+")
    if request.recipient.startswith("+60") and (len(caller) < 10 or caller.startswith("0")):
        fields.error("caller", "Invalid caller")  # Malaysia's rule (API section 5.1)
    if request.din_caller and caller not in {line.number for line in engine.dins.subscribed(context.account)}:
        fields.error("caller", "Invalid caller")  # API section 15.42
    fields.check()
    if rules.has_dialling_code(engine.settings.blocked_countries, request.recipient):
        raise invalid("recipient", "Country not allowed")
    call = engine.calls.place(context.account, request)
    return json_response(201, [{"callid": call.callid}])


def get(context: RequestContext) -> ApiResponse:
    """Answer `GET /voice/calls/<callid>/` (API section 5.2)."""
    call = found(context.engine.calls.calls.find(context.account, context.ident))
    if call.direction == "inbound" and not context.engine.settings.inbound_calls_listed:
        return ApiResponse(404)
    return json_response(200, call.view(context.base_url))


def place_conference(context: RequestContext) -> ApiResponse:
    """Answer `POST /voice/simple/conferences/` with an object (API section 5.3)."""
    fields = context.fields()
    if fields.has("lang"):  # exists, but its real name was never seen (API section 15.44)
        lang = fields.required("lang")
        if lang and lang not in rules.LANGUAGES:
            fields.error("lang", f'"{lang}" is not a valid choice.')
    request = ConferenceRequest(
        caller=fields.required("caller", lambda caller: rules.is_digits(caller.removeprefix("+")), "Invalid caller"),
        participants=_participants(fields),
        callback_url=fields.url("callbackurl"),
        tags=fields.tags(),
        base_url=context.base_url,
    )
    fields.check()
    blocked = context.engine.settings.blocked_countries
    if any(rules.has_dialling_code(blocked, number) for number in request.participants):
        raise invalid("participants", "Country not allowed")
    conference = context.engine.calls.place_conference(context.account, request)
    participants = [{"participant": leg.recipient, "callid": leg.callid} for leg in conference.legs]
    return json_response(201, {"participants": participants, "conferenceid": conference.conferenceid})


def _participants(fields: Fields) -> tuple[str, ...]:
    numbers = tuple(number.strip() for number in fields.required("participants").split(","))
    if not all(map(rules.is_number, numbers)):
        fields.error("participants", "Invalid participants")
    elif not 2 <= len(numbers) <= 3:
        fields.error("participants", "A conference has 2 or 3 participants.")
    return numbers


def get_conference(context: RequestContext) -> ApiResponse:
    """Answer `GET /voice/simple/conferences/<conferenceid>/` (API section 5.4)."""
    conference = context.engine.calls.conferences.find(context.account, context.ident)
    return ApiResponse(404) if conference is None else json_response(200, conference.view(context.base_url))
