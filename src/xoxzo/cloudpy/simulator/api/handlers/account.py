"""The account, utilities and one-time passwords over HTTP (API sections 7 to 9)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.api.http import ApiResponse, HttpError, RequestContext, invalid, json_response
from xoxzo.cloudpy.simulator.engine.rules import has_dialling_code, is_number

TEMPLATE_ID = "3"
"""The only template that exists (API section 7.1)."""

# The two aliases are those of the tutorial and of what programs were seen to guess (API section 15.55).
_CODE_NAMES = ("otp", "code", "otp_code")


def register_website(context: RequestContext) -> ApiResponse:
    """Answer `POST /otp/register-website/` (API section 7.1)."""
    fields = context.fields()
    website = fields.required("website")
    if fields.has("template_id"):
        fields.required("template_id", lambda text: text == TEMPLATE_ID, "Invalid template_id")
    fields.check()
    if not context.engine.otp.register(context.account, website):
        raise invalid("website", "website info with this website already exists.")
    return json_response(201, {"message": "Website registered successfully."})


def request_otp(context: RequestContext) -> ApiResponse:
    """Answer `POST /otp/request/` (API sections 7.2, 15.57 and 15.58)."""
    fields = context.fields()
    website = fields.required("website")
    phone = fields.required("phone_number", is_number, "Invalid phone_number")
    fields.check()
    if has_dialling_code(context.engine.settings.blocked_countries, phone):
        raise invalid("phone_number", "Country not allowed")
    _check_website(context, website)
    message = context.engine.otp.request(context.account, website, phone, context.base_url)
    if message is None:
        raise invalid("non_field_errors", "An active OTP already exists for this phone number.")
    return json_response(201, {"msgid": message.msgid})


def verify_otp(context: RequestContext) -> ApiResponse:
    """Answer `POST /otp/verify/` with website and phone number, or the request's id (API sections 7.3, 15.55)."""
    fields = context.fields()
    by_id = fields.has("otp_id")
    otp_id = fields.required("otp_id") if by_id else ""
    website = fields.required("website") if fields.has("website") or not by_id else ""
    phone = fields.required("phone_number") if fields.has("phone_number") or not by_id else ""
    code = fields.required(next((name for name in _CODE_NAMES if fields.has(name)), "otp"))
    fields.check()
    if website:
        _check_website(context, website)
    if context.engine.otp.verify(context.account, code, website=website, phone=phone, msgid=otp_id):
        return json_response(200, {"message": "OTP verified successfully."})
    raise HttpError(400, {"message": "Invalid or expired OTP."})


def _check_website(context: RequestContext, website: str) -> None:
    if not context.engine.otp.is_registered(context.account, website):
        raise invalid("website", "Website is not registered.")


def get_credits(context: RequestContext) -> ApiResponse:
    """Answer `GET /you/credits/` (API section 9.1)."""
    return json_response(200, {"credits": float(context.account.credits)})


def look_up(context: RequestContext) -> ApiResponse:
    """Answer `POST /utilities/carrierlookup/`: a list of one (API section 8.1)."""
    fields = context.fields()
    number = fields.required("recipient", is_number, "Invalid recipient")
    fields.check()
    return json_response(201, [context.engine.accounts.look_up(context.account, number)])
