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
from typing import Any, cast

from xoxzo.cloudpy.common.signals import raised_by_signal_handler

NEXT_ADDRESS_SECONDS = 0.25
_IN_PROGRESS = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK)})

AddressInfo = tuple[Any, ...]
"""One address as ``getaddrinfo`` returns it: family, type, protocol, canonical name, socket address."""


def open_socket(host: str, port: int, seconds: float) -> socket.socket:
    """Open a TCP connection within this many seconds, the name's lookup included; raise ``OSError``."""
    ends = time.monotonic() + seconds
    waiting = deque(look_up(host, port, seconds))
    failure = OSError("the name has no address")
    next_start = time.monotonic()
    # Holds the sockets that are not connected yet.
    selector = selectors.DefaultSelector()
    try:
        while True:
            now = time.monotonic()
            if waiting and (now >= next_start or not selector.get_map()):
                next_start = now + NEXT_ADDRESS_SECONDS
                try:
                    selector.register(_start_connecting(waiting.popleft()), selectors.EVENT_WRITE)
                except OSError as error:
                    if raised_by_signal_handler(error):
                        raise
                    failure = error  # for instance a system without IPv6
                continue
            if not selector.get_map():
                raise failure
            if now >= ends:
                raise TimeoutError("no connection in time")
            for key, _ in selector.select(min(ends, next_start if waiting else ends) - now):
                candidate = cast("socket.socket", key.fileobj)
                code = candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                selector.unregister(candidate)
                if not code:
                    candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return candidate
                candidate.close()
                failure = OSError(code, os.strerror(code))
    finally:
        for key in selector.get_map().values():
            cast("socket.socket", key.fileobj).close()
        selector.close()


def _start_connecting(address: AddressInfo) -> socket.socket:
    family, kind, protocol, _, where = address
    candidate = socket.socket(family, kind, protocol)
    try:
        candidate.setblocking(False)
        code = candidate.connect_ex(where)
    except BaseException:
        candidate.close()
        raise
    if code and code not in _IN_PROGRESS:
        candidate.close()
        raise OSError(code, os.strerror(code))
    return candidate


def look_up(host: str, port: int, seconds: float) -> Sequence[AddressInfo]:
    """Return the addresses of a name; raise ``OSError``, ``TimeoutError`` when the lookup takes longer than `seconds`.

    The operating system's lookup cannot be interrupted. It runs in a thread of its own, which is left to itself when it
    takes too long: the call ends on time, the thread when the resolver gives up.
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
