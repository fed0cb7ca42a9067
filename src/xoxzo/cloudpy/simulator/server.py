"""The simulator behind a real port, in its own thread, quick to start and quick to stop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING, Self

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.web.app import Application
from xoxzo.cloudpy.simulator.web.connection import Connection, Shared

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
    from xoxzo.cloudpy.simulator.web.fallback import Fallback

# They are loaded with the first request that needs them; that they are missing shall be told at once.
for _needed in ("starlette", "uvicorn"):
    if find_spec(_needed) is None:
        raise ModuleNotFoundError(f"No module named {_needed!r}", name=_needed)

# Longer than any client's: the side that closes an idle connection first should not be the one that answers.
_KEEP_ALIVE = 75
# What is being answered when the end comes may take this long to be finished.
_LAST_ANSWERS = 0.03
_BACKLOG = 2048
_CANNOT_LISTEN = ("cannot_listen", "cannot listen on {host} port {port}: {problem}")


class Server:
    """An HTTP server for a simulator; use it in a `with` statement.

    Args:
        simulator: What it leads to; it is started and closed along with the server.
        host: The address to bind.
        port: The port; 0 takes a free one.
    """

    def __init__(self, simulator: Simulation, host: str = "127.0.0.1", port: int = 0) -> None:
        self.simulator = simulator
        self._host = host
        self._port = port
        self._running: _Running | None = None

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
        if self._running is None:
            raise SimulatorError("not_running", "the server is not running")
        return self._running.port

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
        listener = _listen(self._host, self._port)
        self.simulator.start()
        self._running = _Running(self.simulator, self._host, listener)
        self.simulator.api.gate.watch(self._running.open_connections)
        self.simulator.run_in_loop(self._running.start())
        self.simulator.faults.watch(self._running.mind_port)

    def stop(self) -> None:
        """Close the port and all connections; what is being answered gets a moment to finish. Twice is fine."""
        if self._running is not None:
            self.simulator.faults.unwatch(self._running.mind_port)
            self.simulator.run_in_loop(self._running.stop())
            self.simulator.api.gate.unwatch(self._running.open_connections)
            self._running = None
            self.simulator.close()


class _Running:
    """Connections of ours and uvicorn's on one port, and a shutdown that waits for nobody who only listens."""

    def __init__(self, simulator: Simulation, host: str, listener: socket.socket) -> None:
        self._app = Application(simulator, host, self._cut)
        self._simulator = simulator
        self._socket: socket.socket | None = listener  # none while somebody else has taken the port
        self._family, self._address = listener.family, listener.getsockname()
        self._shared = Shared()
        self._fallback: Fallback | None = None
        self._loop: asyncio.AbstractEventLoop
        self._listening: asyncio.Server
        self._minding: asyncio.Task[None]
        self._following: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self._reopening: asyncio.TimerHandle | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, or will be again."""
        return int(self._address[1])

    def open_connections(self) -> set[tuple[str, int]]:
        """Return the other ends of all connections, as the gate counts them."""
        return {connection.client for connection in self._shared.connections if connection.client}

    def _cut(self, client: tuple[str, int] | None) -> None:
        for connection in list(self._shared.connections):
            if connection.client == client:
                connection.transport.abort()

    async def start(self) -> None:
        self._shared.date()
        self._loop = asyncio.get_running_loop()
        self._minding = asyncio.create_task(self._mind())
        assert self._socket is not None  # noqa: S101 - it was given
        await self._listen(self._socket)
        await self._follow_faults()

    async def _listen(self, listener: socket.socket) -> None:
        # In two steps, so that at every moment `_listening` is what a fault has to close.
        self._listening = await self._loop.create_server(
            self._connection, sock=listener, backlog=_BACKLOG, start_serving=False
        )
        await self._listening.start_serving()

    def mind_port(self) -> None:
        """Close the port while connections are to be refused, and open it afterwards.

        It has been done when this returns, except in the server's own thread, where it takes a turn or two.
        """
        if not self._shared.closed and not self._simulator.faults.refusing():
            return
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if not here:
            self._simulator.run_in_loop(self._follow_faults())
        else:
            self._following = self._loop.create_task(self._follow_faults())

    async def _follow_faults(self) -> None:
        async with self._changing:
            if self._app.stopping.is_set():
                return
            if seconds := self._simulator.faults.refusing():
                await self._close_port(seconds)
            elif self._shared.closed:
                await self._open_port()

    async def _close_port(self, seconds: float) -> None:
        """Take no connection for a while, and end those of the API; pages that are open stay connected."""
        self._plan(seconds)
        if self._shared.closed:
            return
        self._shared.closed = True
        self._simulator.faults.counts["refuse"] += 1
        await self._end_listening()
        self._socket = self._bound()
        for connection in list(self._shared.connections):
            if isinstance(connection, Connection):
                connection.transport.abort()

    async def _open_port(self) -> None:
        self._socket = self._socket or self._bound()
        if self._socket is None:  # somebody has taken the port meanwhile; it may become free
            self._plan(1)
            return
        self._shared.closed = False
        await self._listen(self._socket)
        self._simulator.faults.changed("the port is open again")

    async def _end_listening(self) -> None:
        # What was accepted becomes a connection in the next turn; asyncio would lose it if the port were closed before.
        with contextlib.suppress(NotImplementedError):  # by loops that wait for connections in another way
            if self._socket is not None and self._socket.fileno() >= 0:
                self._loop.remove_reader(self._socket)
        await asyncio.sleep(0)
        self._listening.close()

    def _plan(self, seconds: float) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
        self._reopening = self._loop.call_later(seconds, self.mind_port)

    def _bound(self) -> socket.socket | None:
        """Return a socket that has the port, so that nobody else takes it, and listens to nobody."""
        bound = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(self._address)
        except OSError:
            bound.close()
            return None
        bound.setblocking(False)
        return bound

    def _connection(self) -> Connection:
        return Connection(self._app.turns, self._app.takes, self._shared, self._other)

    def _other(self) -> asyncio.Protocol:
        if self._fallback is None:
            from xoxzo.cloudpy.simulator.web.fallback import Complaints, Fallback

            self._fallback = Fallback(self._app, self._shared, _KEEP_ALIVE, Complaints(self._simulator))
        return self._fallback.protocol()

    async def _mind(self) -> None:
        """Keep the date, and close what is idle, once a second."""
        while True:
            await asyncio.sleep(1)
            self._shared.date()
            for connection in list(self._shared.connections):
                if isinstance(connection, Connection):
                    connection.close_if_idle(_KEEP_ALIVE)

    async def stop(self) -> None:
        shared = self._shared
        self._app.stopping.set()
        async with self._changing:
            shared.closed = True
            await self._end_listening()
        if self._socket is not None:
            self._socket.close()
        if self._reopening is not None:
            self._reopening.cancel()
        for connection in list(shared.connections):
            connection.shutdown()
        if shared.tasks:
            await asyncio.wait(set(shared.tasks), timeout=_LAST_ANSWERS)
        for task in set(shared.tasks):
            task.cancel()
        for connection in list(shared.connections):
            connection.transport.abort()
        self._minding.cancel()
        left = {*shared.tasks, self._minding}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_ANSWERS):
                await asyncio.gather(*left, return_exceptions=True)


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:  # the resolver would take it modulo 65536
        raise SimulatorError(*_CANNOT_LISTEN, host=host, port=port, problem="ports go from 0 to 65535")
    try:
        # As bytes, a host is not put through IDNA, whose tables take a while to load.
        name = host.encode() if host.isascii() else host
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise SimulatorError(*_CANNOT_LISTEN, host=host, port=port, problem=problem) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SimulatorError(*_CANNOT_LISTEN, host=host, port=port, problem=error.strerror) from None
    listener.setblocking(False)
    return listener
