"""What tools answer: plain values with masked numbers, and errors that say whether anything went out."""

from __future__ import annotations

import functools
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from mcp.server.mcpserver.exceptions import ToolError

from xoxzo.cloudpy.errors import APIError, InvalidArgument, XoxzoError
from xoxzo.cloudpy.integrations.mcp.allowance import NotAllowed
from xoxzo.cloudpy.masking import mask_number

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from xoxzo.cloudpy.models.base import Model

P = ParamSpec("P")
T = TypeVar("T")

_NUMBERS = frozenset({"recipient", "caller", "din"})


class Showing:
    """Turns what the library returns into what an assistant is shown.

    Args:
        show_numbers: numbers whole.
    """

    def __init__(self, *, show_numbers: bool) -> None:
        self._show_numbers = show_numbers

    def number(self, number: str) -> str:
        """Return a number as it may be shown."""
        return number if self._show_numbers else mask_number(number)

    def facts(self, model: Model, *names: str) -> dict[str, Any]:
        """Return fields of a record; credits as numbers, times as UTC in ISO 8601."""
        return {name: self._value(name, getattr(model, name)) for name in names}

    def _value(self, name: str, value: Any) -> Any:  # noqa: ANN401 - a field's
        if name in _NUMBERS and value:
            return self.number(value)
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, Decimal):
            return float(value)
        return list(value) if isinstance(value, tuple) else value


def tool(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Make a method a tool: errors of the library become sentences for the assistant."""

    @functools.wraps(method)
    async def call(*given: P.args, **named: P.kwargs) -> T:
        try:
            return await method(*given, **named)
        except XoxzoError as error:
            raise ToolError(sentence(error)) from error

    return call


def sentence(error: XoxzoError) -> str:
    """Say an error, beginning with what became of it."""
    if isinstance(error, NotAllowed | APIError) and error.maybe_sent:
        return f"It may have been sent: do not send it again. sms_find with its reference may tell. {error}"
    if isinstance(error, APIError) and not _creates(error):
        return f"It could not be read. {error}"
    advice = " Correct it and call again." if isinstance(error, InvalidArgument) else ""
    return f"Nothing was sent. {error}{advice}"


def _creates(error: APIError) -> bool:
    return error.operation in {"sms.send", "templates.send", "calls.say", "calls.play", "lookup.carrier"}
