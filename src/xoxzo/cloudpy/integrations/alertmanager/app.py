"""The HTTP endpoint: Alertmanager's webhook, acknowledgement, health."""

from __future__ import annotations

import hmac
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.hosts import is_this_machine
from xoxzo.cloudpy.integrations.alertmanager import payload

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from xoxzo.cloudpy.integrations.alertmanager.receiver import Receiver
    from xoxzo.cloudpy.integrations.alertmanager.telling import Teller

TOKEN_VARIABLE = "XOXZO_ALERTMANAGER_TOKEN"  # noqa: S105 - the name of a variable
"""The variable that holds the bearer token."""

_LONGEST = 4_000_000


def application(receiver: Receiver, teller: Teller, token: str | None) -> Starlette:
    """Return the endpoint as an ASGI application.

    ``POST /alerts`` takes notifications, ``POST /acknowledge/ID`` ends an escalation, ``GET /health`` tells how things
    stand: 200, or 503 while what was tried last could not be sent.

    Args:
        receiver: does the work; the application answers at once.
        teller: is told of what is refused.
        token: what callers have to bring; without one only this machine is heard, and nothing can be acknowledged.
    """
    doors = _Doors(receiver, teller, token)
    return Starlette(
        routes=[
            Route("/alerts", doors.alerts, methods=["POST"]),
            Route("/acknowledge/{ident}", doors.acknowledge, methods=["POST"]),
            Route("/health", doors.health, methods=["GET"]),
        ]
    )


class _Doors:
    def __init__(self, receiver: Receiver, teller: Teller, token: str | None) -> None:
        self._receiver = receiver
        self._teller = teller
        self._token = token

    async def alerts(self, request: Request) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LONGEST:
                return self._refuse(413, "the body is too large: set max_alerts")
        try:
            verdict, ident = self._receiver.hear(payload.read(bytes(body)))
        except InvalidArgument as error:
            return self._refuse(400, str(error))
        except sqlite3.Error as error:
            # Alertmanager posts it again.
            return self._refuse(503, f"it could not be kept: {error}")
        return JSONResponse({"verdict": verdict, "incident": ident})

    async def acknowledge(self, request: Request) -> Response:
        if self._token is None:
            return self._refuse(403, f"acknowledging over HTTP needs {TOKEN_VARIABLE}")
        if (refusal := self._refusal(request)) is not None:
            return refusal
        incident = self._receiver.acknowledge(request.path_params["ident"].upper(), "http")
        if incident is None:
            return self._refuse(404, "there is no such incident")
        return JSONResponse({"incident": incident.ident, "phase": incident.phase})

    async def health(self, request: Request) -> Response:
        del request
        told = self._receiver.health()
        return JSONResponse(told, 503 if told["failure"] else 200)

    def _refusal(self, request: Request) -> Response | None:
        if self._token is not None:
            scheme, _, brought = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() == "bearer" and hmac.compare_digest(brought.strip().encode(), self._token.encode()):
                return None
            return self._refuse(401, "the bearer token is missing or wrong")
        # A page in somebody's browser could reach this machine by a name that it rebinds, and no other way.
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not is_this_machine(host) or kind != "application/json":
            return self._refuse(403, "without a token only this machine is heard, and only JSON")
        return None

    def _refuse(self, status: int, reason: str) -> Response:
        self._teller.tell("refused-request", status=status, reason=reason)
        return JSONResponse({"detail": reason}, status)
