"""What a handler is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xoxzo.cloudpy.simulator.api.fields import Fields
from xoxzo.cloudpy.simulator.api.http import ApiRequest, ApiResponse, encode
from xoxzo.cloudpy.simulator.api.request_bodies import parse_body
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.records.accounts import Account

JSON = ((b"content-type", b"application/json"),)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One authenticated request to a known path."""

    engine: Engine
    account: Account
    request: ApiRequest
    ident: str
    """The id in the path, or an empty text."""
    base_url: str

    def fields(self) -> Fields:
        """Read the body.

        Raises:
            Refused: It cannot be read.
        """
        return Fields(parse_body(self.request.header(b"content-type"), self.request.body))


Handler = Callable[[RequestContext], ApiResponse]
Methods = Mapping[str, Handler]


def json_response(status: int, body: object) -> ApiResponse:
    """Return a reply with a JSON body."""
    return ApiResponse(status, encode(body), JSON)


def empty_response(status: int) -> ApiResponse:
    """Return a reply without a body, and so without a Content-Type (API section 15.15)."""
    return ApiResponse(status)
