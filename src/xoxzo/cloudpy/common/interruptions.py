"""Tell what a signal handler raised from what the network did."""

from __future__ import annotations

import signal
import threading
from functools import partial
from types import CodeType, FunctionType, MethodType, TracebackType


def raised_by_signal_handler(error: BaseException) -> bool:
    """Whether an exception came from a signal handler that Python ran in the middle of the code that caught it.

    Programs limit their own time that way, and many raise ``TimeoutError``, which is an ``OSError``: taken for the
    network's, it would be swallowed and the call repeated. Frames tell them apart, the class does not.

    Args:
        error: the exception, with its traceback.
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
