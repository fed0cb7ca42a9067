"""The simulator as an ASGI application: the API on its own paths, the control API and the console beside it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from xoxzo.cloudpy.simulator.api.http import ApiRequest, ApiResponse, encode
from xoxzo.cloudpy.simulator.commands.faults import KINDS_WITHOUT_RESPONSE, Fault
from xoxzo.cloudpy.simulator.runtime.lifecycle import Batcher
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.web.asgi_tools import (
    FROM_ANOTHER_SITE,
    CloseConnection,
    ConnectionClosed,
    cannot_close,
    is_foreign,
    read_body,
    wait_for_disconnect,
)

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.web.console.app import Console

_CONTROL = b"/_simulator"
_CONSOLE = b"/console"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_FOREIGN = ApiResponse(403, encode({"detail": FROM_ANOTHER_SITE}), ((b"content-type", b"application/json"),))


def is_api_path(path: bytes) -> bool:
    """Say whether a path belongs to Xoxzo's API, and not to the control API or the console."""
    return not (path in {b"/", _CONTROL, _CONSOLE} or path.startswith((_CONTROL + b"/", _CONSOLE + b"/")))


class Application:
    """An ASGI application for one simulator: the API, and beside it the control API and the console.

    A response without end, such as a stream of events, has to end by itself when the server stops: every request has
    the event that says so in its state, as `stopping`. One that does not end is cancelled a moment later, which leaves
    its reader with a response that broke off.

    The Host header may name `bind_host`, the address it is served on, besides loopback names. `close_connection` closes
    that of a client, as some faults have it; ASGI has no message for that, so under another server they end with a 500.
    """

    def __init__(
        self, simulator: Simulation, bind_host: str = "127.0.0.1", close_connection: CloseConnection = cannot_close
    ) -> None:
        self.stopping = asyncio.Event()
        self._simulator = simulator
        self._max_body = simulator.settings.max_body
        self._batcher = Batcher(simulator.api.handle_together)
        self._close_connection = close_connection
        self._bind_host = bind_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the lifespan starts and closes the simulator."""
        if scope["type"] == "http":
            path = scope.get("raw_path") or scope["path"].encode()
            if is_api_path(path):
                await self._answer_api(scope, path, receive, send)
                return
            scope.setdefault("state", {})["stopping"] = self.stopping
            if not path.startswith(_CONTROL):
                await self._console(scope, receive, send)
            else:
                await self._control(scope, receive, send)
                if "_console" in self.__dict__ and scope["method"] == "POST":
                    self._console.change_streams.publish("console")  # what is no event, such as a fault switched on
        elif scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)

    async def _answer_api(self, scope: Scope, path: bytes, receive: Receive, send: Send) -> None:
        # No router, no request object of a framework: nearly all requests come here.
        message = await receive()
        first = message.get("body", b"")
        is_complete = (
            message["type"] == "http.request" and not message.get("more_body") and len(first) <= self._max_body
        )
        body = first if is_complete else await read_body(receive, self._max_body, message)
        headers, client, method = dict(scope["headers"]), scope.get("client"), scope["method"]
        refused = body if isinstance(body, ApiResponse) else None
        if (b"origin" in headers or b"sec-fetch-site" in headers) and method not in _READING and is_foreign(headers):
            refused = _FOREIGN
        sent = b"" if isinstance(body, ApiResponse) else body
        request = ApiRequest(method, path, scope["query_string"], headers, sent, client and tuple(client))
        if refused is not None:
            response = refused
            self._simulator.api.log.add([(request, response)])
        else:
            response = await self._batcher.answer(request)
            if response.fault is not None and await self._fail(response.fault, scope, receive):
                return
        length = (b"content-length", b"%d" % len(response.body))
        await send({"type": "http.response.start", "status": response.status, "headers": [*response.headers, length]})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})

    async def _fail(self, fault: Fault, scope: Scope, receive: Receive) -> bool:
        """Carry out a fault; return whether the client has disconnected. Raise `ConnectionClosed` for no response."""
        if fault.delay:
            with suppress(TimeoutError):
                async with asyncio.timeout(fault.delay):
                    await wait_for_disconnect(receive)
                return True  # the client waits no more
        if fault.kind in KINDS_WITHOUT_RESPONSE:
            self._close_connection(scope.get("client"))
            raise ConnectionClosed
        return False

    # Both are imported with their first request.
    @cached_property
    def _control(self) -> ASGIApp:
        from xoxzo.cloudpy.simulator.web.control_api.app import application

        return application(self._simulator, self._bind_host, self._close_connection)

    @cached_property
    def _console(self) -> Console:
        from xoxzo.cloudpy.simulator.web.console.app import Console

        return Console(self._simulator, self._bind_host, self._close_connection)

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
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
