"""The server: which tools there are, and what an assistant is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp.server import MCPServer
from mcp_types import ToolAnnotations

from xoxzo.cloudpy.integrations.mcp.looking import Looking
from xoxzo.cloudpy.integrations.mcp.spending import Spending, Terms
from xoxzo.cloudpy.integrations.mcp.telling import Showing
from xoxzo.cloudpy.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.integrations.mcp.allowance import Allowance

_INSTRUCTIONS = """\
Xoxzo sends SMS and places voice calls; 1 credit is 1 yen. {where}
Reading tools are free. {sending}
A send cannot be taken back. When a tool says that something may have been sent, do not send it again under another
reference: look with sms_find, or ask the user.{masked}"""
_NO_SENDING = "Nothing can be sent: this server was started without an allow-list and a budget."
_SENDING = "Sending tools reach only the people of the allow-list and stop at the budget; `limits` shows both."
_MASKED = "\nPhone numbers in results are masked; call people by the names of the allow-list."


def build(
    client: AsyncClient,
    *,
    where: str,
    allowance: Allowance | None = None,
    terms: Terms | None = None,
    show_numbers: bool = False,
) -> MCPServer[Any]:
    """Return the server.

    Args:
        client: makes the requests; it is not closed here.
        where: a sentence that says where they go.
        allowance: to whom may be sent, and for how much; ``None`` leaves out every tool that sends or costs.
        terms: by what terms is sent.
        show_numbers: show whole phone numbers in results.
    """
    sending = _NO_SENDING if allowance is None else _SENDING
    server: MCPServer[Any] = MCPServer(
        "xoxzo",
        title="Xoxzo",
        version=__version__,
        instructions=_INSTRUCTIONS.format(where=where, sending=sending, masked="" if show_numbers else _MASKED),
        log_level="WARNING",
    )
    showing = Showing(show_numbers=show_numbers)
    looking = Looking(client, showing, allowance)
    asking: list[Callable[..., Any]] = [
        looking.sms_status,
        looking.sms_list,
        looking.sms_find,
        looking.call_status,
        looking.credits,
        looking.templates,
        looking.template_render,
        looking.dins,
    ]
    reckoning: list[Callable[..., Any]] = [looking.text_cost, looking.phone_number, looking.limits]
    for method in asking:
        _add(server, method, read_only=True, open_world=True)
    for method in reckoning:
        _add(server, method, read_only=True, open_world=False)
    if allowance is not None:
        for method in _spending(Spending(client, showing, allowance, terms or Terms()), terms or Terms()):
            _add(server, method, read_only=False, open_world=True)
    return server


def _spending(tools: Spending, terms: Terms) -> list[Callable[..., Any]]:
    """Return the tools that can be used by these terms."""
    found: list[Callable[..., Any]] = [tools.lookup]
    if terms.sender is not None:
        found += [tools.sms_send, tools.template_send]
    if terms.caller is not None:
        found += [tools.call_say, tools.call_play]
    return found


def _add(server: MCPServer[Any], method: Callable[..., Any], *, read_only: bool, open_world: bool) -> None:
    hints = ToolAnnotations(
        read_only_hint=read_only,
        # A message cannot be called back; the same reference, though, goes out once.
        destructive_hint=not read_only,
        idempotent_hint=True,
        open_world_hint=open_world,
    )
    server.add_tool(method, annotations=hints)
