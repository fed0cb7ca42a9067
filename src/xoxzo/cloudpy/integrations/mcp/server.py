"""Build the MCP server: its tools and its instructions for the assistant."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.common.version import __version__
from xoxzo.cloudpy.errors import APIError, InvalidArgument, XoxzoError
from xoxzo.cloudpy.integrations.mcp.limits import NotAllowed, SendLimits
from xoxzo.cloudpy.integrations.mcp.tools import ReadTools, SendSettings, SendTools

_INSTRUCTIONS = """\
Xoxzo sends SMS and places voice calls; 1 credit is 1 yen. {destination}
Reading tools are free. {sending}
A send cannot be undone. When a tool says that something may have been sent, do not send it again with another
reference: look for it with sms_find, or ask the user.{masked}"""
_NO_SENDING = "Nothing can be sent: this server was started without an allow-list and a budget."
_SENDING = "Sending tools reach only the people on the allow-list and stop at the budget; `limits` shows both."
_LOCAL = frozenset({"message_cost", "phone_number", "limits"})
"""The tools that make no request."""
_CREATING_OPERATIONS = frozenset({"sms.send", "templates.send", "calls.say", "calls.play", "lookup.carrier"})
_MASKED = "\nPhone numbers in results are masked; use the names of the allow-list."


def build(
    client: AsyncClient,
    *,
    destination: str,
    limits: SendLimits | None = None,
    send_settings: SendSettings | None = None,
    show_numbers: bool = False,
) -> MCPServer[Any]:
    """Build the server, with every tool that sends or costs left out without `limits`; the caller closes the client.

    `destination` is a sentence for the assistant that says where the requests go.
    """
    server: MCPServer[Any] = MCPServer(
        "xoxzo",
        title="Xoxzo",
        version=__version__,
        instructions=_INSTRUCTIONS.format(
            destination=destination,
            sending=_NO_SENDING if limits is None else _SENDING,
            masked="" if show_numbers else _MASKED,
        ),
        log_level="WARNING",
    )
    reading = ReadTools(client, limits, show_numbers=show_numbers)
    for name in _names(ReadTools):
        _add(server, getattr(reading, name), read_only=True, open_world=name not in _LOCAL)
    if limits is not None:
        settings = send_settings or SendSettings()
        sending = SendTools(client, limits, settings, show_numbers=show_numbers)
        needed = {"sms": settings.sender, "template": settings.sender, "call": settings.caller}
        for name in _names(SendTools):
            if needed.get(name.partition("_")[0], "") is not None:
                _add(server, getattr(sending, name), read_only=False, open_world=True)
    return server


def _names(tools: type) -> list[str]:
    return [name for name in vars(tools) if not name.startswith("_")]


def _add(server: MCPServer[Any], method: Callable[..., Awaitable[Any]], *, read_only: bool, open_world: bool) -> None:
    """Add a method as a tool; its `XoxzoError` becomes a `ToolError` with a sentence for the assistant."""

    @functools.wraps(method)
    async def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - of the method
        try:
            return await method(*arguments, **options)
        except XoxzoError as error:
            raise ToolError(describe_error(error)) from error

    hints = ToolAnnotations(
        read_only_hint=read_only,
        # A send cannot be undone, but one reference is sent only once.
        destructive_hint=not read_only,
        idempotent_hint=True,
        open_world_hint=open_world,
    )
    server.add_tool(call, annotations=hints)


def describe_error(error: XoxzoError) -> str:
    """Return the sentence for an error; it begins with whether anything was sent."""
    if isinstance(error, NotAllowed | APIError) and error.maybe_sent:
        return f"It may have been sent: do not send it again. Look for its reference with sms_find. {error}"
    if isinstance(error, APIError) and error.operation not in _CREATING_OPERATIONS:
        return f"It could not be read. {error}"
    advice = " Correct it and call again." if isinstance(error, InvalidArgument) else ""
    return f"Nothing was sent. {error}{advice}"
