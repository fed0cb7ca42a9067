"""What differs when a campaign is run again with other options than it was started with."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import click
from click.core import ParameterSource

from xoxzo.cloudpy.campaigns import Campaign, Content, Limits, Schedule
from xoxzo.cloudpy.campaigns.inputs.names import fold
from xoxzo.cloudpy.cli.commands.campaign.creation import columns_of
from xoxzo.cloudpy.cli.commands.campaign.options import CONTENT_KINDS, limits_of
from xoxzo.cloudpy.cli.commands.campaign.render import describe_schedule, duration, local_time
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.output.values import format_value

_READING = ("country", "any_number", "encoding", "delimiter", "header", "header_row", "sheet", "hidden")


def changes(given: dict[str, Any], campaign: Campaign) -> list[tuple[str, str, str]]:
    """Return where the given options differ from those a campaign was started with: option, campaign's value, value."""
    found = [*_content_changes(given, campaign.content), *_list_changes(given, campaign.ledger.get("input") or {})]
    part = campaign.ledger.get("split")
    found.append(("--split", "{part}/{of}".format(**part) if part else None, given["split"]))
    if campaign.state != "created":
        before, after = campaign.limits, limits_of(given, campaign.limits)
        found += [(_option(name), getattr(before, name), getattr(after, name)) for name in Limits.__struct_fields__]
    return [(option, _shown(old, option), _shown(new, option)) for option, old, new in found if old != new]


def _content_changes(given: dict[str, Any], content: Content) -> Iterator[tuple[str, Any, Any]]:
    stored: dict[str, Any] = {
        content.kind: content.template if content.kind == "template" else content.message,
        "sender": content.sender,
        "language": content.language,
        "tags": content.tags,
        "track_link": bool(content.options.get("track_link")),
        "price": content.price,
    }
    wanted = {name: given[name] for name in (*CONTENT_KINDS, "sender", "language", "tags", "track_link") if given[name]}
    if given["price"] is not None:
        wanted["price"] = given["price"]
    if given["opt_out_url"] and content.opt_out_url:
        stored["opt_out_url"], wanted["opt_out_url"] = content.opt_out_url, given["opt_out_url"].rstrip("/")
    for name, value in wanted.items():
        yield _option(name.removesuffix("s")), stored.get(name), value


def _list_changes(given: dict[str, Any], read: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield what concerns how a campaign's list was read; names of columns are compared as they are found."""
    columns, asked = read.get("columns", {}), read.get("asked", {})
    named = {f"--column {name}": (columns.get(name), column) for name, column in columns_of(given).items()}
    if given["number"]:
        named["--number"] = (asked.get("number"), given["number"])
    for option, (old, new) in named.items():
        if fold(old or "") != fold(new):
            yield option, old, new
    source = click.get_current_context().get_parameter_source
    for name in _READING:
        if source(name) is not ParameterSource.DEFAULT:
            yield _option(name), asked.get(name), given[name]


def _option(name: str) -> str:
    return {"schedule": "--at, --window, --quiet"}.get(name, f"--{name.replace('_', '-')}")


def _shown(value: object, option: str) -> str:
    if value is None or value == ():
        return _("none")
    if isinstance(value, Schedule):
        return describe_schedule(value)
    if option == "--expires" and isinstance(value, float):
        return local_time(value)
    if option == "--not-within" and isinstance(value, float):
        return duration(value) if value else _("none")
    if isinstance(value, bool | Decimal | float):
        return format_value(Decimal(str(value)) if isinstance(value, float) else value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
