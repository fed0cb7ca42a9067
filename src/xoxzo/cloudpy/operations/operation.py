"""An operation of the API as a value: the request, the effect of repeating it, and how to decode the response."""

from __future__ import annotations

import enum
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

# The standard library's encoding of a form takes a tenth of the time of a send.
_is_unreserved = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch
_ENCODED_BYTES = [
    "+" if byte == 32 else chr(byte) if _is_unreserved(chr(byte)) else f"%{byte:02X}" for byte in range(256)
]


class Effect(enum.Enum):
    """What a repeated request would do."""

    READ = "read"
    """Nothing at all."""
    IDEMPOTENT = "idempotent"
    """The same as once."""
    CREATE = "create"
    """A second message, call, charge or record: repeated only when the first attempt surely did nothing."""


class Operation(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One request and how to decode its response.

    Attributes:
        name: what errors, events and log lines call it, for instance ``sms.send``.
        method: the HTTP method.
        path: the path below the base URL, ids in it percent-encoded.
        effect: what repeating it would do.
        read: turns the body of a success into a value; raises :class:`~.records.DecodingError`.
        query: the encoded query without ``?``.
        body: the encoded body.
        content_type: the body's type, or ``None`` without a body.
        reference: the caller's reference of a send.
        recipients: the numbers that it would reach, for ``Client(allowed_recipients=…)``.
        not_found_is_success: whether a 404 after an attempt of unknown outcome means that the first attempt worked, as
            when a number is released.
        read_refusal: turns status and body of a refusal that is an answer, such as a wrong code, into a value; ``None``
            for one that is an error.
        secret: what no error may repeat, even where the server does.
    """

    name: str
    method: str
    path: str
    effect: Effect
    read: Callable[[bytes], T]
    query: str = ""
    body: bytes = b""
    content_type: str | None = None
    reference: str | None = None
    recipients: tuple[str, ...] = ()
    not_found_is_success: bool = False
    read_refusal: Callable[[int, bytes], T | None] | None = None
    secret: str | None = None

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # The body holds number and text.
        return [("name", self.name), ("method", self.method), ("path", self.path)]

    def __repr__(self) -> str:
        return f"Operation({self.name}: {self.method} {self.path})"


class Listing(Operation[T], frozen=True, kw_only=True):
    """A request answered with a JSON array, read as a stream; ``read`` takes one element of it."""


def read_operation(name: str, path: str, read: Callable[[bytes], T]) -> Operation[T]:
    """Return the operation that reads one record."""
    return Operation(name=name, method="GET", path=path, effect=Effect.READ, read=read)


def create_operation(
    name: str,
    path: str,
    read: Callable[[bytes], T],
    fields: Mapping[str, str | None],
    *,
    reference: str | None = None,
    recipients: tuple[str, ...] = (),
) -> Operation[T]:
    """Return the operation that posts a form and may create something."""
    return Operation(
        name=name,
        method="POST",
        path=path,
        effect=Effect.CREATE,
        read=read,
        body=form(fields),
        content_type=FORM,
        reference=reference,
        recipients=recipients,
    )


def form(fields: Mapping[str, str | None]) -> bytes:
    """Encode the fields that are not ``None`` as a form in UTF-8 (API section 1.3)."""
    pairs = [f"{_encoded_name(name)}={_encoded(value)}" for name, value in fields.items() if value is not None]
    return "&".join(pairs).encode("ascii")


@lru_cache(maxsize=64)
def _encoded_name(text: str) -> str:
    return _encoded(text)


def _encoded(text: str) -> str:
    # Most values need no encoding, nor do numbers after their +: to test that takes a fraction of the time.
    if _is_unreserved(text):
        return text
    if text[0] == "+" and _is_unreserved(text, 1):
        return f"%2B{text[1:]}"
    return _percent_encoded(text)


# All messages of a campaign often have the same text.
@lru_cache(maxsize=4)
def _percent_encoded(text: str) -> str:
    return "".join(map(_ENCODED_BYTES.__getitem__, text.encode()))


def json(value: Mapping[str, object]) -> bytes:
    """Encode a JSON object in UTF-8 (API section 1.3)."""
    return msgspec.json.encode(value)
