"""SMS messages (API section 2)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.openapi.common import RECIPIENT, SENDER, SMS_OPTIONS, stamp
from xoxzo.cloudpy.simulator.openapi.errors import COST
from xoxzo.cloudpy.simulator.openapi.shapes import (
    NUMBER,
    Body,
    Chapter,
    Endpoint,
    Json,
    array,
    in_path,
    integer,
    nullable,
    query,
    record,
    ref,
    text,
)

MSGID = "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1"
SENT: Json = array(record({"msgid": text("The key to the message's status.")}), minItems=1, maxItems=1)
WRONG = ("message", "recipient", "sender", *SMS_OPTIONS)

_SHOWN: Json = {
    "msgid": MSGID,
    "url": f"https://api.xoxzo.com/sms/messages/{MSGID}/",
    "recipient": NUMBER,
    "sender": "Xoxzo",
    "status": "DELIVERED",
    "sent_time": "2026-05-18 08:45:22",
    "cost": 10,
    "parts": 1,
    "tags": ["spring"],
    "link_tracking": None,
}
_DAY = {"type": "string", "format": "date"}
_FILTERS = (
    query("sent_date", "Sent on this day (UTC).", _DAY),
    query("sent_date>", "Sent on this day or later. The operator is part of the name: `?sent_date>=2026-05-18`.", _DAY),
    query("sent_date<", "Sent on this day or earlier: `?sent_date<=2026-05-18`.", _DAY),
    query(
        "strict",
        "After or before a day. Here even the day is part of the name, and there is no value: `?sent_date>2026-05-18`, "
        "`?sent_date<2026-05-18`. So each property of this object is a parameter; `strict` itself is never sent.",
        {
            "type": "object",
            "patternProperties": {"^sent_date[<>][0-9]{4}-[0-9]{2}-[0-9]{2}$": {"const": ""}},
            "additionalProperties": False,
        },
        style="form",
        explode=True,
        example={"sent_date>2026-05-18": ""},
    ),
)

CHAPTER = Chapter(
    title="SMS",
    description="Messages, their state, and what was sent.",
    schemas={
        "SmsRequest": record(
            {
                "message": text("The text: at most 660 characters, each part is charged.", minLength=1),
                "recipient": RECIPIENT,
                "sender": SENDER,
                **SMS_OPTIONS,
            },
            optional=tuple(SMS_OPTIONS),
        ),
        "Message": record(
            {
                "msgid": text(),
                "url": text("Where this object can be read.", format="uri"),
                "recipient": text(),
                "sender": text(),
                "status": text(
                    "QUEUED: accepted. DELIVERING: the carrier is trying. DELIVERED: the phone has it. FAIL: given up. "
                    "The help centre writes OK and FAILED for the last two.",
                    enum=["QUEUED", "DELIVERING", "DELIVERED", "FAIL"],
                ),
                "sent_time": stamp("When it was accepted."),
                "cost": {**COST, "description": COST["description"] + " May be 0 right after sending."},
                "parts": integer("How many SMS the text takes.", minimum=1),
                "tags": array(text()),
                "link_tracking": nullable(ref("LinkTracking")),
            },
            optional=("parts", "tags", "link_tracking"),
        ),
        "LinkTracking": record(
            {
                "link": text("What the text had."),
                "shortlink": text("What was sent in its place.", format="uri"),
                "accessed": {"type": "boolean"},
                "accessed_on": nullable(stamp("The first click.")),
                "accesses": array(stamp("One click."), "Every click; no source tells how the real service shows them."),
            },
            optional=("accesses",),
        ),
    },
    endpoints=(
        Endpoint(
            section="2.1",
            method="post",
            path="/sms/messages/",
            name="sendSms",
            summary="Send an SMS",
            description="Each call sends and charges again. Free text is for approved accounts; others use templates.",
            body=Body(
                schema=ref("SmsRequest"),
                example={"message": "Your table is ready.", "recipient": NUMBER, "sender": "Xoxzo", "tags": "spring"},
            ),
            status=201,
            answer="Accepted and charged.",
            result=SENT,
            example=[{"msgid": MSGID}],
            leads_to={"getSms": {"parameters": {"msgid": "$response.body#/0/msgid"}}},
            wrong=WRONG,
            charged=True,
        ),
        Endpoint(
            section="2.2",
            method="get",
            path="/sms/messages/{msgid}/",
            name="getSms",
            summary="Read the state of an SMS",
            parameters=(
                in_path("msgid", "From the reply to sending.", text(pattern="^[A-Za-z0-9]+$", examples=[MSGID])),
            ),
            answer="The message as it stands.",
            result=ref("Message"),
            example=_SHOWN,
            missing=True,
        ),
        Endpoint(
            section="2.3",
            method="get",
            path="/sms/messages/",
            name="listSms",
            summary="List sent SMS",
            description=(
                "The last 90 days, newest first, at most so many at once. Several filters must all hold. A day "
                "more than 90 days ago is refused. Much more often throttled than any other call."
            ),
            parameters=_FILTERS,
            answer="The messages; an empty list when there are none.",
            result=array(ref("Message")),
            example=[_SHOWN],
            wrong=("sent_date",),
            any_name_wrong=True,
        ),
    ),
)
