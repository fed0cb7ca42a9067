"""Build the MCP server: its tools and its instructions for the assistant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp.server import MCPServer
from mcp_types import ToolAnnotations

from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.common.version import __version__
from xoxzo.cloudpy.integrations.mcp.formatting import Formatter
from xoxzo.cloudpy.integrations.mcp.limits import SendLimits
from xoxzo.cloudpy.integrations.mcp.tools import ReadTools, SendSettings, SendTools

_INSTRUCTIONS = """\
Xoxzo sends SMS and places voice calls; 1 credit is 1 yen. {destination}
Reading tools are free. {sending}
A send cannot be undone. When a tool says that something may have been sent, do not send it again with another
reference: look for it with sms_find, or ask the user.{masked}"""
_NO_SENDING = "Nothing can be sent: this server was started without an allow-list and a budget."
_SENDING = "Sending tools reach only the people on the allow-list and stop at the budget; `limits` shows both."
_MASKED = "\nPhone numbers in results are masked; use the names of the allow-list."


def build(
    client: AsyncClient,
    *,
    destination: str,
    limits: SendLimits | None = None,
    send_settings: SendSettings | None = None,
    show_numbers: bool = False,
) -> MCPServer[Any]:
    """Build the server.

    Args:
        client: makes the requests; the caller closes it.
        destination: a sentence for the assistant that says where the requests go.
        limits: the allow-list and the budget; ``None`` leaves out every tool that sends or costs credits.
        send_settings: the sender, the caller and prices of your own.
        show_numbers: whether results show phone numbers in full.
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
    formatter = Formatter(show_numbers=show_numbers)
    read_tools = ReadTools(client, formatter, limits)
    requesting: list[Callable[..., Any]] = [
        read_tools.sms_status,
        read_tools.sms_list,
        read_tools.sms_find,
        read_tools.call_status,
        read_tools.credits,
        read_tools.templates,
        read_tools.template_render,
        read_tools.dins,
    ]
    local: list[Callable[..., Any]] = [read_tools.message_cost, read_tools.phone_number, read_tools.limits]
    for method in requesting:
        _add(server, method, read_only=True, open_world=True)
    for method in local:
        _add(server, method, read_only=True, open_world=False)
    if limits is not None:
        settings = send_settings or SendSettings()
        send_tools = SendTools(client, formatter, limits, settings)
        sending: list[Callable[..., Any]] = [send_tools.lookup]
        if settings.sender is not None:
            sending += [send_tools.sms_send, send_tools.template_send]
        if settings.caller is not None:
            sending += [send_tools.call_say, send_tools.call_play]
        for method in sending:
            _add(server, method, read_only=False, open_world=True)
    return server


def _add(server: MCPServer[Any], method: Callable[..., Any], *, read_only: bool, open_world: bool) -> None:
    hints = ToolAnnotations(
        read_only_hint=read_only,
        # A send cannot be undone, but one reference is sent only once.
        destructive_hint=not read_only,
        idempotent_hint=True,
        open_world_hint=open_world,
    )
    server.add_tool(method, annotations=hints)
