"""Connections that are kept."""

from __future__ import annotations

import select
import socket

import pytest

from xoxzo.cloudpy.transports.pool import readability


@pytest.mark.parametrize("poll", [True, False])
def test_what_an_idle_socket_has_to_say_is_noticed(monkeypatch: pytest.MonkeyPatch, *, poll: bool) -> None:
    """Bytes and the other side's end alike, also on systems without poll."""
    if not poll:
        monkeypatch.delattr(select, "poll", raising=False)
    near, far = socket.socketpair()
    with near, far:
        readable = readability(near.fileno())
        assert not readable()
        far.sendall(b"x")
        assert readable()
        near.recv(1)
        assert not readable()
        far.close()
        assert readable()
