"""Plain http to another host: a simulator must respond there before credentials go."""

from __future__ import annotations

import asyncio
import pickle
import socket
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from xoxzo.cloudpy import AsyncClient, Client, ConfigurationError, ConnectionFailed
from xoxzo.cloudpy.client.settings import SimulatorHost
from xoxzo.cloudpy.protocols import Response, TransportFailure
from xoxzo.cloudpy.simulator import Settings, Simulator
from xoxzo.cloudpy.transports.threads import HttpTransport

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = {"sid": "some-sid", "auth_token": "some-token"}


@pytest.fixture(autouse=True)
def container(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the name ``simulator`` lead to this machine, as the name of a container leads to it."""
    look_up = socket.getaddrinfo

    def found(host: str, *rest: object, **more: object) -> object:
        return look_up("127.0.0.1" if host == "simulator" else host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setenv("XOXZO_SIMULATOR_HOSTS", "simulator")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["no JSON", '{"status": "ok"}', "[1]", "x" * 20_000])
def stranger(request: pytest.FixtureRequest) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A server that is no simulator; it keeps each path with the credentials that came."""
    seen: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["authorization"]))
            body = request.param.encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://simulator:{server.server_port}", seen
        server.shutdown()


def credits_of(url: str, *, own_transport: object | None = None) -> object:
    """Ask for the balance with a client for threads."""
    with Client(base_url=url, max_retries=0, transport=own_transport, **ACCOUNT) as client:  # type: ignore[arg-type]
        client.account.credits()
        return client.account.credits()


async def async_credits_of(url: str) -> object:
    """Ask for the balance with a client for asyncio."""
    async with AsyncClient(base_url=url, max_retries=0, **ACCOUNT) as client:
        await client.account.credits()
        return await client.account.credits()


def test_a_simulator_on_a_named_host_is_used() -> None:
    """The client asks once whether it is a simulator, and then works as on this machine."""
    with Simulator(Settings(allowed_hosts=("simulator",))).serve() as running:
        url = f"http://simulator:{urlsplit(running.url).port}"
        assert credits_of(url) == asyncio.run(async_credits_of(url))


def test_a_simulator_that_refuses_the_name_is_explained() -> None:
    """The error names the option of the simulator that allows the name."""
    with Simulator().serve() as running, pytest.raises(ConfigurationError, match=r"\(403\).*--allow-host"):
        credits_of(f"http://simulator:{urlsplit(running.url).port}")


def test_nothing_goes_to_what_is_no_simulator(stranger: tuple[str, list[tuple[str, str | None]]]) -> None:
    """Whatever else responds gets no credentials and no request of the API; a transport of one's own is checked too."""
    url, seen = stranger
    with pytest.raises(ConfigurationError, match="no simulator responds there"):
        credits_of(url)
    with pytest.raises(ConfigurationError, match="no simulator responds there"):
        asyncio.run(async_credits_of(url))
    with closing(HttpTransport()) as transport, pytest.raises(ConfigurationError, match="no simulator responds there"):
        credits_of(url, own_transport=transport)
    assert set(seen) == {("/_simulator/health", None)}


def test_a_client_from_another_process_checks_again() -> None:
    """The name may lead elsewhere where a pickled client is used, so it forgets that a simulator has responded."""
    host = SimulatorHost("simulator", checked=True)
    assert not pickle.loads(pickle.dumps(host)).checked


def test_a_response_that_breaks_off_is_as_none() -> None:
    """The start of a response about its health does not say that something else than a simulator responds."""
    cut = TransportFailure("the connection was closed")
    assert SimulatorHost("simulator").check(Response(200, {}, b'{"inst', cut=cut)) is cut


def test_no_response_is_an_error_as_of_any_request() -> None:
    """Where nothing responds, the call fails as without the check: surely not sent."""
    with closing(socket.create_server(("127.0.0.1", 0))) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(ConnectionFailed) as caught:
        credits_of(f"http://simulator:{port}")
    assert not caught.value.maybe_sent
