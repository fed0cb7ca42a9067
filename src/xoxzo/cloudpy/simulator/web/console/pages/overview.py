"""Overview: what happened lately, in charts, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from xoxzo.cloudpy.simulator.web.console import template_filters
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
    counted = {
        "sms": sum(one.sms for one in minutes),
        "calls": sum(one.calls for one in minutes),
        "posted": sum(one.callbacks_ok for one in minutes),
        "failed": sum(one.callbacks_failed for one in minutes),
        "spent": sum((one.spent for one in minutes), Decimal(0)),
    }
    gettext = request.gettext
    facts = {
        **counted,
        "figures": figures,
        "begin": minutes[0].start,
        "peak": max(one.sms + one.calls for one in minutes),
        "traffic": template_filters.bars(
            gettext("{sms} messages and {calls} calls in the last hour").format(
                sms=counted["sms"], calls=counted["calls"]
            ),
            ("sms", [one.sms for one in minutes]),
            ("calls", [one.calls for one in minutes]),
        ),
        "balance": template_filters.line(
            gettext("Credits of all accounts: {n} now").format(n=template_filters.money(figures.balance)),
            [float(one.balance) for one in minutes],
        ),
        "callbacks": template_filters.bars(
            gettext("{ok} callbacks delivered, {failed} tries failed").format(
                ok=counted["posted"], failed=counted["failed"]
            ),
            ("good", [one.callbacks_ok for one in minutes]),
            ("bad", [one.callbacks_failed for one in minutes]),
        ),
        "states": [_states(gettext("Messages"), figures.sms), _states(gettext("Calls"), figures.calls)],
        "refused": request.simulator.requests(status="failed", limit=_MAX_REFUSED).items,
    }
    return Page("overview.html", gettext("Overview"), TOPICS, facts)


def _states(name: str, counts: Mapping[str, int]) -> dict[str, Any]:
    """Return how many of a sort have which status, and the bar that shows it."""
    ordered = [(status, tone, counts[status]) for status, tone in _TONES.items() if counts.get(status)]
    words = ", ".join(f"{status} {count}" for status, _, count in ordered)
    bar = template_filters.shares(f"{name}: {words or 0}", [(tone, count) for _, tone, count in ordered])
    return {"name": name, "total": sum(counts.values()), "ordered": ordered, "bar": bar}
