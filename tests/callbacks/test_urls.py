"""Making callback URLs, and verifying them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone

import pytest

from xoxzo.cloudpy import CallbackRejected, ConfigurationError, InvalidArgument
from xoxzo.cloudpy.callbacks import Callbacks, Purpose

from .conftest import NOW, SECRET

BODY = b"msgid=abc&status=DELIVERED"


def received_reference(callbacks: Callbacks, url: str) -> str | None:
    """Receive a report and return the reference of its URL."""
    return callbacks.receive("POST", url, {}, BODY).reference


@pytest.mark.parametrize("reference", [None, "booking-4711", "予約 47/11?#%", "a" * 255])
def test_bound_to_a_reference(callbacks: Callbacks, reference: str | None) -> None:
    """The reference of a URL is returned, whatever characters it has."""
    url = callbacks.url("delivery-report", reference)
    assert url.isascii()
    assert received_reference(callbacks, url) == reference


def test_shape(callbacks: Callbacks) -> None:
    """The purpose and the token are the last two parts of the path, and there is no query."""
    head, word, token = callbacks.url(Purpose.LINK_CLICKED).rsplit("/", 2)
    assert (head, word) == ("https://shop.example/xoxzo", "link-clicked")
    assert token
    assert "?" not in token


@pytest.mark.parametrize(
    "shown",
    [
        "{url}",
        "/xoxzo/{tail}",
        "/another/prefix/{tail}/",
        "{tail}",
        "http://10.0.0.1:8000/{tail}?added=1",
        "{url}#fragment",
    ],
)
def test_behind_a_proxy(callbacks: Callbacks, shown: str) -> None:
    """Scheme, host and prefix may be changed by a proxy."""
    url = callbacks.url("delivery-report", "booking-1")
    tail = "/".join(url.split("/")[-2:])
    assert received_reference(callbacks, shown.format(url=url, tail=tail)) == "booking-1"


def test_rotation() -> None:
    """The first secret signs; URLs of another secret are accepted as long as it is listed."""
    old = Callbacks(SECRET, "https://shop.example")
    both = Callbacks(["a new secret of the tests", SECRET], "https://shop.example")
    new = Callbacks("a new secret of the tests", "https://shop.example")
    assert received_reference(both, old.url("delivery-report", "a")) == "a"
    assert received_reference(new, both.url("delivery-report", "b")) == "b"
    with pytest.raises(CallbackRejected) as caught:
        new.receive("POST", old.url("delivery-report", "a"), {}, BODY)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("expires", "lasts"),
    [
        (None, 30 * 86_400),
        (timedelta(minutes=5), 300),
        (datetime.fromtimestamp(NOW + 60, UTC), 60),
        (datetime.fromtimestamp(NOW + 60, timezone(timedelta(hours=9))), 60),
    ],
)
def test_expiry(expires: datetime | timedelta | None, lasts: float) -> None:
    """A report's URL is accepted until it expires, by default for 30 days, and then rejected with 410."""
    now = NOW
    callbacks = Callbacks(SECRET, "https://shop.example", clock=lambda: now)
    url = callbacks.url("delivery-report", "a", expires=expires)
    now = NOW + lasts - 1
    assert received_reference(callbacks, url) == "a"
    now = NOW + lasts
    with pytest.raises(CallbackRejected, match="expired") as caught:
        callbacks.receive("POST", url, {}, BODY)
    assert caught.value.status == 410


@pytest.mark.parametrize("purpose", ["incoming-call", "incoming-sms"])
def test_action_urls_last(purpose: str) -> None:
    """The URL of a dial-in number does not expire."""
    now = NOW
    callbacks = Callbacks(SECRET, "https://shop.example", clock=lambda: now)
    url = callbacks.url(purpose)
    now = NOW + 10 * 365 * 86_400
    callbacks.receive("GET" if purpose == "incoming-call" else "POST", url, {}, b"message=x")


def test_forged(callbacks: Callbacks) -> None:
    """Ten thousand URLs that are forged, changed, of another purpose or expired are all rejected."""
    chance = random.Random(20)
    other = Callbacks("the secret of somebody else", "https://shop.example/xoxzo", clock=lambda: NOW)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    refused = 0
    for number in range(10_000):
        url = callbacks.url("delivery-report", f"booking-{number}")
        at = chance.randrange(len(url) - url[::-1].index("/"), len(url))
        kind = number % 5
        if kind == 0:
            # One character replaced: of the last one, decoding ignores two bits.
            url = url[:at] + chance.choice(letters.replace(url[at], "")) + url[at + 1 :]
        elif kind == 1:
            url = url[:at] + url[at + 1 :]
        elif kind == 2:
            url = other.url("delivery-report", f"booking-{number}")
        elif kind == 3:
            url = callbacks.url("link-clicked", "a").replace("link-clicked", "delivery-report")
        else:
            url = callbacks.url("delivery-report", "a", expires=timedelta(seconds=-chance.randrange(1, 10**6)))
        with pytest.raises(CallbackRejected) as caught:
            callbacks.receive("POST", url, {}, BODY)
        refused += caught.value.status in {403, 410}
    assert refused == 10_000


def test_a_signature_has_one_spelling(callbacks: Callbacks) -> None:
    """What decodes to the same signature is not accepted, since only one URL was made."""
    url = callbacks.url("delivery-report")
    for changed in (url + "=", url + "é", url + "A", url[:-1] + chr(ord(url[-1]) + 1)):
        with pytest.raises(CallbackRejected, match="no valid signature"):
            callbacks.receive("POST", changed, {}, BODY)


@pytest.mark.parametrize(
    "url", ["", "/", "//", "https://shop.example", "/delivery-report/", "é" * 5, "/x/" + "a" * 10**6]
)
def test_no_token(callbacks: Callbacks, url: str) -> None:
    """A URL without a valid token is rejected with 403."""
    with pytest.raises(CallbackRejected) as caught:
        callbacks.receive("POST", url, {}, BODY)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("secret", "public_url", "reason"),
    [
        ([], "https://shop.example", "need a secret"),
        ("short", "https://shop.example", "16"),
        ([SECRET, "short"], "https://shop.example", "16"),
        (SECRET, "shop.example", "public_url"),
        (SECRET, "https://shop.example/?a=b", "no query"),
    ],
)
def test_set_up_wrongly(secret: str | list[str], public_url: str, reason: str) -> None:
    """An invalid or unsafe configuration is refused."""
    with pytest.raises(ConfigurationError, match=reason):
        Callbacks(secret, public_url)


@pytest.mark.parametrize(
    ("purpose", "options", "field"),
    [
        ("delivery", {}, "purpose"),
        ("delivery-report", {"reference": "a,b"}, "reference"),
        ("delivery-report", {"reference": "a" * 256}, "reference"),
        ("delivery-report", {"expires": datetime(2027, 1, 1)}, "expires"),  # noqa: DTZ001 - that is what is refused
    ],
)
def test_invalid_arguments(callbacks: Callbacks, purpose: str, options: dict[str, str], field: str) -> None:
    """A URL with an unknown purpose, an invalid reference or a time without a time zone is refused."""
    with pytest.raises(InvalidArgument) as caught:
        callbacks.url(purpose, **options)
    assert caught.value.field == field


def test_repr(callbacks: Callbacks) -> None:
    """The secret is not shown."""
    assert repr(callbacks) == "Callbacks(public_url='https://shop.example/xoxzo')"


def test_bytes_as_secret() -> None:
    """A secret may be bytes."""
    callbacks = Callbacks(SECRET.encode(), "https://shop.example")
    assert received_reference(Callbacks(SECRET, "https://shop.example"), callbacks.url("delivery-report", "a")) == "a"
