"""Single values and the words of results: for people with titles and colours, for pipes, and as JSON."""

from __future__ import annotations

import json
import os
from datetime import datetime
from decimal import Decimal
from enum import Enum

import click

from xoxzo.cloudpy.cli.core.i18n import Word, _, language
from xoxzo.cloudpy.cli.core.output.terminal import JSON_ESCAPES, visible
from xoxzo.cloudpy.common import locale
from xoxzo.cloudpy.common.locale import N_

_FIELDS = (
    *(N_("path"), N_("default"), N_("sender"), N_("caller"), N_("country"), N_("confirm above")),
    *(N_("allowed recipients"), N_("sid"), N_("token"), N_("host"), N_("recipient"), N_("participant")),
    *(N_("participants"), N_("phone number"), N_("status"), N_("result"), N_("error"), N_("reference")),
    *(N_("sent time"), N_("start time"), N_("end time"), N_("duration"), N_("direction"), N_("call type")),
    *(N_("parts"), N_("cost"), N_("balance"), N_("tags"), N_("link tracking"), N_("url"), N_("units"), N_("limit")),
    *(N_("ascii only"), N_("first not ascii"), N_("notes"), N_("assumptions"), N_("as typed"), N_("text"), N_("name")),
    *(N_("approved content"), N_("pending content"), N_("api usage example"), N_("placeholders"), N_("deleted")),
    *(N_("released"), N_("website"), N_("message"), N_("verified"), N_("country code"), N_("prefix"), N_("din")),
    *(N_("sin"), N_("monthly cost"), N_("minute cost"), N_("action url"), N_("found"), N_("carrier"), N_("kind")),
    *(N_("event"), N_("method"), N_("content type"), N_("body"), N_("id"), N_("msgid"), N_("callid")),
    *(N_("conferenceid"), N_("otp id"), N_("din uid"), N_("sin uid"), N_("template id"), N_("e164"), N_("mccmnc")),
    *(N_("template content"),),
)
FIELD_TITLES = {title.replace(" ", "_"): title for title in _FIELDS} | {"credits": "balance"}
"""The titles of fields, by their names."""
_AMOUNTS = frozenset({"cost", "credits", "monthly_cost", "minute_cost"})
"""The fields that are amounts of credits."""
STATUS_WORDS = (
    *(N_("QUEUED"), N_("DELIVERING"), N_("DELIVERED"), N_("FAIL"), N_("IN PROGRESS"), N_("ANSWERED")),
    *(N_("NO ANSWER"), N_("FAILED"), N_("APPROVED"), N_("PENDING"), N_("sent"), N_("started"), N_("rejected")),
    *(N_("may have been sent"), N_("not sent"), N_("not tried")),
    *(N_("mobile"), N_("fixed"), N_("fixed_or_mobile"), N_("voip"), N_("toll_free"), N_("pager"), N_("other")),
)
"""Statuses of messages, calls and templates, results of sends, kinds of phone numbers; listed for the catalogue."""


_COLOURS = {
    **dict.fromkeys(("DELIVERED", "ANSWERED", "APPROVED", "sent", "started"), "green"),
    **dict.fromkeys(("FAIL", "FAILED", "NO ANSWER", "rejected", "may have been sent", "not sent"), "red"),
    **dict.fromkeys(("QUEUED", "DELIVERING", "IN PROGRESS", "PENDING"), "yellow"),
}


def to_json(value: object) -> str:
    """Return a value as one line of JSON; control characters in it are escaped, Japanese is not."""
    return json.dumps(value, ensure_ascii=False, default=_plain).translate(JSON_ESCAPES)


def field_title(name: str) -> str:
    """Return the title of a field in the user's language."""
    return _(FIELD_TITLES.get(name, name.replace("_", " ")))


def column_title(name: str) -> str:
    """Return the title of a table's column in the user's language, with the unit of its numbers."""
    title = field_title(name)
    if name == "duration":
        return _("{title} (s)", title=title)
    return _("{title} (credits)", title=title) if name in _AMOUNTS else title


def format_credits(amount: Decimal | float | None) -> str:
    """Format an amount of credits with its unit in the user's language."""
    return locale.format_credits(amount, locale.translations(language()).ngettext)


def format_field(name: str, value: object) -> str:
    """Format a field of a record for a person: numbers with their units, times with their zone."""
    if name == "duration" and isinstance(value, int):
        return _("{seconds} s", seconds=f"{value:,}")
    if name in _AMOUNTS and isinstance(value, Decimal | int):
        return format_credits(value)
    return f"{value.astimezone():%Y-%m-%d %H:%M:%S %Z}" if isinstance(value, datetime) else format_value(value)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def cell(value: object) -> str:
    """Format a value for a pipe: as in JSON, without quotation marks and control characters; ``None`` is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        simple = all(isinstance(each, str) for each in value) and not isinstance(value, dict)
        return visible(",".join(value)) if simple else to_json(value)
    text = value.value if isinstance(value, Enum) else value if isinstance(value, str) else str(_plain(value))
    return visible(" ".join(str(text).split()) if {"\t", "\n", "\r"} & set(str(text)) else text)


def format_value(value: object) -> str:
    """Format a value for a person: local time, thousands, yes and no."""
    if value is None or value in ("", [], ()):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Word):
        return _(value)
    if isinstance(value, Decimal | int):
        return f"{_plain(value) if isinstance(value, Decimal) else value:,}"
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {format_value(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return _(", ").join(format_value(each) for each in value)
    return _(value.value) if isinstance(value, Enum) else visible(value, lines=True)


def status_colour(value: object) -> str | None:
    """Return the colour of a status; ``None`` for anything else, or if ``NO_COLOR`` is set."""
    return None if os.environ.get("NO_COLOR") else _COLOURS.get(str(value.value if isinstance(value, Enum) else value))


def colour_status(value: object, text: str) -> str:
    """Colour a status; Click omits colours if the output is no terminal."""
    colour = status_colour(value)
    return click.style(text, fg=colour) if colour else text
