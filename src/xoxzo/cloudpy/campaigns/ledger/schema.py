"""The tables of a ledger in SQLite, and how its rows are read and written."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.campaigns.records import Recipient, State

if TYPE_CHECKING:
    import sqlite3

VERSION = 2
STATEMENTS = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE recipient (n INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, variables TEXT NOT NULL,
    parts INTEGER NOT NULL, cost TEXT, zone TEXT, line INTEGER NOT NULL)""",
    # A claim is a range of recipients that are sent to for the first time, or a list of those tried again.
    """CREATE TABLE claim (ident INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, at REAL NOT NULL, first INTEGER NOT NULL,
    last INTEGER NOT NULL, members TEXT, remaining INTEGER NOT NULL)""",
    "CREATE INDEX claim_open ON claim (ident) WHERE remaining > 0",
    """CREATE TABLE outcome (ident INTEGER PRIMARY KEY, n INTEGER NOT NULL, claim INTEGER NOT NULL,
    state INTEGER NOT NULL, msgid TEXT NOT NULL, error TEXT NOT NULL, at REAL NOT NULL, began REAL NOT NULL,
    cost TEXT)""",
    "CREATE INDEX outcome_n ON outcome (n)",
    # Recipients that need attention: unknown ones, and those that wait for another attempt.
    """CREATE TABLE pending (n INTEGER PRIMARY KEY, state INTEGER NOT NULL, retry_at REAL NOT NULL,
    began REAL NOT NULL, ended REAL NOT NULL, error TEXT NOT NULL)""",
    "CREATE INDEX pending_due ON pending (state, retry_at)",
    "CREATE TABLE tally (state INTEGER PRIMARY KEY, count INTEGER NOT NULL)",
    "CREATE TABLE suppression (hash BLOB PRIMARY KEY) WITHOUT ROWID",
)
RECIPIENT_COLUMNS = "n, number, variables, parts, cost, zone, line"


def read_recipient(row: tuple[Any, ...]) -> Recipient:
    """Read a recipient from its row, with the columns in the order of `RECIPIENT_COLUMNS`."""
    n, number, variables, parts, cost, zone, line = row
    filled = json.loads(variables) if variables != "{}" else {}
    return Recipient(n, number, filled, parts, None if cost is None else Decimal(cost), zone, line)


def recipient_row(n: int, one: Recipient) -> tuple[Any, ...]:
    """Return the row of a recipient at a position."""
    variables = json.dumps(one.variables, ensure_ascii=False) if one.variables else "{}"
    return n, one.number, variables, one.parts, None if one.cost is None else str(one.cost), one.zone, one.line


def read_value(connection: sqlite3.Connection, name: str) -> Any:  # noqa: ANN401 - what was stored
    """Return a value that describes the campaign, or ``None``."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else json.loads(row[0])


def write_value(connection: sqlite3.Connection, name: str, value: object) -> None:
    """Store a value that describes the campaign."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value, ensure_ascii=False)))


def add_to_count(connection: sqlite3.Connection, state: State, change: int) -> None:
    """Add to the number of recipients in a state; the waiting ones are the rest of the total and are not counted."""
    if state != State.WAITING:
        connection.execute(
            "INSERT INTO tally VALUES (?, ?) ON CONFLICT (state) DO UPDATE SET count = count + excluded.count",
            (state, change),
        )
