"""The simulators of this user that run on this machine, and the one of `--simulator`, which may be started.

It imports little of the standard library and nothing else, so that commands start fast.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.common.user_files import runtime_folder
from xoxzo.cloudpy.errors import SimulatorError

if TYPE_CHECKING:
    import subprocess

_TIMEOUT_SECONDS = 5.0
_MAX_RESPONSE_BYTES = 65_536


class SimulatorEntry(NamedTuple):
    """The entry of a running simulator."""

    url: str
    """Its address, without a final slash."""
    pid: int
    instance: str
    """The id in its health response; another one means that another program has taken the port since."""
    machine: str
    """The host name; several machines may share a home folder."""
    started: float
    """When it began to listen, seconds since 1970."""
    usable: bool
    """Whether ``--simulator`` may use it: on loopback, accepting any SID and token."""
    version: str
    """Of this library."""


def folder() -> Path:
    """Return the folder of the entries: in `XDG_RUNTIME_DIR`, or else in the user's state folder."""
    return runtime_folder() / "simulators"


def make_folder() -> Path:
    """Create the folder, for this user only, and return it."""
    made = folder()
    made.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made.mkdir(mode=0o700, exist_ok=True)
    return made


@contextmanager
def registered(url: str, instance: str, *, usable: bool) -> Iterator[None]:
    """Keep an entry for a simulator of this process while the block runs; without write access there is no entry."""
    from xoxzo.cloudpy.common.user_files import open_private
    from xoxzo.cloudpy.common.version import __version__

    entry = SimulatorEntry(url, os.getpid(), instance, socket.gethostname(), time.time(), usable, __version__)
    path = None
    with suppress(OSError):
        make_folder()
        path = _path(instance)
        # Replaced atomically: another process may read it now.
        draft = path.with_suffix(".draft")
        with os.fdopen(open_private(draft), "w", encoding="utf-8") as file:
            json.dump(entry._asdict(), file)
        draft.replace(path)
    try:
        yield
    finally:
        if path is not None:
            _remove(path)


def running() -> list[SimulatorEntry]:
    """Return the simulators that respond, the latest first; remove the entries of those that have ended."""
    here, where, found = socket.gethostname(), folder(), []
    try:
        # Another user who could write entries here would receive the messages.
        if hasattr(os, "getuid") and where.stat().st_uid != os.getuid():
            return []
        paths = list(where.glob("*.json"))
    except OSError:
        return []
    for path in paths:
        entry = _read(path)
        if entry is None:
            _remove(path)
        elif entry.machine == here:
            answers = answers_as(entry.url, entry.instance) if _is_alive(entry.pid) else False
            if answers:
                found.append(entry)
            elif answers is False:  # one that is too busy to respond keeps its entry
                _remove(path)
    return sorted(found, key=lambda entry: entry.started, reverse=True)


def is_there(entry: SimulatorEntry) -> bool:
    """Return whether a simulator still runs: it removes its entry last, unless it was killed."""
    return _path(entry.instance).exists() and _is_alive(entry.pid)


def answers_as(url: str, instance: str | None = None) -> bool | None:
    """Return whether a simulator (of this instance) responds at an address; ``None`` if not in five seconds."""
    try:
        health = _health(url)
    except TimeoutError:
        return None
    except (OSError, ValueError):
        return False
    return "instance" in health if instance is None else health.get("instance") == instance


def identify(url: str) -> Literal["simulator", "other", "nothing"]:
    """Return what responds at an address of this machine, which may be a tunnel to the real service, too."""
    with suppress(OSError, ValueError):
        try:
            if url.startswith("http://") and "instance" in _health(url):  # a simulator speaks http only
                return "simulator"
        except ConnectionRefusedError:
            return "nothing"
    return "other"


def _health(url: str) -> dict[str, Any]:
    """Return a simulator's health response, empty for other programs; raise `OSError` or `ValueError` without one."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    request = f"GET /_simulator/health HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    answer = b""
    # Over a socket: importing http.client takes longer than everything else here.
    with socket.create_connection((host, port), timeout=_TIMEOUT_SECONDS) as connection:
        connection.sendall(request.encode("ascii"))
        while not _is_complete(answer) and (piece := connection.recv(_MAX_RESPONSE_BYTES)):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    health = json.loads(body)
    ok = head.startswith(b"HTTP/1.1 200 ") and isinstance(health, dict) and health.get("status") == "ok"
    return health if ok else {}


def _is_complete(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"\ncontent-length: *([0-9]{1,9})\r", head + end, re.IGNORECASE)
    return len(answer) > _MAX_RESPONSE_BYTES or (bool(end) and length is not None and len(body) >= int(length[1]))


def _path(instance: str) -> Path:
    return folder() / f"{instance}.json"


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _read(path: Path) -> SimulatorEntry | None:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return SimulatorEntry(**{name: fields[name] for name in SimulatorEntry._fields})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _is_alive(pid: int) -> bool:
    if os.name != "posix":
        return True  # on Windows signal 0 is Ctrl-C; the health check decides
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's process; the health check decides
    return True


VARIABLE = "XOXZO_SIMULATOR"
"""The environment variable with the address of the simulator to use."""

_START_TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.01

_started: list[subprocess.Popen[bytes]] = []
"""The processes that this process started: they run on after its end, and it does not wait for them."""


def find_or_start() -> str:
    """Find this user's simulator on this machine, or start one that runs on; return its address without a final slash.

    `XOXZO_SIMULATOR` chooses one by its address; else the latest that accepts any SID is used. A simulator that is
    started is announced on standard error. Two commands at once start one. `SimulatorError` if none can be used.
    """
    if named := os.environ.get(VARIABLE):
        return _checked(named.rstrip("/"))
    if (url := find()) is not None:
        return url
    import sqlite3

    from xoxzo.cloudpy.common.sqlite_files import FileLock, FileLockedError

    # One process of this user at a time starts a simulator; the lock ends with its process.
    try:
        lock = FileLock(make_folder() / "lock", timeout_seconds=2 * _START_TIMEOUT_SECONDS)
    except (FileLockedError, OSError, sqlite3.Error) as error:
        why = f"{folder()}: {error}"
        raise SimulatorError("simulator_not_started", "no simulator can be started: {why}", why=why) from None
    try:
        if (url := find()) is not None:  # another process may have started one since
            return url
        url = _start()
    finally:
        lock.release()
    sentence = _("A simulator was started at {url}. It runs until you type: xoxzo simulator stop", url=url)
    sys.stderr.write(f"{sentence}\n")
    return url


def find() -> str | None:
    """Return the address of the latest simulator that ``--simulator`` may use; ``None`` if there is none."""
    return next((entry.url for entry in running() if entry.usable), None)


def _checked(url: str) -> str:
    from xoxzo.cloudpy.common.hosts import may_be_simulator

    # With --simulator nothing may reach the real service, whatever the value of the variable.
    fitting = False
    with suppress(ValueError):
        parts = urlsplit(url)
        fitting = parts.scheme == "http" and may_be_simulator(parts.hostname or "") and (parts.port or 80) > 0
    if not fitting:
        raise SimulatorError(
            "simulator_address_invalid",
            "{variable} must be the address of a simulator on this machine, http://127.0.0.1:8080",
            variable=VARIABLE,
        )
    if not answers_as(url):
        raise SimulatorError(
            "simulator_not_found", "no simulator answers at {url}, which {variable} names", url=url, variable=VARIABLE
        )
    return url


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
            for entry in running():
                if entry.pid == process.pid:
                    return entry.url
            if process.poll() is not None:
                errors.seek(0)
                sentence = errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
                why = sentence or _("status {status}", status=process.returncode)
                raise SimulatorError("simulator_not_started", "the simulator did not start: {why}", why=why)
            time.sleep(_POLL_SECONDS)
    process.terminate()
    process.wait()
    raise SimulatorError(
        "simulator_not_started", "the simulator did not start within {seconds:g} s", seconds=_START_TIMEOUT_SECONDS
    )
