"""What the engine refuses, and reasons that can be translated."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Self


class NotEnoughCredits(Exception):
    """The balance is too low; `required` is what would have been enough."""

    def __init__(self, required: Decimal) -> None:
        super().__init__(required)
        self.required = required


class MessageTooLong(Exception):
    """The text has more than 660 characters, or needs more parts than there are (API section 2.4)."""


class Reason(str):
    """Text in English that remembers its template, a message id of the catalogue, and its values, to be translated."""

    __slots__ = ("template", "values")

    template: str
    values: dict[str, str]

    def __new__(cls, template: str, **values: object) -> Self:
        """Fill the values into the sentence."""
        reason = super().__new__(cls, template.format(**values))
        reason.template, reason.values = template, {name: str(value) for name, value in values.items()}
        return reason

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """Return what a copy is made from."""
        return (self.template,), dict(self.values)
