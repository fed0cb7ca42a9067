"""Handle a callback from request to response, without any network: shared by the adapters of all frameworks."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from xoxzo.cloudpy.callbacks.actions import CONTENT_TYPE, Action
from xoxzo.cloudpy.callbacks.callbacks import Callbacks
from xoxzo.cloudpy.callbacks.events import Event, IncomingCall
from xoxzo.cloudpy.callbacks.log.delivery_log import DeliveryLog
from xoxzo.cloudpy.callbacks.log.entries import Recorded
from xoxzo.cloudpy.errors import CallbackRejected, ConfigurationError

if TYPE_CHECKING:
    from xoxzo.cloudpy.client.async_client import AsyncClient  # noqa: F401 - in a base below, as text
    from xoxzo.cloudpy.client.client import Client  # noqa: F401 - in a base below, as text

Handler = Callable[[Event], Action | None]
AsyncHandler = Callable[[Event], Awaitable[Action | None] | Action | None]
H = TypeVar("H")
C = TypeVar("C")


class CallbackResponse(Struct, frozen=True):
    """The HTTP response to a callback."""

    status: int
    """The HTTP status; Xoxzo posts again after everything but 200 (API section 10)."""
    body: bytes = b""
    """The action for an incoming call, or the reason of a rejection."""
    content_type: str = CONTENT_TYPE
    """The media type of the body."""


class _Endpoint(Generic[H, C]):
    def __init__(
        self, callbacks: Callbacks, handler: H, *, log: DeliveryLog | None = None, confirm: C | None = None
    ) -> None:
        self.callbacks = callbacks
        self._handler = handler
        self._log = log
        self._confirm = confirm


class CallbackEndpoint(_Endpoint[Handler, "Client"]):
    """Receives callbacks, calls a handler once for each, and returns the response.

    An exception of the handler propagates: the framework then answers 500, and Xoxzo sends the callback again.

    Args:
        callbacks: verifies the URLs.
        handler: processes an event; for an incoming call it returns the action. With a log it is called once for each
            event, and again only after it failed; without a log it is called for each repeat as well.
        log: recognises repeats and keeps the history; ``None`` for none.
        confirm: a client that asks the API to confirm each event; see `Callbacks.receive`.
    """

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> CallbackResponse:
        """Handle one request; the arguments are those of `Callbacks.receive`.

        Raises:
            ConfigurationError: the handler returned no action for an incoming call.
        """
        try:
            event = self.callbacks.receive(method, url, headers, body, confirm=self._confirm)
            recorded = None if self._log is None else self._log.begin(event)
        except CallbackRejected as error:
            return CallbackResponse(error.status, error.reason.encode())
        if self._log is None or recorded is None:
            return _response(event, self.process(event, None))
        if recorded.new:
            done = False
            try:
                self.process(event, recorded)
                done = True
            finally:
                self._log.finish(recorded, done=done)
        return CallbackResponse(200)

    def process(self, event: Event, recorded: Recorded | None) -> Action | None:
        """Call the handler. An adapter that needs the log's entry overrides this.

        Args:
            event: the event.
            recorded: the result of `DeliveryLog.begin`; ``None`` for an incoming call, or without a log.
        """
        del recorded
        return self._handler(event)


class AsyncCallbackEndpoint(_Endpoint[AsyncHandler, "AsyncClient"]):
    """The asynchronous `CallbackEndpoint`, with the same arguments.

    The handler is a coroutine function, or a plain function, which is called in a thread. The log is used in a thread.
    ``confirm`` is an asynchronous client.
    """

    async def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> CallbackResponse:
        """Handle one request as `CallbackEndpoint.handle` does."""
        try:
            event = await self.callbacks.receive_async(method, url, headers, body, confirm=self._confirm)
            recorded = None if self._log is None else await asyncio.to_thread(self._log.begin, event)
        except CallbackRejected as error:
            return CallbackResponse(error.status, error.reason.encode())
        if self._log is None or recorded is None:
            return _response(event, await self._process(event))
        if recorded.new:
            done = False
            try:
                await self._process(event)
                done = True
            finally:
                # Shielded: after a cancellation the entry must not stay "being processed" for a minute.
                await asyncio.shield(asyncio.to_thread(self._log.finish, recorded, done=done))
        return CallbackResponse(200)

    async def _process(self, event: Event) -> Action | None:
        if inspect.iscoroutinefunction(self._handler):
            action: Action | None = await self._handler(event)
            return action
        result = await asyncio.to_thread(self._handler, event)
        return await result if inspect.isawaitable(result) else result


def _response(event: Event, action: Action | None) -> CallbackResponse:
    """Return the response to a processed callback: for an incoming call, its action."""
    if not isinstance(event, IncomingCall):
        return CallbackResponse(200)
    if not isinstance(action, Action):
        raise ConfigurationError("the handler must return an action for an incoming call: Say, Playback …")
    return CallbackResponse(200, action.encode())
