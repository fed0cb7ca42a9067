"""Allowed addresses, connections and request rates (API sections 1.1, 1.6, 15.7, 15.11 and 15.12)."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import deque
from collections.abc import Callable, Collection

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.http import ApiRequest, HttpError, detail
from xoxzo.cloudpy.simulator.engine.records.accounts import Account
from xoxzo.cloudpy.simulator.settings import Settings

Peer = tuple[str, int]
"""The other end of a connection: address and port."""

_MAX_ACCOUNTS = 10_000
_HERE = "127.0.0.1"


class RateLimits:
    """Admits or refuses requests in real time, which `now` gives; `SimulatorError` for bad `allowed_addresses`."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._now = now
        limits = (settings.requests_per_second, settings.list_interval, settings.most_connections)
        self.limited = any(limit is not None for limit in limits)
        """Whether anything is, so that nothing is counted in vain."""
        self._networks = []
        for text in settings.allowed_addresses:
            try:
                self._networks.append(ipaddress.ip_network(text, strict=False))
            except ValueError:
                template = N_("{text!r} in allowed_addresses is neither an IP address nor a CIDR block")
                raise SimulatorError("invalid_address", template, text=text) from None
        self._general = SlidingWindow(settings.requests_per_second or 0, 1.0)
        self._listing = SlidingWindow(1, settings.list_interval or 0.0)
        self.connections: list[Callable[[], Collection[Peer]]] = []
        """Return the open connections of each server; only those can be limited."""
        self._owners: dict[Peer, tuple[str, str]] = {}

    def check_address(self, request: ApiRequest) -> None:
        """Raise `HttpError` 401 or 403 for an address that is not allowed; calls in this process are from loopback."""
        address = ipaddress.ip_address(request.peer[0] if request.peer else _HERE)
        address = getattr(address, "ipv4_mapped", None) or address
        if not any(address in network for network in self._networks):
            if self._settings.refused_address_status == 401:
                raise detail(401, "Invalid sid/token")
            raise detail(403, "You do not have permission to perform this action.")

    def admit(self, account: Account, request: ApiRequest, *, listing: bool) -> None:
        """Count a request; raise `HttpError` 429 with `Retry-After` for too many of them, or connections."""
        settings, key = self._settings, (account.sid, account.token)
        if settings.most_connections is not None and request.peer is not None:
            still_open = {other for connections in self.connections for other in connections()}
            self._owners = {other: owner for other, owner in self._owners.items() if other in still_open}
            if request.peer in still_open:
                others = sum(owner == key for other, owner in self._owners.items() if other != request.peer)
                if others >= settings.most_connections:
                    _refuse(1.0)
                self._owners[request.peer] = key
        if settings.requests_per_second is not None:
            _refuse(self._general.wait(key, self._now()))
        if listing and settings.list_interval is not None:
            _refuse(self._listing.wait(key, self._now()))


class SlidingWindow:
    """Allows `limit` requests of each account in any span of `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._times: dict[tuple[str, str], deque[float]] = {}

    def wait(self, key: tuple[str, str], now: float) -> float | None:
        """Let a request in and count it, or return the seconds until the next one; one that is refused counts nothing.

        The seconds may be zero: what is a moment too early may come out as none by rounding.
        """
        times = self._times.setdefault(key, deque())
        while times and times[0] <= now - self._seconds:
            times.popleft()
        if len(times) >= self._limit:
            return times[0] + self._seconds - now if times else self._seconds
        times.append(now)
        if len(self._times) > _MAX_ACCOUNTS:
            self._times.pop(next(iter(self._times)))
        return None


def _refuse(seconds: float | None) -> None:
    if seconds is not None:
        raise throttled(max(1, math.ceil(round(seconds, 6))))  # rounded first: 60.0000000001 s are 60


def throttled(seconds: int) -> HttpError:
    """Return the refusal of a request that comes this many whole seconds too early (API sections 1.5 and 15.11)."""
    text = f"Request was throttled. Expected available in {seconds} second{'' if seconds == 1 else 's'}."
    return HttpError(429, {"detail": text}, ((b"retry-after", str(seconds).encode()),))
