"""The steps that a misbehaving server is made of, as plain values, and what plays them."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import time
import zlib
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from faulty_server import abort

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faulty_server import Behaviour, Peer


class Act(Enum):
    """Steps that are not bytes."""

    CLOSE = auto()
    CLOSE_WITHOUT_NOTIFY = auto()  # the socket, without the close_notify of TLS
    RESET = auto()
    HALF_CLOSE = auto()  # nothing more is sent, but what comes is still read
    HANG = auto()
    AWAIT_BYTES = auto()  # until something comes, which is left unread
    AWAIT_END_OF_CALL = auto()  # until the client has its answer, so that the connection is idle
    TUNNEL = auto()  # speak TLS as the server behind a proxy


@dataclass(frozen=True)
class Drip:
    """Send bytes one at a time.

    Args:
        data: the bytes.
        seconds: the pause after each.
    """

    data: bytes
    seconds: float = 0.0


@dataclass(frozen=True)
class Endless:
    """Send the same bytes again and again until the client goes away.

    Args:
        data: the bytes.
    """

    data: bytes


Step = bytes | float | Act | Drip | Endless


def play(steps: Iterable[Step], tunnel: ssl.SSLContext | None = None) -> Behaviour:
    """Make a behaviour of steps: bytes are sent, a number is a pause in seconds.

    In bytes, ``{body}`` stands for the right body of the answer, ``{length}`` for its length, ``{chunk}`` for it as one
    chunk, ``{gzip}``, ``{zlib}`` and ``{deflate}`` for it compressed, and ``{gzip length}`` for the length of that. The
    connection goes on after the last step unless that ended it.
    """

    def behave(peer: Peer) -> bool:
        try:
            return all(_play(step, peer, tunnel) for step in steps)
        finally:
            _await_delivery(peer.socket)
            peer.server.acted.set()

    return behave


def _play(step: Step, peer: Peer, tunnel: ssl.SSLContext | None) -> bool:
    """Play one step; return whether the connection goes on."""
    if isinstance(step, bytes):
        peer.socket.sendall(_filled(step, peer.request))
    elif isinstance(step, float):
        peer.pause(step)
    elif isinstance(step, (Drip, Endless)):
        return _play_long(step, peer)
    elif step is Act.AWAIT_BYTES:
        peer.socket.recv(1, socket.MSG_PEEK)
    elif step is Act.AWAIT_END_OF_CALL:
        peer.server.call_finished.wait(30)
    elif step is Act.HALF_CLOSE:
        peer.socket.shutdown(socket.SHUT_WR)
    elif step is Act.TUNNEL:
        assert tunnel is not None
        peer.server.start_tls(peer, tunnel)
    else:
        _end(step, peer)
        return False
    return True


def _await_delivery(connection: socket.socket) -> None:
    """Wait until the client's side has what was sent: on a busy machine that takes longer than to send it."""
    # A closed socket has a negative descriptor, which is a ValueError.
    with contextlib.suppress(ImportError, OSError, ValueError):
        import fcntl
        import termios

        for _ in range(1000):
            if not any(fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4)):
                return
            time.sleep(0.001)


def _play_long(step: Drip | Endless, peer: Peer) -> bool:
    if isinstance(step, Endless):
        while not peer.stopping.is_set():
            peer.socket.sendall(step.data)
            peer.server.acted.set()
        return False
    for byte in _filled(step.data, peer.request):
        peer.socket.sendall(bytes([byte]))
        if step.seconds:
            peer.server.acted.set()
            if peer.stopping.wait(step.seconds):
                return False
    return True


def _end(step: Act, peer: Peer) -> None:
    """End the connection before the server says that it has acted."""
    if step is Act.HANG:
        peer.server.acted.set()
        peer.stopping.wait(30)
    elif step is Act.RESET:
        abort(peer.socket)
    elif step is Act.CLOSE and isinstance(peer.socket, ssl.SSLSocket):
        peer.socket.setblocking(False)
        with contextlib.suppress(OSError):
            peer.socket.unwrap()  # sends close_notify and does not wait for the client's
    peer.socket.close()


def own_body(request: bytes) -> bytes:
    """Return the body of the right answer to a request of the client: it has the requested id."""
    head, _, body = request.partition(b"\r\n\r\n")
    if head.startswith(b"POST "):
        return json.dumps([{"msgid": parse_qs(body.decode())["message"][0]}]).encode()
    return json.dumps({"msgid": head.split(b" ")[1].decode().rstrip("/").rpartition("/")[2]}).encode()


def _filled(template: bytes, request: bytes) -> bytes:
    if b"{" not in template:
        return template
    body = own_body(request) if request else b""
    bare = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    compressed = gzip.compress(body)
    forms = {
        b"gzip chunk": b"%x\r\n%s\r\n" % (len(compressed), compressed),
        b"body": body,
        b"chunk": b"%x\r\n%s\r\n" % (len(body), body),
        b"gzip": compressed,
        b"zlib": zlib.compress(body),
        b"deflate": bare.compress(body) + bare.flush(),
        b"length": b"%d" % len(body),
    }
    for name, form in forms.items():
        template = template.replace(b"{%s}" % name, form).replace(b"{%s length}" % name, b"%d" % len(form))
    return template
