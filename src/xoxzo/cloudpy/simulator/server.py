"""An HTTP server for a simulator: uvicorn's protocol on a port that starts, closes and stops at once.

uvicorn's own `Server` is not used: it checks every tenth of a second whether to stop, waits for event streams
that never end, and cannot close its port for a while, as the fault ``refuse`` wants it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from email.utils import formatdate
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.web.app import Application, is_api_path

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.web.http_connection import HttpConnection

# They are imported when the server starts; a missing one is reported at once.
for _needed in ("starlette", "uvicorn", "httptools"):
    if find_spec(_needed) is None:
        raise ModuleNotFoundError(f"No module named {_needed!r}", name=_needed)

# Longer than any client's: the side that closes an idle connection first should not be the one that answers.
_KEEP_ALIVE_SECONDS = 75
# How long requests that are being answered may take to finish when the server stops.
_SHUTDOWN_SECONDS = 0.03
_BACKLOG = 2048
_CANNOT_LISTEN = ("cannot_listen", "cannot listen on {host} port {port}: {problem}")


class Server:
    """An HTTP server for a simulator; use it in a `with` statement.

    Args:
        simulator: What it serves; it is started and closed along with the server.
        host: The address to bind.
        port: The port; 0 takes a free one.
    """

    def __init__(self, simulator: Simulation, host: str = "127.0.0.1", port: int = 0) -> None:
        self.simulator = simulator
        self._host = host
        self._port = port
        self._listener: _Listener | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port that is listened on.

        Raises:
            SimulatorError: The server is not running.
        """
        if self._listener is None:
            raise SimulatorError("not_running", "the server is not running")
        return self._listener.port

    @property
    def url(self) -> str:
        """The address for clients, without a final slash."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 - it is compared with
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def start(self) -> None:
        """Listen; requests are answered when this returns.

        Raises:
            SimulatorError: The address is unknown or the port is taken.
        """
        listening = _listen(self._host, self._port)
        try:
            self.simulator.start()
        except BaseException:
            listening.close()
            raise
        self._listener = _Listener(self.simulator, self._host, listening)
        self.simulator.api.rate_limits.connections.append(self._listener.open_connections)
        self.simulator.faults.observers.append(self._listener.follow_faults)
        self.simulator.run_in_loop(self._listener.start())

    def stop(self) -> None:
        """Close the port and all connections; what is being answered gets a moment to finish. Twice is fine."""
        if self._listener is not None:
            self.simulator.faults.observers.remove(self._listener.follow_faults)
            self.simulator.run_in_loop(self._listener.stop())
            self.simulator.api.rate_limits.connections.remove(self._listener.open_connections)
            self._listener = None
            self.simulator.close()


class _Listener:
    """A port with uvicorn's connections. All its coroutines run in the simulator's event loop."""

    def __init__(self, simulator: Simulation, host: str, listening: socket.socket) -> None:
        import uvicorn
        from uvicorn.server import ServerState

        from xoxzo.cloudpy.simulator.web.http_connection import ConnectionLog, HttpConnection

        self._app = Application(simulator, host, self._close_connection)
        self._simulator = simulator
        self._socket: socket.socket | None = listening  # None while another program has taken the port
        self._family, self._address = listening.family, listening.getsockname()
        self._closed = False
        self._connection_class = HttpConnection
        self._state = ServerState()
        self._log = ConnectionLog(simulator.api)
        self._config = uvicorn.Config(
            self._app,
            http="httptools",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        self._config.load()
        self._loop: asyncio.AbstractEventLoop
        self._server: asyncio.Server
        self._date_task: asyncio.Task[None]
        self._fault_task: asyncio.Task[None] | None = None
        self._port_lock = asyncio.Lock()
        self._reopen_timer: asyncio.TimerHandle | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, or will be again."""
        return int(self._address[1])

    def open_connections(self) -> set[tuple[str, int]]:
        """Return the other ends of all connections, which the rate limits count."""
        return {client for connection in self._connections() if (client := connection.client)}

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._date_task = asyncio.create_task(self._keep_date())
        assert self._socket is not None  # noqa: S101 - it was given
        await self._serve(self._socket)
        await self._apply_faults()

    async def stop(self) -> None:
        self._app.stopping.set()
        async with self._port_lock:
            self._closed = True
            await self._stop_listening()
        if self._socket is not None:
            self._socket.close()
        if self._reopen_timer is not None:
            self._reopen_timer.cancel()
        for connection in self._connections():
            connection.shutdown()
        tasks = self._state.tasks
        if tasks:
            await asyncio.wait(set(tasks), timeout=_SHUTDOWN_SECONDS)
        for task in set(tasks):
            task.cancel()
        for connection in self._connections():
            connection.transport.abort()
        self._date_task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SHUTDOWN_SECONDS):
                await asyncio.gather(*tasks, self._date_task, return_exceptions=True)

    def follow_faults(self, _what: str = "") -> None:
        """Close the port while connections are to be refused, and open it afterwards.

        It has been done when this returns, except in the server's own thread, where it takes a turn or two.
        """
        if not self._closed and not self._simulator.faults.refusing():
            return
        try:
            in_loop = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            in_loop = False
        if in_loop:
            self._fault_task = self._loop.create_task(self._apply_faults())
        else:
            self._simulator.run_in_loop(self._apply_faults())

    async def _apply_faults(self) -> None:
        async with self._port_lock:
            if self._app.stopping.is_set():
                return
            if seconds := self._simulator.faults.refusing():
                await self._close_port(seconds)
            elif self._closed:
                await self._open_port()

    async def _close_port(self, seconds: float) -> None:
        """Take no connection for a while and abort those of the API; open pages stay connected."""
        self._reopen_after(seconds)
        if self._closed:
            return
        self._closed = True
        self._simulator.faults.counts["refuse"] += 1
        await self._stop_listening()
        self._socket = self._reserve_port()
        for connection in self._connections():
            if is_api_path(connection.path):
                connection.transport.abort()

    async def _open_port(self) -> None:
        self._socket = self._socket or self._reserve_port()
        if self._socket is None:  # another program has taken the port; it may become free
            self._reopen_after(1)
            return
        self._closed = False
        await self._serve(self._socket)
        self._simulator.faults.notify("the port is open again")

    async def _serve(self, listening: socket.socket) -> None:
        # In two steps, so that at every moment `_server` is what a fault has to close.
        self._server = await self._loop.create_server(
            self._new_connection, sock=listening, backlog=_BACKLOG, start_serving=False
        )
        await self._server.start_serving()

    async def _stop_listening(self) -> None:
        # What was accepted becomes a connection in the next turn; asyncio would lose it if the port were closed before.
        with contextlib.suppress(NotImplementedError, ValueError):  # by uvloop, which loses nothing
            if self._socket is not None and self._socket.fileno() >= 0:
                self._loop.remove_reader(self._socket)
        await asyncio.sleep(0)
        self._server.close()

    def _reopen_after(self, seconds: float) -> None:
        if self._reopen_timer is not None:
            self._reopen_timer.cancel()
        self._reopen_timer = self._loop.call_later(seconds, self.follow_faults)

    def _reserve_port(self) -> socket.socket | None:
        """Return a socket that holds the port without listening, so that no other program takes it."""
        try:
            return _bind(self._family, self._address)
        except OSError:
            return None

    def _new_connection(self) -> HttpConnection:
        connection = self._connection_class(self._config, self._state, {}, self._loop)
        connection.logger = self._log
        connection.is_port_closed = lambda: self._closed
        return connection

    def _connections(self) -> list[HttpConnection]:
        return [one for one in self._state.connections if isinstance(one, self._connection_class)]

    def _close_connection(self, client: tuple[str, int] | None) -> None:
        for connection in self._connections():
            if connection.client == client:
                connection.transport.abort()

    async def _keep_date(self) -> None:
        """Update the Date header of all responses once a second."""
        while True:
            self._state.default_headers[:] = [(b"date", formatdate(time.time(), usegmt=True).encode())]
            await asyncio.sleep(1)


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:  # the resolver would take it modulo 65536
        raise SimulatorError(*_CANNOT_LISTEN, host=host, port=port, problem="ports go from 0 to 65535")
    try:
        # As bytes, a host is not put through IDNA, whose tables take a while to load.
        name = host.encode() if host.isascii() else host
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        listening = _bind(found[0][0], found[0][4])
        listening.listen(_BACKLOG)
    except (OSError, UnicodeError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise SimulatorError(*_CANNOT_LISTEN, host=host, port=port, problem=problem) from None
    return listening


def _bind(family: socket.AddressFamily, address: tuple[Any, ...]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    bound.setblocking(False)
    return bound
