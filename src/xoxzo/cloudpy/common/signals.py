"""Handle signals for a while, above all those that ask a program to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

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
