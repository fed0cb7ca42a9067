"""The simulator in the client's own process, without a socket."""

from __future__ import annotations

import asyncio
import socket
from decimal import Decimal

import pytest

from xoxzo.cloudpy import AsyncClient, BadRequest, Client, MessageStatus, NotFound
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock

MADE_UP = {"sid": "sid", "auth_token": "token"}
MESSAGE = {"recipient": "+818011112222", "sender": "Shop", "message": "こんにちは", "reference": "order-7"}


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(clock=SteppedClock())


@pytest.fixture
def no_network(monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_a_client_talks_to_a_simulator_in_its_own_process(simulator, no_network) -> None:
    """A send, its record, the list and the balance go to the object, though the address is the live one."""
    with Client(**MADE_UP, transport=simulator.transport()) as client:
        sent = client.sms.send(**MESSAGE)
        assert client.sms.get(sent.msgid).status is MessageStatus.QUEUED
        assert [message.msgid for message in client.sms.list()] == [sent.msgid]
        assert client.sms.find("order-7").found
        assert client.account.credits().credits == Decimal(99_990)
        with simulator:
            simulator.advance(5)
        assert client.sms.get(sent.msgid).status is MessageStatus.DELIVERED
    (received,) = simulator.phone("+818011112222").inbox
    assert received.text == "こんにちは"
    assert simulator.credits("sid", "token") == Decimal(99_990)


def test_the_same_with_asyncio(simulator) -> None:
    """The asynchronous client has a transport of its own to the same object."""

    async def main() -> str:
        async with AsyncClient(**MADE_UP, transport=simulator.async_transport()) as client:
            sent = await client.sms.send(**MESSAGE)
            assert [message.msgid async for message in client.sms.list()] == [sent.msgid]
            return sent.msgid

    msgid = asyncio.run(main())
    with Client(**MADE_UP, transport=simulator.transport()) as client:
        assert client.sms.get(msgid).msgid == msgid


def test_refusals_come_through() -> None:
    """What the simulator refuses is the error that the server's refusal would be, empty bodies included."""
    simulator = Simulator(Settings(blocked_countries=frozenset({"81"})))
    with Client(**MADE_UP, transport=simulator.transport()) as client:
        with pytest.raises(BadRequest) as refused:
            client.sms.send(**MESSAGE)
        assert refused.value.field_errors == {"recipient": ("Country not allowed",)}
        with pytest.raises(NotFound):
            client.sms.get("x")


def test_two_simulators_know_nothing_of_each_other() -> None:
    """Two live side by side, each with its own accounts and phones."""
    first, second = Simulator(), Simulator()
    with Client(**MADE_UP, transport=first.transport()) as client:
        client.sms.send(**MESSAGE)
    assert len(first.phone("+818011112222").inbox) == 1
    assert second.phone("+818011112222").inbox == ()
