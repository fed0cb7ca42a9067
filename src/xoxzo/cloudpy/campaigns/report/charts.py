"""Draw small charts as HTML and SVG, without scripts: they fit a phone and print well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple
from zoneinfo import ZoneInfo

_WIDTH, _HEIGHT = 1000, 300
_POINTS = 160
_DAY_SECONDS = 86_400.0
_MINUTES_SECONDS = 600.0


class Bar(NamedTuple):
    """One bar."""

    name: str
    value: int
    kind: str = "main"
    """Its CSS class."""
    note: str = ""
    """The text after its value; by default its share."""


def bar_chart(rows: Sequence[Bar], total: int | None = None) -> str:
    """Draw a bar for each row; return an empty text where there is nothing to draw.

    Args:
        rows: the bars.
        total: the total for shares; ``None`` for the sum of the values.
    """
    total = total or sum(bar.value for bar in rows)
    if not total:
        return ""
    most = max(bar.value for bar in rows)
    drawn = "".join(
        f'<div class="row"><span class="name">{escape(bar.name)}</span>'
        f'<span class="track"><i class="{bar.kind}" style="width:{100 * bar.value / most:.2f}%"></i></span>'
        f'<span class="value">{bar.value:,}<small>{escape(bar.note) or share(bar.value, total)}</small></span></div>'
        for bar in rows
    )
    return f'<div class="bars">{drawn}</div>'


def stacked_bar(rows: Sequence[Bar]) -> str:
    """Draw one bar that consists of all rows, with a legend; return an empty text where there is nothing to draw."""
    total = sum(bar.value for bar in rows)
    if not total:
        return ""
    pieces = "".join(
        f'<i class="{bar.kind}" style="flex-grow:{bar.value}" title="{escape(bar.name)}: {bar.value:,}"></i>'
        for bar in rows
    )
    legend = "".join(
        f'<li><i class="{bar.kind}"></i><span>{escape(bar.name)}</span><b>{bar.value:,}</b>'
        f"<small>{share(bar.value, total)}</small></li>"
        for bar in rows
    )
    return f'<div class="stack">{pieces}</div><ul class="legend">{legend}</ul>'


def line_chart(series: Sequence[tuple[str, Sequence[float], str]], total: int, zone: ZoneInfo | None = None) -> str:
    """Draw cumulative counts over time; return an empty text where there is nothing to draw.

    Args:
        series: for each line its name, seconds since 1970 in any order, and its CSS class; the first has an area.
        total: the count at the top of the chart.
        zone: the time zone of the times; by default that of this machine.
    """
    moments = [(min(times), max(times)) for _, times, _ in series if times]
    if not moments or not total:
        return ""
    first = min(begin for begin, _ in moments)
    span = max(1.0, max(end for _, end in moments) - first)
    drawn = []
    for index, (_, times, kind) in enumerate(series):
        if not times:
            continue
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in _points(times, first, span, total))
        if not index:
            drawn.append(f'<polygon class="area {kind}" points="0,{_HEIGHT} {line} {_WIDTH},{_HEIGHT}"/>')
        drawn.append(f'<polyline class="edge {kind}" points="{line}"/>')
    grid = "".join(f'<line x1="0" x2="{_WIDTH}" y1="{y:g}" y2="{y:g}"/>' for y in (0.5, _HEIGHT / 2, _HEIGHT - 0.5))
    labels = "".join(f"<span>{_time(first + span * step / 4, span, zone)}</span>" for step in range(5))
    named = "".join(f'<li><i class="{kind}"></i><span>{escape(name)}</span></li>' for name, _, kind in series)
    return (
        f'<div class="chart"><div class="heights"><span>{total:,}</span><span>{total // 2:,}</span><span>0</span></div>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(", ".join(name for name, _, _ in series))} over time">'
        f'<g class="grid">{grid}</g>{"".join(drawn)}</svg><div class="clocks">{labels}</div></div>'
        f'<ul class="legend">{named}</ul>'
    )


def _points(times: Sequence[float], first: float, span: float, total: int) -> list[tuple[float, float]]:
    counts = [0] * (_POINTS + 1)
    for at in times:
        counts[min(_POINTS, int((at - first) / span * _POINTS))] += 1
    points, reached = [], 0
    for step, count in enumerate(counts):
        reached += count
        points.append((step / _POINTS * _WIDTH, _HEIGHT - reached / total * (_HEIGHT - 4)))
    return points


def share(value: int, total: int) -> str:
    """Return a value's share of a total, as a percentage."""
    part = 100 * value / total
    return f"{part:.0f} %" if part in {0, 100} or 10 <= part <= 90 else f"{part:.1f} %"


def _time(seconds: float, span: float, zone: ZoneInfo | None) -> str:
    form = "%H:%M:%S" if span < _MINUTES_SECONDS else "%H:%M" if span < _DAY_SECONDS else "%m-%d %H:%M"
    return datetime.fromtimestamp(seconds).astimezone(zone).strftime(form)
