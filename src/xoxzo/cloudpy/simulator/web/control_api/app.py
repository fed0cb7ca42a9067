"""The control API as an ASGI application."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.http import DATABASE_UNWRITABLE, ApiResponse
from xoxzo.cloudpy.simulator.errors import ItemNotFound, NotSaved
from xoxzo.cloudpy.simulator.openapi import document
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.settings import USER_AGENT
from xoxzo.cloudpy.simulator.web.asgi_tools import (
    FROM_ANOTHER_SITE,
    HOST_NOT_ALLOWED,
    CloseConnection,
    Receive,
    Scope,
    Send,
    is_allowed_host,
    is_foreign,
    read_body,
)
from xoxzo.cloudpy.simulator.web.control_api.handlers import ControlRequest, Handlers
from xoxzo.cloudpy.simulator.web.control_api.routes import PREFIX, ROUTES_BY_SUBJECT, ControlRoute
from xoxzo.cloudpy.simulator.web.live_streams import EventStream, Streams

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.web.metrics import Metrics

_JSON = {"content-type": "application/json"}
# A `Reason`, which msgspec does not know, is sent as its text.
_encode = msgspec.json.Encoder(decimal_format="number", enc_hook=str.__str__).encode


def application(
    simulator: Simulation, bind_host: str, close_connection: CloseConnection
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return the control API as an ASGI application on a server; `close_connection` ends readers that do not read."""
    streams = Streams(simulator, close_connection)
    inner = Starlette(
        routes=_routes(simulator), exception_handlers={HTTPException: _refuse, SimulatorError: _refuse_simulator_error}
    )

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if not is_allowed_host(host, bind_host, simulator.settings.allowed_hosts):
            await JSONResponse({"detail": HOST_NOT_ALLOWED}, 403)(scope, receive, send)
        elif headers.get(b"user-agent") == USER_AGENT.encode():
            # A web page may reach the API by DNS rebinding, and have the callback of an SMS sent here.
            await JSONResponse({"detail": "The simulator's callbacks cannot control it."}, 403)(scope, receive, send)
        elif scope["method"] not in {"GET", "HEAD"} and is_foreign(headers):
            await JSONResponse({"detail": FROM_ANOTHER_SITE}, 403)(scope, receive, send)
        elif scope["path"] == PREFIX + "events" and scope["method"] == "GET":
            if not await streams.serve(EventStream(), scope, receive, send):
                await JSONResponse({"detail": "too many streams are open"}, 503)(scope, receive, send)
        else:
            await inner(scope, receive, send)

    return guarded


def _routes(simulator: Simulation) -> list[Route]:
    @cache
    def counted() -> Metrics:
        # Its library takes 50 ms to import, so it is imported with the first request.
        from xoxzo.cloudpy.simulator.web.metrics import Metrics

        return Metrics(simulator)

    async def metrics(_request: Request) -> Response:
        return Response(counted().text(), headers={"content-type": counted().CONTENT_TYPE})

    async def described(request: Request) -> Response:
        return JSONResponse(document("control", _origin(request)))

    routes = [Route(PREFIX + "metrics", metrics), Route(PREFIX + "openapi.json", described)]
    entries = chain.from_iterable(ROUTES_BY_SUBJECT.values())
    handlers = Handlers(simulator)
    routes += [Route(PREFIX + entry.path, _endpoint(handlers, entry), methods=[entry.method]) for entry in entries]
    return routes


def _endpoint(handlers: Handlers, entry: ControlRoute) -> Callable[[Request], Awaitable[Response]]:
    kind = entry.body

    async def answer(request: Request) -> Response:
        body = None if kind is None else await _body(request, kind, handlers.simulator.settings.max_body)
        ident = next(iter(request.path_params.values()), "")
        control_request: ControlRequest[Any] = ControlRequest(ident, dict(request.query_params), body, _origin(request))
        if entry.slow:
            result = await asyncio.to_thread(entry.handler, handlers, control_request)
        else:
            result = entry.handler(handlers, control_request)
        if inspect.isawaitable(result):
            result = await result
        if entry.file is not None:
            headers = {"content-disposition": f'attachment; filename="xoxzo-{entry.path}"', "cache-control": "no-store"}
            return StreamingResponse(result, headers=headers, media_type=entry.file[0])
        return Response(_encode(result), entry.status, _JSON)

    return answer


def _origin(request: Request) -> str:
    return str(request.base_url).rstrip("/")


async def _body(request: Request, kind: type, most: int) -> Any:  # noqa: ANN401 - of that type
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Content-Type must be application/json")
    body = await read_body(request.receive, most)
    if isinstance(body, ApiResponse):
        raise HTTPException(body.status, "the body is too large or too slow")
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise HTTPException(400, str(error)) from None
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise HTTPException(400, "the body must be a JSON object") from None


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    return JSONResponse({"detail": error.detail}, error.status_code, headers=error.headers)


async def _refuse_simulator_error(_request: Request, error: Exception) -> Response:
    if isinstance(error, NotSaved):
        return JSONResponse({"detail": DATABASE_UNWRITABLE}, 503)
    return JSONResponse({"detail": str(error)}, 404 if isinstance(error, ItemNotFound) else 400)
