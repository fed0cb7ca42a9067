"""One-time passwords (API section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xoxzo.cloudpy.models import OtpRequest, OtpVerification, OtpWebsite
from xoxzo.cloudpy.operations import bodies, checks
from xoxzo.cloudpy.operations.bodies import Fields
from xoxzo.cloudpy.operations.operation import Operation, write_operation

# Fields by which a server might say in a success that the code was wrong. None is documented.
_VERDICTS = ("verified", "valid", "success")


def register_website(
    *, website: str, template_id: int | None = None, extra: Mapping[str, str] | None = None
) -> Operation[OtpWebsite]:
    """Register a website, so that it can request codes (API section 7.1)."""
    fields = {
        "website": checks.text("website", website),
        "template_id": None if template_id is None else str(checks.positive_integer("template_id", template_id)),
    }
    fields |= checks.extra_parameters(extra, fields.keys())
    read = bodies.reader(OtpWebsite, website=website)
    return write_operation("otp.register_website", "/otp/register-website/", read, fields)


def request(*, website: str, phone_number: str, extra: Mapping[str, str] | None = None) -> Operation[OtpRequest]:
    """Send a code to a phone (API section 7.2)."""
    phone_number = checks.recipient(phone_number, "phone_number")
    fields: Fields = {"website": checks.text("website", website), "phone_number": phone_number}
    fields |= checks.extra_parameters(extra, fields.keys())
    return write_operation("otp.request", "/otp/request/", _read_request, fields, recipients=(phone_number,))


def _read_request(body: bytes) -> OtpRequest:
    raw = bodies.decode_record(body)
    # The documented reply has a msgid; the tutorial speaks of an otp_id (API section 7.3).
    msgid = bodies.required(raw, "msgid" if raw.get("msgid") else "otp_id")
    return OtpRequest(msgid=msgid, otp_id=bodies.text(raw, "otp_id") or msgid, raw=raw)


def verify(
    *, website: str, phone_number: str, code: str, otp_id: str | None = None, extra: Mapping[str, str] | None = None
) -> Operation[OtpVerification]:
    """Verify a code (API sections 7.3 and 15.55).

    Two contracts are published, both incomplete. The form follows the reference; with an ``otp_id`` the body is JSON
    and holds the tutorial's fields as well, so that a server of either kind finds its own.
    """
    code = checks.code(code)
    fields = {
        "website": checks.text("website", website),
        "phone_number": checks.recipient(phone_number, "phone_number"),
        "otp": code,
        **checks.extra_parameters(extra, {"website", "otp", "otp_id", "code"}),
    }
    if otp_id is not None:
        fields |= {"otp_id": checks.text("otp_id", otp_id), "code": code}

    def read(body: bytes) -> OtpVerification:
        raw = bodies.decode_record(body)
        return bodies.record(OtpVerification, raw, verified=not any(raw.get(field) is False for field in _VERDICTS))

    how: dict[str, Any] = {"as_json": otp_id is not None, "read_refusal": _read_refused, "secret": code}
    return write_operation("otp.verify", "/otp/verify/", read, fields, **how)


def _read_refused(status: int, body: bytes) -> OtpVerification | None:
    """Tell a wrong code, ``{"message": "…"}``, from a refused field, ``{"website": ["…"]}`` (API section 15.56)."""
    try:
        raw = bodies.decode_record(body)
    except bodies.DecodingError:
        return None
    objected = any(isinstance(value, list | dict) for value in raw.values())
    if status != 400 or objected or not isinstance(raw.get("message"), str):
        return None
    return bodies.record(OtpVerification, raw, verified=False)
