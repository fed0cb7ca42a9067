"""Format the results of tools: plain values with masked numbers, and errors that say whether anything was sent."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, ParamSpec, TypeVar

from mcp.server.mcpserver.exceptions import ToolError

from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.errors import APIError, InvalidArgument, XoxzoError
from xoxzo.cloudpy.integrations.mcp.limits import NotAllowed
from xoxzo.cloudpy.models.base import Model

P = ParamSpec("P")
T = TypeVar("T")

_NUMBER_FIELDS = frozenset({"recipient", "caller", "din"})
_CREATING_OPERATIONS = frozenset({"sms.send", "templates.send", "calls.say", "calls.play", "lookup.carrier"})


class Formatter:
    """Formats records of the API for an assistant; `show_numbers` shows phone numbers in full."""

    def __init__(self, *, show_numbers: bool) -> None:
        self._show_numbers = show_numbers

    def number(self, number: str) -> str:
        """Return a number, masked unless numbers are shown."""
        return number if self._show_numbers else mask_number(number)

    def fields(self, model: Model, *names: str) -> dict[str, Any]:
        """Return fields of a record; credits as numbers, times in UTC as ISO 8601."""
        return {name: self._value(name, getattr(model, name)) for name in names}

    def _value(self, name: str, value: Any) -> Any:  # noqa: ANN401 - a field's
        if name in _NUMBER_FIELDS and value:
            return self.number(value)
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, Decimal):
            return float(value)
        return list(value) if isinstance(value, tuple) else value


def tool(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Make a method a tool: its `XoxzoError` becomes a `ToolError` with a sentence for the assistant."""

    @functools.wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await method(*args, **kwargs)
        except XoxzoError as error:
            raise ToolError(describe_error(error)) from error

    return call


def describe_error(error: XoxzoError) -> str:
    """Return the sentence for an error; it begins with whether anything was sent."""
    if isinstance(error, NotAllowed | APIError) and error.maybe_sent:
        return f"It may have been sent: do not send it again. Look for its reference with sms_find. {error}"
    if isinstance(error, APIError) and error.operation not in _CREATING_OPERATIONS:
        return f"It could not be read. {error}"
    advice = " Correct it and call again." if isinstance(error, InvalidArgument) else ""
    return f"Nothing was sent. {error}{advice}"
