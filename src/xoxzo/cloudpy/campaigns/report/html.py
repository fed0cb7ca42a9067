"""Render a report of a campaign as one HTML page without external resources: figures, charts, failures."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.records import State, outcome_reason, read_reason
from xoxzo.cloudpy.campaigns.report.charts import Bar, bar_chart, line_chart, share, stacked_bar
from xoxzo.cloudpy.campaigns.report.css import STYLE
from xoxzo.cloudpy.campaigns.report.statistics import Statistics

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns.content import Content
    from xoxzo.cloudpy.campaigns.ledger import Ledger

_STATES = {
    State.DELIVERED: ("delivered", "good"),
    State.SENT: ("sent, no final status yet", "main"),
    State.FAILED: ("failed at the carrier", "bad"),
    State.REJECTED: ("rejected by Xoxzo", "worse"),
    State.UNKNOWN: ("unknown: may be sent", "doubt"),
    State.ASSUMED: ("assumed to be sent", "guess"),
    State.SKIPPED: ("left out", "rest"),
    State.WAITING: ("not sent", "none"),
}
_KINDS = {"text": "SMS", "template": "SMS by template", "say": "calls that speak", "play": "calls that play an mp3"}
_LATENCIES = ((5, "≤ 5 s"), (15, "≤ 15 s"), (60, "≤ 1 min"), (300, "≤ 5 min"), (3600, "≤ 1 h"))
_NO_CARRIER = "not known any more"
_NO_REASON = "no reason was given"
_FAILED = frozenset({State.FAILED, State.REJECTED})
_MAX_CARRIERS = 12
_MAX_FAILURES = 50


def render_report(name: str, content: Content, ledger: Ledger) -> str:
    """Return the page. It shows no phone number, no message and no id."""
    figures = Statistics(ledger.recipient_statuses(), ledger.get("statistics"))
    sections = (
        ("Recipients by state", _states(figures), True),
        ("Progress", _progress(figures), True),
        ("From recipient to delivery", _funnel(figures), False),
        ("From sent to delivered", _latency(figures), False),
        ("Parts and cost", _parts(figures, calls=content.is_call), False),
        ("Failures by carrier", _carriers(figures), False),
        ("What went wrong", _failures(figures), True),
    )
    body = "".join(
        f"<section{' class=wide' if wide else ''}><h2>{title}</h2>{content}</section>"
        for title, content, wide in sections
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(name)} · campaign report</title><style>{STYLE}</style></head><body><main>"
        f"{_head(name, content, ledger, figures)}{_cards(figures)}{_left_out(ledger)}"
        f'<div class="sections">{body}</div>{_foot()}</main></body></html>\n'
    )


def _head(name: str, content: Content, ledger: Ledger, figures: Statistics) -> str:
    created = datetime.fromtimestamp(float(ledger.get("created") or 0), UTC)
    facts = [f"{_KINDS[content.kind]} from {content.sender}", f"created {_day(created)}"]
    if figures.sent:
        first, last = (datetime.fromtimestamp(at, UTC) for at in (min(figures.sent), max(figures.sent)))
        facts.append(
            f"sent {_day(first)} to {last:%H:%M}"
            if first.date() == last.date()
            else f"sent {_day(first)} to {_day(last)}"
        )
    state = str(ledger.get("state"))
    reason = str(read_reason(ledger.get("reason")))
    why = f'<p class="why">{escape(reason)}</p>' if reason else ""
    return (
        f'<header><h1>{escape(name)}</h1><span class="state {escape(state)}">'
        f'{escape(state)}</span>{why}<p class="soft">{escape(" · ".join(facts))} UTC</p></header>'
    )


def _cards(figures: Statistics) -> str:
    total, states = figures.total, figures.states
    failed = states[State.FAILED] + states[State.REJECTED]
    shown = (
        (f"{total:,}", "recipients", "", ""),
        (f"{figures.accepted:,}", "sent", _of(figures.accepted, total), "main"),
        (f"{states[State.DELIVERED]:,}", "delivered", _of(states[State.DELIVERED], total), "good"),
        (f"{failed:,}", "failed", _of(failed, total), "bad" if failed else ""),
        (
            f"{states[State.UNKNOWN]:,}",
            "unknown",
            _of(states[State.UNKNOWN], total),
            "doubt" if states[State.UNKNOWN] else "",
        ),
        (f"{figures.charged:,.0f}", "credits charged", f"of {figures.estimate:,.0f} estimated", ""),
    )
    return (
        '<div class="cards">'
        + "".join(
            f'<div class="card {kind}"><b>{value}</b><span>{word}</span><small>{more}</small></div>'
            for value, word, more, kind in shown
        )
        + "</div>"
    )


def _left_out(ledger: Ledger) -> str:
    facts = ledger.get("input") or {}
    lines = []
    for key, words in (("bad", "of the list could not be sent to"), ("repeated", "repeated a number")):
        if count := facts.get(key):
            what, done = ("row", "was") if count == 1 else ("rows", "were")
            lines.append(f"{count:,} {what} {words} and {done} left out.")
    return f'<p class="note">{" ".join(lines)}</p>' if lines else ""


def _states(figures: Statistics) -> str:
    return stacked_bar(
        [Bar(word, figures.states[state], kind) for state, (word, kind) in _STATES.items() if figures.states[state]]
    )


def _progress(figures: Statistics) -> str:
    return line_chart([("sent", figures.sent, "main"), ("delivered", figures.delivered, "good")], figures.total)


def _funnel(figures: Statistics) -> str:
    states, total = figures.states, figures.total
    tried = total - states[State.WAITING] - states[State.SKIPPED]
    return bar_chart(
        [
            Bar("recipients", total, "rest"),
            Bar("tried", tried, "rest"),
            Bar("sent", figures.accepted, "main"),
            Bar("delivered", states[State.DELIVERED], "good"),
        ],
        total,
    )


def _latency(figures: Statistics) -> str:
    counts = figures.delivered_within([most for most, _ in _LATENCIES])
    if not any(counts):
        return bar_chart([])
    names = [*(word for _, word in _LATENCIES), "over 1 h"]
    half, most = (_seconds(figures.latency_quantile(share) or 0.0) for share in (0.5, 0.95))
    last = max(place for place, count in enumerate(counts) if count)
    shown = bar_chart([Bar(name, count) for name, count in zip(names, counts, strict=True)][: last + 1])
    return f'<p class="lead">Half within <b>{half}</b>, 95 % within <b>{most}</b>.</p>{shown}'


def _parts(figures: Statistics, *, calls: bool) -> str:
    rows = [
        Bar("calls" if calls else f"{n} part{'s' if n != 1 else ''}", count, "main", f"{figures.costs[n]:,.0f} credits")
        for n, count in sorted(figures.parts.items())
    ]
    return bar_chart(rows)


def _carriers(figures: Statistics) -> str:
    failed: Counter[str] = Counter()
    for (carrier, state, _), count in figures.failures.items():
        if state in _FAILED:
            failed[carrier] += count
    if not failed:
        return '<p class="soft">No failures.</p>'
    rows = [
        Bar(
            name or _NO_CARRIER,
            count,
            "bad",
            f"{share(count, figures.by_carrier[name])} of {figures.by_carrier[name]:,}",
        )
        for name, count in failed.most_common(_MAX_CARRIERS)
    ]
    return bar_chart(rows) + (
        '<p class="soft">By the carrier that a range of numbers was assigned to; ported numbers keep it.</p>'
    )


def _failures(figures: Statistics) -> str:
    if not figures.failures:
        return '<p class="soft">Nothing.</p>'
    rows = "".join(
        f'<tr><td><i class="{_STATES[state][1]}"></i></td><td>{escape(_STATES[state][0])}<small>'
        f"{escape(outcome_reason(error) or _NO_REASON)}</small></td><td>{escape(carrier or _NO_CARRIER)}</td>"
        f"<td>{count:,}</td></tr>"
        for (carrier, state, error), count in figures.failures.most_common(_MAX_FAILURES)
    )
    return f"<table><tr><th></th><th>Outcome and reason</th><th>Carrier</th><th>Recipients</th></tr>{rows}</table>"


def _foot() -> str:
    from xoxzo.cloudpy.version import __version__

    now = datetime.now(UTC)
    return (
        f'<footer class="soft">Made {_day(now)} UTC by xoxzo.cloudpy {__version__}. '
        "This page contains no phone number and no message.</footer>"
    )


def _of(value: int, whole: int) -> str:
    return share(value, whole) if whole else ""


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _seconds(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:g} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
