"""The engine's store: turns changed records into rows of a database, and its rows into records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.records.calls import Call
from xoxzo.cloudpy.simulator.engine.store import SavedState, StoreOpening
from xoxzo.cloudpy.simulator.storage.database_file import DatabaseFile
from xoxzo.cloudpy.simulator.storage.record_rows import CALLS, KINDS, decode, record, row

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from xoxzo.cloudpy.simulator.engine.records.accounts import Account


class DatabaseStore:
    """Keeps an engine's state in an SQLite file, for one process at a time.

    Args:
        path: The file; made, for its owner alone, when it is not there.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._file = DatabaseFile(self._path)

    def begin(self) -> StoreOpening:
        """Open the file if it is not open, and count a new generation.

        Raises:
            SimulatorError: It cannot be opened or written, or is not a database of the simulator.
        """
        meta = self._file.meta()
        generation = int(meta.get("generation", -1)) + 1
        self._file.write((), {"generation": generation})
        saved = SavedState(meta["moment"], int(meta["templates"])) if "moment" in meta else None
        return StoreOpening(generation, saved)

    def load(
        self, account: Callable[[str, str], Account], restore: Mapping[type, Callable[[Any], object]]
    ) -> list[Call]:
        """Read all records and hand each to the function for its type; see `Store.load`.

        Raises:
            SimulatorError: A row cannot be read.
        """
        calls: dict[str, Call] = {}
        other_legs: dict[str, Call] = {}

        def leg(plain: dict[str, Any]) -> Call:
            callid = plain["callid"]
            if callid in calls:
                return calls[callid]
            return other_legs.setdefault(callid, record(CALLS, plain, account, leg))

        for kind in KINDS:
            for key, text in self._file.texts(kind.table):
                try:
                    found = record(kind, decode(text), account, leg)
                    restore[kind.record_type](found)
                except (LookupError, ValueError, TypeError, AttributeError) as error:
                    raise SimulatorError(
                        "damaged_row",
                        "{path} is damaged: {table} {key}: {problem}",
                        path=str(self._path),
                        table=kind.table,
                        key=key,
                        problem=type(error).__name__,
                    ) from None
                if kind is CALLS:
                    calls[found.callid] = found
        return list(other_legs.values())

    def save(self, changes: Mapping[object, bool], saved: SavedState, *, wipe: bool) -> None:
        """Write what changed in one transaction; it is on disk when this returns.

        Raises:
            NotSaved: Nothing was written.
        """
        rows = [row(changed, saved=is_saved) for changed, is_saved in changes.items()]
        self._file.write(rows, {"moment": saved.moment, "templates": saved.templates}, wipe=wipe)

    def close(self) -> None:
        """Close the file, so that another simulator can have it."""
        self._file.close()
