"""HTTP requests and responses as plain values, independent of any server library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.commands.faults import Fault

if TYPE_CHECKING:
    from decimal import Decimal

DATABASE_UNWRITABLE = N_("The simulator cannot write to its database.")
"""What is answered, with 503, when something could not be saved and so was not done."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """What came in. Header names are in lower case; path and query are as on the wire."""

    method: str
    path: bytes
    query: bytes
    headers: Mapping[bytes, bytes]
    body: bytes = b""
    peer: tuple[str, int] | None = None
    """Address and port of the caller; ``None`` within this process."""

    def header(self, name: bytes) -> str:
        """Return a header's value, or an empty text."""
        return self.headers.get(name, b"").decode("latin-1")


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """What goes out. An empty body has no Content-Type (API section 15.15)."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    fault: Fault | None = None
    """What goes wrong with the response; the server or the transport carries it out."""


class HttpError(Exception):
    """A request ends here, with a status and a JSON body."""

    def __init__(self, status: int, body: object, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers


def invalid(name: str, *reasons: str) -> HttpError:
    """Return the refusal of one field (API section 1.5)."""
    return HttpError(400, {name: list(reasons)})


def detail(status: int, text: str) -> HttpError:
    """Return a refusal that concerns the whole request (API section 1.5)."""
    return HttpError(status, {"detail": text})


def not_enough_credits(required: Decimal) -> HttpError:
    """Return the refusal when credits are missing (API section 1.5)."""
    return HttpError(403, {"non_field_errors": [f"Not enough credits, required: {required.normalize():f}"]})


def encode(body: object) -> bytes:
    """Write JSON as Django REST Framework does: compact, in UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


JSON = ((b"content-type", b"application/json"),)


def json_response(status: int, body: object) -> ApiResponse:
    """Return a reply with a JSON body."""
    return ApiResponse(status, encode(body), JSON)


def empty_response(status: int) -> ApiResponse:
    """Return a reply without a body, and so without a Content-Type (API section 15.15)."""
    return ApiResponse(status)
