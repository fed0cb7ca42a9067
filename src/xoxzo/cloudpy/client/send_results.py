"""The results of ``client.sms.send_many``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from xoxzo.cloudpy.common.masking import mask_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.errors import XoxzoError
    from xoxzo.cloudpy.models import SentMessage

SendStatus = Literal["sent", "refused", "unknown", "not_tried"]


class SendResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of sending one message.

    Attributes:
        recipient: the number as it was given.
        status: ``sent``; ``refused``, so surely not sent; ``unknown``, so perhaps sent: see ``client.sms.settle``; or
            ``not_tried``, since sending stopped before.
        sent: the message's ``msgid`` and reference, when it was sent.
        error: why it was refused, or why its outcome is unknown.
    """

    recipient: str
    status: SendStatus
    sent: SentMessage | None = None
    error: XoxzoError | None = None

    def __rich_repr__(self) -> list[tuple[str, object]]:
        shown = {
            "recipient": mask_number(self.recipient),
            "status": self.status,
            "sent": self.sent,
            "error": self.error,
        }
        return [(name, value) for name, value in shown.items() if value is not None]

    def __repr__(self) -> str:
        return f"SendResult({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


class SendResults(msgspec.Struct, frozen=True, kw_only=True):
    """The results of all messages, in the order in which they were given. Iterating yields each :class:`SendResult`.

    Attributes:
        results: one for each message.
        stopped_by: the error after which no message could succeed, such as ``NotEnoughCredits``; ``None`` when all were
            tried.
    """

    results: tuple[SendResult, ...]
    stopped_by: XoxzoError | None = None

    @property
    def sent(self) -> tuple[SendResult, ...]:
        """The messages that the server has taken."""
        return self._with("sent")

    @property
    def refused(self) -> tuple[SendResult, ...]:
        """The messages that were surely not sent; each says why."""
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
