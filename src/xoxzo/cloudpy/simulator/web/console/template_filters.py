"""Texts, numbers, times and charts as pages show them: what was sent is escaped here or by the templates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import unquote_plus

from markupsafe import Markup, escape

MAX_TEXT_LENGTH = 20_000
"""Characters of one text; longer ones are cut and end in …."""

_LINK = re.compile(r"https?://[^\s<>\"'\u3000、。「」『』（）]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}"
# Characters that turn the direction of what follows: a text may not change how the page around it reads.
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")

_NUMBER = re.compile(r"\+?[1-9][0-9]{7,14}")
# Country codes have three digits but for these, and those of one that begin with 1 or 7.
_TWO_DIGITS = re.compile(r"2[07]|3[0-469]|4[^2]|5[1-8]|6[0-6]|8[1246]|9[0-58]")


def message(text: str) -> Markup:
    """Return a text of a message: links can be followed, and characters that would not be seen are named."""
    found = Markup()
    at = 0
    text = _cut(text)
    for match in _LINK.finditer(text):
        url = match[0].rstrip(_TRAILING)
        if any(map(_is_hidden, url)):
            continue
        found += plain(text[at : match.start()]) + Markup(
            '<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>'
        ).format(url)
        at = match.start() + len(url)
    return found + plain(text[at:])


def plain(text: str) -> Markup:
    """Return a text as it is; characters that would not be seen, or would turn others around, are named."""
    text = _cut(text)
    if not any(map(_is_hidden, text)):
        return escape(text)
    shown = (_name(letter) if _is_hidden(letter) else escape(letter) for letter in text)
    return Markup().join(shown)


def body_line(text: str) -> str:
    """Return the beginning of a body for a list: a form as people read it, and anything else as it is."""
    start = text[:2_000]
    return (start if start.startswith(("{", "[")) else unquote_plus(start))[:160]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT_LENGTH else text[:MAX_TEXT_LENGTH] + "…"


def _is_hidden(letter: str) -> bool:
    return letter in _TURNING or (letter not in "\n\t" and unicodedata.category(letter) in {"Cc", "Cs"})


def _name(letter: str) -> Markup:
    return Markup('<span class="hidden-letter">U+{:04X}</span>').format(ord(letter))


def money(amount: Decimal | float) -> str:
    """Return an amount of credits: thousands apart, and no more decimals than there are."""
    exact = Decimal(str(amount)) if isinstance(amount, float) else Decimal(amount)
    written = f"{exact:,f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def moment(at: float) -> datetime:
    """Return a moment of the simulator's clock, in UTC."""
    return datetime.fromtimestamp(at, UTC)


def time_of(at: float, form: str = "time") -> Markup:
    """Return a moment as an element that the browser writes in its own zone; `form`: time, date, both or short."""
    when = moment(at)
    forms = {"time": "%H:%M:%S", "date": "%Y-%m-%d", "both": "%Y-%m-%d %H:%M:%S", "short": "%H:%M"}
    return Markup('<time datetime="{}" data-form="{}" title="{} UTC">{}</time>').format(
        when.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), form, when.strftime("%Y-%m-%d %H:%M:%S"), when.strftime(forms[form])
    )


def number(text: str) -> str:
    """Return a phone number in groups, as people read it; anything else stays as it is."""
    if not _NUMBER.fullmatch(text):
        return text
    plus, digits = ("+", text[1:]) if text.startswith("+") else ("", text)
    length = 1 if digits[0] in "17" else 2 if _TWO_DIGITS.match(digits) else 3
    code, rest = digits[:length], digits[length:]
    # From the right, in fours, as in Japan; what is left over comes first.
    first = len(rest) % 4 or 4
    groups = [rest[:first], *(rest[at : at + 4] for at in range(first, len(rest), 4))]
    return f"{plus}{code} {' '.join(groups)}"


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
