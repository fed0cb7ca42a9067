"""Find where a request goes, and through which proxy: the one place for addresses and proxies."""

from __future__ import annotations

import errno
import os
import re
import socket
from base64 import b64encode
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import TransportFailure

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PRINTABLE_ASCII = re.compile(r"[!-~]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class Target(NamedTuple):
    """A URL, taken apart; an IP address has no brackets."""

    tls: bool
    host: str
    port: int
    authority: str
    """Host and port as the URL has them: the value of the ``Host`` header."""
    path: str
    """Path and query."""


class Proxy(NamedTuple):
    """A proxy that speaks HTTP; an IP address has no brackets."""

    tls: bool
    """Whether TLS is spoken with the proxy itself."""
    host: str
    port: int
    authorization: str
    """The header line with its credentials and its line end; empty where there are none."""
    source: str
    """What named it: a variable of the environment, the option ``proxy=`` or the system's settings."""

    @property
    def address(self) -> str:
        """Its address, without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


Origin = tuple[Proxy | None, bool, str, int]
"""What all requests over one connection have in common: proxy, TLS, host and port."""


class Route(NamedTuple):
    """The way of a request to its target, perhaps through a proxy."""

    target: Target
    proxy: Proxy | None
    origin: Origin
    """The key by which idle connections are kept."""
    opening: bytes
    """The request's first bytes after its method: target, version, and the header lines of the route."""

    @property
    def tunnelled(self) -> bool:
        """Whether the proxy opens a tunnel, through which TLS is spoken with the target."""
        return self.proxy is not None and self.target.tls

    @property
    def first_hop(self) -> Target | Proxy:
        """What to open a TCP connection to."""
        return self.proxy or self.target

    @property
    def tunnel_request(self) -> bytes:
        """The ``CONNECT`` request that asks the proxy for a tunnel."""
        host = f"[{self.target.host}]" if ":" in self.target.host else self.target.host
        authority = f"{host}:{self.target.port}"
        authorization = "" if self.proxy is None else self.proxy.authorization
        return f"CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n{authorization}\r\n".encode()


def parse_target(url: str) -> Target:
    """Take a URL apart; raise ``ValueError`` for one that is no HTTP URL or could not be sent unchanged."""
    if not _PRINTABLE_ASCII.fullmatch(url) or "#" in url:
        raise ValueError("not a URL that can be sent unchanged")
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not a URL of http:// or https://")
    path = url[len(parts.scheme) + len("://") + len(parts.netloc) :]
    return Target(
        tls=parts.scheme == "https",
        host=parts.hostname,
        port=parts.port or _DEFAULT_PORTS[parts.scheme],
        authority=parts.netloc,
        path=path if path.startswith("/") else f"/{path}",
    )


def parse_proxy(address: str, source: str) -> Proxy:
    """Take apart the address of a proxy that `source` names; raise ``ConfigurationError`` unless it speaks HTTP."""
    url = address if _SCHEME.match(address) else f"http://{address}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    scheme = parts.scheme
    if scheme and scheme not in _DEFAULT_PORTS:
        raise ConfigurationError(
            "{source} names a proxy of {scheme}://, which is not supported: name one of http:// or https://, or pass a"
            " transport of your own that speaks it",
            code="proxy_not_supported",
            source=source,
            scheme=scheme,
        )
    if not parts.hostname or port == 0 or not _PRINTABLE_ASCII.fullmatch(url) or parts.path not in {"", "/"}:
        raise ConfigurationError(
            "{source} is not a proxy's address: write it as http://host:port, or unset it",
            code="proxy_invalid",
            source=source,
        )
    authorization = ""
    if parts.username:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        authorization = f"proxy-authorization: Basic {b64encode(credentials).decode('ascii')}\r\n"
    return Proxy(scheme == "https", parts.hostname, port or _DEFAULT_PORTS[scheme], authorization, source)


def make_route(target: Target, proxy: Proxy | None = None) -> Route:
    """Return the route to a target."""
    request_target, authorization = target.path, ""
    origin: Origin = (proxy, target.tls, target.host, target.port)
    if proxy is not None and not target.tls:
        # A proxy reads from each plain request where it goes, so one connection serves all hosts.
        request_target, authorization = f"http://{target.authority}{target.path}", proxy.authorization
        origin = (proxy, False, "", 0)
    opening = f" {request_target} HTTP/1.1\r\nhost: {target.authority}\r\n{authorization}".encode()
    return Route(target, proxy, origin, opening)


def connect_failure(route: Route, error: Exception) -> TransportFailure:
    """Make the failure for a connection that could not be opened; a proxy is named by the setting to blame."""
    proxy = "" if route.proxy is None else route.proxy.source
    through = f" (through the proxy that {proxy} names)" if proxy else ""
    if isinstance(error, TimeoutError) or (isinstance(error, TransportFailure) and error.timeout is not None):
        return TransportFailure(f"no connection in time{through}", timeout="connect", proxy=proxy)
    if isinstance(error, TransportFailure):
        return TransportFailure(f"{error}{through}", code=error.code, proxy=proxy)
    return TransportFailure(f"no connection: {error}{through}", code=_code(error), proxy=proxy)


def _code(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "name_not_found"
    if isinstance(error, ConnectionRefusedError):
        return "connection_refused"
    if isinstance(error, OSError) and error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH}:
        return "network_unreachable"
    # By its name: a client without TLS need not load the ssl module.
    return "certificate_not_trusted" if type(error).__name__ == "SSLCertVerificationError" else "connection_failed"


class RouteFinder:
    """Finds routes, and asks the environment once for each host.

    A given proxy is for every host but this machine; ``ConfigurationError`` is raised when it cannot be used.
    """

    def __init__(self, proxy: str | None = None) -> None:
        self._given = None if proxy is None else parse_proxy(proxy, "proxy=")
        self._proxies: dict[tuple[bool, str, int], Proxy | None] = {}
        self.find = lru_cache(maxsize=64)(self._find)
        """Return the route to a URL, as :meth:`_find` does."""

    def _find(self, url: str) -> Route:
        """Find a route; raise ``TransportFailure`` for a wrong URL, ``ConfigurationError`` for a wrong proxy."""
        try:
            target = parse_target(url)
        except ValueError as error:
            raise TransportFailure(f"the URL cannot be used: {error}") from error
        return make_route(target, self._proxy(target))

    def _proxy(self, target: Target) -> Proxy | None:
        key = target.tls, target.host, target.port
        if key not in self._proxies:
            # A proxy on the way to this machine itself could read the token of a plain request.
            local = is_this_machine(target.host)
            self._proxies[key] = None if local else self._given or environment_proxy(target)
        return self._proxies[key]


def environment_proxy(target: Target) -> Proxy | None:
    """Return the proxy that the environment, or else the system, names; raise ``ConfigurationError`` if it is none."""
    from urllib.request import getproxies, getproxies_environment, proxy_bypass

    scheme = "https" if target.tls else "http"
    named = getproxies_environment()  # leaves HTTP_PROXY out in a CGI program, where a client sets it
    if named:
        if any(_matches(entry.lower(), target) for entry in re.split(r"[\s,]+", named.get("no", "")) if entry):
            return None
        variable = f"{scheme if named.get(scheme) else 'all'}_proxy"
        address = named.get(variable.removesuffix("_proxy"))
        # As getproxies_environment does: the name in lower case comes first.
        return parse_proxy(address, variable if os.environ.get(variable) else variable.upper()) if address else None
    settings = getproxies()
    address = settings.get(scheme) or settings.get("all")
    if not address or proxy_bypass(target.host):
        return None
    return parse_proxy(address, "the system's proxy setting")


def _matches(entry: str, target: Target) -> bool:
    """Whether an entry of ``NO_PROXY`` names the target: ``*``, a domain, an address or a network, perhaps a port."""
    if entry == "*":
        return True
    if (bracketed := re.fullmatch(r"\[(.+)\](?::(\d+))?", entry)) or (
        bracketed := re.fullmatch(r"([^:]+):(\d+)", entry)
    ):
        entry, port = bracketed.groups()
        if port and int(port) != target.port:
            return False
    host = target.host.lower()
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        # One of the two is a name.
        name = entry.removeprefix("*").lstrip(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))
