"""The events of a run, and its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns.records import Tally


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a run. It holds no number and no text.

    Attributes:
        kind: ``started``, ``progress``, ``waiting``, ``throttled``, ``unreachable`` (it is tried again at
            ``wake``), ``unknown``, ``stopping`` (what is in flight comes to its end), ``settling``, ``settled``,
            ``ended``.
        at: when, in seconds since 1970.
        reason: in words, where there is something to be said.
        tally: the figures.
        rate: messages a second in the last seconds.
        wake: until when is waited, in seconds since 1970.
    """

    kind: str
    at: float
    tally: Tally
    reason: str = ""
    rate: float = 0.0
    wake: float | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended.

    Attributes:
        state: ``finished``, ``stopped``, ``paused``, ``cancelled`` or ``expired``.
        reason: why it stopped, in words; empty when it is finished.
        tally: the figures.
        unknown: how many are unknown; they are listed by ``Campaign.unknown``.
    """

    state: str
    reason: str
    tally: Tally
    unknown: int


EventHandler = Callable[[Event], Any]
