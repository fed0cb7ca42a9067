"""Handle the signals that ask a program to stop: Ctrl-C, SIGTERM, and SIGHUP, which a closed terminal sends."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_STOP_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def handle_stop_signals(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Call a handler for each of these signals; restore the previous handlers afterwards.

    A signal that the process ignores stays ignored, as ``nohup`` has it ignore SIGHUP. Outside the main thread, where
    Python handles no signals, this does nothing.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        handled = [number for number in _STOP_SIGNALS if signal.getsignal(number) not in {signal.SIG_IGN, None}]
        before = {number: signal.signal(number, handler) for number in handled}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
