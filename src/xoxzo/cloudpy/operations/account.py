"""The account (API section 9)."""

from __future__ import annotations

from xoxzo.cloudpy.models import Credits
from xoxzo.cloudpy.operations import bodies
from xoxzo.cloudpy.operations.operation import Operation, read_operation


def get_credits() -> Operation[Credits]:
    """Return the balance (API section 9.1)."""
    return read_operation("account.credits", "/you/credits/", bodies.reader(Credits))
