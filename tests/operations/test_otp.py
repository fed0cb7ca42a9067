"""One-time passwords (API section 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models import OtpRequest, OtpVerification, OtpWebsite
from xoxzo.cloudpy.operations.operation import Effect
from xoxzo.cloudpy.operations.otp import register_website, request, verify

Refused = Callable[..., str]

SITE = "https://example.com"
FORM = "application/x-www-form-urlencoded"
REQUEST: dict[str, Any] = {"website": SITE, "phone_number": "+818011112222"}
VERIFY: dict[str, Any] = {**REQUEST, "code": "482913"}


@pytest.mark.parametrize(
    ("template_id", "body"),
    [(None, b"website=https%3A%2F%2Fexample.com"), (3, b"website=https%3A%2F%2Fexample.com&template_id=3")],
)
def test_register(template_id: int | None, body: bytes) -> None:
    """Registering is a POST of the website, and of a template where one is named."""
    operation = register_website(website=SITE, template_id=template_id)

    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "otp.register_website",
        "POST",
        "/otp/register-website/",
        "",
        body,
    )
    assert (operation.effect, operation.content_type) == (Effect.CREATE, FORM)


@pytest.mark.parametrize(
    ("field", "more"),
    [("website", {"website": " "}), ("template_id", {"template_id": "3"}), ("template_id", {"template_id": 0})],
)
def test_register_refused(field: str, more: dict[str, Any], refused: Refused) -> None:
    """A blank website and a template that is no number are refused."""
    assert refused(field, register_website, **{"website": SITE, **more})


def test_registered() -> None:
    """The documented answer is a sentence."""
    body = b'{"message": "Website registered successfully."}'

    assert register_website(website=SITE).read(body) == OtpWebsite(
        website=SITE, message="Website registered successfully.", raw={"message": "Website registered successfully."}
    )


def test_request() -> None:
    """Asking for a code is a POST of the website and the number, which is called otherwise here than everywhere."""
    operation = request(**REQUEST)

    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "otp.request",
        "POST",
        "/otp/request/",
        "",
        b"website=https%3A%2F%2Fexample.com&phone_number=%2B818011112222",
    )
    assert (operation.effect, operation.content_type) == (Effect.CREATE, FORM)
    assert operation.recipients == ("+818011112222",)


@pytest.mark.parametrize(("field", "value"), [("website", ""), ("phone_number", "08011112222")])
def test_request_refused(field: str, value: str, refused: Refused) -> None:
    """A refusal names the parameter as it is called here."""
    assert refused(field, request, **{**REQUEST, field: value})
    assert refused(field, verify, **{**VERIFY, field: value})


@pytest.mark.parametrize(
    ("body", "msgid", "otp_id"),
    [
        (b'{"msgid": "1234567890"}', "1234567890", "1234567890"),
        (b'[{"msgid": 1234567890}]', "1234567890", "1234567890"),
        (b'{"msgid": "m", "otp_id": "o"}', "m", "o"),
        (b'{"msgid": null, "otp_id": 7}', "7", "7"),
    ],
)
def test_requested(body: bytes, msgid: str, otp_id: str) -> None:
    """Either id stands in for the other, since the two descriptions of the API name one each."""
    requested = request(**REQUEST).read(body)

    assert requested == OtpRequest(msgid=msgid, otp_id=otp_id, raw=requested.raw)


def test_verify() -> None:
    """After the reference, a code is verified by a form of website, number and code."""
    operation = verify(**VERIFY)

    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "otp.verify",
        "POST",
        "/otp/verify/",
        "",
        b"website=https%3A%2F%2Fexample.com&phone_number=%2B818011112222&otp=482913",
    )
    assert (operation.effect, operation.content_type) == (Effect.CREATE, FORM)
    assert operation.recipients == ()


def test_verify_as_the_tutorial_does() -> None:
    """With an ``otp_id`` the body is JSON, and a server of either kind finds its fields in it."""
    operation = verify(**VERIFY, otp_id="m1")

    assert (operation.path, operation.content_type) == ("/otp/verify/", "application/json")
    assert operation.body == (
        b'{"website":"https://example.com","phone_number":"+818011112222","otp":"482913","otp_id":"m1","code":"482913"}'
    )


@pytest.mark.parametrize(("field", "value"), [("code", " "), ("code", 482913), ("otp_id", "")])
def test_verify_refused(field: str, value: Any, refused: Refused) -> None:
    """A code is text, since it may begin with 0; a refusal does not repeat it."""
    assert "482913" not in refused(field, verify, **{**VERIFY, field: value})


def test_nothing_shows_the_code() -> None:
    """Neither the operation nor its result shows the code, even where the server repeats it."""
    operation = verify(**VERIFY, otp_id="m1")
    taken = operation.read(b'{"message": "482913 is right"}')

    assert "482913" not in repr(operation) + str(operation) + repr(taken)
    assert operation.secret == "482913"


@pytest.mark.parametrize(
    ("body", "verified", "message"),
    [
        (b'{"message": "OTP verified successfully."}', True, "OTP verified successfully."),
        (b"{}", True, ""),
        (b'{"verified": true}', True, ""),
        (b'{"verified": false, "message": "no"}', False, "no"),
        (b'{"valid": false}', False, ""),
        (b'[{"success": false}]', False, ""),
    ],
)
def test_verified(body: bytes, verified: bool, message: str) -> None:
    """A success is a yes, unless it says no."""
    found = verify(**VERIFY).read(body)

    assert found == OtpVerification(verified=verified, message=message, raw=found.raw)


@pytest.mark.parametrize(
    "body", [b'{"message": "Invalid or expired OTP."}', b'[{"message": "Invalid or expired OTP."}]']
)
def test_a_wrong_code_is_a_value(body: bytes) -> None:
    """A 400 with a sentence says that the code is wrong."""
    read = verify(**VERIFY).read_refusal

    assert read is not None
    assert read(400, body) == OtpVerification(
        verified=False, message="Invalid or expired OTP.", raw={"message": "Invalid or expired OTP."}
    )


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"website": ["Website is not registered."]}'),
        (400, b'{"message": "Bad request", "website": ["Website is not registered."]}'),
        (400, b'{"message": "Bad request", "errors": {"otp": "required"}}'),
        (400, b'{"message": ["This field is required."]}'),
        (400, b'{"detail": "no"}'),
        (400, b'{"message": null}'),
        (400, b""),
        (400, b"<html>"),
        (401, b'{"message": "Invalid sid/token"}'),
        (429, b'{"message": "slow down"}'),
        (500, b'{"message": "Invalid or expired OTP."}'),
    ],
)
def test_every_other_refusal_is_an_error(status: int, body: bytes) -> None:
    """A refused field, other statuses, and what cannot be read say nothing about the code."""
    read = verify(**VERIFY).read_refusal

    assert read is not None
    assert read(status, body) is None


@pytest.mark.parametrize("operation", [register_website(website=SITE), request(**REQUEST), verify(**VERIFY)])
@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"OK", b"<html>", b'"yes"', b"\xff"])
def test_unreadable(operation: Any, body: bytes, undecodable: Callable[..., str]) -> None:
    """A success without a record proves nothing; a captive portal's page verifies no code."""
    assert undecodable(operation.read, body)


@pytest.mark.parametrize("body", [b"{}", b'{"message": "sent"}', b'{"msgid": "", "otp_id": null}'])
def test_requested_without_an_id(body: bytes, undecodable: Callable[..., str]) -> None:
    """A request without any id cannot be read."""
    assert undecodable(request(**REQUEST).read, body) == "the record has no otp_id"


def test_json_is_json() -> None:
    """A character that JSON must escape arrives as it was typed."""
    body = verify(**{**VERIFY, "code": '1"\\'}, otp_id="春").body

    assert msgspec.json.decode(body)["code"] == msgspec.json.decode(body)["otp"] == '1"\\'


@pytest.mark.parametrize(
    "typed",
    [
        "４８２９１３",
        " 482913\n",
        "482 913",
        "482-913",
        "482\u3000913",
        "４８２ー９１３",
        "482\u2010913",
        "482\u2212913",
        "482\uff0d913",
        "482\u200b913",
        "\ufeff482913",
        "٤٨٢٩١٣",
    ],
)
def test_a_code_is_cleaned_as_people_type_it(typed: str) -> None:
    """Full width, blanks, hyphens of any kind and digits of another script cost no try."""
    assert verify(**{**VERIFY, "code": typed}).body == verify(**VERIFY).body


@pytest.mark.parametrize("typed", ["-", " ー ", "\u200b"])
def test_a_code_of_which_nothing_is_left_is_refused(typed: str) -> None:
    """What holds neither digit nor letter is no code, and is refused before a try is counted."""
    with pytest.raises(InvalidArgument, match=r"^code: must not be empty or blank$"):
        verify(**{**VERIFY, "code": typed})
