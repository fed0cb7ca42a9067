"""Who may use what needs no credentials: requests whose Host header names this machine."""

from __future__ import annotations

import ipaddress

_ANY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - it is compared with, not bound


def is_local(host: str, bind_host: str) -> bool:
    """Say whether a Host header names this machine, or the address that the server is bound to."""
    name = _host_name(host)
    if name == "localhost" or name.endswith(".localhost") or (name and name == bind_host.lower()):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    # Bound to all addresses, any numeric one may be right; what rebinding uses is a name.
    return address.is_loopback or bind_host in _ANY_ADDRESS


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
