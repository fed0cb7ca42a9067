"""Reading what was typed into a form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.rules.phone_numbers import is_digits

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.web.console.page_request import PageRequest

_NAMES = {"seconds": N_("Seconds"), "percent": N_("Chance, %"), "times": N_("How many times")}
"""What the pages call a field; those without an input are shown by their own name."""


def text(request: PageRequest, name: str) -> str:
    """Return a field without outer blanks; an empty text when it is missing."""
    return request.form.get(name, "").strip()


def number(request: PageRequest, name: str, default: float | None = None) -> float:
    """Return a field as a number.

    Raises:
        SimulatorError: It is none, and there is no default for an empty one.
    """
    written = text(request, name)
    if not written and default is not None:
        return default
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SimulatorError("not_a_number", "“{name}” must be a number.", name=request.gettext(_NAMES.get(name, name)))
    return value


def integer(request: PageRequest, name: str) -> int:
    """Return a field as a whole number.

    Raises:
        SimulatorError: It is none.
    """
    value = number(request, name)
    if value != int(value):
        raise SimulatorError(
            "not_an_integer", "“{name}” must be a whole number.", name=request.gettext(_NAMES.get(name, name))
        )
    return int(value)


def cursor(request: PageRequest) -> int | None:
    """Return the cursor in the query of a list's page; ``None`` for the first page."""
    written = request.query.get("before", "")
    return int(written) if is_digits(written) else None
