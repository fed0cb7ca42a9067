"""What calls return besides records: raw responses, and the results of ``client.sms.send_many``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, Literal, TypeVar

import msgspec

from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.errors import XoxzoError
from xoxzo.cloudpy.models import SentMessage

T = TypeVar("T")
SendStatus = Literal["sent", "refused", "unknown", "not_tried"]


class RawResponse(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A successful response with its status, headers and body."""

    value: T
    """What the call returns without ``with_raw_response``."""
    status: int
    """The HTTP status."""
    headers: Mapping[str, str]
    """The header fields, names in lower case; of a repeated field the last one."""
    body: bytes
    """The bytes of the body, at most 1 MB."""
    request_id: str
    """The ``X-Request-Id`` that was sent."""
    attempts: int
    """How many attempts were made."""

    def json(self) -> Any:  # noqa: ANN401 - JSON may be anything
        """Return the decoded body; raise ``ValueError`` if it is not JSON."""
        return msgspec.json.decode(self.body)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # Body and headers may contain numbers.
        return [("status", self.status), ("request_id", self.request_id), ("attempts", self.attempts)]

    def __repr__(self) -> str:
        return f"RawResponse({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


class SendResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of sending one message."""

    recipient: str
    """The number as it was given."""
    status: SendStatus
    """``sent``; ``refused``, so not sent; ``unknown``: it may have been sent, see ``client.sms.settle``; or
    ``not_tried``, since sending stopped before."""
    sent: SentMessage | None = None
    """The message's ``msgid`` and reference, when it was sent."""
    error: XoxzoError | None = None
    """Why it was refused, or why its outcome is unknown."""

    def __rich_repr__(self) -> list[tuple[str, object]]:
        shown = [(name, getattr(self, name)) for name in ("status", "sent", "error")]
        return [("recipient", mask_number(self.recipient)), *(field for field in shown if field[1] is not None)]

    def __repr__(self) -> str:
        return f"SendResult({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


class SendResults(msgspec.Struct, frozen=True, kw_only=True):
    """The results of all messages, in the order in which they were given. Iterating yields each :class:`SendResult`."""

    results: tuple[SendResult, ...]
    """One for each message."""
    stopped_by: XoxzoError | None = None
    """The error after which no message could succeed, such as ``NotEnoughCredits``; ``None`` when all were tried."""

    @property
    def sent(self) -> tuple[SendResult, ...]:
        """The messages that the server has taken."""
        return self._with("sent")

    @property
    def refused(self) -> tuple[SendResult, ...]:
        """The messages that were not sent; each says why."""
        return self._with("refused")

    @property
    def unknown(self) -> tuple[SendResult, ...]:
        """The messages that may or may not have been sent. Do not send them again: look them up."""
        return self._with("unknown")

    @property
    def not_tried(self) -> tuple[SendResult, ...]:
        """The messages that came after ``stopped_by``."""
        return self._with("not_tried")

    def _with(self, status: SendStatus) -> tuple[SendResult, ...]:
        return tuple(result for result in self.results if result.status == status)

    def __iter__(self) -> Iterator[SendResult]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __rich_repr__(self) -> list[tuple[str, object]]:
        counts = [(name, len(getattr(self, name))) for name in ("sent", "refused", "unknown", "not_tried")]
        return [*counts, *([("stopped_by", self.stopped_by)] if self.stopped_by is not None else [])]

    def __repr__(self) -> str:
        return f"SendResults({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"
