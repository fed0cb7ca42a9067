"""SMS templates over HTTP (API section 3)."""

from __future__ import annotations

import json

from xoxzo.cloudpy.simulator.api.handlers import sms
from xoxzo.cloudpy.simulator.api.http import ApiResponse, HttpError, empty_response, invalid, json_response
from xoxzo.cloudpy.simulator.api.request import Fields, RequestContext
from xoxzo.cloudpy.simulator.engine.records.accounts import Template
from xoxzo.cloudpy.simulator.engine.rules.formats import is_digits


def list_all(context: RequestContext) -> ApiResponse:
    """Answer `GET /sms/templates/` (API section 3.1)."""
    owned = context.engine.templates.owned(context.account)
    return json_response(200, [template.view(context.base_url) for template in owned])


def create(context: RequestContext) -> ApiResponse:
    """Answer `POST /sms/templates/` (API sections 3.2 and 15.31)."""
    fields = context.fields()
    name, content = fields.required("name"), fields.required(_content_name(fields))
    fields.check()
    template = context.engine.templates.create(context.account, name, content)
    return json_response(201, template.view(context.base_url))


def get(context: RequestContext) -> ApiResponse:
    """Answer `GET /sms/templates/<id>/` (API section 3.3)."""
    return json_response(200, _find(context).view(context.base_url))


def update(context: RequestContext) -> ApiResponse:
    """Answer PUT, PATCH and POST on `/sms/templates/<id>/`: name, content or both (API sections 3.4 and 15.32)."""
    template = _find(context)
    fields = context.fields()
    name = fields.required("name") if fields.has("name") else None
    content_name = _content_name(fields)
    content = fields.required(content_name) if name is None or fields.has(content_name) else None
    fields.check()
    context.engine.templates.update(template, name=name, content=content)
    return json_response(200, template.view(context.base_url))


def delete(context: RequestContext) -> ApiResponse:
    """Answer `DELETE /sms/templates/<id>/` without a body (API sections 3.5 and 15.33)."""
    context.engine.templates.delete(_find(context))
    return empty_response(context.engine.settings.template_delete_status)


def send(context: RequestContext) -> ApiResponse:
    """Answer `POST /sms/templates/<id>/messages/` as a free-form message is answered (API sections 3.6, 15.34-37)."""
    template = _find(context)
    fields = context.fields()
    text = _render(template, fields)
    return sms.accept(context, sms.read(fields, context.engine, context.base_url, text=text))


def _render(template: Template, fields: Fields) -> str:
    variables = _variables(fields)
    if template.status == "PENDING":
        raise invalid("non_field_errors", "Template is not approved")  # API section 15.34
    if missing := [name for name in template.placeholders if name not in variables]:
        fields.error("variables", f"Missing variables: {', '.join(missing)}")
        return ""
    return template.render(variables)


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


def _find(context: RequestContext) -> Template:
    ident = int(context.ident) if is_digits(context.ident) else 0
    template = context.engine.templates.find(context.account, ident)
    if template is None:
        raise HttpError(404, None)
    return template
