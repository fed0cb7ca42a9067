"""What stands for a text or a number, as programs have it, in all ways into the library."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from django.utils import translation
from django.utils.functional import SimpleLazyObject, lazystr
from django.utils.safestring import SafeString, mark_safe

from xoxzo.cloudpy import Client, InvalidArgument, XoxzoClient
from xoxzo.cloudpy.callbacks import Callbacks
from xoxzo.cloudpy.campaigns import Campaign, Content
from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.phone import parse
from xoxzo.cloudpy.testing.simulated import SimulatedServer, SimulatedXoxzo

PhoneNumber = pytest.importorskip("phonenumber_field.phonenumber").PhoneNumber
PHONE = "+818011112222"
NUMBER = PhoneNumber.from_string(PHONE)
NUMBERS_OF_OTHERS = PhoneNumber.from_string("090-1111-2222", region="JP")
TEXTS: list[Any] = [lazystr("Hi"), mark_safe("Hi"), lazystr(mark_safe("Hi")), SimpleLazyObject(lambda: mark_safe("Hi"))]


def test_texts() -> None:
    """Lazy text and subclasses of ``str`` become plain text, and anything else stays as it is."""
    for given in [*TEXTS, "Hi"]:
        assert (plain(given), type(plain(given))) == ("Hi", str)
    for other in (5, None, b"Hi", ["Hi"], 1.5):
        assert plain(other) is other


def test_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number becomes E.164 whatever ``str()`` shows; one that is not valid becomes what was typed, if it is known."""
    from django.conf import settings

    monkeypatch.setattr(settings, "PHONENUMBER_DEFAULT_FORMAT", "NATIONAL", raising=False)
    assert str(PhoneNumber.from_string(PHONE)) != PHONE
    for number in (NUMBER, phonenumbers.parse(PHONE), PhoneNumber.from_string("080-1111-2222", region="JP")):
        assert plain(number) == PHONE
    assert plain(PhoneNumber.from_string("12", region="JP")) == "12"
    assert plain(PhoneNumber.from_string("03-1234-5678 ext. 9", region="JP")) == "03-1234-5678 ext. 9"
    unknown = phonenumbers.PhoneNumber(country_code=81, national_number=12)
    assert plain(unknown) is unknown


def test_client() -> None:
    """Both clients and the classic one take them in every call that reaches a phone."""
    with SimulatedXoxzo() as simulator, simulator.client() as client:
        template = client.templates.create(name=lazystr("Welcome"), content=lazystr("{name}, {phone}"))
        for text in TEXTS:
            client.sms.send(recipient=NUMBER, sender=lazystr("Shop"), message=text, tags=[lazystr("a")], reference=text)
            assert client.sms.find(text).found
            client.templates.send(
                template, recipient=NUMBER, sender="Shop", variables={lazystr("name"): text, "phone": NUMBER}
            )
            client.request("POST", "/sms/messages/", json={"recipient": NUMBER, "sender": "Shop", "message": text})
        [result] = client.sms.send_many([{"recipient": NUMBER, "message": TEXTS[0]}], sender="Shop")
        assert result.recipient == PHONE
        client.calls.say(caller=NUMBER, recipient=NUMBER, tts_message=TEXTS[0], tts_lang=lazystr("en"))
        client.conferences.create(caller=NUMBER, participants=[NUMBER, "+818011113333"])
        client.otp.register_website(website=lazystr("https://shop.example"))
        client.otp.request(website="https://shop.example", phone_number=NUMBER)
        code = simulator.phone(PHONE).otp_code()
        assert client.otp.verify(website="https://shop.example", phone_number=NUMBER, code=mark_safe(code)).verified
        texts = [sms.text for sms in simulator.phone(PHONE).inbox[:12]]
        assert texts == ["Hi", f"Hi, {PHONE}", "Hi"] * 4

        async def main() -> None:
            async with simulator.async_client() as other:
                await other.sms.send(recipient=NUMBER, sender=mark_safe("Shop"), message=TEXTS[0])

        asyncio.run(main())
        for wrong in (
            phonenumbers.PhoneNumber(country_code=81, national_number=12),
            PhoneNumber.from_string("12", region="JP"),
        ):
            with pytest.raises(InvalidArgument, match="recipient"):
                client.sms.send(recipient=wrong, sender="Shop", message="Hi")
        with pytest.raises(InvalidArgument, match="tags"):
            client.sms.send(recipient=NUMBER, sender="Shop", message="Hi", tags=lazystr("a"))
    with SimulatedServer(SimulatedXoxzo()) as server:
        for text in TEXTS:
            classic = XoxzoClient("test", "test", server.url)
            assert classic.send_sms(text, NUMBER, lazystr("Shop"), tags=lazystr("a")).errors is None
        assert [sms.text for sms in server.simulator.phone(PHONE).inbox] == ["Hi"] * 4


def test_language() -> None:
    """A lazy translation is in the language that is active when the client is called."""
    from django.utils.translation import gettext_lazy

    with SimulatedXoxzo() as simulator, simulator.client() as client:
        for language in ("ja", "en"):
            with translation.override(language):
                client.sms.send(recipient=PHONE, sender="Shop", message=gettext_lazy("Yes"))
        assert [sms.text for sms in simulator.phone(PHONE).inbox] == ["はい", "Yes"]


def test_configuration() -> None:
    """A client takes them for its credentials, its address, and the recipients that it may reach."""
    lazy = {"sid": lazystr("me"), "auth_token": lazystr("secret"), "base_url": lazystr("http://127.0.0.1:9")}
    with (
        Client(**lazy, allowed_recipients=[NUMBER], max_retries=0) as client,
        pytest.raises(InvalidArgument, match="allowed_recipients"),
    ):
        client.sms.send(recipient="+12015550123", sender="Shop", message="Hi")


def test_campaigns(tmp_path: Path) -> None:
    """Rows, contents and suppressions of a campaign, and callback URLs, take them."""
    rows = [
        {SafeString("phone"): NUMBER, "name": mark_safe("A")},
        {SafeString("phone"): PhoneNumber.from_string("+12015550123"), "name": lazystr("B")},
        {SafeString("phone"): PhoneNumber.from_string("12", region="JP"), "name": "C"},
    ]
    content = Content(kind="text", sender=lazystr("Shop"), message=lazystr("Hi {name}"), tags=(lazystr("spring"),))
    with (
        SimulatedXoxzo() as simulator,
        Campaign.create(
            "spring", rows, content, store=str(tmp_path), skip_bad=True, suppress=[NUMBERS_OF_OTHERS]
        ) as campaign,
    ):
        campaign.run(client=simulator.async_client())
        assert [sms.text for sms in simulator.phone(PHONE).inbox] == ["Hi A"]
        assert campaign.tally().total == 2
    callbacks = Callbacks(mark_safe("a secret of the tests"), "https://shop.example")
    event = callbacks.receive("POST", callbacks.url("delivery-report", lazystr("b-1")), {}, b"status=FAIL")
    assert event.reference == "b-1"
    assert parse(NUMBER).e164 == PHONE  # type: ignore[arg-type]
