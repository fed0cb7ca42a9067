"""Render the texts of messages and calls from alerts.

Placeholders: ``{id}`` of the incident, ``{severity}``, ``{names}`` of the alerts with their counts, ``{count}`` of
firing alerts, ``{summary}``, ``{instances}``, ``{link}`` that acknowledges, the number ``{dial_in}``, and
``{label.NAME}`` and ``{annotation.NAME}`` of the first alert that has it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager.config.settings import Settings
from xoxzo.cloudpy.integrations.alertmanager.incidents import Alert, Incident
from xoxzo.cloudpy.text.parts import cut, fits_parts, longest, one_line

SMS = {"en": "FIRING {severity} {names}: {summary} #{id}", "ja": "【障害】{severity} {names} {summary} #{id}"}
_CALL = {
    "en": "Alert. {severity}. {names}. {summary}. I repeat. {names}. {summary}. By answering you have acknowledged it.",
    "ja": "障害のお知らせです。{severity}。{names}。{summary}。繰り返します。{names}。{summary}。"
    "この電話への応答をもって、確認済みとします。",
}
_BY_LINK = {"en": " Ack: {link}", "ja": " 確認: {link}"}
_BY_CALL = {"en": " Ack by calling {dial_in}", "ja": " 電話で確認: {dial_in}"}
_RESOLVED = {"en": "RESOLVED {names} #{id}", "ja": "【復旧】{names} #{id}"}
TEST_PAGE = {"en": "This is a test: please acknowledge it.", "ja": "テストです。確認の操作をしてください。"}
NO_HEARTBEAT = {
    "en": "no heartbeat from {name} for {minutes:g} min",
    "ja": "{name} から {minutes:g} 分間連絡がありません",
}
_TRUNCATED = {"en": "and {count} more", "ja": "ほか{count}件"}
_SIMPLE_PLACEHOLDERS = frozenset({"id", "severity", "names", "count", "summary", "instances", "link", "dial_in"})
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAMED_PLACEHOLDER = re.compile(r"(?:label|annotation)\.[A-Za-z_][A-Za-z0-9_]*")
_REPEATED_STOP = re.compile(r"(?<=[。.])(?:\s*[。.])+")
_MAX_NAMES = 3
_MAX_CALL_CHARACTERS = 400
_MAX_VARIABLE_CHARACTERS = 60


def check_template(field: str, template: str, settings: Settings) -> None:
    """Refuse a text that is blank, has an unknown placeholder, or one for which a setting is missing."""
    if not template.strip():
        raise InvalidArgument(field, "must not be blank")
    for name in _PLACEHOLDER.findall(template):
        needed = {"link": "public_url", "dial_in": "dial_in"}.get(name)
        if needed and not getattr(settings, needed):
            raise InvalidArgument(field, "has {{{name}}}, which needs {needed}", name=name, needed=needed)
        if name not in _SIMPLE_PLACEHOLDERS and not _NAMED_PLACEHOLDER.fullmatch(name):
            rule = N_("has no placeholder {{{name}}}: take {known}, label.NAME or annotation.NAME")
            raise InvalidArgument(field, rule, name=name, known=", ".join(sorted(_SIMPLE_PLACEHOLDERS)))


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """The rendered content of an SMS or a call; with a template, the message is the values of its variables."""

    message: str
    template: int | None = None
    variables: dict[str, str] = {}


def render_sms(settings: Settings, incident: Incident, *, resolved: bool = False, link: str = "") -> Rendered:
    """Render an SMS that fits into ``max_parts``: the summary is shortened first, then the names.

    The values of a template's variables are cut at 60 characters, except a link.
    """
    texts, language, alerts = settings.texts, settings.language, incident.alerts
    values = _values(settings, incident) | {"link": link, "dial_in": settings.dial_in}
    template = texts.resolved_template if resolved else texts.sms_template
    if template is None:
        by_link = _BY_LINK[language] if settings.public_url else ""
        by_call = _BY_CALL[language] if settings.dial_in else ""
        sms = texts.sms or SMS[language] + by_link + by_call
        text = texts.resolved or _RESOLVED[language] if resolved else sms
        return Rendered(message=_fit(text, values, alerts, lambda filled: fits_parts(filled, texts.max_parts)))
    limit = max(_MAX_VARIABLE_CHARACTERS, len(link))
    variables = {
        name: _fit(text, values, alerts, lambda filled: len(filled) <= limit) or "-"
        for name, text in template.variables.items()
    }
    return Rendered(message=" ".join(variables.values()), template=template.ident, variables=variables)


def render_call(settings: Settings, incident: Incident) -> Rendered:
    """Render what a call speaks, at most 400 characters; a placeholder without a value leaves no empty sentence."""
    values = _values(settings, incident) | {"link": "", "dial_in": settings.dial_in}
    text = settings.texts.call or _CALL[settings.language]
    message = _fit(text, values, incident.alerts, lambda filled: len(filled) <= _MAX_CALL_CHARACTERS)
    return Rendered(message=_REPEATED_STOP.sub("", message))


def _fit(template: str, values: dict[str, str], alerts: Sequence[Alert], fits: Callable[[str], bool]) -> str:
    """Fill a template so that it fits: shorten the summary first, then also the names, then the entire text."""
    filled = _fill(template, values, alerts)
    for name in ("summary", "names"):
        if not fits(filled):
            values = _shorten_value(template, values, name, alerts, fits)
            filled = _fill(template, values, alerts)
    if fits(filled):
        return filled
    return cut(filled, longest(len(filled), lambda n: fits(cut(filled, n))) or 0)


def _shorten_value(
    template: str, values: dict[str, str], name: str, alerts: Sequence[Alert], fits: Callable[[str], bool]
) -> dict[str, str]:
    """Return the values with one shortened so that the filled template fits, or as far as possible."""
    text = values[name]
    length = longest(len(text), lambda n: fits(_fill(template, {**values, name: cut(text, n)}, alerts)))
    return {**values, name: cut(text, length or 0)}


def _fill(template: str, values: dict[str, str], alerts: Sequence[Alert]) -> str:
    def value(match: re.Match[str]) -> str:
        kind, _, name = match[1].partition(".")
        if name:
            return _first(alerts, "labels" if kind == "label" else "annotations", name)
        return values[kind]

    return one_line(_PLACEHOLDER.sub(value, template))


def _values(settings: Settings, incident: Incident) -> dict[str, str]:
    alerts = incident.alerts
    names = _join(alert.labels.get("alertname", "") for alert in alerts)
    if incident.truncated:
        names += " " + _TRUNCATED[settings.language].format(count=incident.truncated)
    summary = _first(alerts, "annotations", "summary") or _first(alerts, "annotations", "description")
    instances = _join(alert.labels.get("instance", "") for alert in alerts)
    return {
        "id": incident.ident,
        "severity": "/".join(settings.severities(alerts)),
        "names": names,
        "count": str(len(alerts) + incident.truncated),
        "summary": one_line(summary or instances),
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
