"""Define the raw response that ``with_raw_response`` returns."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - tools resolve the fields' types at run time
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class RawResponse(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A successful response with its status, headers and body.

    Attributes:
        value: what the call returns without ``with_raw_response``.
        status: the HTTP status.
        headers: the header fields, names in lower case; of a repeated field the last one.
        body: the bytes of the body, at most 1 MB.
        request_id: the ``X-Request-Id`` that was sent.
        attempts: how many attempts were made.
    """

    value: T
    status: int
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    attempts: int

    def json(self) -> Any:  # noqa: ANN401 - JSON may be anything
        """Return the decoded body; raise ``ValueError`` if it is not JSON."""
        return msgspec.json.decode(self.body)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # Body and headers may contain numbers.
        return [("status", self.status), ("request_id", self.request_id), ("attempts", self.attempts)]

    def __repr__(self) -> str:
        return f"RawResponse({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"
