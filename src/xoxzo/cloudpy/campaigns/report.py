"""A campaign on one page of HTML that needs nothing else: figures, charts, failures."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from xoxzo.cloudpy.campaigns.charts import bars, curve
from xoxzo.cloudpy.campaigns.records import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xoxzo.cloudpy.campaigns.campaign import Campaign
    from xoxzo.cloudpy.campaigns.ledger.reading import Standing

_WORDS = {
    State.DELIVERED: "delivered",
    State.SENT: "sent, no last word yet",
    State.FAILED: "failed at the carrier",
    State.UNKNOWN: "unknown: may be sent",
    State.ASSUMED: "assumed to be sent",
    State.REJECTED: "rejected",
    State.SKIPPED: "left out",
    State.WAITING: "not sent",
}
_LATENCIES = ((5, "≤ 5 s"), (15, "≤ 15 s"), (60, "≤ 1 min"), (300, "≤ 5 min"), (3600, "≤ 1 h"), (1e18, "over 1 h"))

_STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5d6b7c;--line:#dfe5ec;--paper:#fff;--tint:#f4f7fa;--main:#1769aa;
--good:#23865a;--bad:#b3372c;--doubt:#b07a10}
@media (prefers-color-scheme:dark){:root{--ink:#e7edf4;--soft:#9aa9ba;--line:#303c4a;--paper:#141a21;--tint:#1c242d;
--main:#62b0ee;--good:#58c393;--bad:#ef857b;--doubt:#e3b04f}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,"Hiragino Sans","Noto Sans CJK JP",sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}h1{font-size:1.9rem;line-height:1.2;margin:0}
h2{font-size:1.1rem;margin:2.5rem 0 .75rem}.soft{color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem;margin:1.5rem 0}
.card{background:var(--tint);border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem}
.card b{display:block;font-size:1.6rem;font-variant-numeric:tabular-nums;line-height:1.2}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font-size:13px}svg .value{fill:var(--ink)}
.bar{fill:var(--main)}.good{fill:var(--good)}.bad{fill:var(--bad)}.doubt{fill:var(--doubt)}.rest{fill:var(--soft)}
.area{fill:var(--main);opacity:.16}.edge{fill:none;stroke:var(--main);stroke-width:2.5}.axis{stroke:var(--line)}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid var(--line)}
td:last-child,th:last-child{text-align:right;font-variant-numeric:tabular-nums}
@media print{body{font-size:11pt}main{padding:0;max-width:none}section{break-inside:avoid}.card{background:none}}
"""


class _Figures(NamedTuple):
    states: Counter[State]
    latencies: Counter[str]
    failures: Counter[tuple[str, str]]
    parts: Counter[int]
    ranges: Counter[str]
    times: list[float]
    charged: Decimal
    estimate: Decimal


def report(campaign: Campaign) -> str:
    """Return the page. It shows no number, no text and no id."""
    figures = _figures(campaign.standings())
    total = sum(figures.states.values())
    input_ = campaign.ledger.get("input") or {}
    created = datetime.fromtimestamp(float(campaign.ledger.get("created") or 0), UTC)
    sent = sum(count for state, count in figures.states.items() if state.is_sent)
    cards = (
        (f"{total:,}", "recipients"),
        (f"{sent:,}", "sent"),
        (f"{figures.states[State.DELIVERED]:,}", "delivered"),
        (f"{figures.states[State.FAILED]:,}", "failed"),
        (f"{figures.states[State.UNKNOWN]:,}", "unknown"),
        (f"{figures.charged:,}", f"credits charged, of {figures.estimate:,} estimated"),
    )
    sections = (
        ("Where everybody stands", bars(_funnel(figures.states), total)),
        ("Sent over time", curve(figures.times, total)),
        ("From sent to delivered", bars([(word, figures.latencies[word], "bar") for _, word in _LATENCIES], None)),
        (
            "SMS parts",
            bars(
                [(f"{n} parts" if n != 1 else "1 part", count, "bar") for n, count in sorted(figures.parts.items())],
                None,
            ),
        ),
        ("What went wrong", _failures(figures.failures)),
        ("Failures by range of numbers", bars([(name, n, "bad") for name, n in figures.ranges.most_common(12)], None)),
    )
    body = "".join(f"<section><h2>{title}</h2>{content}</section>" for title, content in sections)
    shown = "".join(f'<div class="card"><b>{value}</b><span class="soft">{word}</span></div>' for value, word in cards)
    left_out = "".join(
        f"<li>{words}: {input_[key]:,}</li>"
        for key, words in (
            ("bad", "rows that cannot be sent to, left out"),
            ("repeated", "rows that repeat a number, left out"),
        )
        if input_.get(key)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(campaign.name)} · campaign report</title><style>{_STYLE}</style></head><body><main>"
        f'<h1>{escape(campaign.name)}</h1><p class="soft">{escape(campaign.state)} · '
        f"created {created:%Y-%m-%d %H:%M} UTC · by {escape(campaign.content.kind)}, "
        f"from {escape(campaign.content.sender)}</p>"
        f'<div class="cards">{shown}</div>{f"<ul>{left_out}</ul>" if left_out else ""}{body}'
        "</main></body></html>\n"
    )


def _figures(standings: Iterable[Standing]) -> _Figures:
    figures = _Figures(Counter(), Counter(), Counter(), Counter(), Counter(), [], Decimal(0), Decimal(0))
    charged = estimate = Decimal(0)
    for one in standings:
        figures.states[one.state] += 1
        figures.parts[one.recipient.parts] += 1
        charged += one.charged or Decimal(0)
        estimate += one.recipient.cost or Decimal(0)
        if one.sent:
            figures.times.append(one.sent)
        if one.state == State.DELIVERED and one.ended >= one.sent > 0:
            figures.latencies[next(word for most, word in _LATENCIES if one.ended - one.sent <= most)] += 1
        if one.state in {State.FAILED, State.REJECTED}:
            figures.ranges[_range(one.recipient.number)] += 1
        if one.error and one.state != State.WAITING:
            figures.failures[_WORDS[one.state], one.error] += 1
        elif one.state == State.FAILED:
            figures.failures[_WORDS[one.state], "no reason was told"] += 1
    return figures._replace(charged=charged, estimate=estimate)


def _range(number: str) -> str:
    """Return how a number begins, as far as that tells nobody's. Which carrier it belongs to, no status tells."""
    if number.startswith("+81"):
        return f"Japan, 0{number[3:5]}"
    return number[:3] + "…" if number.startswith("+") else "not known any more"


def _funnel(states: Counter[State]) -> list[tuple[str, int, str]]:
    colours = {State.DELIVERED: "good", State.FAILED: "bad", State.REJECTED: "bad", State.UNKNOWN: "doubt"}
    return [(word, states[state], colours.get(state, "rest")) for state, word in _WORDS.items() if states[state]]


def _failures(failures: Counter[tuple[str, str]]) -> str:
    if not failures:
        return '<p class="soft">Nothing.</p>'
    rows = "".join(
        f"<tr><td>{escape(state)}</td><td>{escape(reason)}</td><td>{count:,}</td></tr>"
        for (state, reason), count in failures.most_common(50)
    )
    return f"<table><tr><th>State</th><th>Reason</th><th>Recipients</th></tr>{rows}</table>"
