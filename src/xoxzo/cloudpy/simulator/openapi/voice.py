"""Voice calls and conferences (API section 5), dial-in numbers (section 6) and receiving numbers (section 4)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.openapi import shapes
from xoxzo.cloudpy.simulator.openapi.shapes import (
    NUMBER,
    Body,
    Chapter,
    Endpoint,
    Json,
    array,
    integer,
    nullable,
    number,
    query,
    record,
    ref,
    stamp,
    text,
    url,
)

_CALLID = "41c181b6-0000-4000-8000-000000000000"
_CONFERENCE = "93d0a1c2-0000-4000-8000-000000000000"
_OTHER = "+818011113333"
_OTHER_CALLID = _CALLID.replace("4", "5", 1)
_UUID = text("From the reply to placing it.", format="uuid")
_TIMES = {"start_time": "2026-05-18 10:27:44", "end_time": "2026-05-18 10:28:45", "duration": 46}


def _call(callid: str, recipient: str, call_type: str) -> Json:
    return {
        "callid": callid,
        "url": f"https://api.xoxzo.com/voice/calls/{callid}/",
        "call_type": call_type,
        "direction": "outbound",
        "caller": "815012345678",
        "recipient": recipient,
        "status": "ANSWERED",
        **_TIMES,
        "cost": 10,
        "tags": [],
    }


CHAPTER = Chapter(
    "Voice",
    "Calls that play a recording or speak a text, and conferences.",
    {
        "PlaybackRequest": {
            **record(
                caller=shapes.CALLER,
                recipient=shapes.RECIPIENT,
                recording_url=text(
                    "An mp3 that anyone can fetch: http alone; letters, digits and `_ / - . :`. Of Xoxzo's own pages "
                    "one allows `$ * ' ( ) ! ?` as well.",
                    pattern=r"^http://[A-Za-z0-9_/.:$*'()!?-]+$",
                ),
                tts_message=text("A text to be spoken; commas make pauses. It wins over a recording.", minLength=1),
                tts_lang=text("The language of `tts_message`.", enum=["en", "ja"]),
                callbackurl=url("Is posted the call's state when it has ended."),
                tags=shapes.TAGS,
                jp_din_caller=shapes.flag(
                    "Shows a dial-in number of yours, which `caller` names, to a Japanese phone."
                ),
                optional=("recording_url", "tts_message", "tts_lang", "callbackurl", "tags", "jp_din_caller"),
            ),
            "anyOf": [{"required": ["recording_url"]}, {"required": ["tts_message", "tts_lang"]}],
        },
        "Call": record(
            callid=text(format="uuid"),
            url=text("Where this object can be read.", format="uri"),
            call_type=text("`simple/playbacks`, also for spoken texts; `simple/conferences`; `din` (simulator)."),
            direction=text(enum=["outbound", "inbound"]),
            caller=text("Without its +; empty when withheld."),
            recipient=text(),
            status=text(enum=["IN PROGRESS", "ANSWERED", "NO ANSWER", "FAILED"]),
            start_time=nullable(stamp("When it was placed.")),
            end_time=nullable(stamp("When it ended; null or empty until then.")),
            duration=integer("Seconds of talk, not of ringing.", minimum=0),
            cost=shapes.cost("0 until the call has ended."),
            tags=array(text()),
            optional=("tags",),
        ),
        "ConferenceRequest": record(
            caller=shapes.CALLER,
            participants=text(
                "Two or three phone numbers, separated by commas.",
                pattern=r"^\+[1-9][0-9]{6,14}(,\+[1-9][0-9]{6,14}){1,2}$",
            ),
            lang=text("The language of the voice guide; its name and values are not published.", enum=["en", "ja"]),
            callbackurl=url("Is posted the conference's state when it has ended."),
            tags=shapes.TAGS,
            optional=("lang", "callbackurl", "tags"),
        ),
        "PlacedConference": record(
            conferenceid=text(format="uuid"),
            participants=shapes.one_or_more(record(participant=text(), callid=text(format="uuid")), 3, 2),
        ),
        "Conference": record(
            conferenceid=text(format="uuid"),
            participants=shapes.one_or_more(ref("Call"), 3, 2),
            start_time=nullable(stamp("When it was placed.")),
            end_time=nullable(stamp("When the last leg ended; null until then.")),
            duration=integer("Seconds of the longest leg's talk.", minimum=0),
            cost=shapes.cost("The sum of the legs."),
        ),
    },
    (
        Endpoint(
            *("5.1", "post", "/voice/simple/playbacks/", "placeCall", "Call and play an mp3 or speak a text"),
            "Accepted and charged.",
            description="The first minute is charged, answered or not. Any call asks for a minimum balance.",
            body=Body(
                "PlaybackRequest",
                {"caller": "815012345678", "recipient": NUMBER, "tts_message": "Good morning", "tts_lang": "en"},
            ),
            status=201,
            result=shapes.one_or_more(record(callid=text("The key to its state.", format="uuid"))),
            example=[{"callid": _CALLID}],
            leads_to=shapes.response_value("0/callid", "getCall"),
            charged=True,
        ),
        Endpoint(
            *("5.2", "get", "/voice/calls/{callid}/", "getCall", "Read the state of a call", "The call as it stands."),
            parameters=(shapes.in_path("callid", "The call.", _UUID),),
            result=ref("Call"),
            example=_call(_CALLID, NUMBER, "simple/playbacks"),
        ),
        Endpoint(
            *("5.3", "post", "/voice/simple/conferences/", "placeConference", "Call two or three people together"),
            "Accepted and charged.",
            description="Each leg costs what a call costs.",
            body=Body("ConferenceRequest", {"caller": "815012345678", "participants": f"{NUMBER},{_OTHER}"}),
            status=201,
            result=ref("PlacedConference"),
            example={
                "conferenceid": _CONFERENCE,
                "participants": [
                    {"participant": NUMBER, "callid": _CALLID},
                    {"participant": _OTHER, "callid": _OTHER_CALLID},
                ],
            },
            leads_to={
                **shapes.response_value("conferenceid", "getConference"),
                **shapes.response_value("participants/0/callid", "getCall"),
            },
            charged=True,
        ),
        Endpoint(
            *("5.4", "get", "/voice/simple/conferences/{conferenceid}/", "getConference"),
            *("Read the state of a conference", "The conference as it stands."),
            description="Each leg can be read as a call, too.",
            parameters=(shapes.in_path("conferenceid", "The conference.", _UUID),),
            result=ref("Conference"),
            example={
                "conferenceid": _CONFERENCE,
                "participants": [
                    _call(_CALLID, NUMBER, "simple/conferences"),
                    _call(_OTHER_CALLID, _OTHER, "simple/conferences"),
                ],
                **_TIMES,
                "cost": 20,
            },
        ),
    ),
)


def _numbers(
    chapter: tuple[str, str],
    kind: str,
    path: str,
    sections: str,
    *,
    prices: Json,
    sample: Json,
    retired: bool = False,
) -> Chapter:
    """Return the chapter of one kind of numbers: five calls of one shape."""
    name, uid, subscriptions = kind.capitalize(), f"{kind}_uid", f"{path}subscriptions/"
    one = f"{subscriptions}{{{uid}}}/"
    search, subscribe, listing, attach, release = sections.split()
    key = text("The number's key: two letters of the country and 14 more.", pattern="^[A-Za-z0-9]+$")
    parameters = (shapes.in_path(uid, "From the search.", key),)
    fields: Json = {
        uid: text("The key that all calls take."),
        kind: text("The number with its country code, without a +."),
        "country_code": text("Dialling code."),
        "prefix": text("Area prefix without its 0."),
        "monthly_cost": number("Credits at subscription and for each further 30 days."),
        **prices,
    }
    sample = {uid: "JPabc123def456gh", **sample}
    action = record("Where the number's action is asked for.", url=nullable(text(format="uri")))
    return Chapter(
        *chapter,
        {
            name: record(**fields),
            f"Subscribed{name}": record(**fields, action=action),
            f"{name}Subscription": record(**{uid: key}),
            f"{name}Action": record(action_url=url("Is asked when a call or message comes in.")),
        },
        (
            Endpoint(
                *(search, "get", path, f"search{name}s", "Search free numbers"),
                "The free numbers; an empty list when there are none.",
                parameters=(
                    query("country", "Two letters, for example `JP`.", text()),
                    query(
                        "prefix", "What the number begins with: country code and prefix, for example `8150`.", text()
                    ),
                ),
                result=array(ref(name)),
                example=[sample],
                any_name_wrong=True,
                retired=retired,
            ),
            Endpoint(
                *(subscribe, "post", subscriptions, f"subscribe{name}", "Subscribe a number"),
                "Subscribed and charged.",
                description="The first 30 days are charged at once; each further 30 days renew by themselves.",
                body=Body(f"{name}Subscription", {uid: sample[uid]}),
                status=201,
                result=ref(f"Subscribed{name}"),
                example={**sample, "action": {"url": None}},
                leads_to=shapes.response_value(uid, f"set{name}Action", f"unsubscribe{name}"),
                charged=True,
                retired=retired,
            ),
            Endpoint(
                *(listing, "get", subscriptions, f"listSubscribed{name}s", "List your numbers"),
                "The numbers that the account subscribes.",
                result=array(ref(f"Subscribed{name}")),
                example=[{**sample, "action": {"url": "https://example.com/action"}}],
                retired=retired,
            ),
            Endpoint(
                *(attach, "post", one, f"set{name}Action", "Set a number's action URL"),
                "Set. The answer has no body.",
                description="It takes the place of the one before.",
                parameters=parameters,
                body=Body(f"{name}Action", {"action_url": "https://example.com/action"}),
                retired=retired,
            ),
            Endpoint(
                *(release, "delete", one, f"unsubscribe{name}", "Release a number"),
                "Released. The answer has no body.",
                description="Within 24 hours of subscribing, part of the first month is returned.",
                parameters=parameters,
                retired=retired,
            ),
        ),
    )


_RETIRED = (
    "Numbers that received SMS, until 2024-04-30. No sample of their replies survives: the shapes are the simulator's, "
    "which serves them with `--legacy-sin` and answers 404 otherwise."
)

DINS = _numbers(
    ("Dial-in numbers", "Numbers that people call; your server decides what happens then."),
    *("din", "/voice/dins/", "6.1 6.2 6.3 6.4 6.5"),
    prices={"minute_cost": number("Credits for each started minute of an incoming call.")},
    sample={"din": "815012345678", "country_code": "81", "prefix": "50", "monthly_cost": 650.0, "minute_cost": 1},
)
SINS = _numbers(
    ("Receiving numbers (retired)", _RETIRED),
    *("sin", "/sms/sins/", "4 4 4 4 4"),
    prices={
        "initial_cost": number("Credits once, at subscription."),
        "message_cost": integer("Credits for each message that comes in."),
    },
    sample={
        "sin": "815090000001",
        "country_code": "81",
        "prefix": "50",
        "monthly_cost": 1000.0,
        "initial_cost": 1000.0,
        "message_cost": 1,
    },
    retired=True,
)
