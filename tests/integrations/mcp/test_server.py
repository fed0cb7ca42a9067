"""The server, asked by the SDK's own client in this process, against the real simulator."""

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
from xoxzo.cloudpy.integrations.mcp.allowance import Allowance
from xoxzo.cloudpy.integrations.mcp.server import build
from xoxzo.cloudpy.integrations.mcp.spending import Terms
from xoxzo.cloudpy.integrations.mcp.telling import sentence
from xoxzo.cloudpy.simulator import Settings, Simulator

ANNE, ABROAD, OTHER = "+818011112222", "+14155552671", "+818011119999"
TERMS = Terms(sender="Shop", caller="815012345678", call_price=Decimal(15))
READING = {
    "sms_status",
    "sms_list",
    "sms_find",
    "call_status",
    "credits",
    "templates",
    "template_render",
    "dins",
    "text_cost",
    "phone_number",
    "limits",
}
SENDING = {"sms_send", "template_send", "call_say", "call_play", "lookup"}
HELLO = {"recipient": "anne", "message": "hello", "reference": "a"}


class Door:
    """The way to the simulator, which may be closed: then nobody ever answers."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.closed = False

    async def send(self, request: Any, budget: Any, progress: Any) -> Any:
        if self.closed:
            progress.write_started = True
            await asyncio.Event().wait()
        return await self._transport.send(request, budget, progress)

    async def close(self) -> None:
        await self._transport.close()


class World:
    """A simulator, the server before it, and a client of the server."""

    def __init__(self, simulator: Simulator, client: Client, door: Door) -> None:
        self.simulator = simulator
        self.client = client
        self.door = door

    async def call(self, name: str, **arguments: Any) -> Any:
        """Call a tool and return what it answered."""
        result = await self.client.call_tool(name, arguments)
        assert not result.is_error, result.content[0].text
        assert json.loads(result.content[0].text) == result.structured_content
        return result.structured_content

    async def refused(self, name: str, **arguments: Any) -> str:
        """Call a tool that has to fail, and return what it said."""
        result = await self.client.call_tool(name, arguments)
        assert result.is_error, result.structured_content
        return str(result.content[0].text)

    def texts(self, number: str = ANNE) -> list[str]:
        """Return what a phone has got."""
        return [message.text for message in self.simulator.phone(number).inbox]


@asynccontextmanager
async def world(
    budget: int | None = 100, *, terms: Terms = TERMS, show_numbers: bool = False, **settings: Any
) -> AsyncIterator[World]:
    """Start all three."""
    with Simulator(Settings(seed=1, templates_approved=True, **settings)) as simulator:
        allowance = None if budget is None else Allowance({"anne": ANNE, "abroad": ABROAD}, Decimal(budget))
        door = Door(simulator.async_transport())
        async with AsyncClient(
            sid="s", auth_token="t", base_url="http://localhost", transport=door, max_retries=0
        ) as xoxzo:
            server = build(xoxzo, where="Here.", allowance=allowance, terms=terms, show_numbers=show_numbers)
            async with Client(server) as client:
                yield World(simulator, client, door)


def played(scene: Any) -> None:
    """Play a scene."""
    asyncio.run(scene())


def test_tools() -> None:
    """Without limits there are reading tools alone; each tool and each parameter is described."""

    async def scene() -> None:
        async with world(None) as here:
            tools = {tool.name: tool for tool in (await here.client.list_tools()).tools}
            assert set(tools) == READING
            assert all(tool.annotations.read_only_hint for tool in tools.values())
            assert (await here.call("limits"))["sending"] is False
            assert "Nothing can be sent" in here.client.instructions
        async with world() as here:
            tools = {tool.name: tool for tool in (await here.client.list_tools()).tools}
            assert set(tools) == READING | SENDING
            assert {name for name, tool in tools.items() if not tool.annotations.read_only_hint} == SENDING
            for tool in tools.values():
                assert tool.description
                for parameter in tool.input_schema.get("properties", {}).values():
                    assert parameter.get("description"), tool.name
            assert "masked" in here.client.instructions
        async with world(terms=Terms(caller="815012345678", call_price=Decimal(1))) as here:
            names = {tool.name for tool in (await here.client.list_tools()).tools}
            assert names == READING | {"call_say", "call_play", "lookup"}
        async with world(terms=Terms(sender="Shop")) as here:
            names = {tool.name for tool in (await here.client.list_tools()).tools}
            assert names == READING | {"sms_send", "template_send", "lookup"}

    played(scene)


def test_sent_once() -> None:
    """A message goes to somebody on the list, is paid from the budget, and not sent again under its reference."""

    async def scene() -> None:
        async with world() as here:
            first = await here.call("sms_send", **HELLO)
            assert (first["recipient"], first["credits_reckoned"], first["credits_left"]) == ("+81••••2222", 10, 90)
            again = await here.call("sms_send", **HELLO | {"recipient": ANNE})
            assert again == {**first, "repeated": True}
            assert "something else" in await here.refused("sms_send", **HELLO | {"message": "bye"})
            assert here.texts() == ["hello"]
            status = await here.call("sms_status", msgid=first["id"])
            assert (status["recipient"], status["tags"]) == ("+81••••2222", ["a"])
            found = await here.call("sms_find", reference="a")
            assert (found["found"], found["messages"][0]["msgid"]) == (True, first["id"])
            assert await here.call("limits") == {
                "sending": True,
                "allowed": {"anne": "+81••••2222", "abroad": "+14••••2671"},
                "budget": 100,
                "spent": 10,
                "left": 90,
            }

    played(scene)


def test_at_the_same_time() -> None:
    """The same call twice at once sends one message."""

    async def scene() -> None:
        async with world() as here:
            results = await asyncio.gather(*(here.client.call_tool("sms_send", HELLO) for _ in range(5)))
            assert sum(not result.is_error and not result.structured_content["repeated"] for result in results) == 1
            assert here.texts() == ["hello"]

    played(scene)


def test_limits_hold() -> None:
    """Nobody else is reached, the budget is never passed, and an unknown price is refused."""

    async def scene() -> None:
        async with world(25) as here:
            refused = await here.refused("sms_send", **HELLO | {"recipient": OTHER})
            assert "Nothing was sent. the recipient is not on the allow-list" in refused
            assert OTHER not in refused
            long = HELLO | {"message": "あ" * 140, "reference": "long"}
            assert "it would cost about 30 credits, and 25 are left" in await here.refused("sms_send", **long)
            abroad = HELLO | {"recipient": "abroad", "reference": "abroad"}
            assert "price is not known" in await here.refused("sms_send", **abroad)
            await here.call("sms_send", **HELLO)
            await here.call("sms_send", **HELLO | {"reference": "b"})
            assert "5 are left" in await here.refused("sms_send", **HELLO | {"reference": "c"})
            assert here.texts() == ["hello", "hello"]
            assert here.texts(ABROAD) == here.texts(OTHER) == []
        async with world(terms=Terms(sender="Shop", sms_price=Decimal(20))) as here:
            assert (await here.call("sms_send", **abroad))["credits_left"] == 80

    played(scene)


def test_doubt() -> None:
    """A message whose answer was lost is told as such, stays paid for, and is not sent again."""

    async def scene() -> None:
        async with world() as here:
            here.simulator.faults.add("lose_reply", times=1)
            refused = await here.refused("sms_send", **HELLO)
            assert "It may have been sent: do not send it again. sms_find" in refused
            assert "not sent again" in await here.refused("sms_send", **HELLO)
            assert here.texts() == ["hello"]
            assert (await here.call("sms_find", reference="a"))["found"]
            assert (await here.call("limits"))["left"] == 90

    played(scene)


def test_surely_unsent() -> None:
    """What surely did not go out costs nothing, and may be tried again under its reference."""

    async def scene() -> None:
        async with world() as here:
            here.simulator.faults.add("throttled", times=1, seconds=600)
            assert "Nothing was sent." in await here.refused("sms_send", **HELLO)
            assert (await here.call("limits"))["left"] == 100
            await here.call("sms_send", **HELLO)
            assert here.texts() == ["hello"]
            told = await here.refused("sms_send", **HELLO | {"message": " ", "reference": "b"})
            assert told.endswith("Correct it and call again.")

    played(scene)


def test_cancelled() -> None:
    """A call that is given up while it is under way is in doubt."""

    async def scene() -> None:
        async with world() as here:
            here.door.closed = True
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await here.client.call_tool("sms_send", HELLO)
            assert "It may have been sent" in await here.refused("sms_send", **HELLO)

    played(scene)


def test_templates() -> None:
    """A template is shown, tried and sent; one that waits for approval is not."""

    async def scene() -> None:
        async with world() as here:
            async with AsyncClient(
                sid="s", auth_token="t", base_url="http://localhost", transport=here.simulator.async_transport()
            ) as owner:
                made = await owner.templates.create(name="Greeting", content="Hello {name}")
            [shown] = (await here.call("templates"))["templates"]
            assert (shown["id"], shown["status"], shown["approved_content"]) == (made.id, "APPROVED", "Hello {name}")
            rendered = await here.call("template_render", template_id=made.id, variables={"name": "Anne"})
            assert rendered == {"text": "Hello Anne", "units": 10, "parts": 1, "cost": 10}
            asked = {"template_id": made.id, "recipient": "anne", "variables": {"name": "Anne"}, "reference": "t"}
            assert (await here.call("template_send", **asked))["credits_left"] == 90
            assert (await here.call("template_send", **asked))["repeated"]
            assert "name" in await here.refused("template_send", **asked | {"variables": {}, "reference": "u"})
            assert here.texts() == ["Hello Anne"]

    played(scene)


def test_a_pending_template() -> None:
    """A template that was never approved cannot be sent."""

    async def scene() -> None:
        with Simulator(Settings(seed=1)) as simulator:
            door = Door(simulator.async_transport())
            async with AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=door) as xoxzo:
                made = await xoxzo.templates.create(name="Greeting", content="Hello")
                allowance = Allowance({"anne": ANNE}, Decimal(100))
                async with Client(build(xoxzo, where="", allowance=allowance, terms=TERMS)) as client:
                    here = World(simulator, client, door)
                    asked = {"template_id": made.id, "recipient": "anne", "variables": {}, "reference": "t"}
                    assert "has not approved yet" in await here.refused("template_send", **asked)

    played(scene)


def test_calls() -> None:
    """A call is reckoned by its length, costs at least that, and is corrected when its cost is known."""

    async def scene() -> None:
        async with world(300, ring_seconds=0.05, tts_characters_per_second=1000, recording_seconds=0.05) as here:
            said = {"recipient": "anne", "text": "hello", "language": "en", "reference": "c1"}
            call = await here.call("call_say", **said)
            assert call["credits_left"] == 285
            assert (await here.call("call_say", **said))["repeated"]
            long = {**said, "text": "long " * 60, "reference": "c2"}
            assert (await here.call("call_say", **long))["credits_left"] == 255
            played_ = {"recipient": "anne", "recording_url": "http://example.com/a.mp3", "reference": "c3"}
            assert (await here.call("call_play", **played_))["credits_left"] == 210
            for _ in range(200):
                status = await here.call("call_status", callid=call["id"])
                if status["status"] != "IN PROGRESS":
                    break
                await asyncio.sleep(0.05)
            assert (status["status"], status["recipient"]) == ("ANSWERED", "+81••••2222")
        async with world(300, terms=Terms(caller="815012345678")) as here:
            assert "price is not known" in await here.refused("call_say", **said)

    played(scene)


def test_lookup_is_spending() -> None:
    """A look-up is paid from the budget, and not paid twice."""

    async def scene() -> None:
        async with world(8) as here:
            asked = {"recipient": "anne", "reference": "l"}
            found = await here.call("lookup", **asked)
            assert (found["carrier"], found["credits_left"]) == ("KDDI", 3)
            again = await here.call("lookup", **asked)
            assert (again["carrier"], again["repeated"]) == ("KDDI", True)
            assert "3 are left" in await here.refused("lookup", recipient="anne", reference="m")

    played(scene)


def test_reading() -> None:
    """Balance, lists, numbers, texts and phone numbers can be read, and limits of lists hold."""

    async def scene() -> None:
        async with world() as here:
            assert await here.call("credits") == {"credits": 100_000}
            for reference in "abc":
                await here.call("sms_send", **HELLO | {"reference": reference})
            listed = await here.call("sms_list", days=90, limit=2)
            assert (len(listed["messages"]), listed["more"]) == (2, True)
            assert (await here.call("sms_list", limit=3))["more"] is False
            assert "could not be read" in await here.refused("sms_status", msgid="none")
            assert await here.call("dins") == {"dins": []}
            assert await here.call("text_cost", text="あ" * 71) == {"parts": 2, "credits": 20, "notes": []}
            assert (await here.call("text_cost", text="a", country="US"))["credits"] is None
            read = await here.call("phone_number", text="０８０-1111-2222")
            assert (read["e164"], read["kind"], read["doubts"]) == (ANNE, "mobile", [])
            assert len(read["notes"]) == 3
            assert "Nothing was sent" in await here.refused("phone_number", text="nobody")
            assert "limit" in await here.refused("sms_list", limit=1000)
            async with AsyncClient(
                sid="s", auth_token="t", base_url="http://localhost", transport=here.simulator.async_transport()
            ) as owner:
                number = await anext(aiter(owner.dins.search()))
                await owner.dins.subscribe(number.din_uid)
            [din] = (await here.call("dins"))["dins"]
            assert din == {"din_uid": number.din_uid, "din": "81••••" + number.din[-4:], "action_url": None}
        async with world(None) as here:
            here.simulator.in_background(_send(here.simulator))
            [message] = (await here.call("sms_list"))["messages"]
            assert (await here.call("sms_status", msgid=message["msgid"]))["recipient"] == "+81••••2222"
        async with world(show_numbers=True) as here:
            assert (await here.call("limits"))["allowed"]["anne"] == ANNE
            assert (await here.call("sms_send", **HELLO))["recipient"] == ANNE
            assert "masked" not in here.client.instructions

    played(scene)


async def _send(simulator: Simulator) -> None:
    transport = simulator.async_transport()
    async with AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=transport) as owner:
        await owner.sms.send(recipient=ANNE, sender="Shop", message="hello")


def test_sentences() -> None:
    """An error says first whether anything went out."""
    assert sentence(APIError("broke", operation="sms.send", maybe_sent=True)).startswith("It may have been sent")
    assert sentence(APIError("broke", operation="lookup.carrier")).startswith("Nothing was sent.")
    assert sentence(APIError("broke", operation="sms.get")).startswith("It could not be read.")
    assert sentence(InvalidArgument("message", "must not be blank")).endswith("Correct it and call again.")
