"""Small charts as SVG, drawn on the server: they need no script, and are read by screen readers as one sentence."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT, _PADDING, _BAR_HEIGHT = 600.0, 120.0, 6.0, 14.0


def bars(label: str, *series: tuple[str, Sequence[float]]) -> Markup:
    """Draw series of one length as stacked bars, each with its class of the style sheet; screen readers get `label`."""
    count = max((len(values) for _, values in series), default=0)
    top = max((sum(values[index] for _, values in series) for index in range(count)), default=0)
    step = _WIDTH / max(count, 1)
    drawn = []
    for index in range(count):
        base = _HEIGHT
        for name, values in series:
            height = _scaled(values[index], top)
            if height:
                base -= height
                drawn.append(_bar(name, index * step, base, step * 0.72, height))
    return _chart(label, Markup().join(drawn))


def line(label: str, values: Sequence[float]) -> Markup:
    """Draw values, at least one, as a line over a shade, from the lowest to the highest."""
    low, high = min(values), max(values)
    step = _WIDTH / max(len(values) - 1, 1)
    span = high - low
    points = [
        (index * step, _HEIGHT - _PADDING - (_scaled(value - low, span) if span else _HEIGHT / 2))
        for index, value in enumerate(values)
    ]
    path = " ".join(f"{x:.1f},{max(y, _PADDING / 2):.1f}" for x, y in points)
    shade = Markup('<polygon class="shade" points="0,{h} {path} {w},{h}"/>').format(h=_HEIGHT, w=_WIDTH, path=path)
    return _chart(label, shade + Markup('<polyline points="{}"/>').format(path))


def shares(label: str, counts: Sequence[tuple[str, int]]) -> Markup:
    """Draw shares of a total as one bar, each with its class of the style sheet; `label` is for screen readers."""
    total = sum(count for _, count in counts)
    at = 0.0
    drawn = []
    for name, count in counts:
        width = _WIDTH * count / total
        drawn.append(_bar(name, at, 0, max(width - 3, 2), _BAR_HEIGHT))
        at += width
    return _chart(label, Markup().join(drawn), _BAR_HEIGHT)


def _scaled(value: float, top: float) -> float:
    """Return a height; anything above zero is tall enough to be seen."""
    return max(2.0, float(Decimal(value) / Decimal(top)) * (_HEIGHT - _PADDING)) if value and top else 0.0


def _bar(name: str, x: float, y: float, width: float, height: float) -> Markup:
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>').format(
        name, x, y, width, height
    )


def _chart(label: str, inside: Markup, height: float = _HEIGHT) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {:g} {:g}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(_WIDTH, height, label, inside)
