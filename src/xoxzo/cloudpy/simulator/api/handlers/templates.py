"""SMS templates over HTTP (API section 3)."""

from __future__ import annotations

import json

from xoxzo.cloudpy.simulator.api.handlers import sms
from xoxzo.cloudpy.simulator.api.http import ApiResponse, HttpError, empty_response, invalid, json_response
from xoxzo.cloudpy.simulator.api.request import Fields, RequestContext
from xoxzo.cloudpy.simulator.engine.errors import MessageTooLong, MissingVariables, NotApproved, UnknownTemplate
from xoxzo.cloudpy.simulator.engine.records.templates import Template
from xoxzo.cloudpy.simulator.engine.rules.phone_numbers import is_digits


def list_all(exchange: RequestContext) -> ApiResponse:
    """Answer `GET /sms/templates/` (API section 3.1)."""
    owned = exchange.engine.templates.owned(exchange.account)
    return json_response(200, [template.view(exchange.base_url) for template in owned])


def create(exchange: RequestContext) -> ApiResponse:
    """Answer `POST /sms/templates/` (API sections 3.2 and 15.31)."""
    fields = exchange.fields()
    name, content = fields.required("name"), fields.required(_content_name(fields))
    fields.check()
    template = exchange.engine.templates.create(exchange.account, name, content)
    return json_response(201, template.view(exchange.base_url))


def get(exchange: RequestContext) -> ApiResponse:
    """Answer `GET /sms/templates/<id>/` (API section 3.3)."""
    return json_response(200, _find(exchange).view(exchange.base_url))


def update(exchange: RequestContext) -> ApiResponse:
    """Answer PUT, PATCH and POST on `/sms/templates/<id>/`: name, content or both (API sections 3.4 and 15.32)."""
    template = _find(exchange)
    fields = exchange.fields()
    name = fields.required("name") if fields.has("name") else None
    content_name = _content_name(fields)
    content = fields.required(content_name) if name is None or fields.has(content_name) else None
    fields.check()
    exchange.engine.templates.update(template, name=name, content=content)
    return json_response(200, template.view(exchange.base_url))


def delete(exchange: RequestContext) -> ApiResponse:
    """Answer `DELETE /sms/templates/<id>/` without a body (API sections 3.5 and 15.33)."""
    exchange.engine.templates.delete(_find(exchange))
    return empty_response(exchange.engine.settings.template_delete_status)


def send(exchange: RequestContext) -> ApiResponse:
    """Answer `POST /sms/templates/<id>/messages/` as a free-form message is answered (API sections 3.6, 15.34-37)."""
    template = _find(exchange)
    fields = exchange.fields()
    text = _render(template, fields)
    request = sms.read(fields, exchange.engine, exchange.base_url, text=text)
    try:
        message = exchange.engine.sms.send(exchange.account, request)
    except MessageTooLong:
        raise invalid("message", "Message too long") from None
    return json_response(201, [{"msgid": message.msgid}])


def _render(template: Template, fields: Fields) -> str:
    variables = _variables(fields)
    try:
        return template.render(variables)
    except NotApproved:
        raise invalid("non_field_errors", "Template is not approved") from None
    except MissingVariables as missing:
        fields.error("variables", f"Missing variables: {', '.join(missing.names)}")
        return ""


def _variables(fields: Fields) -> dict[str, str]:
    """Read `variables`: a JSON object, or in a form its text (API section 15.35)."""
    given = fields.raw("variables")
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            fields.error("variables", "Value must be valid JSON.")
            return {}
    if not isinstance(given, dict):
        if given is not None:
            fields.error("variables", f'Expected a dictionary of items but got type "{type(given).__name__}".')
        return {}
    values = Fields(given)
    variables = {name: values.text(name) for name in given}
    for name, reasons in values.errors.items():
        fields.error("variables", f"{name}: {reasons[0]}")
    return variables


def _content_name(fields: Fields) -> str:
    return "pending_content" if fields.has("pending_content") and not fields.has("content") else "content"


def _find(exchange: RequestContext) -> Template:
    try:
        if is_digits(exchange.ident):
            return exchange.engine.templates.find(exchange.account, int(exchange.ident))
    except UnknownTemplate:
        pass
    raise HttpError(404, None)
