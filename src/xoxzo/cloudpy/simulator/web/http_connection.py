"""uvicorn's HTTP/1.1 connection with a bounded head, and the log that it writes to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from xoxzo.cloudpy.simulator.api.app import Api
from xoxzo.cloudpy.simulator.web.asgi_tools import ConnectionClosed

MAX_HEAD_BYTES = 65_536
MAX_HEAD_SECONDS = 30.0
"""How long the next bytes of a head may take; after a response, uvicorn's own limit holds."""


class HttpConnection(HttpToolsProtocol):
    """A connection whose request heads are bounded; uvicorn's parser takes any length, and waits for ever."""

    is_port_closed: Callable[[], bool]
    """Says whether the port was closed after this connection was accepted; set by the server."""
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the event loop when the connection is there."""
        super().connection_made(cast("asyncio.Transport", _GuardedTransport(transport)))
        if self.is_port_closed():
            transport.abort()
        self._limit_wait()

    def data_received(self, data: bytes) -> None:
        """Called by the event loop when data arrives."""
        super().data_received(data)
        scope: Mapping[str, Any] | None = self.scope
        if self.transport.is_closing():
            return
        if scope is not None and "raw_path" in scope:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self.logger.warning("The head of the request is too large.")
            self.send_400_response("Request head too large.")
            return
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            self._limit_wait()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Called by the event loop when the client writes no more; what it has asked for is answered before the end."""
        asked: list[Any] = [cycle for cycle, _ in self.pipeline]  # the newest first
        if (current := cast("Any", self.cycle)) is not None and not current.response_started:
            asked.append(current)
        if not asked or asked[0].more_body:
            return False
        asked[0].keep_alive = False
        return True

    def _limit_wait(self) -> None:
        """Close the connection unless more of a head comes in time."""
        self.timeout_keep_alive_task = self.loop.call_later(MAX_HEAD_SECONDS, self.timeout_keep_alive_handler)

    @property
    def path(self) -> bytes:
        """The path of the last request, as on the wire; empty before the first one."""
        scope: Mapping[str, Any] | None = self.scope
        return b"" if scope is None else scope.get("raw_path", b"")


class _GuardedTransport:
    """A transport that drops what is written after it was closed.

    uvicorn writes a response until the event loop reports the end of the connection; uvloop raises an error then.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._write = transport.write
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        if not self.is_closing():
            self._write(data)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the transport has
        return getattr(self._transport, name)


class ConnectionLog(logging.Logger):
    """Takes what uvicorn logs of a connection: a client's mistakes become events, ours go to the log of Python."""

    def __init__(self, api: Api) -> None:
        super().__init__("uvicorn.error", logging.WARNING)
        self.parent = logging.getLogger("uvicorn.error")
        self._api = api

    def handle(self, record: logging.LogRecord) -> None:
        """Publish a record, or pass it on."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, asyncio.CancelledError | ConnectionClosed):
            return  # the server stops, or a fault closed the connection
        if record.levelno > logging.WARNING:
            super().handle(record)
        else:
            self._api.report_malformed_request(record.getMessage())
