"""Answers what came in during one turn of the event loop together: one look at the timers, one commit."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from .http import Reply, Request

if TYPE_CHECKING:
    from .api import Api


class Turns:
    """Gathers the requests of one event loop.

    There is no window to choose. Who comes alone is answered in the next turn, which begins at once. Under load, more
    requests arrive while a turn is answered and written to disk, and they make up the next one: the slower the disk,
    the more of them share a commit. Nothing is answered before what was asked in its turn is on disk.

    Args:
        api: Who answers.
    """

    def __init__(self, api: "Api") -> None:
        self._api = api
        self._waiting: list[tuple[Request, Callable[[Reply], None]]] = []

    def ask(self, request: Request, answered: Callable[[Reply], None]) -> None:
        """Have a request answered; `answered`, which must not raise, is called with the reply in the next turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._answer)
        self._waiting.append((request, answered))

    async def answer(self, request: Request) -> Reply:
        """Return the reply to a request."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        # Whoever asked may have been cancelled meanwhile.
        self.ask(request, lambda reply: None if future.done() else future.set_result(reply))
        return await future

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        replies = self._api.handle_together([request for request, _ in waiting])
        for (_, answered), reply in zip(waiting, replies, strict=True):
            answered(reply)
