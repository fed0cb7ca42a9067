"""Decode the body of an error response, and how long a 429 asks to wait."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

from xoxzo.cloudpy.operations.decoding.records import DecodingError, decode_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = re.compile(r"\d+(?:\.\d+)?")
_THROTTLED = re.compile(r"available in (\d+) second")


def decode_error_body(body: bytes, secret: str | None = None) -> tuple[dict[str, tuple[str, ...]], str | None]:
    """Read the body of a refusal: field errors and ``detail`` (API section 1.5); both empty when it is neither.

    Args:
        body: as it came.
        secret: removed from the server's messages, which may repeat it.
    """
    try:
        value = decode_json(body)
    except DecodingError:
        return {}, None
    if not isinstance(value, dict):
        return {}, None

    def shown(message: object) -> str:
        return str(message).replace(secret, "…") if secret else str(message)

    fields = {
        shown(field): tuple(map(shown, messages)) if isinstance(messages, list) else (shown(messages),)
        for field, messages in value.items()
        if field != "detail" and messages is not None
    }
    detail = value.get("detail")
    return fields, None if detail is None else shown(detail)


def retry_after_seconds(headers: Mapping[str, str], detail: str | None, now: float) -> float | None:
    """Return the seconds that a 429 asks us to wait: the header's, else the sentence's (API section 1.6).

    Args:
        headers: the reply's header fields, names in lower case.
        detail: the reply's sentence.
        now: the wall clock in seconds since 1970, against which a date in the header is read.
    """
    header = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(header):
        return float(header)
    if header:
        from email.utils import parsedate_to_datetime  # takes longer to load than this module, and is seldom needed

        try:
            moment = parsedate_to_datetime(header)
            # A date without a zone is in UTC, as HTTP's dates are, and not in the zone of this machine.
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
            return max(0.0, moment.timestamp() - now)
        except (ValueError, OverflowError):
            pass
    found = _THROTTLED.search(detail or "")
    return float(found.group(1)) if found else None
