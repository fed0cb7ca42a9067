"""The events of a run, and its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from xoxzo.cloudpy.campaigns.records import NO_REASON, Reason, Tally


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a run. It holds no number and no text.

    Attributes:
        kind: ``started``, ``progress``, ``waiting``, ``throttled``, ``unreachable`` (the next attempt is at ``wake``),
            ``unknown``, ``stopping`` (messages in flight are being completed), ``settling``, ``settled``, ``ended``.
        at: when, in seconds since 1970.
        reason: why, as a code and a sentence; empty where there is none.
        tally: the totals.
        rate: messages a second in the last seconds.
        wake: when waiting ends, in seconds since 1970.
    """

    kind: str
    at: float
    tally: Tally
    reason: Reason = NO_REASON
    rate: float = 0.0
    wake: float | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended.

    Attributes:
        state: ``finished``, ``stopped``, ``paused``, ``cancelled`` or ``expired``.
        reason: why it stopped, as a code and a sentence; empty when it is finished.
        tally: the totals.
        unknown: how many outcomes are unknown; ``Campaign.unknown`` lists them.
    """

    state: str
    reason: Reason
    tally: Tally
    unknown: int


class Stopped(Exception):
    """A run has to end before every recipient was sent to."""

    def __init__(self, state: str, reason: Reason) -> None:
        super().__init__(str(reason))
        self.state = state
        self.reason = reason


EventHandler = Callable[[Event], Any]
