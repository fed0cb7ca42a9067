"""The simulator as an ASGI application: the API on its own paths, the control API and the console beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.http import ApiRequest, ApiResponse
from xoxzo.cloudpy.simulator.commands.faults import KINDS_WITHOUT_RESPONSE, Fault
from xoxzo.cloudpy.simulator.runtime.batching import Batcher
from xoxzo.cloudpy.simulator.web.asgi_tools import Receive, Scope, Send, read_body

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
    from xoxzo.cloudpy.simulator.web.console.app import Console

CONTROL = b"/_simulator"
CONSOLE = b"/console"


def _cannot_cut(client: object) -> None:
    template = "this server cannot close the connection of {client}, as a fault would have it"
    raise SimulatorError("cannot_close_connection", template, client=str(client))


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
        simulator: Simulation,
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
