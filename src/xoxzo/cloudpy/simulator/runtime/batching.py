"""Handling all requests of one turn of the event loop together, with one commit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

A = TypeVar("A")
R = TypeVar("R")


class Batcher(Generic[A, R]):
    """Collects the requests of one turn of an event loop and handles them in the next.

    There is no window to choose. A single request is handled at once. Under load, more requests arrive while a batch is
    handled and written to disk, and make up the next batch: the slower the disk, the more of them share a commit. No
    request is answered before its batch is on disk.

    Args:
        work: Handles a batch and returns the results in the same order; it must not raise.
    """

    def __init__(self, work: Callable[[Sequence[A]], Sequence[R]]) -> None:
        self._work = work
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []

    async def answer(self, request: A) -> R:
        """Return the result of a request, which is handled in the next turn of the event loop."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._handle_waiting)
        future: asyncio.Future[R] = loop.create_future()
        self._waiting.append((request, future))
        return await future

    def _handle_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        results = self._work([request for request, _ in waiting])
        for (_, future), result in zip(waiting, results, strict=True):
            if not future.done():  # its caller may have been cancelled
                future.set_result(result)
