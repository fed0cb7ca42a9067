"""The console as an ASGI application: pages, what is posted from them, event streams and static files."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from inspect import isawaitable
from urllib.parse import parse_qsl

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.http import DATABASE_UNWRITABLE, ApiResponse
from xoxzo.cloudpy.simulator.errors import NotSaved
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.web.asgi_tools import (
    HEADERS,
    HOST_NOT_ALLOWED,
    CloseConnection,
    Receive,
    Scope,
    Send,
    is_allowed_host,
    is_foreign,
    objection,
    read_body,
)
from xoxzo.cloudpy.simulator.web.console import static_files
from xoxzo.cloudpy.simulator.web.console.page_request import (
    CSRF_TOKEN,
    Page,
    PageNotFound,
    PageRequest,
    preference_cookies,
    preferred_language,
    read_preferences,
)
from xoxzo.cloudpy.simulator.web.console.pages import SLOW_PATHS, act, error_page, show_page
from xoxzo.cloudpy.simulator.web.console.rendering import render
from xoxzo.cloudpy.simulator.web.live_streams import ChangeStream, Streams

Headers = tuple[tuple[bytes, bytes], ...]

_LARGEST_FORM = 64_000
_MAX_FIELDS = 40
_MAX_QUERY_LENGTH = 4_000

_HTML = ((b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store"))
_JSON = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
_TEXT = ((b"content-type", b"text/plain; charset=utf-8"),)


class Console:
    """The console of one simulator; `bind_host` is the address of its server, which the Host header may name."""

    def __init__(self, simulator: Simulation, bind_host: str, close_connection: CloseConnection) -> None:
        self.change_streams = Streams(simulator, close_connection, gather_seconds=0.2)
        simulator.api.log.listener = lambda: self.change_streams.publish("request")
        self._simulator = simulator
        self._bind_host = bind_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if not is_allowed_host(host, self._bind_host, self._simulator.settings.allowed_hosts):
            await _answer(scope, send, 403, HOST_NOT_ALLOWED.encode(), _TEXT)
            return
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        method = scope["method"]
        if path.startswith(static_files.PATH) and method in {"GET", "HEAD"}:
            await _answer(scope, send, *static_files.answer(path, headers))
        elif path == "/console/events" and method == "GET":
            await self._follow(scope, receive, send, headers)
        elif method in {"GET", "HEAD"}:
            await self._show(scope, send, self._page_request(scope, path, headers))
        elif method == "POST":
            await self._post(scope, receive, send, self._page_request(scope, path, headers))
        else:
            await _answer(scope, send, 405, b"", (*_TEXT, (b"allow", b"GET, HEAD, POST")))

    def _page_request(self, scope: Scope, path: str, headers: Mapping[bytes, bytes]) -> PageRequest:
        language, theme, sound = read_preferences(headers)
        accept = headers.get(b"accept-language", b"").decode("latin-1")
        scheme, host = scope.get("scheme", "http"), headers[b"host"].decode("latin-1")
        return PageRequest(
            simulator=self._simulator,
            path=path,
            query=_fields(scope["query_string"][:_MAX_QUERY_LENGTH]),
            language=preferred_language(accept, language),
            theme=theme,
            sound=sound,
            origin=f"{scheme}://{host}",
        )

    async def _show(self, scope: Scope, send: Send, request: PageRequest) -> None:
        status = 200
        try:
            # In a thread, so that other requests are answered meanwhile.
            slow = request.path in SLOW_PATHS
            page = await asyncio.to_thread(show_page, request) if slow else show_page(request)
        except PageNotFound:
            status, page = 404, error_page(request, request.gettext("There is no such page."))
        except SimulatorError as error:
            status, page = _error_page(request, error)
        await _answer(scope, send, status, render(page, request), _HTML)

    async def _post(self, scope: Scope, receive: Receive, send: Send, request: PageRequest) -> None:
        headers = dict(scope["headers"])
        body = await read_body(receive, _LARGEST_FORM)
        if isinstance(body, ApiResponse):
            await _answer(scope, send, body.status, body.body, body.headers)
            return
        form = _fields(body)
        status, message, page, to = 200, "", None, "/"
        cookies: Headers = ()
        why = objection(headers, form.get("csrf", ""), CSRF_TOKEN)
        try:
            if why is not None:
                status, message = 403, request.gettext(why)
            elif request.path == "/console/preferences":
                to, cookies = preference_cookies(form)
            else:
                done = act(request, form)
                done = await done if isawaitable(done) else done
                message, to = done.message, done.to
                self.change_streams.publish("console")
        except PageNotFound:
            status, message = 404, request.gettext("There is no such page.")
        except SimulatorError as error:
            status, page = _error_page(request, error)
            message = page.facts["problem"]
        if headers.get(b"accept") == b"application/json":
            await _answer(scope, send, status, json.dumps({"message": message}).encode(), _JSON)
        elif status == 200:
            await _answer(scope, send, 303, b"", (*_HTML, *cookies, (b"location", to.encode("latin-1"))))
        else:
            await _answer(scope, send, status, render(page or error_page(request, message), request), _HTML)

    async def _follow(self, scope: Scope, receive: Receive, send: Send, headers: Mapping[bytes, bytes]) -> None:
        topics = _fields(scope["query_string"][:_MAX_QUERY_LENGTH]).get("topics", "").split(",")
        if is_foreign(headers) or not await self.change_streams.serve(
            ChangeStream(topics), scope, receive, send, headers=HEADERS
        ):
            await _answer(scope, send, 503, b"Too many pages are open.", _TEXT)


async def _answer(scope: Scope, send: Send, status: int, body: bytes, headers: Headers) -> None:
    fields = [*headers, *HEADERS, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _error_page(request: PageRequest, error: SimulatorError) -> tuple[int, Page]:
    if isinstance(error, NotSaved):
        return 503, error_page(request, request.gettext(DATABASE_UNWRITABLE))
    return 400, error_page(request, error.render(request.gettext))


def _fields(encoded: bytes) -> dict[str, str]:
    """Return the fields of a query or a form: of a repeated name the last counts, and of too many fields, none."""
    try:
        pairs = parse_qsl(encoded.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return {}
    return dict(pairs)
