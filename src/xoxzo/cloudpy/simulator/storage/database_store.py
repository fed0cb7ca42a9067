"""The engine's store: which rows a change makes, and which desk takes which record back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.call_records import Call
from xoxzo.cloudpy.simulator.engine.store import SavedState, StoreOpening
from xoxzo.cloudpy.simulator.storage.database_file import DatabaseFile
from xoxzo.cloudpy.simulator.storage.record_rows import CALLS, KINDS, record, row

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from xoxzo.cloudpy.simulator.engine.engine import Engine


class DatabaseStore:
    """Keeps an engine's state in an SQLite file, for one process at a time.

    Args:
        path: The file; made, for its owner alone, when it is not there.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._file = DatabaseFile(self._path)

    def begin(self) -> StoreOpening:
        """Open the file if it is not open, and count a new generation in it.

        Raises:
            SimulatorError: It cannot be opened or written, or is none of ours.
        """
        meta = self._file.meta()
        generation = int(meta.get("generation", -1)) + 1
        self._file.write((), {"generation": generation})
        marks = SavedState(meta["moment"], int(meta["templates"])) if "moment" in meta else None
        return StoreOpening(generation, marks)

    def load(self, engine: Engine, stopped: float, reason: str) -> None:
        """Put all records into an empty engine.

        Raises:
            SimulatorError: A row cannot be read.
        """
        calls: dict[str, Call] = {}
        others: dict[str, Call] = {}

        def leg(plain: dict[str, Any]) -> Call:
            callid = plain["callid"]
            if callid in calls:
                return calls[callid]
            return others.setdefault(callid, record(CALLS, plain, engine.accounts.get, leg))

        takers = _takers(engine, calls)
        for kind in KINDS:
            for key, text in self._file.texts(kind.table):
                try:
                    takers[kind.table](record(kind, json.loads(text), engine.accounts.get, leg))
                except (LookupError, ValueError, TypeError, AttributeError) as error:
                    message = f"{self._path} is damaged: {kind.table} {key}: {type(error).__name__}"
                    raise SimulatorError(message) from None
        engine.calls.restore(calls.values(), others.values(), stopped, reason)

    def save(self, changes: Mapping[object, bool], marks: SavedState, *, wipe: bool) -> None:
        """Write what changed in one transaction; it is on disk when this returns.

        Raises:
            NotSaved: Nothing was written.
        """
        rows = [row(changed, kept=kept) for changed, kept in changes.items()]
        self._file.write(rows, {"moment": marks.moment, "templates": marks.templates}, wipe=wipe)

    def close(self) -> None:
        """Close the file, so that another simulator can have it."""
        self._file.close()


def _takers(engine: Engine, calls: dict[str, Call]) -> dict[str, Callable[[Any], object]]:
    """Return who takes the records of each table."""
    return {
        "account": engine.accounts.restore,
        "message": engine.sms.restore,
        "call": lambda call: calls.setdefault(call.callid, call),
        "conference": engine.conferences.restore,
        "line": lambda line: (engine.dins if line.kind == "din" else engine.sins).restore(line),
        "template": engine.templates.restore,
        "website": engine.otp.restore_website,
        "otp": engine.otp.restore,
        "delivery": engine.callbacks.restore,
        "rule": engine.outcome_rules.restore,
        "sender": engine.registered_senders.restore,
        "reply": engine.inbound_sms.restore,
        "attempt": engine.callbacks.note,
    }
