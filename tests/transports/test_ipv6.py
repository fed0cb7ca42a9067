"""IPv6 addresses in URLs, in the Host header and as proxies."""

from __future__ import annotations

import socket

import pytest
from faulty_server import FaultyServer, reply
from transport_runner import budget, post

OK = reply(201, "fine")


@pytest.fixture(autouse=True)
def has_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")


def test_the_host_header_has_the_address_in_brackets(carrier) -> None:
    """Address and port, as in the URL (RFC 9112, 3.2)."""
    with FaultyServer(OK, host="::1") as server:
        result = carrier.exchange(post(server.url), budget())
    assert (result.status, result.failure) == (201, None)
    assert b"host: [::1]:%d" % server.port in server.requests[0].split(b"\r\n")


def test_a_proxy_may_have_an_ipv6_address(carrier, monkeypatch) -> None:
    """Named in the environment, with its brackets; the target may have one as well."""
    with FaultyServer(OK, host="::1") as proxy:
        monkeypatch.setenv("http_proxy", f"http://[::1]:{proxy.port}")
        result = carrier.exchange(post("http://[2001:db8::1]:81"), budget())
    assert (result.status, result.failure) == (201, None)
    head = proxy.requests[0].split(b"\r\n")
    assert head[0] == b"POST http://[2001:db8::1]:81/p/?q=%3E1 HTTP/1.1"
    assert b"host: [2001:db8::1]:81" in head


def test_no_proxy_names_an_ipv6_address(carrier, monkeypatch) -> None:
    """With or without brackets; nothing listens there, so only the proxy could answer."""
    for exception in ("[2001:db8::1]", "2001:db8::1"):
        monkeypatch.setenv("no_proxy", exception)
        with FaultyServer(OK, host="::1") as proxy:
            monkeypatch.setenv("http_proxy", f"http://[::1]:{proxy.port}")
            carrier.exchange(post("http://[2001:db8::1]:81"), budget(connect=0.05))
        assert proxy.requests == []
