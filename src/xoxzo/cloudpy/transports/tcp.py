"""Open TCP connections to the first address of a name that answers, within a time limit (RFC 8305).

A name may have several addresses, and some may swallow every packet. Each next address is tried a quarter of a second
after the one before, beside it, so that a dead one costs little and all of them together never more than the limit.
"""

from __future__ import annotations

import _thread
import encodings.idna  # noqa: F401 - getaddrinfo and ssl load it at their first call: a fork then would break the child
import errno
import os
import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Any, Self, cast

from xoxzo.cloudpy.common.signals import raised_by_signal_handler

NEXT_ADDRESS_SECONDS = 0.25
_IN_PROGRESS = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK)})

AddressInfo = tuple[Any, ...]
"""One address as ``getaddrinfo`` returns it: family, type, protocol, canonical name, socket address."""


def open_socket(host: str, port: int, seconds: float) -> socket.socket:
    """Open a TCP connection within this many seconds, the name's lookup included.

    Raises:
        OSError: there is none; ``TimeoutError`` when time ran out.
    """
    ends = time.monotonic() + seconds
    addresses = look_up(host, port, seconds)
    with _Race(addresses) as race:
        connected = race.run(ends)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


def look_up(host: str, port: int, seconds: float) -> Sequence[AddressInfo]:
    """Return the addresses of a name.

    The operating system's lookup cannot be interrupted. It runs in a thread of its own, which is left to itself when it
    takes too long: the call ends on time, the thread when the resolver gives up.

    Raises:
        OSError: the name has none; ``TimeoutError`` when the lookup takes longer than ``seconds``.
    """
    answers: SimpleQueue[Sequence[AddressInfo] | BaseException] = SimpleQueue()

    def run() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            answers.put(error)

    try:
        # Not by threading.Thread: a signal handler that raises inside its start() leaves it half registered.
        _thread.start_new_thread(run, ())
    except RuntimeError:
        # The interpreter is ending, or there can be no more threads.
        run()
    try:
        answer = answers.get(timeout=max(0.0, seconds))
    except Empty:
        raise TimeoutError("the name's lookup took too long") from None
    if isinstance(answer, UnicodeError):
        raise bad_name(host) from answer
    if isinstance(answer, BaseException):
        raise answer
    return answer


def bad_name(host: str) -> OSError:
    """Make the error for a name that cannot be looked up."""
    # What the socket module says of a name with an empty or an overlong label is a UnicodeError.
    return OSError(f"{host[:64]!r} cannot be a host's name")


class _Race:
    """Connects to several addresses, one beside the other; a context manager that closes those that did not win."""

    def __init__(self, addresses: Sequence[AddressInfo]) -> None:
        self._waiting = deque(addresses)
        self._selector = selectors.DefaultSelector()
        self._open: set[socket.socket] = set()
        self._error: OSError = OSError("the name has no address")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        for each in self._open:
            each.close()

    def run(self, ends: float) -> socket.socket:
        """Return the first socket that is connected; raise ``OSError``, ``TimeoutError`` when ``ends`` has come."""
        next_start = time.monotonic()
        while True:
            now = time.monotonic()
            if self._waiting and (now >= next_start or not self._open):
                self._start(self._waiting.popleft())
                next_start = now + NEXT_ADDRESS_SECONDS
                continue
            if not self._open:
                raise self._error
            if now >= ends:
                raise TimeoutError("no connection in time")
            for key, _ in self._selector.select(min(ends, next_start if self._waiting else ends) - now):
                candidate = cast("socket.socket", key.fileobj)
                if self._is_connected(candidate):
                    self._open.discard(candidate)
                    return candidate

    def _start(self, address: AddressInfo) -> None:
        family, kind, protocol, _, where = address
        try:
            candidate = socket.socket(family, kind, protocol)
        except OSError as error:
            if raised_by_signal_handler(error):
                raise
            self._error = error  # for instance a system without IPv6
            return
        self._open.add(candidate)
        candidate.setblocking(False)
        code = candidate.connect_ex(where)
        if code == 0 or code in _IN_PROGRESS:
            self._selector.register(candidate, selectors.EVENT_WRITE)
        else:
            self._failed(candidate, code)

    def _is_connected(self, candidate: socket.socket) -> bool:
        code = candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._selector.unregister(candidate)
        if code:
            self._failed(candidate, code)
        return not code

    def _failed(self, candidate: socket.socket, code: int) -> None:
        self._open.discard(candidate)
        candidate.close()
        self._error = OSError(code, os.strerror(code))
