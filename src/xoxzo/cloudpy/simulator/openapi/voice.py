"""Voice calls and conferences (API section 5)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.openapi.common import CALLER, RECIPIENT, TAGS, stamp, url
from xoxzo.cloudpy.simulator.openapi.errors import COST
from xoxzo.cloudpy.simulator.openapi.shapes import (
    NUMBER,
    Body,
    Chapter,
    Endpoint,
    Json,
    array,
    flag,
    in_path,
    integer,
    nullable,
    record,
    ref,
    text,
)

_CALLID = "41c181b6-0000-4000-8000-000000000000"
_CONFERENCE = "93d0a1c2-0000-4000-8000-000000000000"
_OTHER = "+818011113333"
_UUID = text("From the reply to placing it.", format="uuid")


def _call(callid: str, recipient: str, call_type: str) -> Json:
    return {
        "callid": callid,
        "url": f"https://api.xoxzo.com/voice/calls/{callid}/",
        "call_type": call_type,
        "direction": "outbound",
        "caller": "815012345678",
        "recipient": recipient,
        "status": "ANSWERED",
        "start_time": "2026-05-18 10:27:44",
        "end_time": "2026-05-18 10:28:45",
        "duration": 46,
        "cost": 10,
        "tags": [],
    }


_SCHEMAS: dict[str, Json] = {
    "PlaybackRequest": {
        **record(
            {
                "caller": CALLER,
                "recipient": RECIPIENT,
                "recording_url": text(
                    "An mp3 that anyone can fetch: http alone; letters, digits, dots, colons, slashes, hyphens and _.",
                    pattern=r"^http://[A-Za-z0-9_/.:-]+$",
                ),
                "tts_message": text("A text to be spoken; commas make pauses. It wins over a recording.", minLength=1),
                "tts_lang": text("The language of `tts_message`.", enum=["en", "ja"]),
                "callbackurl": url("Is posted the call's state when it has ended."),
                "tags": TAGS,
                "jp_din_caller": flag("Shows a dial-in number of yours, which `caller` names, to a Japanese phone."),
            },
            optional=("recording_url", "tts_message", "tts_lang", "callbackurl", "tags", "jp_din_caller"),
        ),
        "anyOf": [{"required": ["recording_url"]}, {"required": ["tts_message", "tts_lang"]}],
    },
    "Call": record(
        {
            "callid": text(format="uuid"),
            "url": text("Where this object can be read.", format="uri"),
            "call_type": text("`simple/playbacks`, also for spoken texts; `simple/conferences`; `din` (simulator)."),
            "direction": text(enum=["outbound", "inbound"]),
            "caller": text("Without its +; empty when withheld."),
            "recipient": text(),
            "status": text(enum=["IN PROGRESS", "ANSWERED", "NO ANSWER", "FAILED"]),
            "start_time": nullable(stamp("When it was placed.")),
            "end_time": nullable(stamp("When it ended; null or empty until then.")),
            "duration": integer("Seconds of talk, not of ringing.", minimum=0),
            "cost": {**COST, "description": COST["description"] + " 0 until the call has ended."},
            "tags": array(text()),
        },
        optional=("tags",),
    ),
    "ConferenceRequest": record(
        {
            "caller": CALLER,
            "participants": text(
                "Two or three phone numbers, separated by commas.",
                pattern=r"^\+[1-9][0-9]{6,14}(,\+[1-9][0-9]{6,14}){1,2}$",
            ),
            "lang": text("The language of the voice guide; its name and values are not published.", enum=["en", "ja"]),
            "callbackurl": url("Is posted the conference's state when it has ended."),
            "tags": TAGS,
        },
        optional=("lang", "callbackurl", "tags"),
    ),
    "PlacedConference": record(
        {
            "conferenceid": text(format="uuid"),
            "participants": array(
                record({"participant": text(), "callid": text(format="uuid")}), minItems=2, maxItems=3
            ),
        }
    ),
    "Conference": record(
        {
            "conferenceid": text(format="uuid"),
            "participants": array(ref("Call"), minItems=2, maxItems=3),
            "start_time": nullable(stamp("When it was placed.")),
            "end_time": nullable(stamp("When the last leg ended; null until then.")),
            "duration": integer("Seconds of the longest leg's talk.", minimum=0),
            "cost": {**COST, "description": COST["description"] + " The sum of the legs."},
        }
    ),
}

CHAPTER = Chapter(
    title="Voice",
    description="Calls that play a recording or speak a text, and conferences.",
    schemas=_SCHEMAS,
    endpoints=(
        Endpoint(
            section="5.1",
            method="post",
            path="/voice/simple/playbacks/",
            name="placeCall",
            summary="Call and play an mp3 or speak a text",
            description="The first minute is charged, answered or not. Any call asks for a minimum balance.",
            body=Body(
                schema=ref("PlaybackRequest"),
                example={
                    "caller": "815012345678",
                    "recipient": NUMBER,
                    "tts_message": "Good morning",
                    "tts_lang": "en",
                },
            ),
            status=201,
            answer="Accepted and charged.",
            result=array(record({"callid": text("The key to its state.", format="uuid")}), minItems=1, maxItems=1),
            example=[{"callid": _CALLID}],
            leads_to={"getCall": {"parameters": {"callid": "$response.body#/0/callid"}}},
            wrong=tuple(_SCHEMAS["PlaybackRequest"]["properties"]),
            charged=True,
        ),
        Endpoint(
            section="5.2",
            method="get",
            path="/voice/calls/{callid}/",
            name="getCall",
            summary="Read the state of a call",
            parameters=(in_path("callid", "The call.", _UUID),),
            answer="The call as it stands.",
            result=ref("Call"),
            example=_call(_CALLID, NUMBER, "simple/playbacks"),
            missing=True,
        ),
        Endpoint(
            section="5.3",
            method="post",
            path="/voice/simple/conferences/",
            name="placeConference",
            summary="Call two or three people together",
            description="Each leg costs what a call costs.",
            body=Body(
                schema=ref("ConferenceRequest"),
                example={"caller": "815012345678", "participants": f"{NUMBER},{_OTHER}"},
            ),
            status=201,
            answer="Accepted and charged.",
            result=ref("PlacedConference"),
            example={
                "conferenceid": _CONFERENCE,
                "participants": [
                    {"participant": NUMBER, "callid": _CALLID},
                    {"participant": _OTHER, "callid": _CALLID.replace("4", "5", 1)},
                ],
            },
            leads_to={
                "getConference": {"parameters": {"conferenceid": "$response.body#/conferenceid"}},
                "getCall": {"parameters": {"callid": "$response.body#/participants/0/callid"}},
            },
            wrong=tuple(_SCHEMAS["ConferenceRequest"]["properties"]),
            charged=True,
        ),
        Endpoint(
            section="5.4",
            method="get",
            path="/voice/simple/conferences/{conferenceid}/",
            name="getConference",
            summary="Read the state of a conference",
            description="Each leg can be read as a call, too.",
            parameters=(in_path("conferenceid", "The conference.", _UUID),),
            answer="The conference as it stands.",
            result=ref("Conference"),
            example={
                "conferenceid": _CONFERENCE,
                "participants": [
                    _call(_CALLID, NUMBER, "simple/conferences"),
                    _call(_CALLID.replace("4", "5", 1), _OTHER, "simple/conferences"),
                ],
                "start_time": "2026-05-18 10:27:44",
                "end_time": "2026-05-18 10:28:45",
                "duration": 46,
                "cost": 20,
            },
            missing=True,
        ),
    ),
)
