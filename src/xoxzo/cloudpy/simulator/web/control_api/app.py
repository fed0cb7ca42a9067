"""The control API as an ASGI application."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from itertools import chain
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.http import DATABASE_UNWRITABLE, ApiResponse
from xoxzo.cloudpy.simulator.engine.rules import ItemNotFound, NotSaved
from xoxzo.cloudpy.simulator.openapi import document
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.settings import USER_AGENT, Settings
from xoxzo.cloudpy.simulator.web import asgi_tools
from xoxzo.cloudpy.simulator.web.control_api.routes import (
    AFTERWARDS,
    PREFIX,
    ROUTES_BY_SUBJECT,
    ControlRequest,
    ControlRoute,
)
from xoxzo.cloudpy.simulator.web.live_streams import EventStream, Streams

# A `Reason`, which msgspec does not know, is sent as its text.
_encode = msgspec.json.Encoder(decimal_format="number", enc_hook=str.__str__).encode


def application(simulator: Simulation, bind_host: str, close_connection: asgi_tools.CloseConnection) -> ASGIApp:
    """Return the control API as an ASGI application on a server; `close_connection` ends readers that do not read."""
    streams = Streams(simulator, close_connection)

    async def metrics(_request: Request) -> Response:
        # Their library takes 50 ms to import, so it is imported with the first request.
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        from xoxzo.cloudpy.simulator.web.metrics import Metrics

        return Response(generate_latest(Metrics(simulator)), headers={"content-type": CONTENT_TYPE_LATEST})

    async def described(request: Request) -> Response:
        return JSONResponse(document("control", _origin(request)))

    routes = [Route(PREFIX + "metrics", metrics), Route(PREFIX + "openapi.json", described)]
    entries = chain.from_iterable(ROUTES_BY_SUBJECT.values())
    routes += [Route(PREFIX + entry.path, _endpoint(simulator, entry), methods=[entry.method]) for entry in entries]
    inner = Starlette(routes=routes, exception_handlers={HTTPException: _refuse, SimulatorError: _refuse})

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        status, why = 403, _objection(dict(scope["headers"]), scope["method"], bind_host, simulator.settings)
        if not why and scope["path"] == PREFIX + "events" and scope["method"] == "GET":
            if not await streams.serve(EventStream(), scope, receive, send):
                status, why = 503, "too many streams are open"
        elif not why:
            await inner(scope, receive, send)
        if why:
            await JSONResponse({"detail": why}, status)(scope, receive, send)

    return guarded


def _objection(headers: Mapping[bytes, bytes], method: str, bind_host: str, settings: Settings) -> str:
    if not asgi_tools.is_allowed_host(headers, bind_host, settings.allowed_hosts):
        return asgi_tools.HOST_NOT_ALLOWED
    if headers.get(b"user-agent") == USER_AGENT.encode():
        # A web page may reach the API by DNS rebinding, and have the callback of an SMS sent here.
        return "The simulator's callbacks cannot control it."
    return asgi_tools.FROM_ANOTHER_SITE if method not in {"GET", "HEAD"} and asgi_tools.is_foreign(headers) else ""


def _endpoint(simulator: Simulation, entry: ControlRoute) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        body = None if entry.body is None else await _body(request, entry.body, simulator.settings.max_body)
        ident = next(iter(request.path_params.values()), "")
        read = ControlRequest(simulator, ident, dict(request.query_params), body, _origin(request))
        result = await asyncio.to_thread(entry.handler, read) if entry.slow else entry.handler(read)
        if inspect.isawaitable(result):
            result = await result
        if result is None:
            result = AFTERWARDS[entry.result](read)
        if entry.file:
            headers = {"content-disposition": f'attachment; filename="xoxzo-{entry.path}"', "cache-control": "no-store"}
            return StreamingResponse(result, headers=headers, media_type=entry.file)
        return Response(_encode(result), entry.status, media_type="application/json")

    return answer


def _origin(request: Request) -> str:
    return str(request.base_url).rstrip("/")


async def _body(request: Request, kind: type, most: int) -> Any:  # noqa: ANN401 - of that type
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Content-Type must be application/json")
    body = await asgi_tools.read_body(request.receive, most)
    if isinstance(body, ApiResponse):
        raise HTTPException(body.status, "the body is too large or too slow")
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise HTTPException(400, str(error)) from None
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise HTTPException(400, "the body must be a JSON object") from None


async def _refuse(_request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return JSONResponse({"detail": error.detail}, error.status_code, headers=error.headers)
    if isinstance(error, NotSaved):
        return JSONResponse({"detail": DATABASE_UNWRITABLE}, 503)
    return JSONResponse({"detail": str(error)}, 404 if isinstance(error, ItemNotFound) else 400)
