"""The simulator of `--simulator`: one that runs on this machine, or one that is started.

It imports little of the standard library and nothing else, so that commands start fast.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from xoxzo.cloudpy.cli.core.config import simulator_registry
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.errors import SimulatorError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

VARIABLE = "XOXZO_SIMULATOR"
"""The environment variable with the address of the simulator to use."""

_START_TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.01

_started: list[subprocess.Popen[bytes]] = []
"""The processes that this process started: they run on after its end, and it does not wait for them."""


class LocalSimulator(NamedTuple):
    """A simulator on this machine.

    Attributes:
        url: its address, without a final slash.
        started: whether it was started just now; it runs until `xoxzo simulator stop`.
    """

    url: str
    started: bool


def find_or_start() -> LocalSimulator:
    """Find this user's simulator on this machine, or start one that runs on after this process.

    `XOXZO_SIMULATOR` chooses one by its address; else the latest that accepts any SID is used. A simulator that is
    started is announced on standard error. Two commands at once start one.

    Raises:
        SimulatorError: none responds at `XOXZO_SIMULATOR`, or none could be started.
    """
    if named := os.environ.get(VARIABLE):
        return LocalSimulator(_checked(named.rstrip("/")), started=False)
    if (url := find()) is not None:
        return LocalSimulator(url, started=False)
    with _start_lock():
        if (url := find()) is not None:  # another process may have started one since
            return LocalSimulator(url, started=False)
        url = _start()
    sentence = _("A simulator was started at {url}. It goes on until you type: xoxzo simulator stop").format(url=url)
    sys.stderr.write(f"{sentence}\n")
    return LocalSimulator(url, started=True)


def find() -> str | None:
    """Return the address of the latest simulator that ``--simulator`` may use; ``None`` if there is none."""
    return next((entry.url for entry in simulator_registry.running() if entry.usable), None)


def _checked(url: str) -> str:
    from urllib.parse import urlsplit

    from xoxzo.cloudpy.common.hosts import may_be_simulator

    # With --simulator nothing may reach the real service, whatever the value of the variable.
    try:
        parts = urlsplit(url)
        fitting = parts.scheme == "http" and may_be_simulator(parts.hostname or "") and (parts.port or 80) > 0
    except ValueError:
        fitting = False
    if not fitting:
        raise SimulatorError(
            "simulator_address_invalid",
            "{variable} must be the address of a simulator on this machine, http://127.0.0.1:8080",
            variable=VARIABLE,
        )
    if not simulator_registry.answers_as(url):
        raise SimulatorError(
            "simulator_not_found", "no simulator answers at {url}, which {variable} names", url=url, variable=VARIABLE
        )
    return url


@contextmanager
def _start_lock() -> Iterator[None]:
    """Let one process of this user at a time start a simulator; the lock ends with its process."""
    import sqlite3

    from xoxzo.cloudpy.common.sqlite_files import FileLock, FileLockedError

    try:
        lock = FileLock(simulator_registry.make_folder() / "lock", timeout_seconds=2 * _START_TIMEOUT_SECONDS)
    except (FileLockedError, OSError, sqlite3.Error) as error:
        why = f"{simulator_registry.folder()}: {error}"
        raise SimulatorError("simulator_not_started", "no simulator can be started: {why}", why=why) from None
    try:
        yield
    finally:
        lock.release()


def _start() -> str:
    """Start a simulator on a free port and return its address when it responds."""
    import subprocess
    import tempfile

    # It needs no credentials, and must not have any.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XOXZO_")}
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "xoxzo.cloudpy.cli", "simulator", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environment,
            start_new_session=True,  # neither Ctrl-C nor the end of the terminal ends it
        )
        _started.append(process)
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            url = next((entry.url for entry in simulator_registry.running() if entry.pid == process.pid), None)
            if url is not None:
                return url
            if process.poll() is not None:
                errors.seek(0)
                sentence = errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
                why = sentence or _("status {status}").format(status=process.returncode)
                raise SimulatorError("simulator_not_started", "the simulator did not start: {why}", why=why)
            time.sleep(_POLL_SECONDS)
    process.terminate()
    process.wait()
    raise SimulatorError(
        "simulator_not_started", "the simulator did not start within {seconds:g} s", seconds=_START_TIMEOUT_SECONDS
    )
