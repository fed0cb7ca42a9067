"""Numbers over HTTP: the same five calls for DIN (API section 6) and SIN (API section 4)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from xoxzo.cloudpy.simulator.api.http import (
    ApiResponse,
    HttpError,
    RequestContext,
    detail,
    invalid,
    json_response,
    pairs,
)
from xoxzo.cloudpy.simulator.engine.records.accounts import SubscribedNumber
from xoxzo.cloudpy.simulator.engine.rules import is_url
from xoxzo.cloudpy.simulator.engine.services.subscribed_numbers import SubscribedNumberService


def search_filters(query: bytes) -> tuple[str, str]:
    """Read the number search's `country` and `prefix`; any other key is 400 (API sections 6.1 and 15.69)."""
    found = {"country": "", "prefix": ""}
    for key, value in pairs(query):
        if key not in found:
            raise invalid(key, "Invalid parameter")
        found[key] = value
    return found["country"], found["prefix"]


class NumberHandlers(Struct, frozen=True):
    """Handlers for one kind of number."""

    kind: Literal["din", "sin"]

    def _service(self, context: RequestContext) -> SubscribedNumberService:
        return context.engine.dins if self.kind == "din" else context.engine.sins

    def search(self, context: RequestContext) -> ApiResponse:
        """Answer the search for free numbers (API section 6.1)."""
        country, prefix = search_filters(context.request.query)
        return json_response(200, [line.view() for line in self._service(context).search(country, prefix)])

    def subscribed(self, context: RequestContext) -> ApiResponse:
        """Answer the list of subscriptions (API section 6.3)."""
        return json_response(
            200, [line.subscribed_view() for line in self._service(context).subscribed(context.account)]
        )

    def subscribe(self, context: RequestContext) -> ApiResponse:
        """Answer a subscription (API sections 6.2 and 15.46); a bad uid is 400 here."""
        name = f"{self.kind}_uid"
        fields = context.fields()
        uid = fields.required(name)
        fields.check()
        verified = context.account.verified
        if not (context.engine.settings.verified if verified is None else verified):
            raise detail(403, "You do not have permission to perform this action.")
        line = self._service(context).subscribe(context.account, uid)
        if line is None:
            raise invalid(name, f"Invalid {name}")
        return json_response(201, line.subscribed_view())

    def set_action(self, context: RequestContext) -> ApiResponse:
        """Answer the setting of an action URL: 200 without a body (API section 6.4)."""
        line = self._find(context)
        fields = context.fields()
        url = fields.required("action_url", is_url, "Enter a valid URL.")
        fields.check()
        self._service(context).set_action(line, url)
        return ApiResponse(200)

    def release(self, context: RequestContext) -> ApiResponse:
        """Answer a release: 200 without a body; a bad uid is 404 here (API section 6.5)."""
        self._service(context).release(self._find(context))
        return ApiResponse(200)

    def _find(self, context: RequestContext) -> SubscribedNumber:
        line = self._service(context).find(context.account, context.ident)
        if line is None:
            raise HttpError(404, None)
        return line
