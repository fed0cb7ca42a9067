"""An operation of the API as a value: the request, the effect of repeating it, and how to decode the response."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from xoxzo.cloudpy.operations import bodies

T = TypeVar("T")


class Effect(enum.Enum):
    """What a repeated request would do."""

    READ = "read"
    """Nothing at all."""
    IDEMPOTENT = "idempotent"
    """The same as once."""
    CREATE = "create"
    """A second message, call, charge or record: retried only when the first attempt is known to have had no effect."""


class Operation(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One request and how to decode its response."""

    name: str
    """What errors, events and log lines call it, for instance ``sms.send``."""
    method: str
    """The HTTP method."""
    path: str
    """The path below the base URL, ids in it percent-encoded."""
    effect: Effect
    """What repeating it would do."""
    read: Callable[[bytes], T]
    """Turns the body of a success into a value; raises ``DecodingError``."""
    query: str = ""
    """The encoded query without ``?``."""
    body: bytes = b""
    """The encoded body."""
    content_type: str | None = None
    """The body's type, or ``None`` without a body."""
    reference: str | None = None
    """The caller's reference of a send."""
    recipients: tuple[str, ...] = ()
    """The numbers that it would reach, for ``Client(allowed_recipients=…)``."""
    not_found_is_success: bool = False
    """Whether a 404 after an attempt of unknown outcome means that the first attempt worked, as when a number is
    released."""
    read_refusal: Callable[[int, bytes], T | None] | None = None
    """Turns status and body of a refusal that is an answer, such as a wrong code, into a value; ``None`` for one that
    is an error."""
    secret: str | None = None
    """What no error may repeat, even where the server does."""

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


def list_operation(name: str, path: str, read: Callable[[bytes], T], query: str = "") -> Listing[T]:
    """Return the operation that reads an array of records, one of which ``read`` takes."""
    return Listing(name=name, method="GET", path=path, effect=Effect.READ, read=read, query=query)


def write_operation(
    name: str,
    path: str,
    read: Callable[[bytes], T],
    fields: Mapping[str, Any],
    *,
    method: str = "POST",
    effect: Effect = Effect.CREATE,
    as_json: bool = False,
    **more: Any,  # noqa: ANN401 - further fields of `Operation`
) -> Operation[T]:
    """Return the operation that sends fields as a form, or as JSON; by default one that creates something."""
    body, kind = (msgspec.json.encode(fields), bodies.JSON) if as_json else (bodies.form(fields), bodies.FORM)
    return Operation(
        name=name, method=method, path=path, effect=effect, read=read, body=body, content_type=kind, **more
    )


def delete_operation(name: str, path: str) -> Operation[None]:
    """Return the operation that deletes something; a repeat may find it gone, which is a success."""
    return Operation(
        name=name,
        method="DELETE",
        path=path,
        effect=Effect.IDEMPOTENT,
        read=bodies.ignore_body,
        not_found_is_success=True,
    )
