"""Parses the settings of the configuration from the command line."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from xoxzo.cloudpy.cli.core.exit_codes import CommandError, invalid_arguments_as_errors
from xoxzo.cloudpy.cli.core.i18n import _, did_you_mean
from xoxzo.cloudpy.cli.core.inputs import parse_credits_option

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_setting(name: str, value: str, known: Sequence[str]) -> str | int | float | list[str]:
    """Parse the value of a setting, by the rules of the API calls that use it.

    Args:
        name: the setting.
        value: what was typed.
        known: the settings that are allowed there.

    Raises:
        CommandError: there is no such setting, or it cannot have this value.
    """
    if name not in known:
        raise CommandError(
            _("There is no setting {name} here.").format(name=name), did_you_mean(name, known) or ", ".join(known)
        )
    if name == "confirm_above":
        limit = parse_credits_option(value, name) or Decimal(0)
        return int(limit) if limit == limit.to_integral_value() else float(limit)
    if name == "allowed_recipients":
        return [each.strip() for each in value.split(",") if each.strip()]
    _check_value(name, value)
    return value


def _check_value(name: str, value: str) -> None:
    from xoxzo.cloudpy.operations import checks

    rules = {"sender": checks.sender, "caller": checks.caller, "country": checks.country}
    with invalid_arguments_as_errors():
        if name in rules:
            rules[name](value)
        elif name == "host":
            checks.url(name, value)
        else:
            checks.text(name, value)
