"""The account over HTTP (API section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.api.http import json_response
from xoxzo.cloudpy.simulator.api.request import RequestContext

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.api.http import ApiResponse


def get_credits(context: RequestContext) -> ApiResponse:
    """Answer `GET /you/credits/` (API section 9.1)."""
    return json_response(200, {"credits": float(context.account.credits)})
