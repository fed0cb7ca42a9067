"""Reading what was typed into a form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.rules.phone_numbers import is_digits

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.web.console.page_request import PageRequest

_NAMES = {
    "seconds": N_("Seconds"),
    "percent": N_("Chance, %"),
    "times": N_("How many times"),
}
"""What the pages call a field; those that nobody types have their own name."""


def text(visit: PageRequest, name: str) -> str:
    """Return a field without outer blanks; an empty text when it is missing."""
    return visit.form.get(name, "").strip()


def number(visit: PageRequest, name: str, default: float | None = None) -> float:
    """Return a field as a number.

    Raises:
        SimulatorError: It is none, and there is no default for an empty one.
    """
    written = text(visit, name)
    if not written and default is not None:
        return default
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SimulatorError("not_a_number", "“{name}” must be a number.", name=visit.gettext(_NAMES.get(name, name)))
    return value


def whole(visit: PageRequest, name: str) -> int:
    """Return a field as a whole number.

    Raises:
        SimulatorError: It is none.
    """
    value = number(visit, name)
    if value != int(value):
        raise SimulatorError(
            "not_an_integer", "“{name}” must be a whole number.", name=visit.gettext(_NAMES.get(name, name))
        )
    return int(value)


def cursor(visit: PageRequest) -> int | None:
    """Return where a list goes on, as its address tells; ``None`` for its beginning."""
    written = visit.query.get("before", "")
    return int(written) if is_digits(written) else None
