"""Callbacks in a WSGI application: Flask, or none at all."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from xoxzo.cloudpy.callbacks.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from xoxzo.cloudpy.callbacks import Callbacks, DeliveryLog
    from xoxzo.cloudpy.callbacks.desk import Handler
    from xoxzo.cloudpy.client import Client


class CallbackApp:
    """A WSGI application that receives callbacks; mount it where ``public_url`` leads.

    Args:
        callbacks: whose URLs are believed.
        handler: acts on a callback; see `Desk`.
        log: absorbs repeats and keeps the history.
        confirm: ask the API before believing.
    """

    def __init__(
        self,
        callbacks: Callbacks,
        handler: Handler,
        *,
        log: DeliveryLog | None = None,
        confirm: Client | None = None,
    ) -> None:
        self._desk = Desk(callbacks, handler, log=log, confirm=confirm)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        url = f"{environ.get('PATH_INFO', '')}?{environ.get('QUERY_STRING', '')}"
        headers = {"content-type": environ.get("CONTENT_TYPE", "")}
        body = _read(environ, self._desk.callbacks.max_body)
        answer = self._desk.answer(environ["REQUEST_METHOD"], url, headers, body)
        start_response(
            f"{answer.status} {HTTPStatus(answer.status).phrase}",
            [("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body)))],
        )
        return [answer.body]


def _read(environ: WSGIEnvironment, most: int) -> bytes:
    """Return the body, one byte more than `most` of it at the utmost."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdecimal():
        wanted = min(int(length[:18]), most + 1)
    else:
        # Without a length, only a server that promises an end may be read from.
        wanted = most + 1 if environ.get("wsgi.input_terminated") else 0
    body: bytes = environ["wsgi.input"].read(wanted) if wanted else b""
    return body
