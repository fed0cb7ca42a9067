"""The events of a run, and its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from xoxzo.cloudpy.campaigns.records import NO_REASON, Reason, Tally


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a run. It holds no number and no text."""

    kind: str
    """``started``, ``progress``, ``waiting``, ``throttled``, ``unreachable`` (the next attempt is at ``wake``),
    ``unknown``, ``stopping`` (messages in flight are being completed), ``settling``, ``settled``, ``ended``."""
    at: float
    """When, in seconds since 1970."""
    tally: Tally
    """The totals."""
    reason: Reason = NO_REASON
    """Why, as a code and a sentence; empty where there is none."""
    rate: float = 0.0
    """Messages a second in the last seconds."""
    wake: float | None = None
    """When waiting ends, in seconds since 1970."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended."""

    state: str
    """``finished``, ``stopped``, ``paused``, ``cancelled`` or ``expired``."""
    reason: Reason
    """Why it stopped, as a code and a sentence; empty when it is finished."""
    tally: Tally
    """The totals."""
    unknown: int
    """How many outcomes are unknown; ``Campaign.unknown`` lists them."""


class Stopped(Exception):
    """A run has to end before every recipient was sent to."""

    def __init__(self, state: str, reason: Reason) -> None:
        super().__init__(str(reason))
        self.state = state
        self.reason = reason


EventHandler = Callable[[Event], Any]
