"""The account and utilities over HTTP (API sections 8 and 9)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.api.http import ApiResponse, json_response
from xoxzo.cloudpy.simulator.api.request import RequestContext
from xoxzo.cloudpy.simulator.engine.rules.formats import is_number


def get_credits(context: RequestContext) -> ApiResponse:
    """Answer `GET /you/credits/` (API section 9.1)."""
    return json_response(200, {"credits": float(context.account.credits)})


def look_up(context: RequestContext) -> ApiResponse:
    """Answer `POST /utilities/carrierlookup/`: a list of one (API section 8.1)."""
    fields = context.fields()
    number = fields.required("recipient", is_number, "Invalid recipient")
    fields.check()
    return json_response(201, [context.engine.lookup.look_up(context.account, number)])
