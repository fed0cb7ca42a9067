"""The settings that the configuration knows, and how each is read from the command line."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from .inputs import amount
from .statuses import Refused, objection
from .words import meant, tr

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_setting(name: str, value: str, known: Sequence[str]) -> str | int | float | list[str]:
    """Read the value of a setting, by the rules of the calls that it is for.

    Args:
        name: the setting.
        value: what was typed.
        known: the settings that may stand there.

    Raises:
        Refused: there is no such setting, or it cannot have this value.
    """
    if name not in known:
        raise Refused(tr("There is no setting {name} here.", name=name), meant(name, known) or ", ".join(known))
    if name == "confirm_above":
        limit = amount(value, name) or Decimal(0)
        return int(limit) if limit == limit.to_integral_value() else float(limit)
    if name == "allowed_recipients":
        return [each.strip() for each in value.split(",") if each.strip()]
    _check(name, value)
    return value


def _check(name: str, value: str) -> None:
    from xoxzo.cloudpy.operations import checks

    rules = {"sender": checks.sender, "caller": checks.caller, "country": checks.country}
    with objection():
        if name in rules:
            rules[name](value)
        elif name == "host":
            checks.url(name, value)
        else:
            checks.words(name, value)
