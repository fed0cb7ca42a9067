"""The receiver as a running program: endpoint, work and a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from typing import TYPE_CHECKING

import uvicorn

from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.hosts import is_this_machine
from xoxzo.cloudpy.integrations.alertmanager.app import TOKEN_VARIABLE, application

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.integrations.alertmanager.receiver import Receiver
    from xoxzo.cloudpy.integrations.alertmanager.telling import Teller

_SHORTEST_TOKEN = 16
# Seconds for requests under way when the end comes; Alertmanager posts again what was not answered.
_GRACE = 5


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: they end the work first, then the server."""
        yield


def check_token(token: str | None, host: str) -> str | None:
    """Take the token that callers have to bring.

    Raises:
        ConfigurationError: it is too short to be a secret, or missing though other machines can reach the endpoint.
    """
    if not token:
        if not is_this_machine(host):
            raise ConfigurationError(
                f"{host} can be reached by other machines: set {TOKEN_VARIABLE}, or listen on 127.0.0.1"
            )
        return None
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable():
        raise ConfigurationError(f"{TOKEN_VARIABLE} must have {_SHORTEST_TOKEN} printable characters or more")
    return token


def listen(host: str, port: int) -> socket.socket:
    """Open the port.

    Raises:
        ConfigurationError: the address is unknown or the port is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {host} port {port}: {error.strerror or error}") from None


async def serve(receiver: Receiver, teller: Teller, token: str | None, listener: socket.socket) -> None:
    """Answer and work until Ctrl-C or SIGTERM.

    Args:
        receiver: does the work.
        teller: is told of it.
        token: what callers have to bring, or ``None``.
        listener: the open port; it is closed.
    """
    loop = asyncio.get_running_loop()
    config = uvicorn.Config(
        application(receiver, teller, token),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(config)

    def end() -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        receiver.start()
        host, port = listener.getsockname()[:2]
        teller.tell(
            "listening", url=f"http://[{host}]:{port}/alerts" if ":" in host else f"http://{host}:{port}/alerts"
        )
        await server.serve(sockets=[listener])
    finally:
        await receiver.stop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        teller.tell("stopped")
