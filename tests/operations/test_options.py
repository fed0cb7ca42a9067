"""What every send takes besides its content."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from xoxzo.cloudpy.operations.calls import create_conference, play, say
from xoxzo.cloudpy.operations.otp import register_website, request, verify
from xoxzo.cloudpy.operations.sms import send_sms, send_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy.operations.operation import Operation

SMS = {"recipient": "+818011112222", "sender": "Shop"}
CALL = {"caller": "814512345678", "recipient": "+818011112222"}
CODE = {"website": "https://example.com", "phone_number": "+818011112222"}

SENDS: dict[str, Callable[..., Operation[Any]]] = {
    "sms": lambda **options: send_sms(**SMS, message="Hi", **options),
    "template": lambda **options: send_template(7, **SMS, **options),
    "play": lambda **options: play(**CALL, recording_url="http://example.com/a.mp3", **options),
    "say": lambda **options: say(**CALL, tts_message="Hi", tts_lang="en", **options),
    "conference": lambda **options: create_conference(
        caller="814512345678", participants=["+818011112222", "+818033334444"], **options
    ),
}
CODES: dict[str, Callable[..., Operation[Any]]] = {
    "register": lambda **options: register_website(website="https://example.com", **options),
    "request": lambda **options: request(**CODE, **options),
    "verify": lambda **options: verify(**CODE, code="123456", **options),
    "verify by id": lambda **options: verify(**CODE, code="123456", otp_id="m1", **options),
}
CONTENT = {
    "sms": [
        "message",
        "sender",
        "callbackurl",
        "tags",
        "track_link",
        "lt_callbackurl",
        "jp_kp",
        "jp_kpl",
        "jp_kp_sender",
    ],
    "template": ["variables", "sender", "callbackurl", "tags", "track_link"],
    "play": ["caller", "recording_url", "tts_message", "tts_lang", "callbackurl", "tags", "jp_din_caller"],
    "say": ["caller", "recording_url", "tts_message", "tts_lang", "callbackurl", "tags", "jp_din_caller"],
    "conference": ["caller", "lang", "callbackurl", "tags"],
    "register": ["website", "template_id"],
    "request": ["website"],
    "verify": ["website", "otp", "otp_id", "code"],
    "verify by id": ["website", "otp", "otp_id", "code"],
}


def sent(operation: Operation[Any]) -> dict[str, Any]:
    """Read what goes out."""
    if operation.content_type == "application/json":
        fields: dict[str, Any] = json.loads(operation.body)
        return fields
    return {name: values[0] for name, values in parse_qs(operation.body.decode(), strict_parsing=True).items()}


@pytest.mark.parametrize("name", SENDS | CODES)
def test_extra_parameters_go_out_with_the_others(name: str) -> None:
    """A parameter that is not known yet is added to what goes out, and nothing else changes."""
    send = (SENDS | CODES)[name]

    assert sent(send(extra={"new_flag": "true"})) == {**sent(send()), "new_flag": "true"}
    assert send(extra={}).body == send().body


@pytest.mark.parametrize(
    ("name", "parameter"), [(name, one) for name, content in CONTENT.items() for one in [*content, "recipient"]]
)
def test_a_known_parameter_is_no_extra_one(name: str, parameter: str, refused: Callable[..., str]) -> None:
    """What is checked under a name of its own cannot be set past the check, whether it is set or not."""
    rule = refused("extra", (SENDS | CODES)[name], extra={parameter: "x"})

    assert rule == f"must not contain {parameter}: it is a known parameter"


@pytest.mark.parametrize("name", SENDS)
def test_an_automatic_reference_is_a_tag(name: str) -> None:
    """``reference="auto"`` makes a key for each send, which goes out as the last tag and stands in the operation."""
    first, second = (SENDS[name](reference="auto", tags=["a"]) for _ in range(2))

    assert first.reference != second.reference
    assert sent(first)["tags"] == f"a,{first.reference}"


@pytest.mark.parametrize("name", SENDS)
def test_callbacks_are_bound_to_an_automatic_reference(name: str) -> None:
    """A callback URL is made for the key that goes out."""

    class Urls:
        def url(self, purpose: str, reference: str | None = None, /) -> str:
            return f"https://example.com/{purpose}/{reference}"

    operation = SENDS[name](reference="auto", callbacks=Urls())

    assert sent(operation)["callbackurl"].endswith(f"/{operation.reference}")


def test_the_result_has_an_automatic_reference() -> None:
    """What a send returns names the key that was made for it."""
    operation = SENDS["sms"](reference="auto")

    assert operation.read(b'[{"msgid": "m1"}]').reference == operation.reference


@pytest.mark.parametrize("name", SENDS)
def test_an_option_that_does_not_exist_is_an_error(name: str) -> None:
    """A misspelt option is refused by Python, as for any function."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'refrence'"):
        SENDS[name](refrence="a")
