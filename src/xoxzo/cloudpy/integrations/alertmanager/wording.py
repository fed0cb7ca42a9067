"""From alerts to a text that fits few SMS parts.

Placeholders: ``{id}`` of the incident, ``{severity}``, ``{names}`` of the alerts with their counts, ``{count}`` of
those that fire, ``{summary}``, ``{instances}``, ``{label.NAME}`` and ``{annotation.NAME}`` of the first alert that has
it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager.routing import severities
from xoxzo.cloudpy.text import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from xoxzo.cloudpy.integrations.alertmanager.payload import Alert
    from xoxzo.cloudpy.integrations.alertmanager.settings import Settings

SMS = {
    "en": "FIRING {severity} {names}: {summary} #{id}",
    "ja": "【障害】{severity} {names} {summary} #{id}",
}
CALL = {
    "en": "Alert. {severity}. {names}. {summary}. I repeat. {names}. {summary}. By answering you have acknowledged it.",
    "ja": "障害のお知らせです。{severity}。{names}。{summary}。繰り返します。{names}。{summary}。"
    "この電話への応答をもって、確認済みとします。",
}
RESOLVED = {"en": "RESOLVED {names} #{id}", "ja": "【復旧】{names} #{id}"}

_SIMPLE = frozenset({"id", "severity", "names", "count", "summary", "instances"})
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAMED = re.compile(r"(?:label|annotation)\.[A-Za-z_][A-Za-z0-9_]*")
_MANY = 3
_SPOKEN = 400
_FILLED = 60


def check(field: str, template: str) -> str:
    """Take a template of a text.

    Raises:
        InvalidArgument: it is blank, or holds a placeholder that is none.
    """
    if not template.strip():
        raise InvalidArgument(field, "must not be blank")
    for name in _PLACEHOLDER.findall(template):
        if name not in _SIMPLE and not _NAMED.fullmatch(name):
            known = ", ".join(sorted(_SIMPLE))
            raise InvalidArgument(field, f"has no placeholder {{{name}}}: take {known}, label.NAME or annotation.NAME")
    return template


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a message says.

    Attributes:
        text: its text, as far as that is known here.
        template: the number of the template that makes it, or ``None``.
        variables: of the template.
    """

    text: str
    template: int | None = None
    variables: dict[str, str] = {}


def message(settings: Settings, ident: str, alerts: Sequence[Alert], *, resolved: bool) -> Said:
    """Return what an SMS says: that alerts fire, or that all is well again.

    What fills a template's placeholder is cut at 60 characters.
    """
    texts = settings.texts
    template = texts.resolved_template if resolved else texts.sms_template
    if template is None:
        return Said(text=sms(settings, texts.resolved if resolved else texts.sms, ident, alerts))
    values = _values(settings, ident, alerts)
    variables = {
        name: _fit(text, values, alerts, lambda filled: len(filled) <= _FILLED) or "-"
        for name, text in template.variables.items()
    }
    return Said(text=" ".join(variables.values()), template=template.ident, variables=variables)


def sms(settings: Settings, template: str, ident: str, alerts: Sequence[Alert]) -> str:
    """Return a text that is cut so that it fits; what it says of the summary gives way first.

    Args:
        settings: how long it may be.
        template: with placeholders.
        ident: the incident's id.
        alerts: what it tells of.
    """
    values = _values(settings, ident, alerts)
    most = settings.texts.max_parts
    return _fit(template, values, alerts, lambda text: (measure(text).parts or most + 1) <= most)


def spoken(settings: Settings, ident: str, alerts: Sequence[Alert]) -> str:
    """Return what a call says, at most 400 characters."""
    values = _values(settings, ident, alerts)
    return _fit(settings.texts.call, values, alerts, lambda text: len(text) <= _SPOKEN)


def _fit(template: str, values: dict[str, str], alerts: Sequence[Alert], fits: Callable[[str], bool]) -> str:
    def shortened(room: int) -> str:
        return _fill(template, {**values, "summary": _cut(values["summary"], room)}, alerts)

    whole = _fill(template, values, alerts)
    if fits(whole):
        return whole
    room = _longest(len(values["summary"]), lambda n: fits(shortened(n)))
    if room is not None:
        return shortened(room)
    return _cut(whole, _longest(len(whole), lambda n: fits(_cut(whole, n))) or 0)


def _longest(most: int, fits: Callable[[int], bool]) -> int | None:
    """Return a great number up to `most` that fits, or ``None``: the greatest, if whatever is smaller fits as well."""
    if not fits(0):
        return None
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    begun = text[:room].rstrip()
    # One character that is not ASCII would halve what fits into a part.
    return begun + ("..." if begun.isascii() else "…")


def _fill(template: str, values: dict[str, str], alerts: Sequence[Alert]) -> str:
    def value(found: re.Match[str]) -> str:
        kind, _, name = found[1].partition(".")
        if name:
            return _first(alerts, "labels" if kind == "label" else "annotations", name)
        return values[kind]

    return _plain(_PLACEHOLDER.sub(value, template))


def _values(settings: Settings, ident: str, alerts: Sequence[Alert]) -> dict[str, str]:
    summary = _first(alerts, "annotations", "summary") or _first(alerts, "annotations", "description")
    instances = _several(alert.labels.get("instance", "") for alert in alerts)
    return {
        "id": ident,
        "severity": "/".join(severities(settings, alerts)),
        "names": _several(alert.labels.get("alertname", "") for alert in alerts),
        "count": str(len(alerts)),
        "summary": _plain(summary or instances),
        "instances": instances,
    }


def _first(alerts: Sequence[Alert], of: str, name: str) -> str:
    return next((value for alert in alerts if (value := getattr(alert, of).get(name))), "")


def _several(words: Iterable[str]) -> str:
    counts = Counter(word for word in words if word)
    shown = [word if count == 1 else f"{word} x{count}" for word, count in counts.most_common(_MANY)]
    more = len(counts) - len(shown)
    return ", ".join(shown) + (f" +{more}" if more > 0 else "")


def _plain(text: str) -> str:
    # Labels come from anywhere: no line ends or control characters, and no gaps where a value is missing.
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())
