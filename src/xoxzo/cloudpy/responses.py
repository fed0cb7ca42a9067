"""An answer as it came, for those who need more of it than its value."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - tools resolve the fields' types at run time
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class RawResponse(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A successful answer with everything around it.

    Attributes:
        value: what the call returns by itself.
        status: the HTTP status.
        headers: the header fields, names in lower case; of a repeated one the last.
        body: the bytes of the body, at most 1 MB.
        request_id: what we sent as ``X-Request-Id``.
        attempts: how many tries it took.
    """

    value: T
    status: int
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    attempts: int

    def json(self) -> Any:  # noqa: ANN401 - JSON may be anything
        """Return the body decoded; raise ``ValueError`` when it is not JSON."""
        return msgspec.json.decode(self.body)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # Body and headers may hold numbers.
        return [("status", self.status), ("request_id", self.request_id), ("attempts", self.attempts)]

    def __repr__(self) -> str:
        return f"RawResponse({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"
