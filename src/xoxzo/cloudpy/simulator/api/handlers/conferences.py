"""Conferences over HTTP (API sections 5.3 and 5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.api.http import ApiResponse, empty_response, invalid, json_response
from xoxzo.cloudpy.simulator.api.request import RequestContext
from xoxzo.cloudpy.simulator.engine.records.calls import ConferenceRequest
from xoxzo.cloudpy.simulator.engine.rules.call_actions import LANGUAGES
from xoxzo.cloudpy.simulator.engine.rules.phone_numbers import is_digits, is_number, without_plus
from xoxzo.cloudpy.simulator.engine.rules.pricing import has_dialling_code

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.api.request import Fields


def place(context: RequestContext) -> ApiResponse:
    """Answer `POST /voice/simple/conferences/` with an object (API section 5.3)."""
    fields = context.fields()
    if fields.has("lang"):  # exists, but its real name was never seen (API section 15.44)
        lang = fields.required("lang")
        if lang and lang not in LANGUAGES:
            fields.error("lang", f'"{lang}" is not a valid choice.')
    request = ConferenceRequest(
        caller=fields.required("caller", lambda caller: is_digits(without_plus(caller)), "Invalid caller"),
        participants=_participants(fields),
        callback_url=fields.url("callbackurl"),
        tags=fields.tags(),
        base_url=context.base_url,
    )
    fields.check()
    blocked = context.engine.settings.blocked_countries
    if any(has_dialling_code(blocked, number) for number in request.participants):
        raise invalid("participants", "Country not allowed")
    conference = context.engine.conferences.place(context.account, request)
    participants = [{"participant": leg.recipient, "callid": leg.callid} for leg in conference.legs]
    return json_response(201, {"participants": participants, "conferenceid": conference.conferenceid})


def _participants(fields: Fields) -> tuple[str, ...]:
    numbers = tuple(number.strip() for number in fields.required("participants").split(","))
    if not all(map(is_number, numbers)):
        fields.error("participants", "Invalid participants")
    elif not 2 <= len(numbers) <= 3:
        fields.error("participants", "A conference has 2 or 3 participants.")
    return numbers


def get(context: RequestContext) -> ApiResponse:
    """Answer `GET /voice/simple/conferences/<conferenceid>/` (API section 5.4)."""
    conference = context.engine.conferences.find(context.account, context.ident)
    return empty_response(404) if conference is None else json_response(200, conference.view(context.base_url))
