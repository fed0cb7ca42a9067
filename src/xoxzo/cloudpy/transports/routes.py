"""Which way requests to a host go: over TLS or not, and through which proxy. Knows no HTTP library."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from xoxzo.cloudpy.hosts import is_this_machine

KEEPALIVE_SECONDS = 5.0
"""How long an idle connection is kept: short, since a server that closes it sooner than we do makes us lose replies."""


class Route(NamedTuple):
    """What requests to one host have in common: each route has a pool of its own.

    Attributes:
        tls: whether TLS is spoken with the server.
        proxy: the proxy's address, its scheme included, or ``None``.
    """

    tls: bool
    proxy: str | None


class Router:
    """Finds the routes, and asks the environment once for each host."""

    def __init__(self) -> None:
        self._routes: dict[str, Route] = {}

    def route(self, url: str) -> Route:
        """Return the route to an address; raise ``ValueError`` for what cannot be one."""
        origin = url[: url.find("/", len("https://"))]
        try:
            return self._routes[origin]
        except KeyError:
            return self._routes.setdefault(origin, Route(origin.startswith("https:"), environment_proxy(origin)))


def environment_proxy(url: str) -> str | None:
    """Return the proxy that the environment, or the system, names for an address; never one for this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_this_machine(host):
        return None
    from urllib.request import getproxies, proxy_bypass

    if proxy_bypass(host if parts.port is None else f"{host}:{parts.port}"):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    # Often written without a scheme.
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"
