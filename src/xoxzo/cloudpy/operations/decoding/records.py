"""Decode records and their fields. What the API document calls uncertain never raises (API section 14)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

_decode = msgspec.json.Decoder().decode


class DecodingError(Exception):
    """The body of a success is not what the API document describes; the flow raises ``UnexpectedResponse`` for it."""


def decode_json(body: bytes) -> Any:  # noqa: ANN401 - JSON may be anything; the callers look
    """Decode JSON; raise :class:`DecodingError`."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # The library's message may quote the body, so only the reason is given.
        reason = "nested too deeply" if isinstance(error, RecursionError) else "not valid JSON"
        raise DecodingError(f"the body is {reason}") from None


def decode_record(body: bytes) -> dict[str, Any]:
    """Read one record, which may come bare or as the first element of a list (API sections 1.4 and 14.1)."""
    value = decode_json(body)
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        raise DecodingError("the body is not a record")
    return value


def ignore_body(_body: bytes) -> None:
    """Read an answer whose body does not matter (API section 1.4: often it is empty)."""


def required(raw: Mapping[str, Any], field: str) -> str:
    """Return a field without which the record is of no use; raise :class:`DecodingError`."""
    value = raw.get(field)
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise DecodingError(f"the record has no {field}")


def text(raw: Mapping[str, Any], field: str) -> str:
    """Return a field as text, ``""`` when it is missing or null."""
    value = raw.get(field)
    return "" if value is None else str(value)


def text_list(raw: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Return a list of text, empty when it is missing or something else."""
    value = raw.get(field)
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def record_list(raw: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    """Return the records of a list; other elements are left out; empty if the field is not a list."""
    value = raw.get(field)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def integer(raw: Mapping[str, Any], field: str) -> int | None:
    """Return a whole number, ``None`` when it is missing or something else."""
    value = raw.get(field)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def decimal(raw: Mapping[str, Any], field: str) -> Decimal | None:
    """Return credits exactly, whether they came as int, float or text (API section 1.7)."""
    value = raw.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        return None
    return found if found.is_finite() else None


def timestamp(raw: Mapping[str, Any], field: str) -> datetime | None:
    """Return a time in UTC; the server writes it without a zone and leaves it empty until known (API section 1.8)."""
    value = raw.get(field)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
