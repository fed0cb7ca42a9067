"""SMS templates (API section 3)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.openapi.common import RECIPIENT, SENDER, SMS_OPTIONS
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
    record,
    ref,
    text,
)
from xoxzo.cloudpy.simulator.openapi.sms import MSGID, SENT

_ID = in_path("template_id", "The template.", integer(minimum=1, examples=[6]))
_FIELDS: Json = {
    "name": text("For people to know it by.", minLength=1),
    "content": text("The text, with placeholders such as `{name}`.", minLength=1),
}
_SEND: Json = {"sender": SENDER, "recipient": RECIPIENT, "variables": {}, **SMS_OPTIONS}
_VARIABLES: Json = {"type": "object", "description": "A value for each placeholder."}
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
    return record({**_SEND, "variables": variables}, optional=tuple(SMS_OPTIONS))


def _update(method: str, name: str, summary: str, schema: str, example: Json) -> Endpoint:
    return Endpoint(
        section="3.4",
        method=method,
        path="/sms/templates/{template_id}/",
        name=name,
        summary=summary,
        description="It cannot be sent until people at Xoxzo have approved it again.",
        parameters=(_ID,),
        body=Body(schema=ref(schema), example=example),
        answer="The template, now PENDING.",
        result=ref("Template"),
        example=_PENDING,
        wrong=("name", "content", "pending_content"),
        missing=True,
    )


CHAPTER = Chapter(
    title="SMS templates",
    description="Texts that are approved once and then sent with values for their placeholders.",
    schemas={
        "TemplateRequest": record(_FIELDS),
        "TemplateChange": {
            **record(_FIELDS, optional=tuple(_FIELDS)),
            "anyOf": [{"required": ["name"]}, {"required": ["content"]}],
        },
        "Template": record(
            {
                "id": integer(),
                "name": text(),
                "approved_content": nullable(text("The text in force; null until the first approval.")),
                "pending_content": nullable(text("A text that waits for approval.")),
                "status": text(enum=["APPROVED", "PENDING"]),
                "api_usage_example": nullable(text("A line for the shell, once approved.")),
            }
        ),
        "TemplateMessageRequest": _send_request(_VARIABLES),
        "TemplateMessageForm": _send_request(
            text("A JSON object with a value for each placeholder.", contentMediaType="application/json")
        ),
    },
    endpoints=(
        Endpoint(
            section="3.1",
            method="get",
            path="/sms/templates/",
            name="listTemplates",
            summary="List templates",
            answer="The account's templates.",
            result=array(ref("Template")),
            example=[_APPROVED, _PENDING],
        ),
        Endpoint(
            section="3.2",
            method="post",
            path="/sms/templates/",
            name="createTemplate",
            summary="Create a template",
            description="It waits for approval by people at Xoxzo; no call does that.",
            body=Body(schema=ref("TemplateRequest"), example={"name": "Welcome", "content": "Hi {name}!"}),
            status=201,
            answer="Created, and PENDING.",
            result=ref("Template"),
            example=_PENDING,
            leads_to={
                name: {"parameters": {"template_id": "$response.body#/id"}}
                for name in ("getTemplate", "updateTemplate", "deleteTemplate", "sendTemplate")
            },
            wrong=("name", "content", "pending_content"),
        ),
        Endpoint(
            section="3.3",
            method="get",
            path="/sms/templates/{template_id}/",
            name="getTemplate",
            summary="Read a template",
            parameters=(_ID,),
            answer="The template.",
            result=ref("Template"),
            example=_APPROVED,
            missing=True,
        ),
        _update("post", "changeTemplate", "Change some of a template", "TemplateChange", {"content": "Hi {name}!"}),
        _update(
            "put", "replaceTemplate", "Change a template", "TemplateRequest", {"name": "Welcome", "content": "Hi!"}
        ),
        _update("patch", "updateTemplate", "Change some of a template", "TemplateChange", {"content": "Hi {name}!"}),
        Endpoint(
            section="3.5",
            method="delete",
            path="/sms/templates/{template_id}/",
            name="deleteTemplate",
            summary="Delete a template",
            parameters=(_ID,),
            status=204,
            or_status=200,
            answer="Deleted. The answer has no body.",
            missing=True,
        ),
        Endpoint(
            section="3.6",
            method="post",
            path="/sms/templates/{template_id}/messages/",
            name="sendTemplate",
            summary="Send a template as an SMS",
            description="The template must be approved. Each call sends and charges again.",
            parameters=(_ID,),
            body=Body(
                schema=ref("TemplateMessageRequest"),
                example=_SEND_EXAMPLE,
                form_schema=ref("TemplateMessageForm"),
                form_example={**_SEND_EXAMPLE, "variables": '{"name": "Alice", "order": "A-17"}'},
            ),
            status=201,
            answer="Accepted and charged; the state is read as that of any SMS.",
            result=SENT,
            example=[{"msgid": MSGID}],
            leads_to={"getSms": {"parameters": {"msgid": "$response.body#/0/msgid"}}},
            wrong=("message", *_SEND),
            charged=True,
            missing=True,
        ),
    ),
)
