"""Where a request goes, and through which proxy."""

from __future__ import annotations

import errno
import socket
import ssl
import urllib.request

import pytest

from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import Request, TransportFailure
from xoxzo.cloudpy.transports.http1 import encode_request
from xoxzo.cloudpy.transports.routes import (
    RouteFinder,
    connect_failure,
    environment_proxy,
    make_route,
    parse_proxy,
    parse_target,
)


def through(url: str, proxy: str):
    return make_route(parse_target(url), parse_proxy(proxy, "proxy="))


def test_a_proxy_reads_where_a_plain_request_goes_and_gets_its_credentials() -> None:
    """It gets the whole URL and its own credentials; through a tunnel it gets neither."""
    request = Request("GET", "http://api.example:81/a/", ())
    route = through(request.url, "http://me:p%40ss@[::1]:8080")
    assert (route.first_hop.host, route.first_hop.port, route.tunnelled) == ("::1", 8080, False)
    assert encode_request(request, route) == (
        b"GET http://api.example:81/a/ HTTP/1.1\r\nhost: api.example:81\r\n"
        b"proxy-authorization: Basic bWU6cEBzcw==\r\n\r\n"
    )
    tunnel = through("https://[2001:db8::1]/a/", "https://me:p%40ss@proxy.example")
    hop = tunnel.first_hop
    assert (hop.host, hop.port, hop.tls, tunnel.tunnelled) == ("proxy.example", 443, True, True)
    assert b"proxy" not in encode_request(Request("GET", "https://[2001:db8::1]/a/", ()), tunnel)
    assert tunnel.tunnel_request == (
        b"CONNECT [2001:db8::1]:443 HTTP/1.1\r\nhost: [2001:db8::1]:443\r\n"
        b"proxy-authorization: Basic bWU6cEBzcw==\r\n\r\n"
    )
    assert make_route(parse_target("https://a/")).tunnel_request.startswith(b"CONNECT a:443 ")


def test_a_proxys_address_is_shown_without_its_credentials() -> None:
    """What stands in an error or a report holds no secret, and an IPv6 address has its brackets."""
    assert parse_proxy("http://me:secret@[::1]:8080", "x").address == "http://[::1]:8080"
    assert parse_proxy("https://proxy.example", "x").address == "https://proxy.example:443"


def test_connections_are_shared_by_requests_of_one_origin() -> None:
    """Another port, host or scheme needs another connection; a proxy carries plain requests to any host over one."""
    origins = [make_route(parse_target(url)).origin for url in ("http://a/", "http://a:81/", "https://a/", "http://b/")]
    assert len(set(origins)) == 4
    assert make_route(parse_target("http://a/x")).origin == origins[0]
    by_proxy = [through(url, "http://p").origin for url in ("http://a/", "http://b/", "https://a/", "https://b/")]
    assert len(set(by_proxy)) == 3
    assert through("http://a/", "http://q").origin not in by_proxy


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "path"),
    [
        ("https://a/b?c=d", "a", 443, "a", "/b?c=d"),
        ("http://[::1]:81/", "::1", 81, "[::1]:81", "/"),
        ("https://A.example", "a.example", 443, "A.example", "/"),
        ("https://a?b=c", "a", 443, "a", "/?b=c"),
    ],
)
def test_a_url_is_taken_apart_and_sent_unchanged(url, host, port, authority, path) -> None:
    """The Host header has what the URL has, an IPv6 address in its brackets (RFC 9110, 7.2)."""
    target = parse_target(url)
    assert target[1:] == (host, port, authority, path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://",
        "ftp://a/",
        "http://[",
        "http://a:x/",
        "http://u:p@a/",
        "http://a/é",
        "http://a/#b",
        "http://a/ b",
    ],
)
def test_a_url_that_cannot_be_sent_unchanged_is_refused(url) -> None:
    """Nothing is cleaned up, guessed or left out."""
    with pytest.raises(ValueError, match=r"."):
        parse_target(url)
    with pytest.raises(TransportFailure, match="the URL cannot be used"):
        RouteFinder().find(url)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("socks5://a:1", "proxy of socks5://"),
        ("SOCKS4://a", "proxy of socks4://"),
        ("http://", "is not a proxy's address"),
        ("http://[", "is not a proxy's address"),
        ("http://a:x", "is not a proxy's address"),
        ("http://a:0", "is not a proxy's address"),
        ("http://a/path", "is not a proxy's address"),
        ("a b", "is not a proxy's address"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_with_the_name_of_its_setting(address, why) -> None:
    """One line names what is to be changed; credentials are not in it."""
    with pytest.raises(ConfigurationError, match=why) as caught:
        parse_proxy(address, "HTTPS_PROXY")
    assert str(caught.value).startswith("HTTPS_PROXY ")


def test_a_proxy_of_the_environment_that_cannot_be_used_is_refused_each_time(monkeypatch) -> None:
    """The variable is named as it was written, also for the second request."""
    monkeypatch.setenv("ALL_PROXY", "socks5h://127.0.0.1:9")
    routes = RouteFinder()
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="ALL_PROXY names a proxy of socks5h://"):
            routes.find("https://api.example/")


def test_the_environment_is_read_once_for_each_host(monkeypatch) -> None:
    """What is set later counts for hosts that were not asked before."""
    routes = RouteFinder()
    assert routes.find("https://a.example/").proxy is None
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    assert routes.find("https://a.example/x").proxy is None
    found = routes.find("https://b.example/").proxy
    assert found is not None
    assert (found.host, found.port, found.tls, found.source) == ("proxy.example", 3128, False, "https_proxy")


def test_a_proxy_that_is_given_comes_before_those_of_the_environment(monkeypatch) -> None:
    """For every host but this machine."""
    monkeypatch.setenv("https_proxy", "http://other.example:3128")
    routes = RouteFinder("http://proxy.example:8080")
    found = routes.find("https://api.example/").proxy
    assert found is not None
    assert (found.address, found.source) == ("http://proxy.example:8080", "proxy=")
    assert routes.find("http://localhost:1/").proxy is None
    assert routes.find("http://[::1]:1/").proxy is None
    with pytest.raises(ConfigurationError, match="proxy= names a proxy of socks5"):
        RouteFinder("socks5://127.0.0.1:1")


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("*", "https://api.example/", True),
        ("api.example", "https://api.example/", True),
        ("API.example", "https://api.EXAMPLE/", True),
        ("example", "https://api.example/", True),
        (".example", "https://api.example/", True),
        ("*.example", "https://api.example/", True),
        ("ample", "https://api.example/", False),
        ("api.example:443", "https://api.example/", True),
        ("api.example:8443", "https://api.example/", False),
        ("other, api.example", "https://api.example/", True),
        ("other  api.example", "https://api.example/", True),
        ("2001:db8::1", "https://[2001:db8::1]/", True),
        ("[2001:db8::1]", "https://[2001:db8:0::1]/", True),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]/", False),
        ("2001:db8::/32", "https://[2001:db8::5]/", True),
        ("10.0.0.0/8", "https://10.1.2.3/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("10.0.0.0/8", "https://api.example/", False),
        (".", "https://api.example/", False),
        ("", "https://api.example/", False),
    ],
)
def test_no_proxy_names_what_is_reached_directly(monkeypatch, no_proxy, url, direct) -> None:
    """By name with all below it, by IP address with or without brackets, by network, each perhaps with a port."""
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert (environment_proxy(parse_target(url)) is None) is direct


def test_one_scheme_s_proxy_is_not_used_for_the_other(monkeypatch) -> None:
    """``HTTP_PROXY`` alone leaves https alone."""
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert environment_proxy(parse_target("https://api.example/")) is None
    assert environment_proxy(parse_target("http://api.example/")) is not None


def test_the_systems_settings_count_where_the_environment_names_none(monkeypatch) -> None:
    """As on macOS and Windows, exceptions included."""
    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"all": "http://proxy.example:1"})
    monkeypatch.setattr(urllib.request, "proxy_bypass", lambda host: host == "inside.example")
    found = environment_proxy(parse_target("https://api.example/"))
    assert found is not None
    assert (found.address, found.source) == ("http://proxy.example:1", "the system's proxy setting")
    assert environment_proxy(parse_target("https://inside.example/")) is None


@pytest.mark.parametrize("late", [TimeoutError(), TransportFailure("no answer in time", timeout="read")])
def test_a_connection_that_failed_blames_the_proxy_by_the_name_of_its_setting(late) -> None:
    """So that the reader knows what to change."""
    direct, by_proxy = make_route(parse_target("https://a/")), through("https://a/", "http://p")
    refused = connect_failure(by_proxy, OSError(111, "Connection refused"))
    assert refused.reason == "no connection: [Errno 111] Connection refused (through the proxy that proxy= names)"
    assert (connect_failure(direct, OSError("x")).reason, connect_failure(direct, OSError("x")).proxy) == (
        "no connection: x",
        "",
    )
    assert refused.proxy == "proxy="
    tunnel = connect_failure(by_proxy, TransportFailure("the proxy refused (status 407)", code="proxy_refused"))
    assert (str(tunnel), tunnel.code) == (
        "the proxy refused (status 407) (through the proxy that proxy= names)",
        "proxy_refused",
    )
    failure = connect_failure(by_proxy, late)
    assert (failure.reason, failure.timeout) == (
        "no connection in time (through the proxy that proxy= names)",
        "connect",
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name_not_found"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "connection_refused"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "network_unreachable"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "network_unreachable"),
        (ssl.SSLCertVerificationError("x"), "certificate_not_trusted"),
        (ssl.SSLError("x"), "connection_failed"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "connection_failed"),
        (TimeoutError(), "timeout"),
    ],
)
def test_a_failure_has_a_code_for_programs(error, code) -> None:
    """The reason does not depend on the sentence, which is the operating system's."""
    assert connect_failure(make_route(parse_target("https://a/")), error).code == code
