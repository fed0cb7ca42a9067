"""An event loop whose time is a number: it advances to the next timer at once, and waits for nothing."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class _InstantSelector(selectors.BaseSelector):
    """Advances the virtual clock instead of waiting."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._selector = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            message = "deadlock: nothing is scheduled"
            raise RuntimeError(message)
        self.now += max(0.0, timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 - as its base
        return self._selector.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401 - as its base
        return self._selector.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._selector.get_map()

    def close(self) -> None:
        self._selector.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on a virtual clock; nothing in it may wait for a socket or a thread.

    Args:
        now: the time that it begins with.
    """

    def __init__(self, now: float = 0.0) -> None:
        self._virtual = _InstantSelector(now)
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return the virtual time."""
        return self._virtual.now

    def skip_to(self, moment: float) -> None:
        """Advance to a moment at once, if it is later; what was due meanwhile runs then."""
        self._virtual.now = max(self._virtual.now, moment)
