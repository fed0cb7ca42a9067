"""Utilities over HTTP (API section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.api.http import json_response
from xoxzo.cloudpy.simulator.api.request import RequestContext
from xoxzo.cloudpy.simulator.engine.rules.phone_numbers import is_number

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.api.http import ApiResponse


def look_up(context: RequestContext) -> ApiResponse:
    """Answer `POST /utilities/carrierlookup/`: a list of one (API section 8.1)."""
    fields = context.fields()
    number = fields.required("recipient", is_number, "Invalid recipient")
    fields.check()
    return json_response(201, [context.engine.lookup.look_up(context.account, number)])
