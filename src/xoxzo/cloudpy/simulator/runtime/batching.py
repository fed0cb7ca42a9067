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
        self._waiting: list[tuple[A, Callable[[R], None]]] = []

    def ask(self, asked: A, answered: Callable[[R], None]) -> None:
        """Ask for something; `answered`, which must not raise, is called with the answer in the next turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._answer)
        self._waiting.append((asked, answered))

    async def answer(self, asked: A) -> R:
        """Return the answer to what is asked."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        # Whoever asked may have been cancelled meanwhile.
        self.ask(asked, lambda answer: None if future.done() else future.set_result(answer))
        return await future

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        answers = self._work([asked for asked, _ in waiting])
        for (_, answered), answer in zip(waiting, answers, strict=True):
            answered(answer)
