"""SMS messages and their templates over HTTP (API sections 2 and 3)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from operator import eq, ge, gt, le, lt
from sys import intern
from typing import Literal

from msgspec import Struct

from xoxzo.cloudpy.simulator.api.http import ApiResponse, Fields, RequestContext, detail, found, invalid, json_response
from xoxzo.cloudpy.simulator.engine import rules
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.records.accounts import Template, is_same_account
from xoxzo.cloudpy.simulator.engine.records.traffic import Message, SmsRequest


def send(context: RequestContext) -> ApiResponse:
    """Answer `POST /sms/messages/` (API section 2.1)."""
    settings = context.engine.settings
    allowed = context.account.free_form
    if not (settings.free_form_allowed if allowed is None else allowed):
        raise detail(403, "You do not have permission to perform this action.")
    return accept(context, read(context.fields(), context.engine, context.base_url))


def accept(context: RequestContext, request: SmsRequest) -> ApiResponse:
    """Send a message whose parameters were read, and answer with its id; raise `HttpError` 400 for a long text."""
    try:
        message = context.engine.sms.send(context.account, request)
    except rules.MessageTooLong:
        raise invalid("message", "Message too long") from None
    return json_response(201, [{"msgid": message.msgid}])


def read(fields: Fields, engine: Engine, base_url: str, *, text: str | None = None) -> SmsRequest:
    """Read the parameters of section 2.1; without a `text`, `message` is required. Else raise `HttpError` 400."""
    k_premium, k_premium_sender = _k_premium(fields, engine)
    request = SmsRequest(
        text=fields.required("message") if text is None else text,
        recipient=fields.required("recipient", rules.is_number, "Invalid recipient"),
        sender=intern(_sender(fields, strict=engine.settings.strict_sender)),
        tags=fields.tags(),
        callback_url=fields.url("callbackurl"),
        track_link=fields.flag("track_link"),
        click_callback_url=_click_url(fields, without_scheme=engine.settings.lt_callbackurl_without_scheme),
        k_premium=k_premium,
        k_premium_sender=k_premium_sender,
        base_url=base_url,
    )
    if not request.track_link and rules.count_parts(request.text) is None:
        # With tracking the length is known only after replacement (API section 15.26).
        fields.error("message", "Message too long")
    fields.check()
    country_refused = rules.has_dialling_code(engine.settings.blocked_countries, request.recipient)
    if country_refused or (request.k_premium and not request.recipient.startswith("+81")):
        raise invalid("recipient", "Country not allowed")
    return request


def is_sender(text: str, *, strict: bool) -> bool:
    """Say whether a sender is taken: up to 15 digits, else up to 10 characters (API section 15.4).

    Those are letters and digits; unless `strict`, also the hyphens and blanks that were seen in use, and other
    printable ASCII inside (API section 16).
    """
    if rules.is_digits(text.removeprefix("+")):
        return True
    if len(text) > 10 or not text.isascii():
        return False
    return text.isalnum() or (not strict and text.isprintable() and text == text.strip())


def _sender(fields: Fields, *, strict: bool) -> str:
    sender = fields.required("sender", lambda text: is_sender(text, strict=strict), "Invalid sender")
    bare = sender.removeprefix("+")
    return bare if rules.is_digits(bare) else sender  # recorded, listed and reported without its + (API section 15.4)


def _click_url(fields: Fields, *, without_scheme: bool) -> str | None:
    if not (without_scheme and fields.has("lt_callbackurl")):
        return fields.url("lt_callbackurl")

    def absolute(url: str) -> str:
        return url if "://" in url else f"http://{url}"

    return absolute(fields.required("lt_callbackurl", lambda url: rules.is_url(absolute(url)), "Enter a valid URL."))


def _k_premium(fields: Fields, engine: Engine) -> tuple[Literal["", "full", "lite"], str]:
    full, lite = fields.flag("jp_kp"), fields.flag("jp_kpl")
    if not (full or lite):
        return "", ""
    if full and lite:
        fields.error("non_field_errors", "jp_kp and jp_kpl exclude each other.")
    sender = fields.required(
        "jp_kp_sender",
        lambda sender: rules.is_digits(sender) and engine.accounts.knows_sender(sender),
        "Invalid sender",
    )
    return "full" if full else "lite", sender


def get(context: RequestContext) -> ApiResponse:
    """Answer `GET /sms/messages/<msgid>/` (API section 2.2)."""
    sms = context.engine.sms
    message = sms.messages.find(context.account, context.ident)
    return ApiResponse(404) if message is None else json_response(200, sms.view(message, context.base_url))


OLDEST = timedelta(days=90)
"""How far back the sent list reaches; the ninetieth day is included (API section 15.19)."""

_FILTER = re.compile(r"sent_date(<=|>=|=|<|>)(.*)", re.DOTALL)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COMPARE: dict[str, Callable[[date, date], bool]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}


class DateFilter(Struct, frozen=True):
    """One condition on the day (UTC) on which a message was sent."""

    operator: str
    day: date

    def accepts(self, day: date) -> bool:
        """Say whether a day fulfils the condition."""
        return _COMPARE[self.operator](day, self.day)


def date_filters(query: list[tuple[str, str]], today: date) -> list[DateFilter]:
    """Read the sent list's filters, all of which must hold; others, and days before `OLDEST`, are 400."""
    filters = []
    for key, value in query:
        # "sent_date>=2016-05-18" arrives as key "sent_date>" and value "2016-05-18"; "sent_date>2016-05-18" as a key
        # with an empty value. Put together again, both are the text that the caller wrote.
        match = _FILTER.fullmatch(f"{key}={value}" if value or key == "sent_date" else key)
        if match is None:
            raise invalid(key, "Invalid parameter")
        try:
            day = date.fromisoformat(match[2]) if _DATE.fullmatch(match[2]) else None
        except ValueError:
            day = None
        if day is None:
            raise invalid("sent_date", "Invalid sent_date format")
        if today - day > OLDEST:
            raise invalid("sent_date", "Invalid sent_date")
        filters.append(DateFilter(match[1], day))
    return filters


def list_sent(context: RequestContext) -> ApiResponse:
    """Answer `GET /sms/messages/` (API section 2.3): newest first, at most `list_cap`."""
    engine = context.engine
    today = datetime.fromtimestamp(engine.context.now(), UTC).date()
    filters = date_filters(context.request.query_pairs(), today)

    def is_listed(message: Message) -> bool:
        day = datetime.fromtimestamp(message.sent, UTC).date()
        return today - day <= OLDEST and all(condition.accepts(day) for condition in filters)

    messages = filter(is_listed, reversed(engine.sms.by_account.get(context.account, {}).values()))
    shown = (engine.sms.view(message, context.base_url) for message in islice(messages, engine.settings.list_cap))
    return json_response(200, list(shown))


def list_templates(context: RequestContext) -> ApiResponse:
    """Answer `GET /sms/templates/` (API section 3.1)."""
    account, templates = context.account, context.engine.templates.templates.values()
    return json_response(
        200, [one.view(context.base_url) for one in templates if is_same_account(one.account, account)]
    )


def create_template(context: RequestContext) -> ApiResponse:
    """Answer `POST /sms/templates/` (API sections 3.2 and 15.31)."""
    fields = context.fields()
    name, content = fields.required("name"), fields.required(_content_name(fields))
    fields.check()
    template = context.engine.templates.create(context.account, name, content)
    return json_response(201, template.view(context.base_url))


def get_template(context: RequestContext) -> ApiResponse:
    """Answer `GET /sms/templates/<id>/` (API section 3.3)."""
    return json_response(200, _template(context).view(context.base_url))


def update_template(context: RequestContext) -> ApiResponse:
    """Answer PUT, PATCH and POST on `/sms/templates/<id>/`: name, content or both (API sections 3.4 and 15.32)."""
    template = _template(context)
    fields = context.fields()
    name = fields.required("name") if fields.has("name") else None
    content_name = _content_name(fields)
    content = fields.required(content_name) if name is None or fields.has(content_name) else None
    fields.check()
    context.engine.templates.update(template, name=name, content=content)
    return json_response(200, template.view(context.base_url))


def delete_template(context: RequestContext) -> ApiResponse:
    """Answer `DELETE /sms/templates/<id>/` without a body (API sections 3.5 and 15.33)."""
    context.engine.templates.delete(_template(context))
    return ApiResponse(context.engine.settings.template_delete_status)


def send_template(context: RequestContext) -> ApiResponse:
    """Answer `POST /sms/templates/<id>/messages/` as a free-form message is answered (API sections 3.6, 15.34-37)."""
    template = _template(context)
    fields = context.fields()
    text = _render(template, fields)
    return accept(context, read(fields, context.engine, context.base_url, text=text))


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


def _template(context: RequestContext) -> Template:
    ident = int(context.ident) if rules.is_digits(context.ident) else 0
    return found(context.engine.templates.templates.find(context.account, ident))
