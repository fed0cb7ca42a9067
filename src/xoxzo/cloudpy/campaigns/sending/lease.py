"""What a worker has claimed, and for how long it may send to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from xoxzo.cloudpy.campaigns.records import Recipient

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns.clock import SteadyClock
    from xoxzo.cloudpy.campaigns.limits import Limits

Post = Callable[[Recipient], Awaitable[str]]
"""Sends to a recipient and returns the msgid or callid."""

# Of what the lease has left over the time of a message, so much is kept for a process that is slow.
_MARGIN_SHARE = 6


class Lease:
    """The time for which a worker may send to what it has claimed.

    It is counted from before the question, by a clock that goes on while the machine sleeps and by the one on the wall,
    whichever is ahead. The last message begins so early that it ends within the lease.

    Args:
        asked: the monotonic clock before the question.
    """

    def __init__(self, clock: SteadyClock, asked: float, limits: Limits) -> None:
        self._clock = clock
        seconds = limits.lease - limits.message_seconds
        self._until = asked + seconds - seconds / _MARGIN_SHARE
        self._wall_offset = clock.wall() - clock.monotonic()

    def may_write(self) -> bool:
        """Return whether a request may still be written."""
        now = self._clock.monotonic()
        moved = self._clock.wall() - now - self._wall_offset
        return now + max(0.0, moved) < self._until


class Task(msgspec.Struct, gc=False):
    """A recipient that was claimed and not started."""

    claim: int
    one: Recipient
    send_at: float
    gap: float
    lease: Lease
    post: Post
