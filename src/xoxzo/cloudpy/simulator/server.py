"""The simulator behind a real port, in its own thread, quick to start and quick to stop."""

import asyncio
import contextlib
import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING, Self

from xoxzo.cloudpy.errors import SimulatorError

from .asgi import App
from .connection import Connection, Shared

if TYPE_CHECKING:
    from .fallback import Fallback
    from .simulator import Simulator

# They are loaded with the first request that needs them; that they are missing shall be told at once.
for _needed in ("starlette", "uvicorn"):
    if find_spec(_needed) is None:
        raise ModuleNotFoundError(f"No module named {_needed!r}", name=_needed)

# Longer than any client's: the side that closes an idle connection first should not be the one that answers.
_KEEP_ALIVE = 75
# What is being answered when the end comes may take this long to be finished.
_LAST_ANSWERS = 0.03
_BACKLOG = 2048


class Server:
    """An HTTP server for a simulator; use it in a `with` statement.

    Args:
        simulator: What it leads to; it is started and closed along with the server.
        host: The address to bind.
        port: The port; 0 takes a free one.
    """

    def __init__(self, simulator: "Simulator", host: str = "127.0.0.1", port: int = 0) -> None:
        self.simulator = simulator
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None
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
        if self._socket is None:
            message = "the server is not running"
            raise SimulatorError(message)
        return int(self._socket.getsockname()[1])

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
        self._socket = _listen(self._host, self._port)
        self.simulator.start()
        self._running = _Running(self.simulator, self._host, self._socket)
        self.simulator.api.gate.watch(self._running.open_connections)
        self.simulator.in_background(self._running.start())

    def stop(self) -> None:
        """Close the port and all connections; what is being answered gets a moment to finish. Twice is fine."""
        if self._running is not None and self._socket is not None:
            self.simulator.in_background(self._running.stop())
            self.simulator.api.gate.unwatch(self._running.open_connections)
            self._socket.close()
            self._running = self._socket = None
            self.simulator.close()


class _Running:
    """Connections of ours and uvicorn's on one port, and a shutdown that waits for nobody who only listens."""

    def __init__(self, simulator: "Simulator", host: str, listener: socket.socket) -> None:
        self._app = App(simulator, host, self._cut)
        self._simulator = simulator
        self._socket = listener
        self._shared = Shared()
        self._fallback: Fallback | None = None
        self._listening: asyncio.Server
        self._minding: asyncio.Task[None]

    def open_connections(self) -> set[tuple[str, int]]:
        """Return the other ends of all connections, as the gate counts them."""
        return {connection.client for connection in self._shared.connections if connection.client}

    def _cut(self, client: tuple[str, int] | None) -> None:
        for connection in list(self._shared.connections):
            if connection.client == client:
                connection.transport.abort()

    async def start(self) -> None:
        self._shared.date()
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self._connection, sock=self._socket, backlog=_BACKLOG)
        self._minding = asyncio.create_task(self._mind())

    def _connection(self) -> Connection:
        return Connection(self._app.turns, self._app.takes, self._shared, self._other)

    def _other(self) -> asyncio.Protocol:
        if self._fallback is None:
            from .fallback import Complaints, Fallback

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
        self._listening.close()
        self._app.stopping.set()
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
    where = f"{host} port {port}"
    if not 0 <= port <= 65535:  # the resolver would take it modulo 65536
        message = f"cannot listen on {where}: ports go from 0 to 65535"
        raise SimulatorError(message)
    try:
        # As bytes, a host is not put through IDNA, whose tables take a while to load.
        name = host.encode() if host.isascii() else host
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        message = f"cannot listen on {where}: {getattr(error, 'strerror', None) or error}"
        raise SimulatorError(message) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        message = f"cannot listen on {where}: {error.strerror}"
        raise SimulatorError(message) from None
    listener.setblocking(False)
    return listener
