"""Serve the webhook of Alertmanager and Grafana, pages, heartbeats, acknowledgements and the health check over HTTP."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from xoxzo.cloudpy.callbacks import Action, Callbacks, Event
from xoxzo.cloudpy.callbacks.endpoint import AsyncCallbackEndpoint
from xoxzo.cloudpy.callbacks.events import IncomingCall, Purpose
from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.common.locale import N_, accepted_language
from xoxzo.cloudpy.common.signals import handle_signals
from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager import acknowledgement, event_log, incidents
from xoxzo.cloudpy.integrations.alertmanager.config.settings import Settings
from xoxzo.cloudpy.integrations.alertmanager.receiver import Receiver

TOKEN_VARIABLE = "XOXZO_ALERTMANAGER_TOKEN"  # noqa: S105 - the name of a variable
"""The environment variable of the bearer token."""

GRAFANA_VARIABLE = "XOXZO_GRAFANA_SECRET"
"""The environment variable of the secret with which Grafana signs its requests."""

_MIN_TOKEN_LENGTH = 16
_MAX_BODY_BYTES = 4_000_000
_MAX_SIGNATURE_AGE_SECONDS = 300
# For requests in flight at shutdown; Alertmanager repeats those without a response.
_SHUTDOWN_SECONDS = 5
_PAGE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "referrer-policy": "no-referrer",
}


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """What requests are authenticated with: a bearer token, Grafana's secret, and the signed URL of incoming calls."""

    token: str = ""
    grafana: str = ""
    callbacks: Callbacks | None = None


def check_secrets(secrets: Secrets, settings: Settings, host: str) -> None:
    """Refuse a secret that is too short, and a missing token if other machines can reach the server on its host."""
    for variable, secret in ((TOKEN_VARIABLE, secrets.token), (GRAFANA_VARIABLE, secrets.grafana)):
        if secret and (len(secret) < _MIN_TOKEN_LENGTH or not secret.isascii() or not secret.isprintable()):
            rule = N_("{variable} must have {number} printable characters or more")
            raise ConfigurationError(rule, variable=variable, number=_MIN_TOKEN_LENGTH)
    reached = settings.public_url or ("" if is_this_machine(host) or secrets.grafana else host)
    if reached and not secrets.token:
        rule = N_("{host} can be reached by other machines: set {variable}, or listen on 127.0.0.1")
        raise ConfigurationError(rule, host=reached, variable=TOKEN_VARIABLE)


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; raise `ConfigurationError` if the host is unknown, or the port is in use."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(
            "cannot listen on {host} port {port}: {why}", host=host, port=port, why=error.strerror or error
        ) from None


async def serve(receiver: Receiver, log: event_log.EventLog, secrets: Secrets, listener: socket.socket) -> None:
    """Run the receiver and the server until Ctrl-C, SIGTERM or SIGHUP, and close the listening socket."""
    loop = asyncio.get_running_loop()
    config = uvicorn.Config(
        application(receiver, log, secrets),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    server = _Server(config)
    with handle_signals(lambda *_: loop.call_soon_threadsafe(setattr, server, "should_exit", True)):
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


def application(receiver: Receiver, log: event_log.EventLog, secrets: Secrets) -> Starlette:
    """Create the ASGI application; the log gets a line for each rejected request.

    ``POST /alerts`` receives notifications, ``POST /page/NAME`` notifies a person or begins a list, ``POST
    /heartbeat/NAME`` is a heartbeat, ``POST /acknowledge/ID`` acknowledges an incident, and ``GET /health`` responds
    with 200, or with 503 while the latest attempt could not be sent. ``/a/…`` are the links in SMS, and
    ``/incoming-call/…`` is what Xoxzo requests for a call to the dial-in number; only the ends of these paths matter.
    Without secrets, only requests from this machine are accepted, and none can acknowledge.
    """
    handlers = _Handlers(receiver, log, secrets)
    routes = [
        Route("/alerts", handlers.alerts, methods=["POST", "PUT"]),
        Route("/page/{name}", handlers.page, methods=["POST"]),
        Route("/heartbeat/{name}", handlers.heartbeat, methods=["POST"]),
        Route("/acknowledge/{ident}", handlers.acknowledge, methods=["POST"]),
        Route("/health", handlers.health, methods=["GET"]),
        Route("/{prefix:path}a/{token}", handlers.link, methods=["GET", "POST"]),
    ]
    if secrets.callbacks is not None:
        routes.append(Route(f"/{{prefix:path}}{Purpose.INCOMING_CALL}/{{token}}", handlers.call, methods=["GET"]))
    rejected = dict.fromkeys((_Rejection, InvalidArgument, sqlite3.Error), handlers.reject)
    return Starlette(routes=routes, exception_handlers=rejected)


class _Rejection(HTTPException):
    """A request is rejected."""


class _Handlers:
    def __init__(self, receiver: Receiver, log: event_log.EventLog, secrets: Secrets) -> None:
        self._receiver = receiver
        self._log = log
        self._secrets = secrets
        if secrets.callbacks is not None:
            self._dial_in = AsyncCallbackEndpoint(secrets.callbacks, self._answer)

    async def alerts(self, request: Request) -> Response:
        body = await _read(request, _MAX_BODY_BYTES)
        self._authenticate(request, body)
        if len(body) > _MAX_BODY_BYTES:
            raise _Rejection(413, "the body is too large: set max_alerts")
        verdict, ident = self._receiver.receive(incidents.parse_notification(body))
        return JSONResponse({"verdict": verdict, "incident": ident})

    async def reject(self, _request: Request, error: Exception) -> Response:
        status, reason = 400, str(error)
        if isinstance(error, _Rejection):
            status, reason = error.status_code, error.detail
        elif isinstance(error, sqlite3.Error):
            # Alertmanager posts it again.
            status, reason = 503, f"it could not be stored: {error}"
        self._log.write("rejected-request", status=status, reason=reason)
        return JSONResponse({"detail": reason}, status)

    async def page(self, request: Request) -> Response:
        self._authenticate(request)
        try:
            given = json.loads(await _read(request, _MAX_BODY_BYTES) or b"{}")
            message, method = str(given.get("message") or ""), given.get("method")
        except (ValueError, AttributeError, RecursionError):
            raise _Rejection(400, "the body is no JSON object") from None
        if method not in {None, "sms", "call"}:
            raise _Rejection(400, "method: must be sms or call")
        return JSONResponse({"incident": self._receiver.page(request.path_params["name"], message, method)})

    async def heartbeat(self, request: Request) -> Response:
        self._authenticate(request)
        name = request.path_params["name"]
        if name not in self._receiver.settings.heartbeats:
            raise _Rejection(404, "there is no such heartbeat")
        self._receiver.beat(name)
        return JSONResponse({"heartbeat": name})

    async def acknowledge(self, request: Request) -> Response:
        if not self._secrets.token:
            raise _Rejection(403, f"acknowledging over HTTP needs {TOKEN_VARIABLE}")
        self._authenticate(request)
        incident = self._receiver.acknowledge(request.path_params["ident"].upper(), "http")
        if incident is None:
            raise _Rejection(404, "there is no such incident")
        return JSONResponse({"incident": incident.ident, "phase": incident.phase})

    async def link(self, request: Request) -> Response:
        receiver = self._receiver
        language = accepted_language(request.headers.get("accept-language", ""), receiver.settings.language)
        found = acknowledgement.check_link(receiver.settings, receiver.store, request.path_params["token"])
        if found is None:
            await self.reject(request, _Rejection(404, "the link is not valid"))
            return HTMLResponse(acknowledgement.render_page(None, language), 404, _PAGE_HEADERS)
        incident, person = found
        changed = False
        if request.method == "POST" and incident.phase in incidents.ACKNOWLEDGEABLE:
            # Only the alerts that the person saw.
            changed = parse_qs(await _read(request, 1000)).get(b"version") != [str(incident.version).encode()]
            if not changed:
                incident = receiver.acknowledge(incident.ident, person) or incident
        return HTMLResponse(acknowledgement.render_page(incident, language, changed=changed), headers=_PAGE_HEADERS)

    async def call(self, request: Request) -> Response:
        response = await self._dial_in.handle("GET", f"{request.url.path}?{request.url.query}", {}, b"")
        if response.status != 200:
            raise _Rejection(response.status, response.body.decode())
        return Response(response.body, media_type=response.content_type)

    async def _answer(self, event: Event) -> Action | None:
        return self._receiver.acknowledge_call(event.caller) if isinstance(event, IncomingCall) else None

    async def health(self, _request: Request) -> Response:
        health = self._receiver.health()
        return JSONResponse(health, 503 if health["failure"] else 200)

    def _authenticate(self, request: Request, body: bytes | None = None) -> None:
        """Raise an error for a request that is not accepted; a signature is over the `body`."""
        secrets = self._secrets
        if secrets.grafana and body is not None and self._is_signed(request, body, secrets.grafana):
            return
        if secrets.token:
            given = _token(request.headers.get("authorization", ""))
            if not hmac.compare_digest(given.encode(), secrets.token.encode()):
                raise _Rejection(401, "the token or the signature is missing or wrong")
            return
        if secrets.grafana:
            raise _Rejection(401, "the signature is missing or wrong")
        # Against web pages that reach this machine by DNS rebinding, or by a form, which cannot post JSON.
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not is_this_machine(host) or media_type != "application/json":
            raise _Rejection(403, "without a token, only requests from this machine with JSON are accepted")

    def _is_signed(self, request: Request, body: bytes, secret: str) -> bool:
        """Return whether Grafana has signed the body, and the time if the settings name its header."""
        names = self._receiver.settings.grafana
        if names.timestamp_header:
            stamp = request.headers.get(names.timestamp_header, "")
            is_number = stamp.isascii() and stamp.isdigit()
            if not is_number or abs(time.time() - int(stamp[:12])) >= _MAX_SIGNATURE_AGE_SECONDS:
                return False
            body = stamp.encode() + b":" + body
        expected = hmac.digest(secret.encode(), body, "sha256").hex()
        return hmac.compare_digest(request.headers.get(names.signature_header, "").encode(), expected.encode())


async def _read(request: Request, max_bytes: int) -> bytes:
    """Return the body, or its beginning if it is longer than `max_bytes`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            break
    return bytes(body)


def _token(authorization: str) -> str:
    """Return the token of an ``Authorization`` header: after Bearer, or as the password of Basic."""
    scheme, _, credentials = authorization.partition(" ")
    credentials = credentials.strip()
    if scheme.lower() != "basic":
        return credentials if scheme.lower() == "bearer" else ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
