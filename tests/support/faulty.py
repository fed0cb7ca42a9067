"""A server of scripted misbehaviour on loopback."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    Behaviour = Callable[["Peer"], bool]
    """Does something with a connection on which a request has come; says whether the connection goes on."""


class Peer:
    """One connection as a behaviour sees it."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self.socket = connection
        self.stopping = stopping

    def pause(self, seconds: float) -> None:
        self.stopping.wait(seconds)


def reply(status: int, body: bytes | str = b"", **headers: str) -> Behaviour:
    """Answer as a good server does."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status} Whatever", f"content-length: {len(content)}", *lines, "", ""])

    def behave(peer: Peer) -> bool:
        peer.socket.sendall(head.encode("latin-1") + content)
        return True

    return behave


def raw(data: bytes, *, reset: bool = False) -> Behaviour:
    """Answer with these bytes and end the connection."""

    def behave(peer: Peer) -> bool:
        peer.socket.sendall(data)
        if reset:
            abort(peer.socket)
        return False

    return behave


def drip(data: bytes, every: float) -> Behaviour:
    """Answer with these bytes, one at a time, for ever slower than anybody wants to wait."""

    def behave(peer: Peer) -> bool:
        with contextlib.suppress(OSError):
            for byte in data:
                peer.socket.sendall(bytes([byte]))
                if peer.stopping.wait(every):
                    break
        return False

    return behave


def hang(peer: Peer) -> bool:
    """Take the request and never answer."""
    peer.stopping.wait(30)
    return False


def stall(data: bytes) -> Behaviour:
    """Answer with these bytes and then say nothing more."""

    def behave(peer: Peer) -> bool:
        peer.socket.sendall(data)
        return hang(peer)

    return behave


def close(_peer: Peer) -> bool:
    """Take the request and close the connection."""
    return False


def reset(peer: Peer) -> bool:
    """Take the request and reset the connection."""
    abort(peer.socket)
    return False


def abort(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class FaultyServer:
    """Answers each request by the next behaviour of its script, the last one again and again.

    Args:
        *script: the behaviours.
        tls: wraps each connection.
    """

    def __init__(self, *script: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._script = list(script)
        self._tls = tls
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.ExitStack() as stack:
            if self._tls is not None:
                connection = stack.enter_context(self._tls.wrap_socket(connection, server_side=True))
            with self._lock:
                self._open.append(connection)
            buffer = b""
            while True:
                request, buffer = self._read(connection, buffer)
                if not request:
                    return
                with self._lock:
                    self.requests.append(request)
                    behave = self._script.pop(0) if len(self._script) > 1 else self._script[0]
                if not behave(Peer(connection, self._stopping)):
                    return

    @staticmethod
    def _read(connection: socket.socket, buffer: bytes) -> tuple[bytes, bytes]:
        while b"\r\n\r\n" not in buffer:
            piece = connection.recv(65536)
            if not piece:
                return b"", b""
            buffer += piece
        head, _, rest = buffer.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(rest) < length:
            rest += connection.recv(65536)
        return head + b"\r\n\r\n" + rest[:length], rest[length:]
