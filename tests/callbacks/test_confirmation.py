"""Confirming callbacks with the API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from xoxzo.cloudpy import AsyncClient, CallbackRejected, Client
from xoxzo.cloudpy.callbacks import Callbacks, CallEnded, DeliveryReport, Event
from xoxzo.cloudpy.simulator import Simulator
from xoxzo.cloudpy.simulator.api.http import ApiRequest

Receive = Callable[..., Event]


@pytest.fixture(params=["sync", "async"])
def receive(request: pytest.FixtureRequest, simulator: Simulator, client: Client, callbacks: Callbacks) -> Receive:
    """Receive with `confirm`, with a client or an asynchronous client."""

    def plainly(purpose: str, reference: str | None, body: bytes, method: str = "POST") -> Event:
        return callbacks.receive(method, callbacks.url(purpose, reference), {}, body, confirm=client)

    def awaited(purpose: str, reference: str | None, body: bytes, method: str = "POST") -> Event:
        async def main() -> Event:
            transport = simulator.async_transport()
            async with AsyncClient(sid="me", auth_token="secret", transport=transport) as other:
                url = callbacks.url(purpose, reference)
                return await callbacks.receive_async(method, url, {}, body, confirm=other)

        return asyncio.run(main())

    return plainly if request.param == "sync" else awaited


def send(client: Client, reference: str) -> bytes:
    """Send a message with a link, and return the beginning of a report about it."""
    sent = client.sms.send(
        recipient="+818011112222",
        sender="Shop",
        message="See http://shop.example now",
        reference=reference,
        track_link=True,
    )
    return f"msgid={sent.msgid}&status=".encode()


def test_status_of_the_api(simulator: Simulator, client: Client, receive: Receive) -> None:
    """The event has the API's status, not the report's."""
    body = send(client, "booking-1")
    simulator.advance(60)
    event = receive("delivery-report", "booking-1", body + b"FAIL")
    assert isinstance(event, DeliveryReport)
    assert event.status == "DELIVERED"
    assert event.tags == ("booking-1",)
    assert event.cost


def test_replayed_for_another(simulator: Simulator, client: Client, receive: Receive) -> None:
    """A report about one message to the URL of another is rejected."""
    first = send(client, "booking-1")
    send(client, "booking-2")
    simulator.advance(60)
    with pytest.raises(CallbackRejected) as caught:
        receive("delivery-report", "booking-2", first + b"DELIVERED")
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("purpose", "body"),
    [
        ("delivery-report", b"msgid=unheardOf&status=DELIVERED"),
        ("delivery-report", b"status=DELIVERED"),
        ("call-ended", b"callid=unheardOf&status=ANSWERED"),
        ("call-ended", b"conferenceid=unheardOf"),
        ("link-clicked", b"msgid=unheardOf"),
    ],
)
def test_unknown_id(receive: Receive, purpose: str, body: bytes) -> None:
    """A callback with an unknown id is rejected."""
    with pytest.raises(CallbackRejected) as caught:
        receive(purpose, "booking-1", body)
    assert caught.value.status == 403


def test_click(simulator: Simulator, client: Client, receive: Receive) -> None:
    """A click is rejected until the API reports it."""
    body = send(client, "booking-1")
    with pytest.raises(CallbackRejected):
        receive("link-clicked", "booking-1", body)
    [message] = simulator.phone("+818011112222").inbox
    path = message.text.split()[1].rpartition("/")[2]
    assert simulator.api.handle(ApiRequest("GET", f"/s/{path}".encode(), b"", {})).status == 302
    assert receive("link-clicked", "booking-1", body).reference == "booking-1"


def test_call(simulator: Simulator, client: Client, receive: Receive) -> None:
    """A call's end is rejected during the call, and then has the API's status and duration."""
    started = client.calls.say(
        caller="815011112222", recipient="+818011112222", tts_message="Hi", tts_lang="en", tags=["booking-1"]
    )
    body = f"callid={started.callid}&status=FAILED".encode()
    with pytest.raises(CallbackRejected):
        receive("call-ended", "booking-1", body)
    simulator.advance(3600)
    event = receive("call-ended", "booking-1", body)
    assert isinstance(event, CallEnded)
    assert event.status == "ANSWERED"
    assert event.duration


def test_conference(simulator: Simulator, client: Client, receive: Receive) -> None:
    """A conference's end is rejected during the conference, and then has the API's cost."""
    started = client.conferences.create(caller="815011112222", participants=["+818011112222", "+818011113333"])
    body = f"conferenceid={started.conferenceid}".encode()
    with pytest.raises(CallbackRejected):
        receive("call-ended", None, body)
    simulator.advance(3600)
    event = receive("call-ended", None, body)
    assert isinstance(event, CallEnded)
    assert event.cost


def test_nothing_to_ask(receive: Receive) -> None:
    """An incoming call, which the API does not know, is not confirmed."""
    assert receive("incoming-call", "shop", b"", "GET").reference == "shop"


def test_api_away(callbacks: Callbacks) -> None:
    """If the API does not respond, the callback is rejected with 503, so that it comes again."""
    with (
        Client(sid="me", auth_token="secret", base_url="http://127.0.0.1:9", max_retries=0) as nowhere,
        pytest.raises(CallbackRejected) as caught,
    ):
        callbacks.receive("POST", callbacks.url("delivery-report"), {}, b"msgid=a&status=FAIL", confirm=nowhere)
    assert caught.value.status == 503
