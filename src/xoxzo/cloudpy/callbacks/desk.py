"""From a request to the answer that Xoxzo gets: what all adapters to frameworks share, without any network."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

from msgspec import Struct

from xoxzo.cloudpy.callbacks.actions import CONTENT_TYPE, Action, Playback, Say, Transfer, Voicemail
from xoxzo.cloudpy.callbacks.events import IncomingCall
from xoxzo.cloudpy.errors import CallbackRejected, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.callbacks.events import Event
    from xoxzo.cloudpy.callbacks.log import DeliveryLog, Recorded
    from xoxzo.cloudpy.callbacks.receiver import Callbacks
    from xoxzo.cloudpy.client import Client

    Handler = Callable[[Event], Action | None]
    AsyncHandler = Callable[[Event], Awaitable[Action | None] | Action | None]


class Answer(Struct, frozen=True):
    """What is answered to a callback.

    Attributes:
        status: the HTTP status; Xoxzo tries again after everything but 200 (API section 10).
        body: the action of an incoming call, or a word for whoever reads a log of the network.
        content_type: what the body is.
    """

    status: int
    body: bytes = b""
    content_type: str = CONTENT_TYPE


class Desk:
    """Receives callbacks, has each acted on once, and says what to answer.

    What the handler raises is raised here, too: then the callback has not been acted on, the framework answers 500,
    and Xoxzo sends it again.

    Args:
        callbacks: whose URLs are believed.
        handler: acts on a callback; for an incoming call it returns the action to answer with. It is called once for
            each callback when there is a log, and again for each repeat when there is none.
        log: absorbs repeats and keeps the history.
        confirm: ask the API before believing; see `Callbacks.receive`.
    """

    def __init__(
        self,
        callbacks: Callbacks,
        handler: Handler,
        *,
        log: DeliveryLog | None = None,
        confirm: Client | None = None,
    ) -> None:
        self.callbacks = callbacks
        self._handler = handler
        self._log = log
        self._confirm = confirm

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Receive one callback and return what to answer; the arguments are those of `Callbacks.receive`.

        Raises:
            ConfigurationError: the handler returned no action for an incoming call.
        """
        try:
            event = self.callbacks.receive(method, url, headers, body, confirm=self._confirm)
            recorded = None if self._log is None else self._log.begin(event)
        except CallbackRejected as error:
            return refusal(error)
        if recorded is None:
            return reply(event, self.act(event, None))
        if recorded.new:
            done = False
            try:
                self.act(event, recorded)
                done = True
            finally:
                assert self._log is not None  # noqa: S101 - it has recorded
                self._log.finish(recorded, done=done)
        return Answer(200)

    def act(self, event: Event, recorded: Recorded | None) -> Action | None:
        """Call the handler; an adapter that wants to know what the log says takes this method's place.

        Args:
            event: what was received.
            recorded: what the log says of it; ``None`` for an incoming call, or without a log.
        """
        del recorded
        return self._handler(event)


class AsyncDesk:
    """The asynchronous `Desk`.

    Args:
        callbacks: whose URLs are believed.
        handler: acts on a callback; a coroutine function, or a plain one, which is then called in a thread.
        log: absorbs repeats and keeps the history; it is used in a thread.
        confirm: ask the API before believing; see `Callbacks.receive`.
    """

    def __init__(
        self,
        callbacks: Callbacks,
        handler: AsyncHandler,
        *,
        log: DeliveryLog | None = None,
        confirm: AsyncClient | None = None,
    ) -> None:
        self.callbacks = callbacks
        self._handler = handler
        self._log = log
        self._confirm = confirm

    async def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Receive one callback and return what to answer; the arguments are those of `Callbacks.receive`.

        Raises:
            ConfigurationError: the handler returned no action for an incoming call.
        """
        try:
            event = await self.callbacks.receive_async(method, url, headers, body, confirm=self._confirm)
            recorded = None if self._log is None else await asyncio.to_thread(self._log.begin, event)
        except CallbackRejected as error:
            return refusal(error)
        if recorded is None:
            return reply(event, await self._act(event))
        if recorded.new:
            done = False
            try:
                await self._act(event)
                done = True
            finally:
                assert self._log is not None  # noqa: S101 - it has recorded
                # Shielded: a caller who goes away must not leave the callback half done for a minute.
                await asyncio.shield(asyncio.to_thread(self._log.finish, recorded, done=done))
        return Answer(200)

    async def _act(self, event: Event) -> Action | None:
        if inspect.iscoroutinefunction(self._handler):
            made: Action | None = await self._handler(event)
            return made
        acted = await asyncio.to_thread(self._handler, event)
        return await acted if inspect.isawaitable(acted) else acted


def reply(event: Event, action: Action | None) -> Answer:
    """Return the answer to a callback that was acted on: for an incoming call, its action.

    Raises:
        ConfigurationError: there is no action for an incoming call.
    """
    if not isinstance(event, IncomingCall):
        return Answer(200)
    if not isinstance(action, Say | Playback | Transfer | Voicemail):
        raise ConfigurationError("the handler must return an action for an incoming call: Say, Playback …")
    return Answer(200, action.encode())


def refusal(error: CallbackRejected) -> Answer:
    """Return the answer to a callback that is not believed."""
    return Answer(error.status, error.reason.encode())
