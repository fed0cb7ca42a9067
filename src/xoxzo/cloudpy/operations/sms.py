"""SMS messages (API section 2) and SMS templates (API section 3)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Unpack, cast

import msgspec

from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models import Message, SentMessage, Template
from xoxzo.cloudpy.models.templates import check_variables
from xoxzo.cloudpy.operations import bodies, checks
from xoxzo.cloudpy.operations.bodies import Fields
from xoxzo.cloudpy.operations.operation import (
    Effect,
    Listing,
    Operation,
    delete_operation,
    list_operation,
    read_operation,
    write_operation,
)
from xoxzo.cloudpy.protocols import CallbackUrls, SmsFields, SmsOptions

_PATH = "/sms/messages/"
_TEMPLATES = "/sms/templates/"
_OPERATORS = {"on": "=", "since": "%3E=", "until": "%3C=", "after": "%3E", "before": "%3C"}
_NO_FIELDS: tuple[Fields, str | None] = {}, None
_CONTENT = frozenset({"sender", "message", "variables"})


def send_sms(*, recipient: str, sender: str, message: str, **options: Unpack[SmsOptions]) -> Operation[SentMessage]:
    """Send one SMS (API section 2.1)."""
    recipient = checks.recipient(recipient)
    # Most sends have none, and then there is nothing to check.
    fields, reference = sms_fields(**options) if options else _NO_FIELDS
    content = {
        "recipient": recipient,
        "sender": checks.sender(sender),
        # A tracked link is replaced by a short one, so the length that counts is not known here (API section 15.26).
        "message": checks.message(message, measured=not fields.get("track_link")),
        **fields,
    }
    return Operation(
        name="sms.send",
        method="POST",
        path=_PATH,
        effect=Effect.CREATE,
        read=read_sent(reference),
        body=bodies.form(content),
        content_type=bodies.FORM,
        reference=reference,
        recipients=(recipient,),
    )


def sms_fields(
    *,
    callback_url: str | None = None,
    callbacks: CallbackUrls | None = None,
    reference: str | None = None,
    tags: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
    track_link: bool = False,
    lt_callback_url: str | None = None,
    jp_kp: bool = False,
    jp_kpl: bool = False,
    jp_kp_sender: str | None = None,
) -> tuple[Fields, str | None]:
    """Check :class:`~xoxzo.cloudpy.SmsOptions`; return them by their names in the API, and the reference."""
    reference = checks.optional_reference(reference)
    every_tag = checks.tags(tags, reference)
    nothing = callback_url is None and callbacks is None and lt_callback_url is None and jp_kp_sender is None
    if nothing and not extra and track_link is False and jp_kp is False and jp_kpl is False:
        # So are most sends, and then there is nothing more to check.
        return {"tags": every_tag}, reference
    if lt_callback_url is not None and not track_link:
        raise InvalidArgument("lt_callback_url", "needs track_link=True: only a tracked link can be clicked")
    fields = {
        "callbackurl": checks.callback_url("callback_url", callback_url, callbacks, "delivery-report", reference),
        "tags": every_tag,
        "track_link": checks.flag("track_link", track_link),
        "lt_callbackurl": checks.callback_url(
            "lt_callback_url", lt_callback_url, callbacks if track_link else None, "link-clicked", reference
        ),
        **_premium_route(jp_kp=jp_kp, jp_kpl=jp_kpl, jp_kp_sender=jp_kp_sender),
    }
    return fields | checks.extra_parameters(extra, _CONTENT | fields.keys()), reference


def _premium_route(*, jp_kp: bool, jp_kpl: bool, jp_kp_sender: str | None) -> Fields:
    if jp_kp and jp_kpl:
        raise InvalidArgument("jp_kpl", "excludes jp_kp: choose K-premium or K-premium Lite")
    if (jp_kp or jp_kpl) and jp_kp_sender is None:
        raise InvalidArgument("jp_kp_sender", "is required with jp_kp and jp_kpl")
    if jp_kp_sender is not None and not (jp_kp or jp_kpl):
        raise InvalidArgument("jp_kp_sender", "needs jp_kp=True or jp_kpl=True")
    return {
        "jp_kp": checks.flag("jp_kp", jp_kp),
        "jp_kpl": checks.flag("jp_kpl", jp_kpl),
        "jp_kp_sender": None if jp_kp_sender is None else checks.formatted("jp_kp_sender", jp_kp_sender),
    }


def sms_to_many(
    *, sender: str, reference_prefix: str, tags: Sequence[str] = (), options: Mapping[str, Any]
) -> Callable[[str, str, int], Operation[str]]:
    """Return what makes one SMS of many, and reads its msgid; all that they share is checked and encoded once.

    It takes recipient, message and a number, and returns what `send_sms` would return for them. A reference is the
    prefix, a hyphen and that number. Callbacks are bound to a reference, so there can be none among the options.
    """
    # Its text and the end of its reference are what varies; neither can occur anywhere else.
    text_mark, number_mark = secrets.token_hex(16), secrets.token_hex(16)
    reference = f"{reference_prefix}-{number_mark}"
    sent = send_sms(
        recipient="+819000000000", sender=sender, message=text_mark, reference=reference, tags=tags, **options
    )
    before, _, rest = sent.body.decode("ascii").partition("&")[2].partition(text_mark)
    between, _, after = rest.partition(number_mark)
    measured = not options.get("track_link")
    model = cast("Operation[str]", msgspec.structs.replace(sent, read=bodies.read_msgid))
    last = text = ""

    def make(recipient: str, message: str, number: int) -> Operation[str]:
        nonlocal last, text
        recipient = checks.recipient(recipient)
        if not last or message is not last:
            # Often all have the same one.
            last, text = message, bodies.encoded(checks.message(message, measured=measured))
        return msgspec.structs.replace(
            model,
            body=f"recipient=%2B{recipient[1:]}&{before}{text}{between}{number}{after}".encode("ascii"),
            reference=f"{reference_prefix}-{number}",
            recipients=(recipient,),
        )

    return make


PreparedSms = tuple[str, "Operation[SentMessage] | InvalidArgument"]
"""A recipient, with the request that reaches it or the error that refuses it."""


def prepare_many(messages: Iterable[str | Mapping[str, Any]], shared: SmsFields) -> list[PreparedSms]:
    """Check every message before the first is sent, so that a mistake in the program stops nothing half way.

    A message is a recipient, or parameters of :func:`send_sms`; `shared` are those of all that do not set their own.
    """
    if isinstance(messages, str | Mapping) or not isinstance(messages, Iterable):
        raise InvalidArgument("messages", "must be a list of recipients, or of mappings of parameters")
    if shared.get("reference", "auto") not in {None, "auto"}:
        raise InvalidArgument("reference", 'names one message: use "auto", or set it in each message')
    prepared: list[PreparedSms] = []
    for message in messages:
        own: dict[str, Any] = {**message} if isinstance(message, Mapping) else {"recipient": message}
        fields: dict[str, Any] = {"reference": "auto", **shared, **own}
        recipient = str(plain(fields["recipient"]))
        try:
            prepared.append((recipient, send_sms(**fields)))
        except InvalidArgument as error:
            prepared.append((recipient, error))
    return prepared


def read_sent(reference: str | None) -> Callable[[bytes], SentMessage]:
    """Return the reader of the answer to a send; `bodies.reader` would take a fiftieth of a send longer."""

    def read(body: bytes) -> SentMessage:
        raw = bodies.decode_record(body)
        return SentMessage(msgid=bodies.required(raw, "msgid"), reference=reference, raw=raw)

    return read


def get_sms(msgid: str) -> Operation[Message]:
    """Return the status of one SMS (API section 2.2)."""
    return read_operation("sms.get", f"{_PATH}{checks.path_id('msgid', msgid)}/", bodies.reader(Message))


def list_sms(**days: date | str | None) -> Listing[Message]:
    """List what was sent in the last 90 days, by the days of ``client.sms.list`` (API section 2.3).

    The operator is part of the query's text and not of a value: ``sent_date>=2026-01-31``, its ``<`` and ``>`` encoded.
    """
    conditions = [
        f"sent_date{operator}{checks.day(field, days[field])}"
        for field, operator in _OPERATORS.items()
        if days.get(field) is not None
    ]
    return list_operation("sms.list", _PATH, bodies.reader(Message), "&".join(conditions))


def list_templates() -> Listing[Template]:
    """List the account's templates (API section 3.1)."""
    return list_operation("templates.list", _TEMPLATES, bodies.reader(Template))


def get_template(template_id: int) -> Operation[Template]:
    """Return one template (API section 3.2)."""
    return read_operation("templates.get", _template_path(template_id), bodies.reader(Template))


def create_template(*, name: str, content: str) -> Operation[Template]:
    """Create a template, which then waits for approval (API sections 3.2 and 15.31).

    The one documented request about templates, that of `send_template`, is JSON, and so are all of these.
    """
    fields = {"name": checks.text("name", name), "content": checks.text("content", content)}
    return write_operation("templates.create", _TEMPLATES, bodies.reader(Template), fields, as_json=True)


def update_template(template_id: int, *, name: str | None = None, content: str | None = None) -> Operation[Template]:
    """Change a template, which then waits for approval again (API sections 3.2 and 15.32)."""
    fields = {
        field: checks.text(field, value) for field, value in (("name", name), ("content", content)) if value is not None
    }
    if not fields:
        raise InvalidArgument("content", "or name must be given: there is nothing to change")
    # PATCH and not PUT: what is not given stays as it is.
    how: dict[str, Any] = {"method": "PATCH", "effect": Effect.IDEMPOTENT, "as_json": True}
    return write_operation("templates.update", _template_path(template_id), bodies.reader(Template), fields, **how)


def delete_template(template_id: int) -> Operation[None]:
    """Delete a template (API sections 3.2 and 15.33)."""
    return delete_operation("templates.delete", _template_path(template_id))


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
    # One that was never approved when it was read may be approved by now, with a text that is not known here.
    if isinstance(template, Template) and template.approved_content is not None:
        rendered = template.render(values)
        if rendered.parts is None and not fields.get("track_link"):
            raise InvalidArgument(
                "variables", "make a text of {units} characters, which is too long to be sent", units=rendered.units
            )
    content = {
        "recipient": recipient,
        "sender": checks.sender(sender),
        # Required even when a template has no placeholder.
        "variables": values,
        **{name: value for name, value in fields.items() if value is not None},
    }
    path = _template_path(template.id if isinstance(template, Template) else template, "template")
    more: dict[str, Any] = {"as_json": True, "reference": reference, "recipients": (recipient,)}
    return write_operation("templates.send", f"{path}messages/", read_sent(reference), content, **more)


def _template_path(template_id: int, field: str = "template_id") -> str:
    return f"{_TEMPLATES}{checks.positive_integer(field, template_id)}/"
