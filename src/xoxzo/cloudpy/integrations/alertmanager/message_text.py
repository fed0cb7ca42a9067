"""Render the texts of messages and calls from alerts.

Placeholders: ``{id}`` of the incident, ``{severity}``, ``{names}`` of the alerts with their counts, ``{count}`` of
firing alerts, ``{summary}``, ``{instances}``, and ``{label.NAME}`` and ``{annotation.NAME}`` of the first alert that
has it.
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

    from xoxzo.cloudpy.integrations.alertmanager.config.settings import Settings
    from xoxzo.cloudpy.integrations.alertmanager.incidents import Alert

SMS = {"en": "FIRING {severity} {names}: {summary} #{id}", "ja": "【障害】{severity} {names} {summary} #{id}"}
CALL = {
    "en": "Alert. {severity}. {names}. {summary}. I repeat. {names}. {summary}. By answering you have acknowledged it.",
    "ja": "障害のお知らせです。{severity}。{names}。{summary}。繰り返します。{names}。{summary}。"
    "この電話への応答をもって、確認済みとします。",
}
RESOLVED = {"en": "RESOLVED {names} #{id}", "ja": "【復旧】{names} #{id}"}

_SIMPLE_PLACEHOLDERS = frozenset({"id", "severity", "names", "count", "summary", "instances"})
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAMED_PLACEHOLDER = re.compile(r"(?:label|annotation)\.[A-Za-z_][A-Za-z0-9_]*")
_MAX_NAMES = 3
_MAX_CALL_CHARACTERS = 400
_MAX_VARIABLE_CHARACTERS = 60


def check_template(field: str, template: str) -> str:
    """Check a text with placeholders and return it.

    Raises:
        InvalidArgument: it is blank, or has an unknown placeholder.
    """
    if not template.strip():
        raise InvalidArgument(field, "must not be blank")
    for name in _PLACEHOLDER.findall(template):
        if name not in _SIMPLE_PLACEHOLDERS and not _NAMED_PLACEHOLDER.fullmatch(name):
            raise InvalidArgument(
                field,
                "has no placeholder {{{name}}}: take {known}, label.NAME or annotation.NAME",
                name=name,
                known=", ".join(sorted(_SIMPLE_PLACEHOLDERS)),
            )
    return template


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """The rendered content of an SMS or a call.

    Attributes:
        message: the message, or the values of a template's variables.
        template: the number of the template, or ``None``.
        variables: the values of the template's variables.
    """

    message: str
    template: int | None = None
    variables: dict[str, str] = {}


def render_sms(settings: Settings, ident: str, alerts: Sequence[Alert], *, resolved: bool) -> Rendered:
    """Render an SMS that fits into ``max_parts``; the summary is shortened first.

    The values of a template's variables are cut at 60 characters.
    """
    texts = settings.texts
    values = _values(settings, ident, alerts)
    template = texts.resolved_template if resolved else texts.sms_template
    if template is None:

        def fits_parts(text: str) -> bool:
            return (measure(text).parts or texts.max_parts + 1) <= texts.max_parts

        return Rendered(message=_fit(texts.resolved if resolved else texts.sms, values, alerts, fits_parts))
    variables = {
        name: _fit(text, values, alerts, lambda filled: len(filled) <= _MAX_VARIABLE_CHARACTERS) or "-"
        for name, text in template.variables.items()
    }
    return Rendered(message=" ".join(variables.values()), template=template.ident, variables=variables)


def render_call(settings: Settings, ident: str, alerts: Sequence[Alert]) -> Rendered:
    """Render what a call speaks, at most 400 characters."""
    values = _values(settings, ident, alerts)
    message = _fit(settings.texts.call, values, alerts, lambda text: len(text) <= _MAX_CALL_CHARACTERS)
    return Rendered(message=message)


def _fit(template: str, values: dict[str, str], alerts: Sequence[Alert], fits: Callable[[str], bool]) -> str:
    """Fill a template so that it fits: shorten the summary first, then the entire text."""

    def with_summary_of(length: int) -> str:
        return _fill(template, {**values, "summary": _cut(values["summary"], length)}, alerts)

    full = _fill(template, values, alerts)
    if fits(full):
        return full
    length = _longest(len(values["summary"]), lambda n: fits(with_summary_of(n)))
    if length is not None:
        return with_summary_of(length)
    return _cut(full, _longest(len(full), lambda n: fits(_cut(full, n))) or 0)


def _longest(maximum: int, fits: Callable[[int], bool]) -> int | None:
    """Return a large length up to `maximum` that fits, or ``None``, by bisection.

    It is the largest one if every smaller length fits, too.
    """
    if not fits(0):
        return None
    low, high = 0, maximum
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _cut(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    start = text[:length].rstrip()
    # One character outside GSM-7 would halve what fits into a part.
    return start + ("..." if start.isascii() else "…")


def _fill(template: str, values: dict[str, str], alerts: Sequence[Alert]) -> str:
    def value(match: re.Match[str]) -> str:
        kind, _, name = match[1].partition(".")
        if name:
            return _first(alerts, "labels" if kind == "label" else "annotations", name)
        return values[kind]

    return _clean(_PLACEHOLDER.sub(value, template))


def _values(settings: Settings, ident: str, alerts: Sequence[Alert]) -> dict[str, str]:
    summary = _first(alerts, "annotations", "summary") or _first(alerts, "annotations", "description")
    instances = _join(alert.labels.get("instance", "") for alert in alerts)
    return {
        "id": ident,
        "severity": "/".join(severities(settings, alerts)),
        "names": _join(alert.labels.get("alertname", "") for alert in alerts),
        "count": str(len(alerts)),
        "summary": _clean(summary or instances),
        "instances": instances,
    }


def _first(alerts: Sequence[Alert], attribute: str, name: str) -> str:
    return next((value for alert in alerts if (value := getattr(alert, attribute).get(name))), "")


def _join(names: Iterable[str]) -> str:
    """Join the most frequent names, with their counts."""
    counts = Counter(name for name in names if name)
    shown = [name if count == 1 else f"{name} x{count}" for name, count in counts.most_common(_MAX_NAMES)]
    more = len(counts) - len(shown)
    return ", ".join(shown) + (f" +{more}" if more > 0 else "")


def _clean(text: str) -> str:
    # Labels come from anywhere: replace control characters and line breaks, and close the gaps of missing values.
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())
