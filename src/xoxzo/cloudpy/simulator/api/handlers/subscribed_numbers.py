"""Numbers over HTTP: the same five calls for DIN (API section 6) and SIN (API section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xoxzo.cloudpy.simulator.api.http import ApiResponse, HttpError, detail, empty_response, invalid, json_response
from xoxzo.cloudpy.simulator.api.query_strings import search_filters
from xoxzo.cloudpy.simulator.api.request import RequestContext
from xoxzo.cloudpy.simulator.engine.errors import UnknownNumber
from xoxzo.cloudpy.simulator.engine.records.numbers import SubscribedNumber
from xoxzo.cloudpy.simulator.engine.rules.urls import is_url
from xoxzo.cloudpy.simulator.engine.services.subscribed_numbers import SubscribedNumberService


@dataclass(frozen=True, slots=True)
class NumberHandlers:
    """Handlers for one kind of number."""

    kind: Literal["din", "sin"]

    def _desk(self, exchange: RequestContext) -> SubscribedNumberService:
        return exchange.engine.dins if self.kind == "din" else exchange.engine.sins

    def search(self, exchange: RequestContext) -> ApiResponse:
        """Answer the search for free numbers (API section 6.1)."""
        country, prefix = search_filters(exchange.request.query)
        return json_response(200, [line.view() for line in self._desk(exchange).search(country, prefix)])

    def subscribed(self, exchange: RequestContext) -> ApiResponse:
        """Answer the list of subscriptions (API section 6.3)."""
        return json_response(
            200, [line.subscribed_view() for line in self._desk(exchange).subscribed(exchange.account)]
        )

    def subscribe(self, exchange: RequestContext) -> ApiResponse:
        """Answer a subscription (API sections 6.2 and 15.46); a bad uid is 400 here."""
        name = f"{self.kind}_uid"
        fields = exchange.fields()
        uid = fields.required(name)
        fields.check()
        verified = exchange.account.verified
        if not (exchange.engine.settings.verified if verified is None else verified):
            raise detail(403, "You do not have permission to perform this action.")
        try:
            line = self._desk(exchange).subscribe(exchange.account, uid)
        except UnknownNumber:
            raise invalid(name, f"Invalid {name}") from None
        return json_response(201, line.subscribed_view())

    def set_action(self, exchange: RequestContext) -> ApiResponse:
        """Answer the setting of an action URL: 200 without a body (API section 6.4)."""
        line = self._find(exchange)
        fields = exchange.fields()
        url = fields.required("action_url", is_url, "Enter a valid URL.")
        fields.check()
        self._desk(exchange).set_action(line, url)
        return empty_response(200)

    def release(self, exchange: RequestContext) -> ApiResponse:
        """Answer a release: 200 without a body; a bad uid is 404 here (API section 6.5)."""
        self._desk(exchange).release(self._find(exchange))
        return empty_response(200)

    def _find(self, exchange: RequestContext) -> SubscribedNumber:
        try:
            return self._desk(exchange).find(exchange.account, exchange.ident)
        except UnknownNumber:
            raise HttpError(404, None) from None
