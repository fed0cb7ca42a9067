"""Loading a library that does not survive the thread that loaded it."""

from __future__ import annotations

import sys
import threading
from importlib import import_module


def load(name: str) -> None:
    """Import a module in a thread that lasts as long as the process.

    pyreqwest 0.15 crashes the process when it was first imported in a thread that has ended since and a client is made
    (seen on Linux with CPython 3.11; with an import in the main thread it does not).

    Args:
        name: the module.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    if name in sys.modules or threading.current_thread() is threading.main_thread():
        import_module(name)
        return
    failure: list[BaseException] = []
    done = threading.Event()

    def stay() -> None:
        try:
            import_module(name)
        except BaseException as error:  # noqa: BLE001 - raised where it was called
            failure.append(error)
        done.set()
        if not failure:
            threading.Event().wait()

    threading.Thread(target=stay, name=f"keeps {name}", daemon=True).start()
    done.wait()
    if failure:
        raise failure[0]
