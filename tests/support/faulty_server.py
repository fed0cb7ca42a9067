"""An HTTP server on loopback that misbehaves as its script says."""

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
    """Does something with a connection on which a request has come; returns whether the connection goes on."""


class Peer:
    """One connection as a behaviour sees it.

    Attributes:
        socket: the connection; a behaviour may replace it, for instance by one that speaks TLS.
        server: the server that accepted it.
        request: the request to answer; empty before the first one.
        stopping: set when the server stops.
    """

    def __init__(self, connection: socket.socket, server: FaultyServer) -> None:
        self.socket = connection
        self.server = server
        self.request = b""
        self.stopping = server.stopping

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
    """Give an address that refuses: its port is held, so that no other process listens there."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


class FaultyServer:
    """Answers each request by the next behaviour of its script, the last one again and again.

    Args:
        *script: the behaviours.
        tls: wraps each connection.
        on_connect: what happens to each connection before anything is read from it, and before TLS.
        listening: whether connections are accepted from the beginning; otherwise they are refused until :meth:`behave`.
        host: the address to listen at.

    Attributes:
        requests: what has come, ``CONNECT`` requests included.
        connections: how many were accepted.
        call_finished: to be set when the client's call is over: behaviours may wait for it.
        acted: set by a behaviour when it has done all that it does.
        tls: wraps each connection; ``None`` for plain ones.
    """

    def __init__(
        self,
        *script: Behaviour,
        tls: ssl.SSLContext | None = None,
        on_connect: Behaviour | None = None,
        listening: bool = True,
        host: str = "127.0.0.1",
    ) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.call_finished = threading.Event()
        self.acted = threading.Event()
        self.stopping = threading.Event()
        self._on_connect = on_connect
        self._script = list(script)
        self.tls = tls
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._last: object = None
        self._host, self._family = host, socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.socket(self._family)
        self._listener.bind((host, 0))
        self._listening = listening
        if listening:
            self._listener.listen(100)
        self.port: int = self._listener.getsockname()[1]
        authority = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{authority}:{self.port}"

    def __enter__(self) -> Self:
        if self._listening:
            self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        if not self._listening:
            self.behave(close)
        self.stopping.set()
        # Connections are accepted in their order: when this one is, all that a client has sent is being read, however
        # late this machine is.
        with socket.socket(self._family) as last:
            last.bind((self._host, 0))
            self._last = last.getsockname()
            last.connect((self._host, self.port))
            self._threads[0].join(30)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def behave(self, *script: Behaviour) -> None:
        """Go on with another script, and accept connections as a good server does."""
        with self._lock:
            self._script, self._on_connect = list(script), None
        if not self._listening:
            self._listening = True
            self._listener.listen(100)
            self._start(self._accept)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, address = self._listener.accept()
            if self.stopping.is_set() and address == self._last:
                connection.close()
                return
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        peer = Peer(connection, self)
        with contextlib.ExitStack() as stack:
            stack.callback(self._close, peer)
            with self._lock:
                self._open.append(connection)
                on_connect = self._on_connect
            if on_connect is not None and not on_connect(peer):
                return
            if self.tls is not None:
                self.start_tls(peer, self.tls)
            if self.stopping.is_set():
                # What has come in is still read.
                peer.socket.shutdown(socket.SHUT_RDWR)
            buffer = b""
            while True:
                peer.request, buffer = self._read(peer.socket, buffer)
                if not peer.request:
                    return
                with self._lock:
                    self.requests.append(peer.request)
                    behave = self._script.pop(0) if len(self._script) > 1 else self._script[0]
                if not behave(peer):
                    return

    @staticmethod
    def _close(peer: Peer) -> None:
        peer.socket.close()

    def start_tls(self, peer: Peer, context: ssl.SSLContext) -> None:
        """Speak TLS with a client from now on."""
        peer.socket = context.wrap_socket(peer.socket, server_side=True)
        with self._lock:
            self._open.append(peer.socket)

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
