"""The account over HTTP (API section 9)."""

from xoxzo.cloudpy.simulator.http import Reply

from .exchange import Exchange, reply


def get_credits(exchange: Exchange) -> Reply:
    """Answer `GET /you/credits/` (API section 9.1)."""
    return reply(200, {"credits": float(exchange.account.credits)})
