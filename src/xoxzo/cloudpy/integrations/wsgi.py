"""Receive callbacks, and answer opt-out links, under WSGI: Flask, or a plain WSGI server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec import Struct

from xoxzo.cloudpy.callbacks.endpoint import CallbackEndpoint, CallbackResponse

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from xoxzo.cloudpy.campaigns import OptOutEndpoint


class CallbackApp(CallbackEndpoint):
    """A WSGI application that receives callbacks; mount it at the path of ``public_url``.

    It takes the arguments of `CallbackEndpoint`: ``CallbackApp(callbacks, handler, log=…, confirm=…)``.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to one request."""
        url = f"{environ.get('PATH_INFO', '')}?{environ.get('QUERY_STRING', '')}"
        try:
            body = read_body(environ, self.callbacks.max_body)
            response = self.handle(environ["REQUEST_METHOD"], url, body_headers(environ), body)
        except UnreadableBodyError:
            response = UNREADABLE
        return _respond(response.status, {"Content-Type": response.content_type}, response.body, start_response)


class OptOutApp(Struct, frozen=True):
    """A WSGI application that answers the links to opt out; mount it at the path of their URL."""

    endpoint: OptOutEndpoint
    """Makes the pages."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to one request."""
        method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
        languages = environ.get("HTTP_ACCEPT_LANGUAGE", "")
        page = self.endpoint.handle(method, environ.get("PATH_INFO", ""), query, languages)
        return _respond(page.status, page.headers, b"" if method == "HEAD" else page.body, start_response)


def _respond(status: int, headers: Mapping[str, str], body: bytes, start_response: StartResponse) -> list[bytes]:
    fields = [*headers.items(), ("Content-Length", str(len(body)))]
    start_response(f"{status} {HTTPStatus(status).phrase}", fields)
    return [body]


UNREADABLE = CallbackResponse(400, b"the body breaks off")
"""The response to a request whose body ended too early for the server itself, such as a chunked one."""


class UnreadableBodyError(Exception):
    """The server could not read the body to its end."""


def body_headers(environ: WSGIEnvironment) -> dict[str, str]:
    """Return the headers that describe the body: its type and length."""
    return {"content-type": environ.get("CONTENT_TYPE", ""), "content-length": environ.get("CONTENT_LENGTH") or ""}


def read_body(environ: WSGIEnvironment, max_bytes: int) -> bytes:
    """Return the body, or its first `max_bytes` + 1 bytes; `UnreadableBodyError` if the connection broke.

    A body without a length (chunked) is read if the server ends it itself, as gunicorn, uWSGI and mod_wsgi do.
    """
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdecimal():
        wanted = min(int(length[:18]), max_bytes + 1)
    else:
        wanted = max_bytes + 1 if environ.get("wsgi.input_terminated") else 0
    body = b""
    try:
        # One read may return less than there is.
        while len(body) < wanted and (chunk := environ["wsgi.input"].read(wanted - len(body))):
            body += chunk
    except Exception as error:
        raise UnreadableBodyError from error
    return body
