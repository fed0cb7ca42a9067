"""All 18 methods of 0.5 against a running simulator, the retired ones included."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from xoxzo.cloudpy import XoxzoClient, XoxzoResponse


@pytest.fixture(scope="module")
def url(start_simulator) -> Iterator[str]:
    """A simulator that still serves the SIN paths."""
    with start_simulator("--legacy-sin") as url:
        yield url


@pytest.fixture
def client(url, account) -> XoxzoClient:
    return XoxzoClient(*account, url)


def day(days_ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%d")


def until(ask: Callable[[], XoxzoResponse], status: str) -> dict[str, object]:
    give_up = time.monotonic() + 60
    while True:
        result = ask()
        assert result.errors is None
        if result.message["status"] == status:
            return result.message
        assert time.monotonic() < give_up, result.message
        time.sleep(0.1)


def test_sms(client) -> None:
    """An SMS is sent with further parameters, delivered, and listed by every operator."""
    sent = client.send_sms("こんにちは", "+818011112222", "818033334444", tags="a,b", track_link=True)
    assert (sent.errors, sent.message) == (None, {})
    msgid = sent.messages[0]["msgid"]
    message = until(lambda: client.get_sms_delivery_status(msgid), "DELIVERED")
    assert (message["tags"], message["recipient"]) == (["a", "b"], "+818011112222")
    today, yesterday = day(0), day(1)
    found = {
        condition: [each["msgid"] for each in client.get_sent_sms_list(condition).messages]
        for condition in (None, f"={today}", f">={today}", f"<={today}", f">{yesterday}", f"<{today}", f"={yesterday}")
    }
    assert found == {
        None: [msgid],
        f"={today}": [msgid],
        f">={today}": [msgid],
        f"<={today}": [msgid],
        f">{yesterday}": [msgid],
        f"<{today}": [],
        f"={yesterday}": [],
    }


def test_what_the_server_refuses(client, url) -> None:
    """Refusals come back as they are, with their status."""
    assert client.send_sms("x", "+8108011112222", "Shop").message.keys() == {"recipient"}
    assert client.send_sms(None, "+818011112222", "Shop").message == {"message": ["This field is required."]}
    assert client.get_sent_sms_list(f">={day(91)}").message == {"sent_date": ["Invalid sent_date"]}
    assert client.get_sent_sms_list(">=2026-13-01").message == {"sent_date": ["Invalid sent_date format"]}
    assert client.get_din_list("foo=bar").errors == 400
    assert client.subscribe_din("0123456789").errors == 400
    for gone in (
        client.get_sms_delivery_status("x"),
        client.get_simple_playback_status("x"),
        client.unsubscribe_din("x"),
    ):
        assert (gone.errors, gone.message, gone.messages) == (404, None, [])
    refused = XoxzoClient("", "", url).send_sms("x", "+8108011112222", "Shop")
    assert (refused.errors, refused.message) == (401, {"detail": "Invalid sid/token"})


def test_calls(client) -> None:
    """Both kinds of call are placed, answered and followed to their end."""
    mp3 = client.call_simple_playback("815011112222", "+818011112222", "http://www.example.com/a.mp3")
    tts = client.call_tts_playback("815011112222", "+818033334444", "おはよう", "ja")
    for placed in (mp3, tts):
        callid = placed.messages[0]["callid"]
        call = until(lambda callid=callid: client.get_simple_playback_status(callid), "ANSWERED")
        assert (call["call_type"], call["duration"] > 0) == ("simple/playbacks", True)


@pytest.mark.parametrize("kind", ["din", "sin"])
def test_numbers(client, kind) -> None:
    """Numbers are found, subscribed, given an address and released, by either set of names."""
    found = getattr(client, f"get_{kind}_list")("country=JP").messages
    uid = found[0][f"{kind}_uid"]
    assert getattr(client, f"subscribe_{kind}")(uid).errors is None
    assert getattr(client, f"set_action_url_{kind}")(uid, "http://127.0.0.1:9/action").message is None
    lists = [getattr(client, f"get_subscription_list_{kind}")]
    if kind == "din":
        assert client.set_action_url(uid, "http://127.0.0.1:9/other").errors is None
        lists.append(client.get_subscription_list)
    for subscribed in lists:
        (item,) = subscribed().messages
        assert item[f"{kind}_uid"] == uid
        assert item["action"]["url"] == f"http://127.0.0.1:9/{'other' if kind == 'din' else 'action'}"
    released = getattr(client, f"unsubscribe_{kind}")(uid)
    assert (released.errors, released.message) == (None, None)
    assert lists[0]().messages == []
