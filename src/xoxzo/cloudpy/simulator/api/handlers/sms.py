"""SMS messages over HTTP (API section 2)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import islice
from sys import intern
from typing import Literal

from xoxzo.cloudpy.simulator.api.http import (
    OLDEST,
    ApiResponse,
    DateFilter,
    date_filters,
    detail,
    empty_response,
    invalid,
    json_response,
)
from xoxzo.cloudpy.simulator.api.request import Fields, RequestContext
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.errors import MessageTooLong
from xoxzo.cloudpy.simulator.engine.records.sms import Message, SmsRequest
from xoxzo.cloudpy.simulator.engine.rules.formats import count_parts, is_digits, is_number, is_url
from xoxzo.cloudpy.simulator.engine.rules.pricing import has_dialling_code


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
    except MessageTooLong:
        raise invalid("message", "Message too long") from None
    return json_response(201, [{"msgid": message.msgid}])


def read(fields: Fields, engine: Engine, base_url: str, *, text: str | None = None) -> SmsRequest:
    """Read the parameters of section 2.1; without a `text`, `message` is required. Else raise `HttpError` 400."""
    k_premium, k_premium_sender = _k_premium(fields, engine)
    request = SmsRequest(
        text=fields.required("message") if text is None else text,
        recipient=fields.required("recipient", is_number, "Invalid recipient"),
        sender=intern(_sender(fields, strict=engine.settings.strict_sender)),
        tags=fields.tags(),
        callback_url=fields.url("callbackurl"),
        track_link=fields.flag("track_link"),
        click_callback_url=_click_url(fields, without_scheme=engine.settings.lt_callbackurl_without_scheme),
        k_premium=k_premium,
        k_premium_sender=k_premium_sender,
        base_url=base_url,
    )
    if not request.track_link and count_parts(request.text) is None:
        # With tracking the length is known only after replacement (API section 15.26).
        fields.error("message", "Message too long")
    fields.check()
    country_refused = has_dialling_code(engine.settings.blocked_countries, request.recipient)
    if country_refused or (request.k_premium and not request.recipient.startswith("+81")):
        raise invalid("recipient", "Country not allowed")
    return request


def is_sender(text: str, *, strict: bool) -> bool:
    """Say whether a sender is taken: up to 15 digits, else up to 10 characters (API section 15.4).

    Those are letters and digits; unless `strict`, also the hyphens and blanks that were seen in use, and other
    printable ASCII inside (API section 16).
    """
    if is_digits(text.removeprefix("+")):
        return True
    if len(text) > 10 or not text.isascii():
        return False
    return text.isalnum() or (not strict and text.isprintable() and text == text.strip())


def _sender(fields: Fields, *, strict: bool) -> str:
    sender = fields.required("sender", lambda text: is_sender(text, strict=strict), "Invalid sender")
    bare = sender.removeprefix("+")
    return bare if is_digits(bare) else sender  # recorded, listed and reported without its + (API section 15.4)


def _click_url(fields: Fields, *, without_scheme: bool) -> str | None:
    if not (without_scheme and fields.has("lt_callbackurl")):
        return fields.url("lt_callbackurl")

    def absolute(url: str) -> str:
        return url if "://" in url else f"http://{url}"

    return absolute(fields.required("lt_callbackurl", lambda url: is_url(absolute(url)), "Enter a valid URL."))


def _k_premium(fields: Fields, engine: Engine) -> tuple[Literal["", "full", "lite"], str]:
    full, lite = fields.flag("jp_kp"), fields.flag("jp_kpl")
    if not (full or lite):
        return "", ""
    if full and lite:
        fields.error("non_field_errors", "jp_kp and jp_kpl exclude each other.")
    sender = fields.required(
        "jp_kp_sender", lambda sender: is_digits(sender) and engine.registered_senders.known(sender), "Invalid sender"
    )
    return "full" if full else "lite", sender


def get(context: RequestContext) -> ApiResponse:
    """Answer `GET /sms/messages/<msgid>/` (API section 2.2)."""
    sms = context.engine.sms
    message = sms.find(context.account, context.ident)
    return empty_response(404) if message is None else json_response(200, sms.view(message, context.base_url))


def list_sent(context: RequestContext) -> ApiResponse:
    """Answer `GET /sms/messages/` (API section 2.3): newest first, at most `list_cap`."""
    engine = context.engine
    today = datetime.fromtimestamp(engine.context.now(), UTC).date()
    filters = date_filters(context.request.query, today)
    wanted = (
        engine.sms.view(message, context.base_url)
        for message in engine.sms.newest_first(context.account)
        if _listed(message, today, filters)
    )
    return json_response(200, list(islice(wanted, engine.settings.list_cap)))


def _listed(message: Message, today: date, filters: list[DateFilter]) -> bool:
    day = datetime.fromtimestamp(message.sent, UTC).date()
    return today - day <= OLDEST and all(condition.accepts(day) for condition in filters)
