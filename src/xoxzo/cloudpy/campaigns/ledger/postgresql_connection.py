"""Connections to PostgreSQL, the statements that they have prepared, and the lists that its campaigns share."""

from __future__ import annotations

# ruff: noqa: S608 - made of constants; what varies is a parameter
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import msgspec
import psycopg

from xoxzo.cloudpy.campaigns.ledger import opt_outs
from xoxzo.cloudpy.errors import CampaignError

COMMON = "xoxzo_campaigns"
Connection = psycopg.Connection[Any]
_NOW = "CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)"
_HASH = f"substring(sha256(convert_to('{opt_outs.HASH_PREFIX}' || r.number, 'UTF8')) FROM 1 FOR {opt_outs.HASH_BYTES})"
_PARAMETER = re.compile(r"(?<![:\w]):(\w+)")
_PARAMETER_TYPES = dict.fromkeys(("claim", "limit", "alone", "canaries", "budget", "count", "total"), "BIGINT") | (
    dict.fromkeys(("account", "zone", "results", "last_error", "name", "value", "rows", "schedule"), "TEXT")
    | {"hash": "BYTEA"}
)
"""The types of parameters, by their names without a number at the end; those of all others are ``DOUBLE PRECISION``."""
_ROW_TYPES = ("BIGINT",) * 3 + ("TEXT",) * 2 + ("DOUBLE PRECISION",) * 2 + ("BIGINT", "DOUBLE PRECISION")
# As one parameter for each column, whatever the number of rows: of all ways PostgreSQL reads arrays fastest.
_ROWS = "SELECT * FROM unnest({}) OFFSET 0".format(
    ", ".join(f"CAST(:rows{place} AS {kind}[])" for place, kind in enumerate(_ROW_TYPES))
)
# A worker that is stopped in a transaction keeps others waiting no longer than this, which is less than any lease.
# All statements concern few rows, whatever the planner expects of tables that have just been filled.
_SETTINGS = (
    "SET idle_in_transaction_session_timeout = 2000; SET lock_timeout = 10000; SET jit = off; SET enable_seqscan = off;"
    " SET plan_cache_mode = force_generic_plan"
)
_CONNECT_SECONDS = 10
_PASSWORD = re.compile(r"//[^:/?@]*:(.*)@")
_UNENCODED = re.compile(r"[/@\s]|%(?![0-9A-Fa-f]{2})")


def connect(address: str, *schemas: str) -> Connection:
    """Connect to a database; raise ``psycopg.Error``, or `CampaignError` for an address of another form or of a pooler.

    A pooler may give the session of one program to another one, with its prepared statements, its locks, and the search
    path that says which campaign is meant: so it is recognised, by the process number that it makes up, and refused.
    """
    found = _PASSWORD.search(address)
    if found and _UNENCODED.search(found[1]):
        # A part of the password would be read as the host or the port, and be shown in the error.
        raise CampaignError(
            "database_address",
            "the address of the campaigns' database cannot be read: percent-encode blanks and the signs @, / and % in"
            " its password",
        )
    connection = psycopg.connect(
        address, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name="xoxzo campaign"
    )
    try:
        is_ours = f"SELECT 1 / CAST(pg_backend_pid() = {connection.info.backend_pid} AS INTEGER)"
        # One message: where the first statement fails, the others are not run.
        connection.execute(f"{is_ours}; {_SETTINGS}; SET search_path TO {', '.join(schemas)}")
    except psycopg.errors.DivisionByZero:
        connection.close()
        raise CampaignError(
            "database_pooled",
            "the address of the campaigns' database is that of a connection pooler such as PgBouncer,"
            " which may give one session to several programs: use the address of PostgreSQL itself",
        ) from None
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def connected(address: str, *schemas: str) -> Iterator[Connection]:
    """Yield a connection, and close it; raise ``CampaignError``."""
    try:
        with connect(address, *schemas) as connection:
            yield connection
    except psycopg.Error as error:
        raise cannot_be_used(error) from error


def schema_of(ident: int) -> str:
    """Return the name of a campaign's schema."""
    return f"xoxzo_campaign_{ident}"


def reason_of(error: Exception) -> str:
    """Return the first line of PostgreSQL's error; the others may quote values."""
    return str(error).partition("\n")[0].strip() or type(error).__name__


def cannot_be_used(error: Exception) -> CampaignError:
    """Return the error for a failure of the database, without the values that it may quote."""
    return CampaignError(
        "database_failed", "the database of the campaigns cannot be used: {error}", error=reason_of(error)
    )


class PreparedStatements:
    """The statements of one connection."""

    def __init__(self) -> None:
        self.now = _NOW
        """The SQL of the time."""
        self.names: dict[str, tuple[str, list[str]]] = {}
        """The name and the parameters of each that the connection has prepared."""

    def render(self, cursor: psycopg.ClientCursor[Any], statement: str, values: Any) -> str:  # noqa: ANN401 - see `Change`
        """Return what executes a statement that is prepared once: to plan one takes longer than to run it."""
        if isinstance(values, list):
            statement = statement.replace("VALUES {rows}", _ROWS).replace("{whole}", "OFFSET 0")
            columns = zip(_ROW_TYPES, zip(*values, strict=True), strict=True)
            values = {f"rows{place}": _array(*column) for place, column in enumerate(columns)}
        ready = self.fill_in(statement)
        if ready not in self.names:
            names = list(dict.fromkeys(_PARAMETER.findall(ready)))
            types = ", ".join(_PARAMETER_TYPES.get(name.rstrip("0123456789"), "DOUBLE PRECISION") for name in names)
            numbered = _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", ready)
            name = f"s{len(self.names)}"
            cursor.connection.execute(f"PREPARE {name} {f'({types})' if names else ''} AS {numbered}".encode())
            self.names[ready] = name, names
        name, names = self.names[ready]
        if not names:
            return f"EXECUTE {name}"
        return cursor.mogrify(f"EXECUTE {name} ({', '.join(['%s'] * len(names))})", [values[each] for each in names])

    def fill_in(self, statement: str) -> str:
        """Return a statement with what PostgreSQL has in the places of ``{now}`` and ``{hash}``."""
        return statement.replace("{hash}", _HASH).replace("{now}", self.now).replace("{ahead}", "0")


def _array(kind: str, column: tuple[Any, ...]) -> str:
    """Return values as an array of PostgreSQL."""
    if kind != "TEXT":
        return f"{{{msgspec.json.encode(column)[1:-1].decode()}}}"
    # PostgreSQL stores no NUL, and an outcome is recorded whatever id the server has given.
    texts = (one.replace("\\", r"\\").replace('"', r"\"").replace("\0", "\ufffd") for one in column)
    return '{"' + '","'.join(texts) + '"}'


class _PostgresqlTables(opt_outs.SharedTables):
    """Tables that the campaigns of a database share; ``connect`` returns a context with a connection to them."""

    def __init__(self, connect: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._connect = connect

    def _change(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> int:
        with self._connect() as connection, connection.transaction(), connection.cursor() as cursor:
            if statement is opt_outs.RESERVE_LINKS:
                cursor.execute("LOCK TABLE link IN EXCLUSIVE MODE")
            cursor.executemany(statement.replace("?", "%s").encode(), rows)
            return cursor.rowcount

    def _fetch(self, statement: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - psycopg's
        with self._connect() as connection, connection.transaction(), connection.cursor("entries") as cursor:
            yield from cursor.execute(statement.replace("?", "%s").encode(), parameters)


class PostgresqlOptOuts(_PostgresqlTables, opt_outs.OptOutList):
    """An opt-out list in a database."""


class PostgresqlContacts(_PostgresqlTables, opt_outs.ContactList):
    """Contacts in a database. A number may be there several times."""

    ADD = "INSERT INTO contact (hash, campaign, at) VALUES (?, ?, ?)"
