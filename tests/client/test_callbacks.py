"""`callbacks=` adds a signed URL that is bound to the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest

from xoxzo.cloudpy import InvalidArgument, Template, TemplateStatus
from xoxzo.cloudpy.callbacks import Callbacks
from xoxzo.cloudpy.operations import calls, sms
from xoxzo.cloudpy.operations.numbers import DINS, SINS
from xoxzo.cloudpy.operations.operation import Operation

CALLBACKS = Callbacks("a secret of the tests", "https://shop.example/xoxzo")
SMS = {"recipient": "+818011112222", "sender": "Shop"}
TEXT = {**SMS, "message": "See http://shop.example now"}
CALL = {"caller": "815011112222", "recipient": "+818011112222"}
TEMPLATE = Template(id=6, name="Welcome", status=TemplateStatus.APPROVED, approved_content="Hi")

MAKERS: Mapping[str, Callable[..., Operation[Any]]] = {
    "sms.send": lambda **more: sms.send_sms(**TEXT, **more),
    "templates.send": lambda **more: sms.send_template(TEMPLATE, **SMS, **more),
    "calls.play": lambda **more: calls.play(**CALL, recording_url="http://shop.example/a.mp3", **more),
    "calls.say": lambda **more: calls.say(**CALL, tts_message="Hi", tts_lang="en", **more),
    "conferences.create": lambda **more: calls.create_conference(
        caller="815011112222", participants=["+818011112222", "+818011113333"], **more
    ),
}


FORM = {"content-type": "application/x-www-form-urlencoded"}


def sent(operation: Operation[Any]) -> dict[str, str]:
    """Return the fields of a request."""
    body = operation.body.decode()
    if body.startswith("{"):
        import json

        return dict(json.loads(body))
    return dict(parse_qsl(body))


@pytest.mark.parametrize("name", MAKERS)
def test_put_in(name: str) -> None:
    """Each send has a valid URL with the reference, which is also sent as a tag."""
    operation = MAKERS[name](callbacks=CALLBACKS, reference="booking-1")
    fields = sent(operation)
    assert fields["tags"] == "booking-1"
    assert operation.reference == "booking-1"
    event = CALLBACKS.receive("POST", fields["callbackurl"], FORM, b"msgid=m1&callid=c1&status=FAILED")
    assert event.reference == "booking-1"
    assert fields["callbackurl"].split("/")[-2] == ("delivery-report" if "send" in name else "call-ended")


@pytest.mark.parametrize("name", ["sms.send", "templates.send"])
def test_clicks(name: str) -> None:
    """With link tracking there is a second URL for the first click."""
    fields = sent(MAKERS[name](callbacks=CALLBACKS, reference="booking-1", track_link=True))
    assert fields["lt_callbackurl"].split("/")[-2] == "link-clicked"
    click = b"msgid=m1&link=https://a.example/&shortlink=b&accessed_on=2026-01-31T10:00:00"
    assert CALLBACKS.receive("POST", fields["lt_callbackurl"], FORM, click).reference == "booking-1"
    assert "lt_callbackurl" not in sent(MAKERS[name](callbacks=CALLBACKS, reference="booking-1"))


@pytest.mark.parametrize("name", MAKERS)
def test_not_without_a_reference(name: str) -> None:
    """A URL without a reference would be valid for every message, so it is refused."""
    with pytest.raises(InvalidArgument) as caught:
        MAKERS[name](callbacks=CALLBACKS)
    assert caught.value.field == "reference"


@pytest.mark.parametrize("name", MAKERS)
def test_one_or_the_other(name: str) -> None:
    """Two callback URLs for the same thing are refused."""
    with pytest.raises(InvalidArgument, match="excludes callback_url"):
        MAKERS[name](callbacks=CALLBACKS, reference="a", callback_url="https://shop.example/mine")


@pytest.mark.parametrize(
    ("make", "purpose", "method"),
    [(DINS.set_action_url, "incoming-call", "GET"), (SINS.set_action_url, "incoming-sms", "POST")],
)
def test_action_urls(make: Callable[..., Operation[None]], purpose: str, method: str) -> None:
    """The action URL of a number is bound to the number, and exactly one way to set it is needed."""
    url = sent(make("JPafr34rafic76tf", callbacks=CALLBACKS))["action_url"]
    assert url.split("/")[-2] == purpose
    body = b"sender=818011112222&message=Hi" if method == "POST" else b""
    assert CALLBACKS.receive(method, url, FORM, body).reference == "JPafr34rafic76tf"
    assert sent(make("JPafr34rafic76tf", action_url="https://a.example/"))["action_url"] == "https://a.example/"
    with pytest.raises(InvalidArgument, match="is required"):
        make("JPafr34rafic76tf")
    with pytest.raises(InvalidArgument, match="excludes"):
        make("JPafr34rafic76tf", action_url="https://a.example/", callbacks=CALLBACKS)


@pytest.mark.parametrize("name", ["calls.play", "conferences.create"])
def test_the_reference_comes_back(name: str) -> None:
    """The result of a call has the reference of the call."""
    started = MAKERS[name](reference="booking-1").read(b'[{"callid": "a", "conferenceid": "a"}]')
    assert started.reference == "booking-1"
