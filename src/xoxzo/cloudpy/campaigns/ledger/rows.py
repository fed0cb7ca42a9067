"""Small statements that the parts of the SQLite ledger share."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.campaigns.records import Recipient, State

if TYPE_CHECKING:
    import sqlite3

COLUMNS = "n, number, variables, parts, cost, zone, line"


def read_recipient(row: tuple[Any, ...]) -> Recipient:
    """Read a recipient's row, its columns in the order of `COLUMNS`."""
    n, number, variables, parts, cost, zone, line = row
    filled = json.loads(variables) if variables != "{}" else {}
    return Recipient(n, number, filled, parts, None if cost is None else Decimal(cost), zone, line)


def read_value(connection: sqlite3.Connection, name: str) -> Any:  # noqa: ANN401 - what was put there
    """Return a value that describes the campaign, or ``None``."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else json.loads(row[0])


def write_value(connection: sqlite3.Connection, name: str, value: object) -> None:
    """Keep a value that describes the campaign."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value, ensure_ascii=False)))


def tick(connection: sqlite3.Connection, state: State, change: int) -> None:
    """Count recipients in or out of a state; those who wait are what is left of the total, and are not counted."""
    if state != State.WAITING:
        connection.execute(
            "INSERT INTO tally VALUES (?, ?) ON CONFLICT (state) DO UPDATE SET count = count + excluded.count",
            (state, change),
        )
