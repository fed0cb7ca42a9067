"""The account over HTTP (API section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .exchange import Exchange, reply

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.http import Reply


def get_credits(exchange: Exchange) -> Reply:
    """Answer `GET /you/credits/` (API section 9.1)."""
    return reply(200, {"credits": float(exchange.account.credits)})
