"""Proxies named in the environment."""

from __future__ import annotations

import select
import ssl
from typing import Any

import pytest
from faulty_server import FaultyServer, Peer, raw, reply
from transport_runner import budget, post

from xoxzo.cloudpy.transports import threads

OK = reply(201, "fine")


def tunnel(context: ssl.SSLContext, seen: list[bytes]):
    """Accept a CONNECT, then play the server behind it."""

    def behave(peer: Peer) -> bool:
        peer.socket.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with context.wrap_socket(peer.socket, server_side=True) as inner:
            seen.append(inner.recv(65536))
            inner.sendall(b"HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\nfine")
            inner.recv(65536)
        return False

    return behave


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
def test_plain_http_to_another_machine_goes_through_the_proxy(carrier, variable, monkeypatch) -> None:
    """Plain http to another host, as the classic client allows it, is sent to the proxy, with its password."""
    with FaultyServer(OK) as proxy:
        monkeypatch.setenv(variable, f"http://user:p%40ss@127.0.0.1:{proxy.port}")
        result = carrier.exchange(post("http://api.example.test"), budget())
    assert (result.status, result.reached) == (201, True)
    assert proxy.requests[0].startswith(b"POST http://api.example.test/p/?q=%3E1 HTTP/1.1\r\n")
    assert b"proxy-authorization: basic dxnlcjpwqhnz\r\n" in proxy.requests[0].lower()


def test_plain_http_goes_through_a_proxy_that_speaks_tls(kind, authority, monkeypatch) -> None:
    """The tickets that the proxy sends after the handshake are no answer without a request."""
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(served)
    carrier, connect_alone = kind(trust=authority), threads.ThreadConnection.start_tls

    def start_tls(connection: threads.ThreadConnection, *arguments: Any) -> None:
        connect_alone(connection, *arguments)
        assert select.select([connection._stream], [], [], 60)[0], "the proxy sent no tickets"

    monkeypatch.setattr(threads.ThreadConnection, "start_tls", start_tls)
    with FaultyServer(OK, tls=served) as proxy:
        monkeypatch.setenv("http_proxy", f"https://127.0.0.1:{proxy.port}")
        result = carrier.exchange(post("http://api.example.test"), budget())
        carrier.close()
    assert (result.status, result.body, result.reached) == (201, b"fine", True)


def test_https_goes_through_a_tunnel(kind, authority, monkeypatch) -> None:
    """With HTTPS_PROXY, TLS is spoken with the server and not with the proxy, which never sees the token."""
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("api.example.test").configure_cert(served)
    seen: list[bytes] = []
    carrier = kind(trust=authority)
    with FaultyServer(tunnel(served, seen)) as proxy:
        # Without a scheme, as it is often written.
        monkeypatch.setenv("https_proxy", f"127.0.0.1:{proxy.port}")
        result = carrier.exchange(post("https://api.example.test"), budget())
        carrier.close()
    assert (result.status, result.body, result.reached) == (201, b"fine", True)
    assert proxy.requests[0].startswith(b"CONNECT api.example.test:443 HTTP/1.1\r\n")
    assert b"authorization" not in proxy.requests[0].lower()
    assert b"authorization: Basic x" in seen[0]


@pytest.mark.parametrize("answer", [reply(407), reply(502), raw(b"")], ids=["407", "502", "closed"])
def test_a_proxy_that_refuses_sends_nothing(carrier, answer, monkeypatch) -> None:
    """When the proxy does not open the tunnel, the request did not leave, though bytes were written to the proxy."""
    with FaultyServer(answer) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        result = carrier.exchange(post("https://api.example.test"), budget())
    assert result.failure is not None
    assert (result.reached, result.failure.timeout) == (False, None)


def test_a_proxy_is_never_used_for_this_machine(carrier, monkeypatch) -> None:
    """Requests to loopback go straight there, whatever the environment says: a proxy would read the token."""
    with FaultyServer(OK) as proxy, FaultyServer(OK) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("all_proxy", proxy.url)
        assert carrier.exchange(post(server.url), budget()).status == 201
    assert proxy.requests == []


def test_no_proxy_is_respected(carrier, monkeypatch) -> None:
    """A host named in NO_PROXY is connected to directly."""
    with FaultyServer(OK) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", ".invalid")
        result = carrier.exchange(post("http://api.invalid"), budget())
    assert (result.reached, result.status) == (False, None)
    assert proxy.requests == []
