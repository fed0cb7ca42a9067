"""Does what was asked for during one turn of the event loop together: one look at the timers, one commit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

A = TypeVar("A")
R = TypeVar("R")


class Batcher(Generic[A, R]):
    """Gathers what is asked of a simulator in one event loop.

    There is no window to choose. Who comes alone is answered in the next turn, which begins at once. Under load, more
    arrive while a turn is answered and written to disk, and they make up the next one: the slower the disk, the more of
    them share a commit. Nobody has an answer before what was asked in the same turn is on disk.

    Args:
        work: Answers all of a turn, in their order; it must not raise.
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
