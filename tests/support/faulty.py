"""A server of scripted misbehaviour on loopback."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

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


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    """Give an address that refuses: its port is held, so that nobody else comes to listen there."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


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
        self._last: object = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        # Connections are accepted in their order: when this one is, all that a client has sent is being read, however
        # late this machine is.
        with socket.socket() as last:
            last.bind(("127.0.0.1", 0))
            self._last = last.getsockname()
            last.connect(("127.0.0.1", self.port))
            self._threads[0].join(30)
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
        while True:
            connection, address = self._listener.accept()
            if self._stopping.is_set() and address == self._last:
                connection.close()
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
            if self._stopping.is_set():
                # What has come in is still read.
                connection.shutdown(socket.SHUT_RDWR)
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
