"""The control API under `/_simulator/`: looking in, letting a call come in, moving the clock.

It needs no credentials, so it must not be reachable by a web page: the Host header has to name this machine (a page
cannot do that by rebinding its own name), and what changes something has to be JSON (which a page cannot post across
sites without being asked first).
"""

import dataclasses
import ipaddress
import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xoxzo.cloudpy.errors import SimulatorError

from .asgi import read_body
from .clock import stamp
from .engine import NotSaved
from .faults import EVERYTHING
from .http import UNSAVED, Reply
from .numbers import is_digits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .asgi import Receive, Scope, Send
    from .metrics import Metrics
    from .records import CallRecord
    from .simulator import Simulator

_ANY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - it is compared with, not bound


def application(simulator: "Simulator", bind_host: str) -> "Callable[[Scope, Receive, Send], Awaitable[None]]":
    """Return the control API as an ASGI application.

    Args:
        simulator: What is controlled.
        bind_host: The address it is served on, which the Host header may name besides loopback names.
    """
    inner = Starlette(routes=routes(simulator), exception_handlers={HTTPException: _refuse, SimulatorError: _cannot})

    async def guarded(scope: "Scope", receive: "Receive", send: "Send") -> None:
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        if is_local(host, bind_host):
            await inner(scope, receive, send)
        else:
            await JSONResponse({"detail": "The Host header does not name this machine."}, 403)(scope, receive, send)

    return guarded


def routes(simulator: "Simulator") -> list[Route]:
    """Return the table of the control API's paths."""
    doors = _Doors(simulator)
    return [
        Route("/_simulator/health", doors.health),
        Route("/_simulator/metrics", doors.metrics),
        Route("/_simulator/calls", doors.ring, methods=["POST"]),
        Route("/_simulator/calls/{callid}", doors.call),
        Route("/_simulator/callbacks", doors.callbacks),
        Route("/_simulator/phones/{number}", doors.phone),
        Route("/_simulator/templates", doors.templates),
        Route("/_simulator/templates/{ident}/approve", doors.approve, methods=["POST"]),
        Route("/_simulator/templates/{ident}/return", doors.give_back, methods=["POST"]),
        Route("/_simulator/clock/advance", doors.advance, methods=["POST"]),
        Route("/_simulator/faults", doors.faults, methods=["GET"]),
        Route("/_simulator/faults", doors.add_fault, methods=["POST"]),
        Route("/_simulator/faults/all-normal", doors.all_normal, methods=["POST"]),
        Route("/_simulator/faults/{ident}/remove", doors.remove_fault, methods=["POST"]),
        Route("/_simulator/reset", doors.reset, methods=["POST"]),
    ]


def is_local(host: str, bind_host: str) -> bool:
    """Say whether a Host header names this machine, or the address that the server is bound to."""
    name = _host_name(host)
    if name == "localhost" or name.endswith(".localhost") or (name and name == bind_host.lower()):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    # Bound to all addresses, any numeric one may be right; what rebinding uses is a name.
    return address.is_loopback or bind_host in _ANY_ADDRESS


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


class _Doors:
    """The control API's answers."""

    def __init__(self, simulator: "Simulator") -> None:
        self._simulator = simulator
        self._metrics: Metrics | None = None

    async def health(self, _request: Request) -> Response:
        now = stamp(self._simulator.engine.clock.now())
        return JSONResponse({"status": "ok", "time": now, "instance": self._simulator.instance})

    async def metrics(self, _request: Request) -> Response:
        # Its library takes a twentieth of a second to load, which no start shall wait for.
        from .metrics import CONTENT_TYPE, Metrics

        self._metrics = self._metrics or Metrics(self._simulator)
        return Response(self._metrics.text(), headers={"content-type": CONTENT_TYPE})

    async def ring(self, request: Request) -> Response:
        asked = await _json(request, self._simulator.settings.max_body)
        din, caller, sid = (_text(asked, name, optional=name != "din") for name in ("din", "caller", "sid"))
        return JSONResponse(_call(self._simulator.incoming_call(din or "", caller, sid=sid)), 201)

    async def call(self, request: Request) -> Response:
        return JSONResponse(_call(self._simulator.find_call(request.path_params["callid"])))

    async def callbacks(self, _request: Request) -> Response:
        shown = [{**dataclasses.asdict(attempt), "at": stamp(attempt.at)} for attempt in self._simulator.callbacks]
        return JSONResponse(shown)

    async def phone(self, request: Request) -> Response:
        phone = self._simulator.phone(request.path_params["number"])
        messages = [dataclasses.asdict(message) for message in phone.inbox]
        calls = [_call(call) for call in phone.calls]
        return JSONResponse({"number": phone.number, "messages": messages, "calls": calls})

    async def templates(self, _request: Request) -> Response:
        return JSONResponse([dataclasses.asdict(template) for template in self._simulator.templates])

    async def approve(self, request: Request) -> Response:
        await _json(request, self._simulator.settings.max_body)
        return JSONResponse(dataclasses.asdict(self._simulator.approve_template(_template_id(request))))

    async def give_back(self, request: Request) -> Response:
        await _json(request, self._simulator.settings.max_body)
        return JSONResponse(dataclasses.asdict(self._simulator.return_template(_template_id(request))))

    async def advance(self, request: Request) -> Response:
        asked = await _json(request, self._simulator.settings.max_body)
        await self._simulator.advance_async(_number(asked, "seconds"))
        return JSONResponse({"time": stamp(self._simulator.engine.clock.now())})

    async def faults(self, _request: Request) -> Response:
        desk = self._simulator.faults
        return JSONResponse({"faults": [dataclasses.asdict(fault) for fault in desk], "counts": dict(desk.counts)})

    async def add_fault(self, request: Request) -> Response:
        asked = await _json(request, self._simulator.settings.max_body)
        kind = _text(asked, "kind", optional=False) or ""
        endpoint = _text(asked, "endpoint", optional=True) or EVERYTHING
        numbers = {name: _number(asked, name) for name in ("chance", "times", "seconds") if asked.get(name) is not None}
        times = numbers.get("times")
        if times is not None and not isinstance(times, int):
            raise HTTPException(400, "times must be a whole number")
        given = {name: numbers[name] for name in ("chance", "seconds") if name in numbers}
        return JSONResponse(dataclasses.asdict(self._simulator.faults.add(kind, endpoint, times=times, **given)), 201)

    async def remove_fault(self, request: Request) -> Response:
        await _json(request, self._simulator.settings.max_body)
        ident = request.path_params["ident"]
        if not is_digits(ident):
            raise HTTPException(404, "there is no such fault")
        self._simulator.faults.remove(int(ident))
        return JSONResponse({"status": "ok"})

    async def all_normal(self, request: Request) -> Response:
        await _json(request, self._simulator.settings.max_body)
        self._simulator.faults.all_normal()
        return JSONResponse({"status": "ok"})

    async def reset(self, request: Request) -> Response:
        await _json(request, self._simulator.settings.max_body)
        self._simulator.reset()
        return JSONResponse({"status": "ok"})


def _call(record: "CallRecord") -> dict[str, Any]:
    shown = dataclasses.asdict(record)
    return {"id": shown.pop("callid"), **shown}


def _text(asked: dict[str, Any], name: str, *, optional: bool) -> str | None:
    value = asked.get(name)
    if isinstance(value, str) or (value is None and optional):
        return value
    raise HTTPException(400, f"{name} must be a text")


def _number(asked: dict[str, Any], name: str) -> int | float:
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise HTTPException(400, f"{name} must be a number")
    return value


def _template_id(request: Request) -> int:
    ident = request.path_params["ident"]
    if is_digits(ident):
        return int(ident)
    raise HTTPException(404, "there is no such template")


async def _json(request: Request, most: int) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Content-Type must be application/json")
    body = await read_body(request.receive, most)
    if isinstance(body, Reply):
        raise HTTPException(body.status, "the body is too large or too slow")
    try:
        asked = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise HTTPException(400, "the body must be a JSON object")
    return asked


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    return JSONResponse({"detail": error.detail}, error.status_code, headers=error.headers)


async def _cannot(_request: Request, error: Exception) -> Response:
    if isinstance(error, NotSaved):
        return JSONResponse({"detail": UNSAVED}, 503)
    unknown = str(error).startswith(("there is no", "the number is not subscribed"))
    return JSONResponse({"detail": str(error)}, 404 if unknown else 400)
