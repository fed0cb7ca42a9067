"""Small charts as HTML and SVG: drawn here, so that a page needs no script, fits a phone, and prints well."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTHING = '<p class="soft">Nothing yet.</p>'
_WIDTH, _HEIGHT = 1000, 300
_STEPS = 160
_DAY = 86_400.0


class Bar(NamedTuple):
    """One bar."""

    name: str
    value: int
    kind: str = "main"
    """Its CSS class."""
    note: str = ""
    """What stands behind its value; by default its share."""


def bars(rows: Sequence[Bar], total: int | None = None) -> str:
    """Draw a bar for each row.

    Args:
        rows: the bars.
        total: what shares are taken of; ``None`` for the sum of the values.
    """
    whole = total or sum(bar.value for bar in rows)
    if not whole:
        return _NOTHING
    most = max(bar.value for bar in rows)
    drawn = "".join(
        f'<div class="row"><span class="name">{escape(bar.name)}</span>'
        f'<span class="track"><i class="{bar.kind}" style="width:{100 * bar.value / most:.2f}%"></i></span>'
        f'<span class="value">{bar.value:,}<small>{escape(bar.note) or share(bar.value, whole)}</small></span></div>'
        for bar in rows
    )
    return f'<div class="bars">{drawn}</div>'


def stacked_bar(rows: Sequence[Bar]) -> str:
    """Draw one bar that is made of all rows, and what each colour means."""
    whole = sum(bar.value for bar in rows)
    if not whole:
        return _NOTHING
    pieces = "".join(
        f'<i class="{bar.kind}" style="flex-grow:{bar.value}" title="{escape(bar.name)}: {bar.value:,}"></i>'
        for bar in rows
    )
    legend = "".join(
        f'<li><i class="{bar.kind}"></i><span>{escape(bar.name)}</span><b>{bar.value:,}</b>'
        f"<small>{share(bar.value, whole)}</small></li>"
        for bar in rows
    )
    return f'<div class="stack">{pieces}</div><ul class="legend">{legend}</ul>'


def line_chart(series: Sequence[tuple[str, Sequence[float], str]], total: int) -> str:
    """Draw how many of a total were reached by when.

    Args:
        series: for each curve its name, seconds since 1970 in any order, and its CSS class; the first has an area.
        total: the height of the chart.
    """
    moments = [(min(times), max(times)) for _, times, _ in series if times]
    if not moments or not total:
        return _NOTHING
    first = min(begin for begin, _ in moments)
    span = max(1.0, max(end for _, end in moments) - first)
    drawn = []
    for place, (_, times, kind) in enumerate(series):
        if not times:
            continue
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in _line(times, first, span, total))
        if not place:
            drawn.append(f'<polygon class="area {kind}" points="0,{_HEIGHT} {line} {_WIDTH},{_HEIGHT}"/>')
        drawn.append(f'<polyline class="edge {kind}" points="{line}"/>')
    grid = "".join(f'<line x1="0" x2="{_WIDTH}" y1="{y:g}" y2="{y:g}"/>' for y in (0.5, _HEIGHT / 2, _HEIGHT - 0.5))
    clocks = "".join(f"<span>{_clock(first + span * step / 4, span)}</span>" for step in range(5))
    named = "".join(f'<li><i class="{kind}"></i><span>{escape(name)}</span></li>' for name, _, kind in series)
    return (
        f'<div class="chart"><div class="heights"><span>{total:,}</span><span>{total // 2:,}</span><span>0</span></div>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(", ".join(name for name, _, _ in series))} over time">'
        f'<g class="grid">{grid}</g>{"".join(drawn)}</svg><div class="clocks">{clocks}</div></div>'
        f'<ul class="legend">{named}</ul>'
    )


def _line(times: Sequence[float], first: float, span: float, total: int) -> list[tuple[float, float]]:
    counts = [0] * (_STEPS + 1)
    for at in times:
        counts[min(_STEPS, int((at - first) / span * _STEPS))] += 1
    points, reached = [], 0
    for step, count in enumerate(counts):
        reached += count
        points.append((step / _STEPS * _WIDTH, _HEIGHT - reached / total * (_HEIGHT - 4)))
    return points


def share(value: int, whole: int) -> str:
    """Say what part of a whole a value is."""
    part = 100 * value / whole
    return f"{part:.0f} %" if part in {0, 100} or 10 <= part <= 90 else f"{part:.1f} %"


def _clock(seconds: float, span: float) -> str:
    form = "%H:%M:%S" if span < 600 else "%H:%M" if span < _DAY else "%m-%d %H:%M"
    return datetime.fromtimestamp(seconds, UTC).strftime(form)
