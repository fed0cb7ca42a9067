"""The links to opt out, answered under WSGI and ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from campaign_makers import people

from xoxzo.cloudpy.campaigns import Campaign, Content, OptOutEndpoint, OptOutLinks, OptOuts
from xoxzo.cloudpy.campaigns.opt_outs import read_links
from xoxzo.cloudpy.integrations import asgi, wsgi

LINKS = OptOutLinks("a secret of the tests", "https://shop.example/o")
CONTENT = Content(kind="text", sender="Shop", message="{opt_out}")
Call = Callable[[OptOutEndpoint, str, str, str], tuple[int, dict[str, str], str]]


def by_wsgi(endpoint: OptOutEndpoint, method: str, token: str, query: str) -> tuple[int, dict[str, str], str]:
    environ: dict[str, Any] = {"PATH_INFO": f"/{token}", "QUERY_STRING": query, "HTTP_ACCEPT_LANGUAGE": "en"}
    environ["REQUEST_METHOD"] = method
    setup_testing_defaults(environ)
    started: list[Any] = []
    body = b"".join(wsgi.OptOutApp(endpoint)(environ, lambda *values: started.extend(values)))
    return int(started[0][:3]), {name.lower(): value for name, value in started[1]}, body.decode()


def by_asgi(endpoint: OptOutEndpoint, method: str, token: str, query: str) -> tuple[int, dict[str, str], str]:
    messages: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        messages.append(message)

    scope: dict[str, Any] = {"type": "http", "method": method, "path": f"/o/{token}", "query_string": query.encode()}
    scope["headers"] = [(b"accept-language", b"en")]
    asyncio.run(asgi.OptOutApp(endpoint)(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], headers, messages[1]["body"].decode()


@pytest.mark.parametrize("call", [by_wsgi, by_asgi])
def test_a_link_asks_and_the_button_opts_out(call: Call, tmp_path: Path) -> None:
    """GET shows the page, HEAD its header, POST opts out and leads back."""
    with Campaign.create("a", people(2), CONTENT, store=tmp_path, links=LINKS) as campaign:
        signer = read_links(campaign.ledger)
    assert signer is not None
    token = signer.link(2).rpartition("/")[2]
    endpoint = OptOutEndpoint(LINKS, tmp_path)
    status, headers, body = call(endpoint, "GET", token, "")
    assert (status, headers["content-type"], "Stop these messages?" in body) == (200, "text/html; charset=utf-8", True)
    assert headers["content-length"] == str(len(body.encode()))
    assert call(endpoint, "HEAD", token, "")[0::2] == (200, "")
    assert not list(OptOuts(tmp_path))
    status, headers, body = call(endpoint, "POST", token, "stop")
    assert (status, headers["location"], body) == (303, token, "")
    assert "09010000001" in OptOuts(tmp_path)
    assert "You are unsubscribed" in call(endpoint, "GET", token, "")[2]
    assert call(endpoint, "GET", token[::-1], "")[0] == 404


def test_a_server_that_serves_the_pages_alone_starts_and_stops(tmp_path: Path) -> None:
    """The events of the server's life are answered; WebSockets are ignored."""
    inbox, sent = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}], []
    app = asgi.OptOutApp(OptOutEndpoint(LINKS, tmp_path))

    async def receive() -> Any:
        return inbox.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(app({"type": "lifespan"}, receive, send))
    asyncio.run(app({"type": "websocket"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
