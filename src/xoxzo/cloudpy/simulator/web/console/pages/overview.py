"""Overview: what happened lately, in charts, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.web.console.page_request import Page, PageRequest

MINUTES = 60
"""How many minutes the charts show."""

TOPICS = ("sms", "call", "callback", "request", "account", "din")
"""Events that change the figures."""

_MAX_REFUSED = 10
_TONES = {
    "DELIVERED": "good",
    "ANSWERED": "good",
    "QUEUED": "wait",
    "DELIVERING": "wait",
    "IN PROGRESS": "wait",
    "FAIL": "bad",
    "NO ANSWER": "bad",
    "FAILED": "bad",
}
"""How each status is coloured, in the order in which they are drawn."""


def show(request: PageRequest) -> Page:
    """Show the last hour."""
    figures = request.simulator.overview(MINUTES)
    minutes = figures.minutes
    kinds = ((N_("Messages"), figures.sms), (N_("Calls"), figures.calls))
    counted = {
        "sms": sum(one.sms for one in minutes),
        "calls": sum(one.calls for one in minutes),
        "posted": sum(one.callbacks_ok for one in minutes),
        "failed": sum(one.callbacks_failed for one in minutes),
        "spent": sum((one.spent for one in minutes), Decimal(0)),
    }
    facts = {
        **counted,
        "figures": figures,
        "peak": max(one.sms + one.calls for one in minutes),
        "callback_peak": max(one.callbacks_ok + one.callbacks_failed for one in minutes),
        "balances": [float(one.balance) for one in minutes],
        "states": [(request.gettext(name), *_states(counts)) for name, counts in kinds],
        "refused": request.simulator.requests(status="failed", limit=_MAX_REFUSED).items,
    }
    return Page("overview.html", request.gettext("Overview"), TOPICS, facts)


def _states(counts: Mapping[str, int]) -> tuple[int, list[tuple[str, str, int]]]:
    """Return how many there are, and how many have which status, with its tone."""
    return sum(counts.values()), [
        (status, tone, counts[status]) for status, tone in _TONES.items() if counts.get(status)
    ]
