"""Handle signals for a while, and tell what a signal handler raised from what the network did."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from types import CodeType, FrameType, FunctionType, MethodType, TracebackType

STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""What Ctrl-C, a request to end, and a closed terminal send."""


@contextmanager
def handle_signals(
    handler: Callable[[int, FrameType | None], object], names: Sequence[str] = STOP_SIGNALS
) -> Iterator[None]:
    """Call a handler for each of some signals that this system has; restore the previous handlers afterwards.

    A signal that the process ignores stays ignored, as ``nohup`` has it ignore SIGHUP. Outside the main thread, where
    Python handles no signals, this does nothing.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        handled = [number for number in numbers if signal.getsignal(number) not in {signal.SIG_IGN, None}]
        before = {number: signal.signal(number, handler) for number in handled}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


@contextmanager
def stop_signals() -> Iterator[Callable[[float], bool]]:
    """Yield a function that waits at most some seconds for a stop signal, and returns whether there was one."""
    import select
    import socket

    reader, writer = socket.socketpair()
    writer.setblocking(False)

    def stop(*_: object) -> None:
        # A handler must take no lock, which the interrupted thread could hold.
        with suppress(OSError):
            writer.send(b".")

    with reader, writer, handle_signals(stop):
        yield lambda seconds: bool(select.select([reader], [], [], seconds)[0])


def raised_by_signal_handler(error: BaseException) -> bool:
    """Whether an exception came from a signal handler that Python ran in the middle of the code that caught it.

    Programs limit their own time that way, and many raise ``TimeoutError``, which is an ``OSError``: taken for the
    network's, it would be swallowed and the call repeated. Frames tell them apart, the class does not.
    """
    if threading.current_thread() is not threading.main_thread():
        # Python runs signal handlers in the main thread only.
        return False
    handlers = {_code(signal.getsignal(number)) for number in signal.valid_signals()}
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code in handlers:
            return True
        traceback = traceback.tb_next
    return False


def _code(handler: object) -> CodeType | None:
    """Return the code that runs first when a handler is called; ``None`` for one that is not written in Python."""
    while isinstance(handler, partial):
        handler = handler.func
    function = handler if isinstance(handler, FunctionType | MethodType) else type(handler).__dict__.get("__call__")
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None
