"""Receive callbacks, and answer opt-out links, under ASGI: Starlette, FastAPI, or a plain ASGI server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from xoxzo.cloudpy.callbacks.endpoint import AsyncCallbackEndpoint

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns import OptOutEndpoint

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class CallbackApp(AsyncCallbackEndpoint):
    """An ASGI application that receives callbacks; mount it at the path of ``public_url``.

    It takes the arguments of `AsyncCallbackEndpoint`: ``CallbackApp(callbacks, handler, log=…, confirm=…)``.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request, and ignore WebSockets."""
        if scope["type"] == "lifespan":
            await _run_lifespan(receive, send)
        elif scope["type"] == "http":
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            url = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
            body = await _read_body(receive, self.callbacks.max_body)
            if body is not None:
                response = await self.handle(scope["method"], url, headers, body)
                await _send(response.status, {"Content-Type": response.content_type}, response.body, send)


class OptOutApp(Struct, frozen=True):
    """An ASGI application that answers the links to opt out; mount it at the path of their URL."""

    endpoint: OptOutEndpoint
    """Makes the pages, in a thread."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request, and ignore WebSockets."""
        if scope["type"] == "lifespan":
            await _run_lifespan(receive, send)
        elif scope["type"] == "http":
            languages = b", ".join(value for name, value in scope["headers"] if name == b"accept-language")
            query = scope["query_string"].decode("latin-1")
            arguments = scope["method"], scope["path"], query, languages.decode("latin-1")
            page = await asyncio.to_thread(self.endpoint.handle, *arguments)
            await _send(page.status, page.headers, b"" if scope["method"] == "HEAD" else page.body, send)


async def _read_body(receive: Receive, max_bytes: int) -> bytes | None:
    """Return the body, or its beginning if it is longer than `max_bytes`; ``None`` after a disconnect."""
    body = bytearray()
    more = True
    while more and len(body) <= max_bytes:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


async def _send(status: int, headers: Mapping[str, str], body: bytes, send: Send) -> None:
    fields = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    fields.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def _run_lifespan(receive: Receive, send: Send) -> None:
    # Only a server that serves this application alone sends these; a framework that mounts it does not.
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
