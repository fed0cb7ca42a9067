"""What belongs to an account, over HTTP: numbers, one-time passwords, look-ups and credits (API sections 4, 6 to 9)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from xoxzo.cloudpy.simulator.api import http
from xoxzo.cloudpy.simulator.engine.records.accounts import SubscribedNumber
from xoxzo.cloudpy.simulator.engine.rules import has_dialling_code, is_number, is_url
from xoxzo.cloudpy.simulator.engine.services.accounts import SubscribedNumberService


def search_filters(query: list[tuple[str, str]]) -> tuple[str, str]:
    """Read the number search's `country` and `prefix`; any other key is 400 (API sections 6.1 and 15.69)."""
    filters = {"country": "", "prefix": ""}
    for key, value in query:
        if key not in filters:
            raise http.invalid(key, "Invalid parameter")
        filters[key] = value
    return filters["country"], filters["prefix"]


class NumberHandlers(Struct, frozen=True):
    """Handlers for one kind of number: the same five calls for DIN (API section 6) and SIN (API section 4)."""

    kind: Literal["din", "sin"]

    def _service(self, context: http.RequestContext) -> SubscribedNumberService:
        return context.engine.dins if self.kind == "din" else context.engine.sins

    def search(self, context: http.RequestContext) -> http.ApiResponse:
        """Answer the search for free numbers (API section 6.1)."""
        country, prefix = search_filters(context.request.query_pairs())
        return http.json_response(200, [line.view() for line in self._service(context).search(country, prefix)])

    def subscribed(self, context: http.RequestContext) -> http.ApiResponse:
        """Answer the list of subscriptions (API section 6.3)."""
        return http.json_response(
            200, [line.subscribed_view() for line in self._service(context).subscribed(context.account)]
        )

    def subscribe(self, context: http.RequestContext) -> http.ApiResponse:
        """Answer a subscription (API sections 6.2 and 15.46); a bad uid is 400 here."""
        name = f"{self.kind}_uid"
        fields = context.fields()
        uid = fields.required(name)
        fields.check()
        verified = context.account.verified
        if not (context.engine.settings.verified if verified is None else verified):
            raise http.detail(403, "You do not have permission to perform this action.")
        line = self._service(context).subscribe(context.account, uid)
        if line is None:
            raise http.invalid(name, f"Invalid {name}")
        return http.json_response(201, line.subscribed_view())

    def set_action(self, context: http.RequestContext) -> http.ApiResponse:
        """Answer the setting of an action URL: 200 without a body (API section 6.4)."""
        line = self._find(context)
        fields = context.fields()
        url = fields.required("action_url", is_url, "Enter a valid URL.")
        fields.check()
        self._service(context).set_action(line, url)
        return http.ApiResponse(200)

    def release(self, context: http.RequestContext) -> http.ApiResponse:
        """Answer a release: 200 without a body; a bad uid is 404 here (API section 6.5)."""
        self._service(context).release(self._find(context))
        return http.ApiResponse(200)

    def _find(self, context: http.RequestContext) -> SubscribedNumber:
        return http.found(self._service(context).find(context.account, context.ident))


TEMPLATE_ID = "3"
"""The only template that exists (API section 7.1)."""

# The two aliases are those of the tutorial and of what programs were seen to guess (API section 15.55).
_CODE_NAMES = ("otp", "code", "otp_code")


def register_website(context: http.RequestContext) -> http.ApiResponse:
    """Answer `POST /otp/register-website/` (API section 7.1)."""
    fields = context.fields()
    website = fields.required("website")
    if fields.has("template_id"):
        fields.required("template_id", lambda text: text == TEMPLATE_ID, "Invalid template_id")
    fields.check()
    if not context.engine.otp.register(context.account, website):
        raise http.invalid("website", "website info with this website already exists.")
    return http.json_response(201, {"message": "Website registered successfully."})


def request_otp(context: http.RequestContext) -> http.ApiResponse:
    """Answer `POST /otp/request/` (API sections 7.2, 15.57 and 15.58)."""
    fields = context.fields()
    website = fields.required("website")
    phone = fields.required("phone_number", is_number, "Invalid phone_number")
    fields.check()
    if has_dialling_code(context.engine.settings.blocked_countries, phone):
        raise http.invalid("phone_number", "Country not allowed")
    _check_website(context, website)
    message = context.engine.otp.request(context.account, website, phone, context.base_url)
    if message is None:
        raise http.invalid("non_field_errors", "An active OTP already exists for this phone number.")
    return http.json_response(201, {"msgid": message.msgid})


def verify_otp(context: http.RequestContext) -> http.ApiResponse:
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
        return http.json_response(200, {"message": "OTP verified successfully."})
    raise http.HttpError(400, {"message": "Invalid or expired OTP."})


def _check_website(context: http.RequestContext, website: str) -> None:
    if not context.engine.otp.is_registered(context.account, website):
        raise http.invalid("website", "Website is not registered.")


def get_credits(context: http.RequestContext) -> http.ApiResponse:
    """Answer `GET /you/credits/` (API section 9.1)."""
    return http.json_response(200, {"credits": float(context.account.credits)})


def look_up(context: http.RequestContext) -> http.ApiResponse:
    """Answer `POST /utilities/carrierlookup/`: a list of one (API section 8.1)."""
    fields = context.fields()
    number = fields.required("recipient", is_number, "Invalid recipient")
    fields.check()
    return http.json_response(201, [context.engine.accounts.look_up(context.account, number)])
