"""The simulator as an ASGI application: the API on its own paths, the control API and the console beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.http import ApiRequest, ApiResponse, encode
from xoxzo.cloudpy.simulator.commands.faults import KINDS_WITHOUT_RESPONSE, Fault
from xoxzo.cloudpy.simulator.runtime.batching import Batcher

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.simulator import Simulator
    from xoxzo.cloudpy.simulator.web.console.app import Console

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CONTROL = b"/_simulator"
CONSOLE = b"/console"

_SLOWEST_BODY = 30.0
_JSON = ((b"content-type", b"application/json"), (b"connection", b"close"))
_TOO_LARGE = ApiResponse(413, encode({"detail": "Request body too large."}), _JSON)
# Nobody reads it; what it must do is to keep a body that broke off from being taken for a whole one.
_GONE = ApiResponse(400, encode({"detail": "The request broke off."}), _JSON)
_TOO_SLOW = ApiResponse(408, encode({"detail": "Request body too slow."}), _JSON)


def _cannot_cut(client: object) -> None:
    message = f"this server cannot close the connection of {client}, as a fault would have it"
    raise SimulatorError(message)


class Application:
    """An ASGI application for one simulator.

    What is answered without end, such as a stream of events, has to end by itself when the server stops. Every request
    finds the event that says so in its state: with Starlette, `request.state.stopping`. A stream waits for it along
    with its next event, by `until_stopping`, and returns. One that does not is cancelled a moment later, which leaves
    its reader with an answer that broke off.

    Args:
        simulator: What it leads to.
        bind_host: The address it is served on, which the Host header may name besides loopback names.
        cut: Closes the connection of a caller at once. ASGI has no word for it, so another server answers 500 instead.
    """

    def __init__(
        self,
        simulator: Simulator,
        bind_host: str = "127.0.0.1",
        cut: Callable[[tuple[str, int] | None], None] = _cannot_cut,
    ) -> None:
        self.turns = Batcher(simulator.api.handle_together)
        self.stopping = asyncio.Event()
        self._simulator = simulator
        self._cut = cut
        self._bind_host = bind_host
        self._control: Callable[[Scope, Receive, Send], Awaitable[None]] | None = None
        self._console: Console | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the lifespan starts and closes the simulator."""
        scope.setdefault("state", {})["stopping"] = self.stopping
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            raw = scope.get("raw_path") or scope["path"].encode()
            if raw == CONTROL or raw.startswith(CONTROL + b"/"):
                await self._answer_control(scope, receive, send)
            elif raw in {b"/", CONSOLE} or raw.startswith(CONSOLE + b"/"):
                await self._answer_console(scope, receive, send)
            else:
                await self._answer(scope, raw, receive, send)

    def takes(self, request: ApiRequest) -> bool:
        """Say whether `turns` has the answer to a request that came whole, without this application."""
        return len(request.body) <= self._simulator.settings.max_body and self._simulator.api.serves(request.path)

    async def _answer(self, scope: Scope, path: bytes, receive: Receive, send: Send) -> None:
        body = await read_body(receive, self._simulator.settings.max_body)
        if isinstance(body, ApiResponse):
            reply = body
        else:
            headers, peer = dict(scope["headers"]), scope.get("client")
            request = ApiRequest(scope["method"], path, scope["query_string"], headers, body, peer and tuple(peer))
            reply = await self.turns.answer(request)
        if reply.fault is not None and await self._misbehave(reply.fault, scope, receive):
            return
        length = (b"content-length", str(len(reply.body)).encode())
        await send({"type": "http.response.start", "status": reply.status, "headers": [*reply.headers, length]})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})

    async def _misbehave(self, fault: Fault, scope: Scope, receive: Receive) -> bool:
        """Carry out a fault on the way back; return whether it is all that the caller gets."""
        if fault.delay:
            with suppress(TimeoutError):
                async with asyncio.timeout(fault.delay):
                    while (await receive())["type"] != "http.disconnect":
                        pass
                return True  # nobody waits any more
        if fault.kind in KINDS_WITHOUT_RESPONSE:
            self._cut(scope.get("client"))
            return True
        return False

    async def _answer_control(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._control is None:
            from xoxzo.cloudpy.simulator.web.control_api.app import application

            self._control = application(self._simulator, self._bind_host)
        await self._control(scope, receive, send)
        if self._console is not None and scope["method"] == "POST":
            self._console.hub.tell("console")  # what is no event, such as a fault that was switched on

    async def _answer_console(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._console is None:
            from xoxzo.cloudpy.simulator.web.console.app import Console

            self._console = Console(self._simulator, self._bind_host, self._cut)
        await self._console(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._simulator.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                # In a thread: closing waits for the simulator's own.
                await asyncio.to_thread(self._simulator.close)
                await send({"type": "lifespan.shutdown.complete"})
                return


async def until_stopping(stopping: asyncio.Event, awaited: Awaitable[T]) -> T | None:
    """Wait for something as long as the server runs; return ``None`` when it stops first.

    Args:
        stopping: The event of the request's state, `request.state.stopping`.
        awaited: What is waited for; it is cancelled when the server stops.
    """
    wanted, end = asyncio.ensure_future(awaited), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({wanted, end}, return_when=asyncio.FIRST_COMPLETED)
        return wanted.result() if wanted.done() else None
    finally:
        wanted.cancel()
        end.cancel()


async def read_body(receive: Receive, most: int) -> bytes | ApiResponse:
    """Read a request body of at most `most` bytes, or return the refusal of one that is too large, too slow or cut.

    A body that is too large is read on for a while, so that a caller who sends first and reads later gets the answer.
    """
    body = bytearray()
    size = 0
    try:
        async with asyncio.timeout(_SLOWEST_BODY):
            while size <= 16 * most:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return _GONE
                chunk = message.get("body", b"")
                size += len(chunk)
                if size <= most:
                    body += chunk
                if not message.get("more_body"):
                    break
    except TimeoutError:
        return _TOO_SLOW
    return bytes(body) if size <= most else _TOO_LARGE
