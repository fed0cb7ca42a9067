"""From request to reply: path, credentials, method, handler, in the API's order (API section 15.10)."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from dataclasses import replace
from sys import intern
from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.engine import Account, Engine, NotEnoughCredits, NotSaved, Received, Refusal
from xoxzo.cloudpy.simulator.engine.journal import LONGEST_BODY
from xoxzo.cloudpy.simulator.faults import BEFORE, Fault, FaultDesk, whole_seconds
from xoxzo.cloudpy.simulator.http import UNSAVED, Refused, Reply, Request, detail, not_enough

from . import description, links
from .exchange import JSON, Exchange, Handler, empty, reply
from .gate import Gate, throttled
from .routes import Route, Routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LOG = logging.getLogger(__name__)
_READING = {"HEAD": "GET"}
_LONGEST_ID = 200
_HOST = re.compile(r"[A-Za-z0-9.-]{1,255}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


class Api:
    """The API of one simulated service.

    Args:
        engine: The service.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.gate = Gate(engine.settings)
        self._routes = Routes(legacy_sin=engine.settings.legacy_sin)
        self.faults = FaultDesk(engine.settings.seed, self._routes.endpoints())
        self.faults.changed = self._tell_faults
        engine.callbacks_hit_by(self.faults.hit_callback)
        self._places = self._routes.places() | {links.PATH.strip(b"/")}

    def _tell_faults(self, what: str) -> None:
        with self._engine.lock:
            self._engine.world.tell("faults", "faults", what=what)

    def handle(self, request: Request) -> Reply:
        """Answer a request; never raises for anything that a caller can send."""
        found = self._routes.find(request.path)
        if found is None:
            return self._elsewhere(request)
        route, ident, slashed = found
        if not slashed:
            return self._add_slash(request)
        fault = self.faults.hit_request(f"{_READING.get(request.method, request.method)} {route.path}")
        if fault is not None:
            return self._fail(request, fault, lambda: self._carry_out(request, route, ident))
        return self._carry_out(request, route, ident)

    def handle_together(self, requests: Sequence[Request]) -> list[Reply]:
        """Answer requests in one go: what they changed is saved together, or none of it happened.

        One that fails by a mistake of ours is answered with 500 and told to the log of Python; the others go on.
        """
        try:
            with self._engine:
                return [self._handle_safely(request) for request in requests]
        except NotSaved:
            return [reply(503, {"detail": UNSAVED})] * len(requests)

    def serves(self, path: bytes) -> bool:
        """Say whether a path lies where the API's paths are; what lies elsewhere may be another door's."""
        return path.split(b"/", 2)[1] in self._places

    def _handle_safely(self, request: Request) -> Reply:
        try:
            return self.handle(request)
        except Exception:  # noqa: BLE001 - whatever it is, it shall not cost the others their answers
            _LOG.exception("%s could not be answered", request.method)
            return reply(500, {"detail": "A mistake in the simulator."})

    def _fail(self, request: Request, fault: Fault, carry_out: Callable[[], Reply]) -> Reply:
        """Answer a request that is hit by a fault; what has no answer on the wire is told by the reply's fault."""
        with self._engine.lock:
            path = request.path.decode("latin-1")
            self._engine.world.tell("fault", f"{request.method} {path}", what=fault.kind)
        if fault.kind == "throttled":
            refusal = throttled(whole_seconds(fault))
            return replace(reply(429, refusal.body), fault=fault, headers=(*JSON, *refusal.headers))
        if fault.kind in BEFORE:
            return Reply(500, fault=fault)
        answer = carry_out()
        if fault.kind == "error_after":
            return Reply(500, fault=fault)
        # A body of one byte has no half to be read.
        body = answer.body[: len(answer.body) // 2] if fault.kind == "truncate" else answer.body
        return replace(answer, body=body, fault=fault)

    def _carry_out(self, request: Request, route: Route, ident: str) -> Reply:
        try:
            with self._engine as engine:
                account = self._authenticate(request)
                if self.gate.limited:
                    self.gate.admit(account, request, listing=route.is_listing(request.method))
                handler = self._handler(route, request.method)
                engine.world.received = _received(request) if request.method == "POST" else None
                answer = handler(Exchange(engine, account, request, ident, self._base_url(request)))
        except Refused as refusal:
            answer = self._refuse(request, refusal)
        except NotEnoughCredits as poor:
            answer = self._refuse(request, not_enough(poor.required))
        except NotSaved:
            answer = reply(503, {"detail": UNSAVED})
        headers = (*answer.headers, (b"allow", route.allow), (b"vary", b"Accept"))
        return Reply(answer.status, answer.body, headers)

    def _elsewhere(self, request: Request) -> Reply:
        """Answer what is open to everybody; all other paths are unknown."""
        if request.path == description.PATH:
            return description.describe(request.method, self._base_url(request))
        if request.path.startswith(links.PATH):
            return links.follow(self._engine, request)
        return empty(404)

    def _authenticate(self, request: Request) -> Account:
        scheme, _, encoded = request.header(b"authorization").partition(" ")
        if scheme.lower() == "basic":
            try:
                pair = base64.b64decode(encoded.strip(), validate=True).decode()
            except (binascii.Error, ValueError):
                pair = ""
            sid, _, token = pair.partition(":")
            if self._admits(sid, token):
                self.gate.check_address(request)
                return self._engine.accounts.get(sid, token)
        raise detail(401, "Invalid sid/token")

    def _admits(self, sid: str, token: str) -> bool:
        settings = self._engine.settings
        if settings.sid is None:
            return bool(sid and token)
        import hmac  # it loads OpenSSL's library, and most simulators admit everybody

        expected = f"{settings.sid}:{settings.token}".encode()
        return hmac.compare_digest(f"{sid}:{token}".encode(), expected)

    def _handler(self, route: Route, method: str) -> Handler:
        if method == "OPTIONS":
            return _describe
        handler = route.methods.get("GET" if method == "HEAD" else method)
        if handler is None:
            raise detail(405, f'Method "{method}" not allowed.')
        return handler

    def _refuse(self, request: Request, refusal: Refused) -> Reply:
        if refusal.status == 404:
            return empty(404)
        path = request.path.decode("latin-1")
        because = list(_reasons(refusal.body))
        with self._engine.lock:
            world = self._engine.world
            world.tally.refusals.append(Refusal(world.now(), request.method, path, refusal.status, tuple(because)))
            world.tell("refused", f"{request.method} {path}", status=refusal.status, because=because)
        answer = reply(refusal.status, refusal.body)
        headers = (*answer.headers, *refusal.headers)
        if refusal.status == 401:
            headers = (*headers, (b"www-authenticate", b'Basic realm="api"'))
        return Reply(refusal.status, answer.body, headers)

    @staticmethod
    def _add_slash(request: Request) -> Reply:
        # Only reading survives the detour: a POST would lose its body (API sections 1.2 and 15.16).
        if request.method not in {"GET", "HEAD"}:
            return empty(404)
        query = b"?" + request.query if request.query else b""
        return Reply(301, b"", ((b"location", request.path + b"/" + query),))

    @staticmethod
    def _base_url(request: Request) -> str:
        # As Django builds absolute addresses: from the host that the caller used (API section 2.2, `url`).
        host = request.header(b"host")
        return f"http://{host}" if _HOST.fullmatch(host) else "http://localhost"


def _received(request: Request) -> Received:
    """Return what is remembered of a request; the same words of all requests of a program are kept once."""
    return Received(
        request.method,
        intern(request.path.decode("latin-1")),
        intern(request.header(b"content-type")),
        intern(request.header(b"user-agent")),
        request.header(b"x-request-id")[:_LONGEST_ID],
        request.body[:LONGEST_BODY],
        len(request.body),
    )


def _reasons(body: object) -> Iterator[str]:
    """Say what was wrong for the log: the reasons, but none that quotes what was sent."""
    for name, reasons in body.items() if isinstance(body, dict) else ():
        reason = reasons[0] if isinstance(reasons, list) else reasons
        if '"' in reason:
            yield name
        else:
            yield reason if name in {"detail", "non_field_errors"} else f"{name}: {reason}"


def _describe(_exchange: Exchange) -> Reply:
    kinds = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]
    return reply(200, {"renders": kinds[:1], "parses": kinds})
