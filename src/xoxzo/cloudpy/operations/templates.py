"""SMS templates (API section 3). Their one documented request is JSON, and so are all of these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models import SentMessage, Template
from xoxzo.cloudpy.models.templates import check_variables
from xoxzo.cloudpy.operations import bodies, checks
from xoxzo.cloudpy.operations.operation import (
    Effect,
    Listing,
    Operation,
    delete_operation,
    list_operation,
    read_operation,
    write_operation,
)
from xoxzo.cloudpy.operations.sms import read_sent, sms_fields
from xoxzo.cloudpy.protocols import SmsOptions

_PATH = "/sms/templates/"


def list_templates() -> Listing[Template]:
    """List the account's templates (API section 3.1)."""
    return list_operation("templates.list", _PATH, bodies.reader(Template))


def get_template(template_id: int) -> Operation[Template]:
    """Return one template (API section 3.2)."""
    return read_operation("templates.get", _path(template_id), bodies.reader(Template))


def create_template(*, name: str, content: str) -> Operation[Template]:
    """Create a template, which then waits for approval (API sections 3.2 and 15.31)."""
    fields = {"name": checks.text("name", name), "content": checks.text("content", content)}
    return write_operation("templates.create", _PATH, bodies.reader(Template), fields, as_json=True)


def update_template(template_id: int, *, name: str | None = None, content: str | None = None) -> Operation[Template]:
    """Change a template, which then waits for approval again (API sections 3.2 and 15.32)."""
    fields = {
        field: checks.text(field, value) for field, value in (("name", name), ("content", content)) if value is not None
    }
    if not fields:
        raise InvalidArgument("content", "or name must be given: there is nothing to change")
    # PATCH and not PUT: what is not given stays as it is.
    how: dict[str, Any] = {"method": "PATCH", "effect": Effect.IDEMPOTENT, "as_json": True}
    return write_operation("templates.update", _path(template_id), bodies.reader(Template), fields, **how)


def delete_template(template_id: int) -> Operation[None]:
    """Delete a template (API sections 3.2 and 15.33)."""
    return delete_operation("templates.delete", _path(template_id))


def send_template(
    template: Template | int,
    *,
    recipient: str,
    sender: str,
    variables: Mapping[str, str] | None = None,
    **options: Unpack[SmsOptions],
) -> Operation[SentMessage]:
    """Send one SMS by a template (API section 3.6)."""
    values = check_variables({} if variables is None else variables)
    recipient = checks.recipient(recipient)
    fields, reference = sms_fields(**options)
    if isinstance(template, Template):
        _check_text(template, values, measured=not fields.get("track_link"))
    content = {
        "recipient": recipient,
        "sender": checks.sender(sender),
        # Required even when a template has no placeholder.
        "variables": values,
        **{name: value for name, value in fields.items() if value is not None},
    }
    path = f"{_path(template.id if isinstance(template, Template) else template, 'template')}messages/"
    return write_operation(
        "templates.send",
        path,
        read_sent(reference),
        content,
        as_json=True,
        reference=reference,
        recipients=(recipient,),
    )


def _check_text(template: Template, values: Mapping[str, str], *, measured: bool) -> None:
    # One that was never approved when it was read may be approved by now, with a text that is not known here.
    if template.approved_content is None:
        return
    rendered = template.render(values)
    if measured and rendered.parts is None:
        raise InvalidArgument(
            "variables", "make a text of {units} characters, which is too long to be sent", units=rendered.units
        )


def _path(template_id: int, field: str = "template_id") -> str:
    return f"{_PATH}{checks.positive_integer(field, template_id)}/"
