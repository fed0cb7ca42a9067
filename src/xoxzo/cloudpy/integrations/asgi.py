"""Callbacks in an ASGI application: Starlette, FastAPI, or none at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.callbacks.desk import Answer, AsyncDesk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.callbacks import Callbacks, DeliveryLog
    from xoxzo.cloudpy.callbacks.desk import AsyncHandler

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class CallbackApp:
    """An ASGI application that receives callbacks; mount it where ``public_url`` leads.

    Args:
        callbacks: whose URLs are believed.
        handler: acts on a callback, a coroutine function or a plain one; see `AsyncDesk`.
        log: absorbs repeats and keeps the history.
        confirm: ask the API before believing.
    """

    def __init__(
        self,
        callbacks: Callbacks,
        handler: AsyncHandler,
        *,
        log: DeliveryLog | None = None,
        confirm: AsyncClient | None = None,
    ) -> None:
        self._desk = AsyncDesk(callbacks, handler, log=log, confirm=confirm)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            url = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
            body = await _read(receive, self._desk.callbacks.max_body)
            if body is not None:
                await _answer(await self._desk.answer(scope["method"], url, headers, body), send)


async def _read(receive: Receive, most: int) -> bytes | None:
    """Return the body, no more than a little over `most` bytes of it; ``None`` when the caller has gone."""
    body = bytearray()
    more = True
    while more and len(body) <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


async def _answer(answer: Answer, send: Send) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _live(receive: Receive, send: Send) -> None:
    # Only when it is served by itself: a framework that mounts it lives its own life.
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
