"""Which hosts are this machine: http is for them only, and no proxy ever stands between."""

from ipaddress import ip_address


def is_this_machine(host: str) -> bool:
    """Whether a host is ``localhost`` or a loopback address; other names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
