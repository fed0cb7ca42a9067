"""uvicorn, for all requests that `connection` does not read; it is loaded with the first of them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
    from xoxzo.cloudpy.simulator.web.app import Application
    from xoxzo.cloudpy.simulator.web.connection import Shared


class Fallback:
    """Makes uvicorn's protocols, which join the connections of ours.

    Args:
        app: What answers.
        shared: What all connections of the server share.
        keep_alive: Seconds after which an idle connection is closed.
        complaints: Where it is told what was wrong with a request.
    """

    def __init__(self, app: Application, shared: Shared, keep_alive: int, complaints: Complaints) -> None:
        self._complaints = complaints
        self._config = uvicorn.Config(
            app,
            http="h11",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=keep_alive,
        )
        self._config.load()
        self._state = ServerState()
        self._state.connections = cast("Any", shared.connections)
        self._state.tasks = shared.tasks
        self._state.default_headers = shared.headers
        # Whoever breaks off in the middle cannot always be told so, and uvicorn then fails on the way.
        asyncio.get_running_loop().set_exception_handler(complaints.failed)

    def protocol(self) -> asyncio.Protocol:
        """Return the protocol for one connection."""
        protocol = H11Protocol(self._config, self._state, {})
        protocol.logger = self._complaints
        return protocol


class Complaints(logging.Logger):
    """Takes what uvicorn says of a connection: the caller's mistakes are told as events, ours to the log of Python.

    Args:
        simulator: Whose event it is.
    """

    def __init__(self, simulator: Simulation) -> None:
        super().__init__("uvicorn.error", logging.WARNING)
        self.parent = logging.getLogger("uvicorn.error")
        self._engine = simulator.engine

    def handle(self, record: logging.LogRecord) -> None:
        """Tell of a complaint."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, asyncio.CancelledError):
            return  # it was cut off when the server stopped
        if isinstance(error, h11.ProtocolError):
            self.tell(str(error))
        elif record.levelno > logging.WARNING:
            super().handle(record)
        else:
            self.tell(record.getMessage())

    def failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take what went wrong in an event loop."""
        error = context.get("exception")
        if isinstance(error, h11.ProtocolError):
            self.tell(str(error))
        else:
            loop.default_exception_handler(context)

    def tell(self, what: str) -> None:
        """Tell of a caller's mistake."""
        with self._engine.lock:
            self._engine.context.publish("refused", "(no request)", status=400, because=[what])
