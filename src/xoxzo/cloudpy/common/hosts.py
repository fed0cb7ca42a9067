"""Recognize loopback hosts: only these may use plain http, and they are reached without a proxy."""

from __future__ import annotations

from ipaddress import ip_address


def is_this_machine(host: str) -> bool:
    """Return whether a host is ``localhost`` or a loopback address. Other names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
