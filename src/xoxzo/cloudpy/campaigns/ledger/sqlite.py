"""A ledger in one SQLite file."""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
import threading
import time
import weakref
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from xoxzo.cloudpy.campaigns.ledger import files, schema
from xoxzo.cloudpy.campaigns.ledger.claims import ClaimBuilder, expire_all, expire_claims
from xoxzo.cloudpy.campaigns.ledger.outcomes import record_outcomes
from xoxzo.cloudpy.campaigns.ledger.queries import LedgerQueries
from xoxzo.cloudpy.campaigns.ledger.schema import read_value, write_value
from xoxzo.cloudpy.common.sqlite_files import WrongSchemaError, open_database
from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from decimal import Decimal

    from xoxzo.cloudpy.campaigns.records import Claim, Outcome, Recipient
    from xoxzo.cloudpy.common.sqlite_files import FileLock

_GROUP_ROWS = 1000
# The index of numbers is written at random while recipients are added; later everything is in order.
_CREATE_CACHE_KIB, _CACHE_KIB = 16_000, 4_000


class SqliteLedger(LedgerQueries):
    """Recipients, claims and outcomes in a file that only its owner can read. See `Ledger` for its methods.

    Any number of processes may query it, record delivery reports and request a pause; one may run.

    Args:
        path: the file.
        create: create it; it must not exist.
        without_wal: open it even if its ``-wal`` file is missing.

    Raises:
        CampaignError: it cannot be opened, is something else, or its ``-wal`` file is missing.
    """

    def __init__(self, path: str | os.PathLike[str], *, create: bool = False, without_wal: bool = False) -> None:
        self.path = Path(path)
        self._mutex = threading.RLock()
        self._connection = _open(self.path, create=create, without_wal=without_wal)
        self._locks: list[FileLock] = []
        # At the end of the program, too: a ledger that is never closed must not keep its mark.
        self._close = weakref.finalize(self, files.close_ledger, self._connection, self.path, self._locks, os.getpid())
        # Whether commits wait for the disk, and whether one that did not is still to be included in one that does.
        self._is_durable, self._has_pending_commit = True, False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def lock(self) -> None:
        """Keep other runs out until this ledger is closed."""
        if not self._locks:
            self._locks.append(files.acquire_lock(self.path))
            files.create_reserve(self.path)
            self.put({files.MARK: time.time()})
            # The mark has to be in the file itself. The other file stays, so that it is seen to be there.
            self._checkpoint("FULL")

    def is_locked_elsewhere(self) -> bool:
        """Return whether another process, or another ledger of this one, runs the campaign."""
        return not self._locks and files.is_locked(self.path)

    def take_seat(self, seats: int) -> bool:
        """Take the seat of the one who sends, of whom a file has one; return whether it was free."""
        del seats
        try:
            self.lock()
        except CampaignError:
            return False
        return True

    def free_seats(self, seats: int) -> int:
        """Return how many of the seats nobody has taken."""
        return 0 if self._locks or self.is_locked_elsewhere() else min(seats, 1)

    def close(self) -> None:
        """Close the file and release its lock. Closing twice does nothing."""
        with self._mutex:
            self._close()

    def checkpoint(self) -> None:
        """Move everything into the file itself, so that it can be copied or renamed alone.

        Raises:
            CampaignError: the disk is full.
        """
        self._checkpoint("TRUNCATE")

    def _checkpoint(self, mode: str) -> None:
        with self._mutex:
            try:
                self._connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
            except sqlite3.Error as error:
                raise self._cannot_be_written(error) from error

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Run one transaction; wait up to ten seconds for another process's.

        Args:
            durable: whether it survives a power cut when it has ended. Else it survives the process only, until the
                next durable one includes it.
        """
        with self._mutex:
            try:
                self._set_durable(durable)
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    if durable and self._has_pending_commit:
                        # A transaction that writes nothing would include nothing.
                        write_value(self._connection, "durable", True)
                    self._connection.execute("COMMIT")
                    self._has_pending_commit = not durable
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._cannot_be_written(error) from error

    def _set_durable(self, wanted: bool) -> None:
        if wanted is not self._is_durable:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if wanted else 'NORMAL'}")
            self._is_durable = wanted

    def _cannot_be_written(self, error: sqlite3.Error) -> CampaignError:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
            files.free_reserve(self.path)
        return CampaignError(
            "cannot_be_written", "the ledger {path} cannot be written: {error}", path=self.path, error=error
        )

    def _fetch(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - SQLite's
        with self._mutex:
            try:
                return self._connection.execute(statement, parameters).fetchall()
            except sqlite3.Error as error:
                raise CampaignError(
                    "cannot_be_read", "the ledger {path} cannot be read: {error}", path=self.path, error=error
                ) from error

    def put(self, values: Mapping[str, Any]) -> None:
        """Store values that describe the campaign, all or none."""
        with self.transaction() as connection:
            for name, value in values.items():
                write_value(connection, name, value)

    def add(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
        """Add recipients, numbered from 1 in their order, and yield those whose number is there already."""
        if self.get("sealed"):
            raise CampaignError("already_sealed", "recipients cannot be added to a campaign that is complete")
        every = iter(recipients)
        while group := list(islice(every, _GROUP_ROWS)):
            yield from self._add(group)

    def _add(self, group: list[Recipient]) -> list[Recipient]:
        repeated = []
        with self.transaction() as connection:
            n = connection.execute("SELECT coalesce(max(n), 0) FROM recipient").fetchone()[0]
            for one in group:
                row = schema.recipient_row(n + 1, one)
                if connection.execute("INSERT OR IGNORE INTO recipient VALUES (?,?,?,?,?,?,?)", row).rowcount:
                    n += 1
                else:
                    repeated.append(one)
        return repeated

    def seal(self) -> None:
        """Close the list of recipients."""
        total = self._fetch("SELECT count(*) FROM recipient")[0][0]
        zones = [row[0] for row in self._fetch("SELECT DISTINCT zone FROM recipient")]
        self.put({"sealed": True, "total": total, "zones": zones})

    def begin(self, now: float) -> int:
        """Begin a run and return its epoch. Whatever an earlier run left claimed becomes unknown."""
        with self.transaction() as connection:
            if not read_value(connection, "sealed"):
                raise CampaignError("not_sealed", "the campaign was not completed when it was created: create it anew")
            epoch = int(read_value(connection, "epoch") or 0) + 1
            write_value(connection, "epoch", epoch)
            expire_claims(connection, now)
        return epoch

    def claim(
        self,
        epoch: int,
        limit: int,
        now: float,
        *,
        hold_back: int = 0,
        budget: Decimal | None = None,
        quiet_until: Callable[[str | None], float | None] | None = None,
    ) -> Claim:
        """Take up to ``limit`` recipients for sending; the claim is on disk when this returns."""
        with self.transaction() as connection:
            _check_epoch(connection, epoch)
            return ClaimBuilder(connection, self._hash, now, budget, quiet_until).build(epoch, limit, hold_back)

    def record(self, outcomes: Iterable[Outcome], epoch: int | None = None, *, durable: bool = True) -> list[bool]:
        """Append outcomes in one transaction; return of each whether it changed its recipient's state."""
        batch = list(outcomes)
        with self.transaction(durable=durable) as connection:
            if epoch is not None:
                _check_epoch(connection, epoch)
            return record_outcomes(connection, batch)

    def suppress(self, numbers: Iterable[str]) -> int:
        """Leave numbers out from now on; return how many are new. Only their hashes are stored."""
        with self.transaction() as connection:
            rows = [(self._hash(number),) for number in numbers]
            return sum(connection.execute("INSERT OR IGNORE INTO suppression VALUES (?)", row).rowcount for row in rows)

    def _hash(self, number: str) -> bytes:
        return hmac.digest(str(self.get("salt")).encode(), number.encode(), hashlib.sha256)[:16]

    def replace_wal(self) -> int:
        """Continue without the ``-wal`` file, since it is lost: whoever may have been sent to since then is unknown.

        Returns:
            How many recipients became unknown; 0 if the file is there.
        """
        if not files.is_wal_lost(self._connection, self.path):
            return 0
        self._locks.append(files.acquire_lock(self.path))
        with self.transaction() as connection:
            return expire_all(connection, float(read_value(connection, files.MARK) or 0), time.time())

    def purge(self) -> int:
        """Delete numbers, variables and ids, overwrite them in the file, and keep the totals."""
        with self.transaction() as connection:
            connection.execute("UPDATE outcome SET msgid = ''")
            connection.execute("DELETE FROM suppression")
            return connection.execute("UPDATE recipient SET number = n, variables = '{}', line = 0").rowcount


def _check_epoch(connection: sqlite3.Connection, epoch: int) -> None:
    if read_value(connection, "epoch") != epoch:
        raise CampaignError("replaced_by_another_run", "another run has taken this campaign over")


def _open(path: Path, *, create: bool, without_wal: bool) -> sqlite3.Connection:
    if not create and not path.is_file():
        raise CampaignError("file_not_found", "there is no campaign in {path}", path=path)
    try:
        connection = open_database(path, schema.STATEMENTS, schema.VERSION, create=create)
        if not (create or without_wal) and files.is_wal_lost(connection, path):
            connection.close()
            raise CampaignError(
                "wal_missing",
                "{path}-wal is missing: it has what was recorded last. Put it back beside {path}",
                path=path,
            )
    except FileExistsError:
        raise CampaignError("file_exists", "{path} exists already", path=path) from None
    except WrongSchemaError:
        raise CampaignError("wrong_version", "{path} is no campaign of this version", path=path) from None
    except (OSError, sqlite3.Error) as error:
        raise CampaignError(
            "cannot_be_opened", "the ledger {path} cannot be opened: {error}", path=path, error=error
        ) from error
    connection.execute(f"PRAGMA cache_size = {-(_CREATE_CACHE_KIB if create else _CACHE_KIB)}")
    return connection
