"""From request to reply: path, credentials, method, handler, in the API's order (API section 15.10)."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from string import punctuation
from sys import intern
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from xoxzo.cloudpy.simulator.api import http, rate_limits, request_log, routes
from xoxzo.cloudpy.simulator.api.handlers.sms import list_sent
from xoxzo.cloudpy.simulator.commands.faults import KINDS_WITHOUT_EFFECT, Fault, FaultInjector
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.records.accounts import Account
from xoxzo.cloudpy.simulator.engine.records.traffic import MAX_BODY_BYTES, ReceivedRequest
from xoxzo.cloudpy.simulator.engine.rules import NotEnoughCredits, NotSaved

_LOG = logging.getLogger(__name__)
_DOCUMENT_PATH = b"/openapi.json"
_LINK_PATH = b"/s/"
"""How the path of every short link begins; the real ones stand on a host of their own."""
_READING = {"GET": "GET", "HEAD": "GET"}
_UNWRITABLE = http.json_response(503, {"detail": http.DATABASE_UNWRITABLE})
_MAX_REQUEST_ID_LENGTH = 200
_HOST = re.compile(r"[A-Za-z0-9.-]{1,255}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


class Api:
    """The API of one simulated service."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.log = request_log.RequestLog(engine.settings.max_requests, engine.clock.now)
        self.rate_limits = rate_limits.RateLimits(engine.settings)
        self._routes = routes.Routes(legacy_sin=engine.settings.legacy_sin, legacy_paths=engine.settings.legacy_paths)
        self.faults = FaultInjector(engine.settings.seed, self._routes.endpoints())
        self.faults.observers.append(lambda what: self._publish("faults", "faults", what=what))
        with engine.lock:
            engine.context.callback_fault = self.faults.hit_callback

    def _publish(self, name: str, ident: str, **facts: Any) -> None:  # noqa: ANN401 - as events have them
        with self._engine.lock:
            self._engine.context.publish(name, ident, **facts)

    def handle(self, request: http.ApiRequest) -> http.ApiResponse:
        """Answer a request and log it; never raises for anything that a caller can send."""
        response = self._handle(request)
        self.log.add([(request, response)])
        return response

    def _handle(self, request: http.ApiRequest) -> http.ApiResponse:
        if known := self._routes.without_id.get(request.path):  # nearly all requests send a message
            route, ident = known, ""
        else:
            found = self._routes.find(request.path)
            if found is None:
                if request.path == _DOCUMENT_PATH:
                    return _document(request)
                return _follow(self._engine, request) if request.path.startswith(_LINK_PATH) else http.ApiResponse(404)
            route, ident, slashed = found
            if not slashed:
                # Only reading survives the detour: a POST would lose its body (API sections 1.2 and 15.16).
                if request.method not in _READING:
                    return http.ApiResponse(404)
                query = b"?" + request.query if request.query else b""
                return http.ApiResponse(301, b"", ((b"location", request.path + b"/" + query),))
        if self.faults.active:
            fault = self.faults.hit_request(f"{_READING.get(request.method, request.method)} {route.path}")
            if fault is not None:
                return self._fail(request, fault, route, ident)
        return self._carry_out(request, route, ident)

    def handle_together(self, requests: Sequence[http.ApiRequest]) -> list[http.ApiResponse]:
        """Answer requests in one go: what they changed is saved together; an internal error is a 500, and logged."""
        try:
            with self._engine:
                responses = [self._handle_safely(request) for request in requests]
        except NotSaved:
            responses = [_UNWRITABLE] * len(requests)
        self.log.add(zip(requests, responses, strict=True))
        return responses

    def report_malformed_request(self, reason: str) -> None:
        """Publish that something came in which is no HTTP request."""
        self._publish("refused", "(no request)", status=400, because=[reason])
        self.log.add([(http.ApiRequest("", b"", b"", {}), http.json_response(400, {"detail": reason}))])

    def _handle_safely(self, request: http.ApiRequest) -> http.ApiResponse:
        try:
            return self._handle(request)
        except Exception:  # noqa: BLE001 - the other requests of the batch must be answered
            _LOG.exception("%s could not be answered", request.method)
            return http.json_response(500, {"detail": "A mistake in the simulator."})

    def _fail(self, request: http.ApiRequest, fault: Fault, route: routes.Route, ident: str) -> http.ApiResponse:
        """Answer a request that is hit by a fault; what HTTP cannot express is in the response's `fault`."""
        self._publish("fault", request.target, what=fault.kind)
        if fault.kind == "throttled":
            refusal = rate_limits.throttled(max(1, math.ceil(fault.seconds)))
            return replace(http.json_response(429, refusal.body), fault=fault, headers=(*http.JSON, *refusal.headers))
        if fault.kind in KINDS_WITHOUT_EFFECT:
            return http.ApiResponse(500, fault=fault)
        answer = self._carry_out(request, route, ident)
        if fault.kind == "error_after":
            return http.ApiResponse(500, fault=fault)
        # A body of one byte has no half to be read.
        body = answer.body[: len(answer.body) // 2] if fault.kind == "truncate" else answer.body
        return replace(answer, body=body, fault=fault)

    def _carry_out(self, request: http.ApiRequest, route: routes.Route, ident: str) -> http.ApiResponse:
        method, base_url = request.method, _base_url(request.headers.get(b"host", b""))
        try:
            with self._engine as engine:
                account = self._authenticate(request)
                handler = _describe if method == "OPTIONS" else route.methods.get(_READING.get(method, method))
                if self.rate_limits.limited:
                    self.rate_limits.admit(account, request, listing=handler is list_sent)
                if handler is None:
                    raise http.detail(405, f'Method "{method}" not allowed.')
                engine.context.received = _received(request) if method == "POST" else None
                answer = handler(http.RequestContext(engine, account, request, ident, base_url))
        except http.HttpError as refusal:
            answer = self._refuse(request, refusal)
        except NotEnoughCredits as error:
            reason = f"Not enough credits, required: {error.required.normalize():f}"  # API section 1.5
            answer = self._refuse(request, http.HttpError(403, {"non_field_errors": [reason]}))
        except NotSaved:
            answer = _UNWRITABLE
        headers = (*answer.headers, (b"allow", route.allow), (b"vary", b"Accept"))
        return http.ApiResponse(answer.status, answer.body, headers)

    def _authenticate(self, request: http.ApiRequest) -> Account:
        sid, token = request.credentials()
        settings = self._engine.settings
        if settings.sid is None:
            admitted = bool(sid and token)
        else:
            import hmac  # it loads OpenSSL's library, and most simulators admit everybody

            expected = f"{settings.sid}:{settings.token}".encode()
            admitted = hmac.compare_digest(f"{sid}:{token}".encode(), expected)
        if not admitted:
            raise http.detail(401, "Invalid sid/token")
        if settings.allowed_addresses:
            self.rate_limits.check_address(request)
        return self._engine.accounts.get(sid, token)

    def _refuse(self, request: http.ApiRequest, refusal: http.HttpError) -> http.ApiResponse:
        if refusal.status == 404:
            return http.ApiResponse(404)
        self._publish("refused", request.target, status=refusal.status, because=list(_reasons(refusal.body)))
        answer = http.json_response(refusal.status, refusal.body)
        headers = (*answer.headers, *refusal.headers)
        if refusal.status == 401:
            headers = (*headers, (b"www-authenticate", b'Basic realm="api"'))
        return http.ApiResponse(refusal.status, answer.body, headers)


@lru_cache(maxsize=64)  # one text for all requests to a host: records keep it
def _base_url(host: bytes) -> str:
    # As Django builds absolute addresses: from the host that the caller used (API section 2.2, `url`).
    name = host.decode("latin-1")
    return f"http://{name}" if _HOST.fullmatch(name) else "http://localhost"


def _received(request: http.ApiRequest) -> ReceivedRequest:
    """Return what is stored of a request; strings that all requests of a program share are interned."""
    return ReceivedRequest(
        request.method,
        intern(request.path.decode("latin-1")),
        intern(request.header(b"content-type")),
        intern(request.header(b"user-agent")),
        request.header(b"x-request-id")[:_MAX_REQUEST_ID_LENGTH],
        request.body[:MAX_BODY_BYTES],
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


def _follow(engine: Engine, request: http.ApiRequest) -> http.ApiResponse:
    """Answer `GET /s/<five characters>` with a redirection to the link; only GET counts as a click."""
    if request.method != "GET":
        return http.ApiResponse(404 if request.method == "HEAD" else 405)
    path = request.path.removeprefix(_LINK_PATH).decode("latin-1")
    try:
        with engine:
            link = engine.sms.open_link(path)
    except NotSaved:
        return _UNWRITABLE
    if link is None:
        return http.ApiResponse(404)
    # Whatever the sender wrote: a header has printable ASCII alone.
    return http.ApiResponse(302, b"", ((b"location", quote(link, safe=punctuation).encode()),))


def _document(request: http.ApiRequest) -> http.ApiResponse:
    """Answer with the OpenAPI document, whose only address is the simulator's: no page reaches the real service."""
    if request.method in _READING:
        from xoxzo.cloudpy.simulator.openapi import document

        answer = http.json_response(200, document("api", _base_url(request.headers.get(b"host", b""))))
    else:
        answer = http.json_response(405, {"detail": f'Method "{request.method}" not allowed.'})
    return replace(answer, headers=(*http.JSON, (b"allow", b"GET, HEAD")))


def _describe(_context: http.RequestContext) -> http.ApiResponse:
    kinds = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]
    return http.json_response(200, {"renders": kinds[:1], "parses": kinds})
