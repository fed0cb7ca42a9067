"""The MCP server, called by the SDK's own client in this process, with a simulator."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from mcp import Client

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.errors import APIError, InvalidArgument
from xoxzo.cloudpy.integrations.mcp.limits import SendLimits
from xoxzo.cloudpy.integrations.mcp.server import build, describe_error
from xoxzo.cloudpy.integrations.mcp.tools import SendSettings
from xoxzo.cloudpy.simulator import Settings, Simulator

ANNE, ABROAD, OTHER = "+818011112222", "+14155552671", "+818011119999"
SETTINGS = SendSettings(sender="Shop", caller="815012345678", call_price=Decimal(15))
READ_TOOLS = {
    "sms_status",
    "sms_list",
    "sms_find",
    "call_status",
    "credits",
    "templates",
    "template_render",
    "dins",
    "message_cost",
    "phone_number",
    "limits",
}
SEND_TOOLS = {"sms_send", "template_send", "call_say", "call_play", "lookup"}
HELLO = {"recipient": "anne", "message": "hello", "reference": "a"}


class BlockableTransport:
    """A transport to the simulator that never gets a reply while it is blocked."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.blocked = False

    async def send(self, request: Any, budget: Any, progress: Any) -> Any:
        if self.blocked:
            progress.write_started = True
            await asyncio.Event().wait()
        return await self._transport.send(request, budget, progress)

    async def close(self) -> None:
        await self._transport.close()


class Session:
    """A simulator, an MCP server that uses it, and an MCP client of the server."""

    def __init__(self, simulator: Simulator, client: Client, transport: BlockableTransport) -> None:
        self.simulator = simulator
        self.client = client
        self.transport = transport

    async def call(self, name: str, **arguments: Any) -> Any:
        """Call a tool and return its result."""
        result = await self.client.call_tool(name, arguments)
        assert not result.is_error, result.content[0].text
        assert json.loads(result.content[0].text) == result.structured_content
        return result.structured_content

    async def refused(self, name: str, **arguments: Any) -> str:
        """Call a tool that must fail, and return its error."""
        result = await self.client.call_tool(name, arguments)
        assert result.is_error, result.structured_content
        return str(result.content[0].text)

    def received(self, number: str = ANNE) -> list[str]:
        """Return the messages that a phone received."""
        return [message.text for message in self.simulator.phone(number).inbox]


@asynccontextmanager
async def session(
    budget: int | None = 100, *, send_settings: SendSettings = SETTINGS, show_numbers: bool = False, **settings: Any
) -> AsyncIterator[Session]:
    """Start all three."""
    with Simulator(Settings(seed=1, templates_approved=True, **settings)) as simulator:
        limits = None if budget is None else SendLimits({"anne": ANNE, "abroad": ABROAD}, Decimal(budget))
        transport = BlockableTransport(simulator.async_transport())
        async with AsyncClient(
            sid="s", auth_token="t", base_url="http://localhost", transport=transport, max_retries=0
        ) as xoxzo:
            server = build(
                xoxzo, destination="Here.", limits=limits, send_settings=send_settings, show_numbers=show_numbers
            )
            async with Client(server) as client:
                yield Session(simulator, client, transport)


def test_tools() -> None:
    """Without limits there are only reading tools; each tool and each parameter has a description."""

    async def scenario() -> None:
        async with session(None) as mcp:
            tools = {tool.name: tool for tool in (await mcp.client.list_tools()).tools}
            assert set(tools) == READ_TOOLS
            assert all(tool.annotations.read_only_hint for tool in tools.values())
            assert (await mcp.call("limits"))["sending"] is False
            assert "Nothing can be sent" in mcp.client.instructions
        async with session() as mcp:
            tools = {tool.name: tool for tool in (await mcp.client.list_tools()).tools}
            assert set(tools) == READ_TOOLS | SEND_TOOLS
            assert {name for name, tool in tools.items() if not tool.annotations.read_only_hint} == SEND_TOOLS
            for tool in tools.values():
                assert tool.description
                for parameter in tool.input_schema.get("properties", {}).values():
                    assert parameter.get("description"), tool.name
            assert "masked" in mcp.client.instructions
        async with session(send_settings=SendSettings(caller="815012345678", call_price=Decimal(1))) as mcp:
            names = {tool.name for tool in (await mcp.client.list_tools()).tools}
            assert names == READ_TOOLS | {"call_say", "call_play", "lookup"}
        async with session(send_settings=SendSettings(sender="Shop")) as mcp:
            names = {tool.name for tool in (await mcp.client.list_tools()).tools}
            assert names == READ_TOOLS | {"sms_send", "template_send", "lookup"}

    asyncio.run(scenario())


def test_sent_once() -> None:
    """A message to somebody on the list is charged to the budget, and not sent again with the same reference."""

    async def scenario() -> None:
        async with session() as mcp:
            first = await mcp.call("sms_send", **HELLO)
            assert (first["recipient"], first["credits_charged"], first["credits_left"]) == ("+81••••2222", 10, 90)
            again = await mcp.call("sms_send", **HELLO | {"recipient": ANNE})
            assert again == {**first, "repeated": True}
            assert "something else" in await mcp.refused("sms_send", **HELLO | {"message": "bye"})
            assert mcp.received() == ["hello"]
            status = await mcp.call("sms_status", msgid=first["id"])
            assert (status["recipient"], status["tags"]) == ("+81••••2222", ["a"])
            found = await mcp.call("sms_find", reference="a")
            assert (found["found"], found["messages"][0]["msgid"]) == (True, first["id"])
            assert await mcp.call("limits") == {
                "sending": True,
                "allowed": {"anne": "+81••••2222", "abroad": "+14••••2671"},
                "budget": 100,
                "spent": 10,
                "left": 90,
            }

    asyncio.run(scenario())


def test_concurrent_calls() -> None:
    """Concurrent calls with the same reference send one message."""

    async def scenario() -> None:
        async with session() as mcp:
            results = await asyncio.gather(*(mcp.client.call_tool("sms_send", HELLO) for _ in range(5)))
            assert sum(not result.is_error and not result.structured_content["repeated"] for result in results) == 1
            assert mcp.received() == ["hello"]

    asyncio.run(scenario())


def test_limits_hold() -> None:
    """Other recipients, calls over the budget and unknown prices are refused."""

    async def scenario() -> None:
        async with session(25) as mcp:
            refused = await mcp.refused("sms_send", **HELLO | {"recipient": OTHER})
            assert "Nothing was sent. the recipient is not on the allow-list" in refused
            assert OTHER not in refused
            long = HELLO | {"message": "あ" * 140, "reference": "long"}
            assert "it would cost about 30 credits, and 25 are left" in await mcp.refused("sms_send", **long)
            abroad = HELLO | {"recipient": "abroad", "reference": "abroad"}
            assert "price is not known" in await mcp.refused("sms_send", **abroad)
            await mcp.call("sms_send", **HELLO)
            await mcp.call("sms_send", **HELLO | {"reference": "b"})
            assert "5 are left" in await mcp.refused("sms_send", **HELLO | {"reference": "c"})
            assert mcp.received() == ["hello", "hello"]
            assert mcp.received(ABROAD) == mcp.received(OTHER) == []
        async with session(send_settings=SendSettings(sender="Shop", sms_price=Decimal(20))) as mcp:
            assert (await mcp.call("sms_send", **abroad))["credits_left"] == 80

    asyncio.run(scenario())


def test_lost_reply() -> None:
    """A message whose reply was lost is reported as such, stays charged, and is not sent again."""

    async def scenario() -> None:
        async with session() as mcp:
            mcp.simulator.faults.add("lose_reply", times=1)
            refused = await mcp.refused("sms_send", **HELLO)
            assert "It may have been sent: do not send it again. Look" in refused
            assert "not sent again" in await mcp.refused("sms_send", **HELLO)
            assert mcp.received() == ["hello"]
            assert (await mcp.call("sms_find", reference="a"))["found"]
            assert (await mcp.call("limits"))["left"] == 90

    asyncio.run(scenario())


def test_unsent() -> None:
    """A message that was not sent costs nothing, and may be tried again with its reference."""

    async def scenario() -> None:
        async with session() as mcp:
            mcp.simulator.faults.add("throttled", times=1, seconds=600)
            assert "Nothing was sent." in await mcp.refused("sms_send", **HELLO)
            assert (await mcp.call("limits"))["left"] == 100
            await mcp.call("sms_send", **HELLO)
            assert mcp.received() == ["hello"]
            refused = await mcp.refused("sms_send", **HELLO | {"message": " ", "reference": "b"})
            assert refused.endswith("Correct it and call again.")

    asyncio.run(scenario())


def test_cancelled() -> None:
    """A send that is cancelled while it is in flight may have been sent."""

    async def scenario() -> None:
        async with session() as mcp:
            mcp.transport.blocked = True
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await mcp.client.call_tool("sms_send", HELLO)
            assert "It may have been sent" in await mcp.refused("sms_send", **HELLO)

    asyncio.run(scenario())


def test_templates() -> None:
    """A template is listed, previewed and sent."""

    async def scenario() -> None:
        async with session() as mcp:
            async with AsyncClient(
                sid="s", auth_token="t", base_url="http://localhost", transport=mcp.simulator.async_transport()
            ) as owner:
                made = await owner.templates.create(name="Greeting", content="Hello {name}")
            [shown] = (await mcp.call("templates"))["templates"]
            assert (shown["id"], shown["status"], shown["approved_content"]) == (made.id, "APPROVED", "Hello {name}")
            rendered = await mcp.call("template_render", template_id=made.id, variables={"name": "Anne"})
            assert rendered == {"message": "Hello Anne", "units": 10, "parts": 1, "cost": 10}
            arguments = {"template_id": made.id, "recipient": "anne", "variables": {"name": "Anne"}, "reference": "t"}
            assert (await mcp.call("template_send", **arguments))["credits_left"] == 90
            assert (await mcp.call("template_send", **arguments))["repeated"]
            assert "name" in await mcp.refused("template_send", **arguments | {"variables": {}, "reference": "u"})
            assert mcp.received() == ["Hello Anne"]

    asyncio.run(scenario())


def test_a_pending_template() -> None:
    """A template that was never approved cannot be sent."""

    async def scenario() -> None:
        with Simulator(Settings(seed=1)) as simulator:
            transport = BlockableTransport(simulator.async_transport())
            async with AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=transport) as xoxzo:
                made = await xoxzo.templates.create(name="Greeting", content="Hello")
                limits = SendLimits({"anne": ANNE}, Decimal(100))
                async with Client(build(xoxzo, destination="", limits=limits, send_settings=SETTINGS)) as client:
                    mcp = Session(simulator, client, transport)
                    arguments = {"template_id": made.id, "recipient": "anne", "variables": {}, "reference": "t"}
                    assert "has not approved yet" in await mcp.refused("template_send", **arguments)

    asyncio.run(scenario())


def test_calls() -> None:
    """A call is charged by its estimated length."""

    async def scenario() -> None:
        async with session(300, ring_seconds=0.05, tts_characters_per_second=1000, recording_seconds=0.05) as mcp:
            arguments = {"recipient": "anne", "message": "hello", "language": "en", "reference": "c1"}
            call = await mcp.call("call_say", **arguments)
            assert call["credits_left"] == 285
            assert (await mcp.call("call_say", **arguments))["repeated"]
            long = {**arguments, "message": "long " * 60, "reference": "c2"}
            assert (await mcp.call("call_say", **long))["credits_left"] == 255
            playback = {"recipient": "anne", "recording_url": "http://example.com/a.mp3", "reference": "c3"}
            assert (await mcp.call("call_play", **playback))["credits_left"] == 210
            for _ in range(200):
                status = await mcp.call("call_status", callid=call["id"])
                if status["status"] != "IN PROGRESS":
                    break
                await asyncio.sleep(0.05)
            assert (status["status"], status["recipient"]) == ("ANSWERED", "+81••••2222")
        async with session(300, send_settings=SendSettings(caller="815012345678")) as mcp:
            assert "price is not known" in await mcp.refused("call_say", **arguments)

    asyncio.run(scenario())


def test_lookup() -> None:
    """A look-up is charged to the budget, once for each reference."""

    async def scenario() -> None:
        async with session(8) as mcp:
            arguments = {"recipient": "anne", "reference": "l"}
            result = await mcp.call("lookup", **arguments)
            assert (result["carrier"], result["credits_left"]) == ("KDDI", 3)
            again = await mcp.call("lookup", **arguments)
            assert (again["carrier"], again["repeated"]) == ("KDDI", True)
            assert "3 are left" in await mcp.refused("lookup", recipient="anne", reference="m")

    asyncio.run(scenario())


def test_read_tools() -> None:
    """Balance, lists, dial-in numbers, costs and phone numbers can be read, and limits of lists hold."""

    async def scenario() -> None:
        async with session() as mcp:
            assert await mcp.call("credits") == {"credits": 100_000}
            for reference in "abc":
                await mcp.call("sms_send", **HELLO | {"reference": reference})
            listed = await mcp.call("sms_list", days=90, limit=2)
            assert (len(listed["messages"]), listed["more"]) == (2, True)
            assert (await mcp.call("sms_list", limit=3))["more"] is False
            assert "could not be read" in await mcp.refused("sms_status", msgid="none")
            assert await mcp.call("dins") == {"dins": []}
            assert await mcp.call("message_cost", message="あ" * 71) == {"parts": 2, "credits": 20, "notes": []}
            assert (await mcp.call("message_cost", message="a", country="US"))["credits"] is None
            read = await mcp.call("phone_number", number="０８０-1111-2222")
            assert (read["e164"], read["kind"], read["assumptions"]) == (ANNE, "mobile", [])
            assert len(read["notes"]) == 3
            assert "Nothing was sent" in await mcp.refused("phone_number", number="nobody")
            assert "limit" in await mcp.refused("sms_list", limit=1000)
            async with AsyncClient(
                sid="s", auth_token="t", base_url="http://localhost", transport=mcp.simulator.async_transport()
            ) as owner:
                number = await anext(aiter(owner.dins.search()))
                await owner.dins.subscribe(number.din_uid)
            [din] = (await mcp.call("dins"))["dins"]
            assert din == {"din_uid": number.din_uid, "din": "81••••" + number.din[-4:], "action_url": None}
        async with session(None) as mcp:
            mcp.simulator.run_in_loop(_send(mcp.simulator))
            [message] = (await mcp.call("sms_list"))["messages"]
            assert (await mcp.call("sms_status", msgid=message["msgid"]))["recipient"] == "+81••••2222"
        async with session(show_numbers=True) as mcp:
            assert (await mcp.call("limits"))["allowed"]["anne"] == ANNE
            assert (await mcp.call("sms_send", **HELLO))["recipient"] == ANNE
            assert "masked" not in mcp.client.instructions

    asyncio.run(scenario())


async def _send(simulator: Simulator) -> None:
    transport = simulator.async_transport()
    async with AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=transport) as owner:
        await owner.sms.send(recipient=ANNE, sender="Shop", message="hello")


def test_errors() -> None:
    """An error begins with whether anything was sent."""
    assert describe_error(APIError("broke", operation="sms.send", maybe_sent=True)).startswith("It may have been sent")
    assert describe_error(APIError("broke", operation="lookup.carrier")).startswith("Nothing was sent.")
    assert describe_error(APIError("broke", operation="sms.get")).startswith("It could not be read.")
    assert describe_error(InvalidArgument("message", "must not be blank")).endswith("Correct it and call again.")
