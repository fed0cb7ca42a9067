"""Serve the webhook of Alertmanager, acknowledgements and the health check over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.common.signals import handle_signals
from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager.incidents import parse_notification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from xoxzo.cloudpy.integrations.alertmanager.event_log import EventLog
    from xoxzo.cloudpy.integrations.alertmanager.receiver import Receiver

TOKEN_VARIABLE = "XOXZO_ALERTMANAGER_TOKEN"  # noqa: S105 - the name of a variable
"""The environment variable of the bearer token."""

_MIN_TOKEN_LENGTH = 16
_MAX_BODY_BYTES = 4_000_000
# For requests in flight at shutdown; Alertmanager repeats those without a response.
_SHUTDOWN_SECONDS = 5


def check_token(token: str | None, host: str) -> str | None:
    """Check the bearer token for a server that listens on a host, and return it; an empty one is none.

    Raises:
        ConfigurationError: the token is too short, or is missing although other machines can reach the address.
    """
    if not token:
        if not is_this_machine(host):
            raise ConfigurationError(
                "{host} can be reached by other machines: set {variable}, or listen on 127.0.0.1",
                host=host,
                variable=TOKEN_VARIABLE,
            )
        return None
    if len(token) < _MIN_TOKEN_LENGTH or not token.isascii() or not token.isprintable():
        raise ConfigurationError(
            "{variable} must have {number} printable characters or more",
            variable=TOKEN_VARIABLE,
            number=_MIN_TOKEN_LENGTH,
        )
    return token


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Raises:
        ConfigurationError: the host is unknown, or the port is in use.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(
            "cannot listen on {host} port {port}: {why}", host=host, port=port, why=error.strerror or error
        ) from None


async def serve(receiver: Receiver, log: EventLog, token: str | None, listener: socket.socket) -> None:
    """Run the receiver and the server until Ctrl-C, SIGTERM or SIGHUP; `token` is the bearer token of requests.

    The listening socket is closed at the end.
    """
    loop = asyncio.get_running_loop()
    config = uvicorn.Config(
        application(receiver, log, token),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    server = _Server(config)

    def stop() -> None:
        server.should_exit = True

    with handle_signals(lambda *_: loop.call_soon_threadsafe(stop)):
        try:
            receiver.start()
            host, port = listener.getsockname()[:2]
            address = f"[{host}]" if ":" in host else host
            log.write("listening", url=f"http://{address}:{port}/alerts")
            await server.serve(sockets=[listener])
        finally:
            await receiver.stop()
            log.write("stopped")


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `serve`, which also stops the receiver."""
        yield


def application(receiver: Receiver, log: EventLog, token: str | None) -> Starlette:
    """Create the ASGI application.

    ``POST /alerts`` receives notifications, ``POST /acknowledge/ID`` acknowledges an incident, and ``GET /health``
    responds with 200, or with 503 while the latest attempt could not be sent.

    Args:
        receiver: the receiver.
        log: gets a line for each rejected request.
        token: the bearer token of requests; without one, only requests from this machine are accepted, and none can
            acknowledge.
    """
    handlers = _Handlers(receiver, log, token)
    return Starlette(
        routes=[
            Route("/alerts", handlers.alerts, methods=["POST"]),
            Route("/acknowledge/{ident}", handlers.acknowledge, methods=["POST"]),
            Route("/health", handlers.health, methods=["GET"]),
        ]
    )


class _Handlers:
    def __init__(self, receiver: Receiver, log: EventLog, token: str | None) -> None:
        self._receiver = receiver
        self._log = log
        self._token = token

    async def alerts(self, request: Request) -> Response:
        if (rejection := self._authenticate(request)) is not None:
            return rejection
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MAX_BODY_BYTES:
                return self._reject(413, "the body is too large: set max_alerts")
        try:
            verdict, ident = self._receiver.receive(parse_notification(bytes(body)))
        except InvalidArgument as error:
            return self._reject(400, str(error))
        except sqlite3.Error as error:
            # Alertmanager posts it again.
            return self._reject(503, f"it could not be stored: {error}")
        return JSONResponse({"verdict": verdict, "incident": ident})

    async def acknowledge(self, request: Request) -> Response:
        if self._token is None:
            return self._reject(403, f"acknowledging over HTTP needs {TOKEN_VARIABLE}")
        if (rejection := self._authenticate(request)) is not None:
            return rejection
        incident = self._receiver.acknowledge(request.path_params["ident"].upper(), "http")
        if incident is None:
            return self._reject(404, "there is no such incident")
        return JSONResponse({"incident": incident.ident, "phase": incident.phase})

    async def health(self, request: Request) -> Response:
        del request
        health = self._receiver.health()
        return JSONResponse(health, 503 if health["failure"] else 200)

    def _authenticate(self, request: Request) -> Response | None:
        """Return the rejection of a request, or ``None`` if it is accepted."""
        if self._token is not None:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._token.encode()):
                return None
            return self._reject(401, "the bearer token is missing or wrong")
        # Against web pages that reach this machine by DNS rebinding, or by a form, which cannot post JSON.
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not is_this_machine(host) or media_type != "application/json":
            return self._reject(403, "without a token, only requests from this machine with JSON are accepted")
        return None

    def _reject(self, status: int, reason: str) -> Response:
        self._log.write("rejected-request", status=status, reason=reason)
        return JSONResponse({"detail": reason}, status)
