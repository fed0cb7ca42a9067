"""The files of a ledger in SQLite: its lock, its ``-wal`` file, and the room on the disk that a run reserves.

While a campaign runs, what is newest is in SQLite's ``-wal`` file, and remains there if the process is killed. The
ledger itself has a mark for that time, so that it is never opened without that file.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from xoxzo.cloudpy.common.sqlite_files import FileLock, FileLockedError, create_private_file
from xoxzo.cloudpy.errors import CampaignError

MARK = "in_wal_since"
"""The mark: since when the newest records are in the ``-wal`` file, in seconds since 1970."""
_ENDINGS = ("", "-wal", "-shm", "-journal", ".lock", ".reserve")
_RESERVE_BYTES = 512 * 1024
# A process that only checks whether a campaign runs holds its lock for an instant.
_LOCK_TIMEOUT_SECONDS = 0.2


def read_value(connection: sqlite3.Connection, name: str) -> Any:  # noqa: ANN401 - what was stored
    """Return a value that describes the campaign, or ``None``."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else json.loads(row[0])


def acquire_lock(path: Path, timeout_seconds: float = _LOCK_TIMEOUT_SECONDS) -> FileLock:
    """Acquire the lock of a ledger.

    Raises:
        CampaignError: another process runs the campaign, or the lock's file cannot be created.
    """
    try:
        return FileLock(f"{path}.lock", timeout_seconds=timeout_seconds)
    except FileLockedError:
        raise CampaignError(
            "already_running", "{name}: another process is running this campaign", name=path.stem
        ) from None
    except (OSError, sqlite3.Error) as error:
        raise CampaignError(
            "cannot_be_locked", "the ledger {path} cannot be locked: {error}", path=path, error=error
        ) from error


def is_locked(path: Path) -> bool:
    """Return whether a ledger is locked."""
    try:
        acquire_lock(path).release()
    except CampaignError:
        return True
    return False


def is_wal_lost(connection: sqlite3.Connection, path: Path) -> bool:
    """Return whether the newest records of a ledger are in a ``-wal`` file that is not there."""
    wal = Path(f"{path}-wal")
    # SQLite creates an empty one while it reads.
    return bool(read_value(connection, MARK)) and not (wal.is_file() and wal.stat().st_size) and not is_locked(path)


def close_ledger(connection: sqlite3.Connection, path: Path, locks: list[FileLock], process: int) -> None:
    """Close a ledger; SQLite moves everything into the file with the last connection, unless a campaign runs.

    Args:
        connection: to the ledger.
        path: its file.
        locks: its lock, if this ledger has locked it; it is released.
        process: the process that has opened it; nothing happens in another one.
    """
    if os.getpid() != process:
        return
    if locks:
        free_reserve(path)
    with suppress(sqlite3.Error, CampaignError):
        if read_value(connection, MARK):
            # The run has ended, or its process has died.
            if not locks:
                locks.append(acquire_lock(path, timeout_seconds=0.0))
            connection.execute("UPDATE meta SET value = 'null' WHERE name = ?", (MARK,))
    connection.close()
    while locks:
        locks.pop().release()


def create_reserve(path: Path) -> None:
    """Reserve room on the disk: a run that fills the disk records what it has sent in it, and gives back the rest."""
    reserve = Path(f"{path}.reserve")
    try:
        create_private_file(reserve)
        # Random bytes, since some file systems compress.
        reserve.write_bytes(os.urandom(_RESERVE_BYTES))
    except OSError:
        free_reserve(path)


def free_reserve(path: Path) -> None:
    """Free the room that was reserved, if any is left."""
    with suppress(OSError):
        Path(f"{path}.reserve").unlink(missing_ok=True)


def delete_files(path: Path) -> None:
    """Delete a ledger with all its files."""
    for ending in _ENDINGS:
        Path(f"{path}{ending}").unlink(missing_ok=True)
