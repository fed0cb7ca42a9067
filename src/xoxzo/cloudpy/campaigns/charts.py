"""Small charts as SVG: drawn here, so that a page needs no script and prints well."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH = 760
_ROW = 30
_LABEL = 190
_VALUE = 130
_HEIGHT = 220
_STEPS = 120


def bars(rows: Sequence[tuple[str, int, str]], total: int | None) -> str:
    """Draw a bar for each row.

    Args:
        rows: name, value and CSS class.
        total: what shares are taken of; ``None`` for the sum of the values.
    """
    whole = total or sum(value for _, value, _ in rows)
    if not whole:
        return '<p class="soft">Nothing yet.</p>'
    most = max(value for _, value, _ in rows)
    room = _WIDTH - _LABEL - _VALUE
    drawn = []
    for place, (name, value, kind) in enumerate(rows):
        y = place * _ROW
        width = max(2.0, room * value / most) if value else 0.0
        drawn.append(
            f'<text x="{_LABEL - 10}" y="{y + 19}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="{kind}" x="{_LABEL}" y="{y + 5}" width="{width:.1f}" height="{_ROW - 11}" rx="3"/>'
            f'<text class="value" x="{_LABEL + width + 8:.1f}" y="{y + 19}">{value:,} · {_share(value, whole)}</text>'
        )
    return f'<svg viewBox="0 0 {_WIDTH} {len(rows) * _ROW}" role="img">{"".join(drawn)}</svg>'


def curve(times: Sequence[float], total: int) -> str:
    """Draw how many of a total were reached by when.

    Args:
        times: seconds since 1970, in any order.
        total: the height of the chart.
    """
    if not times or not total:
        return '<p class="soft">Nothing yet.</p>'
    first, last = min(times), max(times)
    span = max(1.0, last - first)
    counts = [0] * (_STEPS + 1)
    for at in times:
        counts[min(_STEPS, int((at - first) / span * _STEPS))] += 1
    points, reached = [], 0
    for step, count in enumerate(counts):
        reached += count
        points.append(f"{step / _STEPS * _WIDTH:.1f},{_HEIGHT - reached / total * (_HEIGHT - 20):.1f}")
    line = " ".join(points)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + 24}" role="img">'
        f'<line class="axis" x1="0" y1="{_HEIGHT}" x2="{_WIDTH}" y2="{_HEIGHT}" stroke-width="1"/>'
        f'<polygon class="area" points="0,{_HEIGHT} {line} {_WIDTH},{_HEIGHT}"/>'
        f'<polyline class="edge" points="{line}"/>'
        f'<text x="0" y="{_HEIGHT + 18}">{_clock(first)}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT + 18}" text-anchor="end">{_clock(last)} UTC</text></svg>'
    )


def _share(value: int, whole: int) -> str:
    share = 100 * value / whole
    return f"{share:.0f} %" if share in {0, 100} or 10 <= share <= 90 else f"{share:.1f} %"


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
