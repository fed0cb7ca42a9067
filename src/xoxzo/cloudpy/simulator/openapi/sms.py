"""SMS messages (API section 2) and SMS templates (API section 3)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.openapi import shapes
from xoxzo.cloudpy.simulator.openapi.shapes import (
    NUMBER,
    SMS_OPTIONS,
    Body,
    Chapter,
    Endpoint,
    Json,
    array,
    integer,
    nullable,
    query,
    record,
    ref,
    stamp,
    text,
)

_MSGID = "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1"
_SENT: Json = shapes.one_or_more(record(msgid=text("The key to the message's status.")))
_GET_SMS = shapes.response_value("0/msgid", "getSms")
_MESSAGE: Json = {
    "msgid": _MSGID,
    "url": f"https://api.xoxzo.com/sms/messages/{_MSGID}/",
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
    "SMS",
    "Messages, their state, and what was sent.",
    {
        "SmsRequest": record(
            message=text("The text: at most 660 characters, each part is charged.", minLength=1),
            recipient=shapes.RECIPIENT,
            sender=shapes.SENDER,
            **SMS_OPTIONS,
            optional=SMS_OPTIONS,
        ),
        "Message": record(
            msgid=text(),
            url=text("Where this object can be read.", format="uri"),
            recipient=text(),
            sender=text(),
            status=text(
                "QUEUED: accepted. DELIVERING: the carrier is trying. DELIVERED: the phone has it. FAIL: given up. "
                "The help centre writes OK and FAILED for the last two.",
                enum=["QUEUED", "DELIVERING", "DELIVERED", "FAIL"],
            ),
            sent_time=stamp("When it was accepted."),
            cost=shapes.cost("May be 0 right after sending."),
            parts=integer("How many SMS the text takes.", minimum=1),
            tags=array(text()),
            link_tracking=nullable(ref("LinkTracking")),
            optional=("parts", "tags", "link_tracking"),
        ),
        "LinkTracking": record(
            link=text("What the text had."),
            shortlink=text("What was sent in its place.", format="uri"),
            accessed={"type": "boolean"},
            accessed_on=nullable(stamp("The first click.")),
            accesses=array(stamp("One click."), "Every click; how the real service shows them is not documented."),
            optional=("accesses",),
        ),
    },
    (
        Endpoint(
            *("2.1", "post", "/sms/messages/", "sendSms", "Send an SMS", "Accepted and charged."),
            description="Each call sends and charges again. Free text is for approved accounts; others use templates.",
            body=Body(
                "SmsRequest",
                {"message": "Your table is ready.", "recipient": NUMBER, "sender": "Xoxzo", "tags": "spring"},
            ),
            status=201,
            result=_SENT,
            example=[{"msgid": _MSGID}],
            leads_to=_GET_SMS,
            charged=True,
        ),
        Endpoint(
            *(
                "2.2",
                "get",
                "/sms/messages/{msgid}/",
                "getSms",
                "Read the state of an SMS",
                "The message as it stands.",
            ),
            parameters=(
                shapes.in_path(
                    "msgid", "From the reply to sending.", text(pattern="^[A-Za-z0-9]+$", examples=[_MSGID])
                ),
            ),
            result=ref("Message"),
            example=_MESSAGE,
        ),
        Endpoint(
            *("2.3", "get", "/sms/messages/", "listSms", "List sent SMS"),
            "The messages; an empty list when there are none.",
            description=(
                "The last 90 days, newest first, at most so many at once. Several filters must all hold. A day "
                "more than 90 days ago is refused. Much more often throttled than any other call."
            ),
            parameters=_FILTERS,
            result=array(ref("Message")),
            example=[_MESSAGE],
            wrong=("sent_date",),
            any_name_wrong=True,
        ),
    ),
)

_ID = shapes.in_path("template_id", "The template.", integer(minimum=1, examples=[6]))
_ONE = "/sms/templates/{template_id}/"
_FIELDS: Json = {
    "name": text("For people to know it by.", minLength=1),
    "content": text("The text, with placeholders such as `{name}`.", minLength=1),
}
_WRONG = ("name", "content", "pending_content")
_APPROVED: Json = {
    "id": 6,
    "name": "Order",
    "approved_content": "Hi {name}! Your order {order} is on its way.",
    "pending_content": None,
    "status": "APPROVED",
    "api_usage_example": "curl -u sid:token -X POST https://api.xoxzo.com/sms/templates/<template_id>/messages/ …",
}
_PENDING: Json = {
    "id": 7,
    "name": "Welcome",
    "approved_content": None,
    "pending_content": "Hi {name}!",
    "status": "PENDING",
    "api_usage_example": None,
}
_SEND_EXAMPLE: Json = {"sender": "Xoxzo", "recipient": NUMBER, "variables": {"name": "Alice", "order": "A-17"}}


def _send_request(variables: Json) -> Json:
    return record(
        sender=shapes.SENDER, recipient=shapes.RECIPIENT, variables=variables, **SMS_OPTIONS, optional=SMS_OPTIONS
    )


def _update(method: str, name: str, summary: str, schema: str, example: Json) -> Endpoint:
    return Endpoint(
        *("3.4", method, _ONE, name, summary, "The template, now PENDING."),
        description="It cannot be sent until people at Xoxzo have approved it again.",
        parameters=(_ID,),
        body=Body(schema, example),
        result=ref("Template"),
        example=_PENDING,
        wrong=_WRONG,
    )


TEMPLATES = Chapter(
    "SMS templates",
    "Texts that are approved once and then sent with values for their placeholders.",
    {
        "TemplateRequest": record(**_FIELDS),
        "TemplateChange": {
            **record(**_FIELDS, optional=_FIELDS),
            "anyOf": [{"required": ["name"]}, {"required": ["content"]}],
        },
        "Template": record(
            id=integer(),
            name=text(),
            approved_content=nullable(text("The text in force; null until the first approval.")),
            pending_content=nullable(text("A text that waits for approval.")),
            status=text(enum=["APPROVED", "PENDING"]),
            api_usage_example=nullable(text("A line for the shell, once approved.")),
        ),
        "TemplateMessageRequest": _send_request({"type": "object", "description": "A value for each placeholder."}),
        "TemplateMessageForm": _send_request(
            text("A JSON object with a value for each placeholder.", contentMediaType="application/json")
        ),
    },
    (
        Endpoint(
            *("3.1", "get", "/sms/templates/", "listTemplates", "List templates", "The account's templates."),
            result=array(ref("Template")),
            example=[_APPROVED, _PENDING],
        ),
        Endpoint(
            *("3.2", "post", "/sms/templates/", "createTemplate", "Create a template", "Created, and PENDING."),
            description="It waits for approval by people at Xoxzo; no call does that.",
            body=Body("TemplateRequest", {"name": "Welcome", "content": "Hi {name}!"}),
            status=201,
            result=ref("Template"),
            example=_PENDING,
            leads_to={
                name: {"parameters": {"template_id": "$response.body#/id"}}
                for name in ("getTemplate", "updateTemplate", "deleteTemplate", "sendTemplate")
            },
            wrong=_WRONG,
        ),
        Endpoint(
            *("3.3", "get", _ONE, "getTemplate", "Read a template", "The template."),
            parameters=(_ID,),
            result=ref("Template"),
            example=_APPROVED,
        ),
        _update("post", "changeTemplate", "Change some of a template", "TemplateChange", {"content": "Hi {name}!"}),
        _update(
            "put", "replaceTemplate", "Change a template", "TemplateRequest", {"name": "Welcome", "content": "Hi!"}
        ),
        _update("patch", "updateTemplate", "Change some of a template", "TemplateChange", {"content": "Hi {name}!"}),
        Endpoint(
            *("3.5", "delete", _ONE, "deleteTemplate", "Delete a template", "Deleted. The answer has no body."),
            parameters=(_ID,),
            status=204,
            or_status=200,
        ),
        Endpoint(
            *("3.6", "post", f"{_ONE}messages/", "sendTemplate", "Send a template as an SMS"),
            "Accepted and charged; the state is read as that of any SMS.",
            description="The template must be approved. Each call sends and charges again.",
            parameters=(_ID,),
            body=Body(
                "TemplateMessageRequest",
                _SEND_EXAMPLE,
                "TemplateMessageForm",
                {**_SEND_EXAMPLE, "variables": '{"name": "Alice", "order": "A-17"}'},
            ),
            status=201,
            result=_SENT,
            example=[{"msgid": _MSGID}],
            leads_to=_GET_SMS,
            wrong=("message", "sender", "recipient", "variables", *SMS_OPTIONS),
            charged=True,
        ),
    ),
)
