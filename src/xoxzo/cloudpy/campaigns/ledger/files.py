"""The files of a ledger in SQLite: its lock, its ``-wal`` file, and the room on the disk that a run reserves.

While a campaign runs, what is newest is in SQLite's ``-wal`` file, and remains there if the process is killed. The
ledger itself has a mark for that time, so that it is never opened without that file. Elsewhere on the machine a note
has the latest claim, so that an older copy that was put back is noticed.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from xoxzo.cloudpy.campaigns.limits import CONTACT_SECONDS
from xoxzo.cloudpy.common import sqlite_files
from xoxzo.cloudpy.common.user_files import state_folder
from xoxzo.cloudpy.errors import CampaignError

MARK = "in_wal_since"
"""The mark: since when the newest records are in the ``-wal`` file, in seconds since 1970."""
_ENDINGS = ("", "-wal", "-shm", "-journal", ".lock", ".reserve")
_NOTE_BYTES = 80
_RESERVE_BYTES = 512 * 1024
# A process that only checks whether a campaign runs holds its lock for an instant.
_LOCK_TIMEOUT_SECONDS = 0.2
# The index of numbers is written at random while recipients are added; later everything is in order.
_CREATE_CACHE_KIB, _CACHE_KIB = 16_000, 4_000


def read_value(connection: sqlite3.Connection, name: str) -> Any:  # noqa: ANN401 - what was stored
    """Return a value that describes the campaign, or ``None``."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else json.loads(row[0])


def open_ledger(
    path: Path, tables: Sequence[str], version: int, *, create: bool, without_wal: bool
) -> sqlite3.Connection:
    """Open a ledger's file, or create it; see `SqliteLedger`."""
    if not create and not path.is_file():
        raise CampaignError("file_not_found", "there is no campaign in {path}", path=path)
    try:
        connection = sqlite_files.open_database(path, tables, version, create=create)
        if not (create or without_wal) and is_wal_lost(connection, path):
            connection.close()
            raise CampaignError(
                "wal_missing",
                "{path}-wal is missing: it has what was recorded last. Put it back beside {path}",
                path=path,
            )
    except FileExistsError:
        raise CampaignError("file_exists", "{path} exists already", path=path) from None
    except sqlite_files.WrongSchemaError:
        raise CampaignError("wrong_version", "{path} is not a campaign of this version", path=path) from None
    except (OSError, sqlite3.Error) as error:
        raise CampaignError(
            "cannot_be_opened", "the ledger {path} cannot be opened: {error}", path=path, error=error
        ) from error
    connection.execute(f"PRAGMA cache_size = {-(_CREATE_CACHE_KIB if create else _CACHE_KIB)}")
    return connection


def acquire_lock(path: Path, timeout_seconds: float = _LOCK_TIMEOUT_SECONDS) -> sqlite_files.FileLock:
    """Acquire the lock of a ledger, unless another process runs the campaign."""
    try:
        return sqlite_files.FileLock(f"{path}.lock", timeout_seconds=timeout_seconds)
    except sqlite_files.FileLockedError:
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


def close_ledger(connection: sqlite3.Connection, path: Path, locks: list[sqlite_files.FileLock], process: int) -> None:
    """Close a ledger, and release its locks; SQLite moves everything into the file with the last connection.

    While a campaign runs, it does not. In another process than the one that has opened the ledger, nothing happens.
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


class ClaimNote:
    """Notes a campaign's latest claim in the user's state folder. Where that cannot be written, nothing is noted."""

    def __init__(self, uid: str) -> None:
        self._path = state_folder() / "campaigns" / uid
        self._file: io.FileIO | None = None

    def read(self) -> tuple[float, int, str]:
        """Return when the latest claim was made, its last position, and the seed that has chosen the first ones."""
        with suppress(OSError, ValueError):
            at, last, seed = self._path.read_text("ascii").split()
            return float(at), int(last), seed
        return 0.0, 0, ""

    def write(self, at: float, last: int, seed: object) -> None:
        """Note a claim; it need not survive a power cut, which leaves an older note."""
        with suppress(OSError):
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                for old in self._path.parent.iterdir():
                    if old.stat().st_mtime < time.time() - CONTACT_SECONDS:
                        old.unlink()
                sqlite_files.create_private_file(self._path)
                self._file = io.FileIO(self._path, "r+")
            self._file.seek(0)
            self._file.write(f"{at!r} {last} {seed}".ljust(_NOTE_BYTES).encode())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def create_reserve(path: Path) -> None:
    """Reserve room on the disk: a run that fills the disk records what it has sent in it, and gives back the rest."""
    reserve = Path(f"{path}.reserve")
    try:
        sqlite_files.create_private_file(reserve)
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
