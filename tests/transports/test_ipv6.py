"""IPv6 addresses in URLs, in the Host header and as proxies."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from pathlib import Path

import pytest
from faulty_server import FaultyServer, reply
from transport_runner import budget, post

from xoxzo.cloudpy.transports.aio_connection import dial
from xoxzo.cloudpy.transports.tcp import open_socket

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


def test_a_link_local_address_keeps_its_scope() -> None:
    """An address of the network beside us is no use without its interface; threads and asyncio connect to it."""
    scoped = link_local()
    if scoped is None:
        pytest.skip("this machine has no link-local IPv6 address")
    with socket.socket(socket.AF_INET6) as listener:
        listener.bind(socket.getaddrinfo(scoped, 0, type=socket.SOCK_STREAM)[0][4])
        listener.listen()
        port = listener.getsockname()[1]
        open_socket(scoped, port, 5).close()

        async def connect() -> None:
            (await dial(scoped, port)).abort()

        asyncio.run(connect())


def link_local() -> str | None:
    """Return a link-local address of this machine with its interface, as Linux lists it."""
    listed = Path("/proc/net/if_inet6")
    for line in listed.read_text(encoding="ascii").splitlines() if listed.exists() else ():
        digits, *_, scope, _flags, interface = line.split()
        if scope == "20":
            return f"{ipaddress.IPv6Address(bytes.fromhex(digits))}%{interface}"
    return None


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
