"""The console as an ASGI application: pages, what is posted from them, event streams and static files."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.http import DATABASE_UNWRITABLE, ApiResponse
from xoxzo.cloudpy.simulator.engine.rules import NotSaved
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.web import asgi_tools
from xoxzo.cloudpy.simulator.web.console.page_request import (
    CSRF_TOKEN,
    Page,
    PageNotFound,
    PageRequest,
    back_to,
    preference_cookies,
    read_preferences,
)
from xoxzo.cloudpy.simulator.web.console.pages import SLOW_PATHS, act, error_page, show_page
from xoxzo.cloudpy.simulator.web.console.rendering import render
from xoxzo.cloudpy.simulator.web.live_streams import ChangeStream, Streams

Headers = tuple[tuple[bytes, bytes], ...]
Answer = tuple[int, bytes, Headers]
"""Status, body and headers."""

_LARGEST_FORM = 64_000
_MAX_FIELDS = 40
_MAX_QUERY_LENGTH = 4_000

_HTML = ((b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store"))
_JSON = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
_TEXT = ((b"content-type", b"text/plain; charset=utf-8"),)
_STATIC_PATH = "/console/static/"
_TYPES = {".css": b"text/css; charset=utf-8", ".js": b"text/javascript; charset=utf-8", ".svg": b"image/svg+xml"}

# What a recording may be loaded from is what the API takes for one: any http address, and only once it is played.
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    b"media-src http: https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Headers of every answer."""


class Console:
    """The console of one simulator; `bind_host` is the address of its server, which the Host header may name."""

    def __init__(self, simulator: Simulation, bind_host: str, close_connection: asgi_tools.CloseConnection) -> None:
        self.change_streams = Streams(simulator, close_connection, gather_seconds=0.2)
        simulator.api.log.listener = lambda: self.change_streams.publish("request")
        self._simulator = simulator
        self._bind_host = bind_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        headers, method = dict(scope["headers"]), scope["method"]
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        query = _fields(scope["query_string"][:_MAX_QUERY_LENGTH])
        answer: Answer
        if not asgi_tools.is_allowed_host(headers, self._bind_host, self._simulator.settings.allowed_hosts):
            answer = 403, asgi_tools.HOST_NOT_ALLOWED.encode(), _TEXT
        elif path.startswith(_STATIC_PATH) and method in {"GET", "HEAD"}:
            answer = _static_file(path, headers)
        elif path == "/console/events" and method == "GET":
            stream = ChangeStream(query.get("topics", "").split(","))
            if not asgi_tools.is_foreign(headers) and await self.change_streams.serve(
                stream, scope, receive, send, headers=_HEADERS
            ):
                return
            answer = 503, b"Too many pages are open.", _TEXT
        elif method in {"GET", "HEAD", "POST"}:
            origin = f"{scope.get('scheme', 'http')}://{headers[b'host'].decode('latin-1')}"
            request = PageRequest(self._simulator, path, query, origin, **read_preferences(headers))
            answer = await (self._post(request, headers, receive) if method == "POST" else self._show(request))
        else:
            answer = 405, b"", (*_TEXT, (b"allow", b"GET, HEAD, POST"))
        status, body, fields = answer
        more = (*_HEADERS, (b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": [*fields, *more]})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

    async def _show(self, request: PageRequest) -> Answer:
        status = 200
        try:
            # In a thread, so that other requests are answered meanwhile.
            slow = request.path in SLOW_PATHS
            page = await asyncio.to_thread(show_page, request) if slow else show_page(request)
        except (PageNotFound, SimulatorError) as error:
            status, page = _error_page(request, error)
        return status, render(page, request), _HTML

    async def _post(self, request: PageRequest, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        body = await asgi_tools.read_body(receive, _LARGEST_FORM)
        if isinstance(body, ApiResponse):
            return body.status, body.body, body.headers
        form = _fields(body)
        status, message, to = 200, "", "/"
        cookies: Headers = ()
        try:
            if asgi_tools.is_foreign(headers):
                status, page = 403, error_page(request, request.gettext("The request comes from another site."))
            elif not hmac.compare_digest(form.get("csrf", "").encode(), CSRF_TOKEN.encode()):
                problem = request.gettext("The page is out of date: the simulator was restarted. Reload it.")
                status, page = 403, error_page(request, problem)
            elif request.path == "/console/preferences":
                to, cookies = back_to(form.get("back", "/")), preference_cookies(form)
            else:
                message, to = await act(request, form)
                self.change_streams.publish("console")
        except (PageNotFound, SimulatorError) as error:
            status, page = _error_page(request, error)
        if headers.get(b"accept") == b"application/json":
            shown = {"message": message if status == 200 else page.facts["problem"]}
            return status, json.dumps(shown).encode(), _JSON
        if status == 200:
            return 303, b"", (*_HTML, *cookies, (b"location", to.encode("latin-1")))
        return status, render(page, request), _HTML


def _error_page(request: PageRequest, error: PageNotFound | SimulatorError) -> tuple[int, Page]:
    if isinstance(error, PageNotFound):
        return 404, error_page(request, request.gettext("There is no such page."))
    if isinstance(error, NotSaved):
        return 503, error_page(request, request.gettext(DATABASE_UNWRITABLE))
    return 400, error_page(request, error.render(request.gettext))


def _static_file(path: str, headers: Mapping[bytes, bytes]) -> Answer:
    """Answer with a style sheet or a script, or that the browser has it."""
    found = _static_files().get(path.removeprefix(_STATIC_PATH))
    if found is None:
        return 404, b"", ()
    body, kind, tag = found
    caching = ((b"etag", tag), (b"cache-control", b"no-cache"))
    if headers.get(b"if-none-match") == tag:
        return 304, b"", caching
    return 200, body, (*caching, (b"content-type", kind))


@cache
def _static_files() -> dict[str, tuple[bytes, bytes, bytes]]:
    """Return the content of each static file with its type and tag, read once."""
    found = {}
    for path in (Path(__file__).parent / "static").iterdir():
        body = path.read_bytes()
        tag = b'"' + hashlib.sha256(body).hexdigest()[:20].encode() + b'"'
        found[path.name] = body, _TYPES[path.suffix], tag
    return found


def _fields(encoded: bytes) -> dict[str, str]:
    """Return the fields of a query or a form: of a repeated name the last counts, and of too many fields, none."""
    try:
        pairs = parse_qsl(encoded.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return {}
    return dict(pairs)
