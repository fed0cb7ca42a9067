"""Utilities over HTTP (API section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.numbers import is_number

from .exchange import Exchange, reply

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.http import Reply


def look_up(exchange: Exchange) -> Reply:
    """Answer `POST /utilities/carrierlookup/`: a list of one (API section 8.1)."""
    fields = exchange.fields()
    number = fields.required("recipient", is_number, "Invalid recipient")
    fields.check()
    return reply(201, [exchange.engine.lookup.look_up(exchange.account, number)])
