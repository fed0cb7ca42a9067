"""What differs when a campaign is run again with other options than it was started with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import click
from click.core import ParameterSource

from xoxzo.cloudpy.campaigns import Content, Limits, Schedule
from xoxzo.cloudpy.campaigns.inputs.names import fold
from xoxzo.cloudpy.cli.commands.campaign.creation import columns_of
from xoxzo.cloudpy.cli.commands.campaign.options import CONTENT_KINDS, amount, limits_of
from xoxzo.cloudpy.cli.commands.campaign.render import describe_schedule, duration, local_time
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.output.values import format_value

_READING = ("country", "any_number", "encoding", "delimiter", "header", "header_row", "sheet", "hidden")


def content_changes(given: dict[str, Any], content: Content) -> list[tuple[str, str, str]]:
    """Return where the given options differ from a campaign's content: option, campaign's value, given value."""
    stored: dict[str, Any] = {
        content.kind: content.template if content.kind == "template" else content.message,
        "sender": content.sender,
        "language": content.language,
        "tags": content.tags,
        "track_link": bool(content.options.get("track_link")),
        "price": content.price,
    }
    wanted = {name: given[name] for name in (*CONTENT_KINDS, "sender", "language", "tags", "track_link") if given[name]}
    if (price := amount("price", given["price"])) is not None:
        wanted["price"] = price
    if given["opt_out_url"] and content.opt_out_url:
        stored["opt_out_url"], wanted["opt_out_url"] = content.opt_out_url, given["opt_out_url"].rstrip("/")
    return [
        (f"--{name.removesuffix('s').replace('_', '-')}", _shown(stored.get(name)), _shown(value))
        for name, value in wanted.items()
        if value != stored.get(name)
    ]


def list_changes(given: dict[str, Any], read: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return where the given options differ from how a campaign's list was read: option, value then, given value."""
    columns, asked = read.get("columns", {}), read.get("asked", {})
    by_name = {f"--column {name}": (columns.get(name), column) for name, column in columns_of(given).items()}
    if given["number"]:
        by_name["--number"] = (asked.get("number"), given["number"])
    source = click.get_current_context().get_parameter_source
    found = [(option, old, new) for option, (old, new) in by_name.items() if fold(old or "") != fold(new)]
    found += [
        (f"--{name.replace('_', '-')}", asked.get(name), given[name])
        for name in _READING
        if source(name) is not ParameterSource.DEFAULT and given[name] != asked.get(name)
    ]
    return [(option, _shown(old), _shown(new)) for option, old, new in found]


def split_changes(given: dict[str, Any], part: dict[str, Any] | None) -> list[tuple[str, str, str]]:
    """Return whether another part of the list is given than a campaign has: option, campaign's value, given value."""
    before = "{part}/{of}".format(**part) if part else None
    return [("--split", _shown(before), _shown(given["split"]))] if before != given["split"] else []


def limit_changes(given: dict[str, Any], before: Limits) -> list[tuple[str, str, str]]:
    """Return where the given options differ from a campaign's limits: option, campaign's value, given value."""
    after = limits_of(given, before)
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in Limits.__struct_fields__]
    options = {"schedule": "--at, --window, --quiet"}
    return [
        (options.get(name, f"--{name.replace('_', '-')}"), _shown(old, name), _shown(new, name))
        for name, old, new in pairs
        if old != new
    ]


def _shown(value: object, name: str = "") -> str:
    if value is None or value == ():
        return _("none")
    if isinstance(value, Schedule):
        return describe_schedule(value)
    if name == "expires" and isinstance(value, float):
        return local_time(value)
    if name == "not_within" and isinstance(value, float):
        return duration(value) if value else _("none")
    if isinstance(value, bool | Decimal | float):
        return format_value(Decimal(str(value)) if isinstance(value, float) else value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
