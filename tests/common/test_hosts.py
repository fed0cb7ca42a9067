"""Which hosts are this machine."""

from __future__ import annotations

import pytest

from xoxzo.cloudpy.common.hosts import is_this_machine


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1"])
def test_this_machine(host: str) -> None:
    """``localhost`` and the loopback addresses of both families are this machine."""
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host",
    [
        "api.xoxzo.com",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "192.168.1.1",
        "128.0.0.1",
        "127.1",
        "2130706433",
        "",
    ],
)
def test_other_machines(host: str) -> None:
    """Everything else is not, however much it looks like it, and no name is looked up."""
    assert not is_this_machine(host)
