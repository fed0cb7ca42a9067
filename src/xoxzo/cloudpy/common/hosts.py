"""Recognize the hosts that plain http may reach: this machine, and simulators that the user names."""

from __future__ import annotations

import os
from ipaddress import ip_address

SIMULATOR_HOSTS = "XOXZO_SIMULATOR_HOSTS"
"""The environment variable with the host names of simulators on other machines, such as containers, by commas."""


def is_this_machine(host: str) -> bool:
    """Return whether a host is ``localhost`` or a loopback address. Other names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def may_be_simulator(host: str) -> bool:
    """Return whether a simulator may respond at a host: on this machine, or where ``XOXZO_SIMULATOR_HOSTS`` says so."""
    return is_this_machine(host) or is_named_simulator(host)


def is_named_simulator(host: str) -> bool:
    """Return whether ``XOXZO_SIMULATOR_HOSTS`` names a host; whether a simulator responds there is another matter."""
    return bool(host) and host.lower() in {
        name.strip().lower() for name in os.environ.get(SIMULATOR_HOSTS, "").split(",")
    }
