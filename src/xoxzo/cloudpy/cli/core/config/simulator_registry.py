"""Which simulators of this user run on this machine: a small file for each, which it takes away at its end.

Only the standard library, and little of it: every command with `--simulator` looks here first.
"""

from __future__ import annotations

import json
import os
import re
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from xoxzo.cloudpy.common.user_folders import runtime_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TIMEOUT_SECONDS = 5.0
_MAX_RESPONSE_BYTES = 65_536


class SimulatorEntry(NamedTuple):
    """A simulator as it has entered itself.

    Attributes:
        url: where it answers, without a final slash.
        pid: its process.
        instance: what its health answer must say, or something else has taken the port since.
        machine: the name of the machine; a home folder may be shared by several.
        started: when it began to listen, seconds since 1970.
        usable: whether commands may take it by themselves: on loopback, admitting any SID and token.
        version: of this library.
    """

    url: str
    pid: int
    instance: str
    machine: str
    started: float
    usable: bool
    version: str


def folder() -> Path:
    """Return the folder of the entries: in `XDG_RUNTIME_DIR`, or else in the user's state folder."""
    return runtime_folder() / "simulators"


def make_folder() -> Path:
    """Make the folder, for this user alone, and return it."""
    made = folder()
    made.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made.mkdir(mode=0o700, exist_ok=True)
    return made


@contextmanager
def registered(url: str, instance: str, *, usable: bool) -> Iterator[None]:
    """Keep an entry for a simulator of this process while the block runs.

    A simulator runs without an entry rather than not at all: where none can be written, nothing is said.

    Args:
        url: where it answers.
        instance: what tells it from any other.
        usable: whether commands may take it by themselves.
    """
    import time

    from xoxzo.cloudpy.common.version import __version__

    entry = SimulatorEntry(url, os.getpid(), instance, socket.gethostname(), time.time(), usable, __version__)
    path = None
    with suppress(OSError):
        make_folder()
        path = _path(instance)
        # Whole or not at all, for whoever reads it at this moment.
        draft = path.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(entry._asdict(), file)
        draft.replace(path)
    try:
        yield
    finally:
        if path is not None:
            _remove(path)


def running() -> list[SimulatorEntry]:
    """Return the simulators that answer, the latest first; entries of those that have died are taken away."""
    here, found = socket.gethostname(), []
    for path in _entries():
        entry = _read(path)
        if entry is None:
            _remove(path)
        elif entry.machine == here:
            answers = answers_as(entry.url, entry.instance) if _is_alive(entry.pid) else False
            if answers:
                found.append(entry)
            elif answers is False:  # one that is too busy to answer is neither taken nor forgotten
                _remove(path)
    return sorted(found, key=lambda entry: entry.started, reverse=True)


def is_there(entry: SimulatorEntry) -> bool:
    """Say whether a simulator has not ended: its entry is the last that it gives up, unless it was killed."""
    return _path(entry.instance).exists() and _is_alive(entry.pid)


def answers_as(url: str, instance: str | None = None) -> bool | None:
    """Say whether a simulator answers at an address.

    Args:
        url: on this machine, http.
        instance: which one it must be; ``None`` for any.

    Returns:
        ``None`` when something listens but has not answered in five seconds.
    """
    try:
        told = _health(url)
    except TimeoutError:
        return None
    except (OSError, ValueError):
        return False
    return "instance" in told if instance is None else told.get("instance") == instance


def identify(url: str) -> Literal["simulator", "other", "nothing"]:
    """Say what is at an address of this machine: a tunnel to the real service may be there as well.

    Args:
        url: http or https; a simulator speaks http alone.
    """
    if not url.startswith("http://"):
        return "other"
    try:
        return "simulator" if "instance" in _health(url) else "other"
    except ConnectionRefusedError:
        return "nothing"
    except (OSError, ValueError):
        return "other"


def _health(url: str) -> dict[str, Any]:
    """Return what the health check of a simulator says there; empty where something else answers.

    Raises:
        OSError: nothing listens there, or nothing has answered in five seconds.
        ValueError: what answers does not speak HTTP and JSON.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    question = f"GET /_simulator/health HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    answer = b""
    # By hand: http.client takes longer to load than everything else here takes to run.
    with socket.create_connection((host, port), timeout=_TIMEOUT_SECONDS) as connection:
        connection.sendall(question.encode("ascii"))
        while not _is_complete(answer) and (piece := connection.recv(_MAX_RESPONSE_BYTES)):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    told = json.loads(body)
    fits = head.startswith(b"HTTP/1.1 200 ") and isinstance(told, dict) and told.get("status") == "ok"
    return told if fits else {}


def _is_complete(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"\ncontent-length: *([0-9]{1,9})\r", head + end, re.IGNORECASE)
    return len(answer) > _MAX_RESPONSE_BYTES or (bool(end) and length is not None and len(body) >= int(length[1]))


def _path(instance: str) -> Path:
    return folder() / f"{instance}.json"


def _entries() -> list[Path]:
    where = folder()
    try:
        # Who could write entries for somebody else could have their messages.
        if hasattr(os, "getuid") and where.stat().st_uid != os.getuid():
            return []
        return list(where.glob("*.json"))
    except OSError:
        return []


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _read(path: Path) -> SimulatorEntry | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return SimulatorEntry(**{name: told[name] for name in SimulatorEntry._fields})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _is_alive(pid: int) -> bool:
    if os.name != "posix":
        return True  # there a signal 0 is no question; what answers will tell
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's; what answers will tell
    return True
