"""From a list to a ledger: complete, or not there at all."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from xoxzo.cloudpy.campaigns.inputs import BadRow, RecipientReader, choose_columns, read_rows, read_table
from xoxzo.cloudpy.campaigns.ledger import SqliteLedger
from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xoxzo.cloudpy.campaigns.content import Content

    Source = str | os.PathLike[str] | Iterable[Mapping[str, object]]

_MOST_BAD = 100_000
_DRAFT_DAYS = 1


class BadRows(CampaignError):
    """An input has rows that cannot be sent to, and nothing was created.

    Attributes:
        rows: the rows, the first hundred thousand of them.
        count: how many there are.
    """

    def __init__(self, rows: list[BadRow], count: int) -> None:
        first, what = rows[0], "row" if count == 1 else "rows"
        super().__init__(
            f"{count} {what} cannot be sent to; the first is line {first.line}: {first.column} {first.reason}"
        )
        self.rows = rows
        self.count = count


def create_ledger(
    path: Path,
    name: str,
    source: Source,
    content: Content,
    *,
    number: str | None,
    columns: Mapping[str, str] | None,
    country: str,
    mobile_only: bool,
    skip_bad: bool,
    suppressed: Iterable[str],
    reading: Mapping[str, Any],
) -> tuple[BadRow, ...]:
    """Read recipients into a new ledger and return the rows that were left out; see ``Campaign.create``.

    Args:
        path: where the ledger will be; nothing must be there.
        name: the campaign's name.
        source: a file, or rows that map columns to values.
        content: what everybody gets.
        number: the column of the phone numbers.
        columns: the column of each placeholder.
        country: where numbers without a country code belong.
        mobile_only: refuse numbers that are no mobiles.
        skip_bad: leave bad rows out.
        suppressed: numbers in E.164 to leave out.
        reading: what ``inputs.read_table`` takes.

    Raises:
        BadRows: there are bad rows.
        CampaignError: the file cannot be read, a column is missing, or there is a campaign of this name.
    """
    if path.exists():
        raise CampaignError(f"there is a campaign {name} already: go on with it, or take another name")
    file = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
    before = hash_file(file) if file else ""
    table = read_rows(source) if not isinstance(source, str | os.PathLike) else read_table(file, **reading)
    chosen = choose_columns(table, content.placeholders, number=number, mapping=columns)
    bad: list[BadRow] = []

    def keep(row: BadRow) -> None:
        if len(bad) < _MOST_BAD:
            bad.append(row)

    people = RecipientReader(table, chosen, content, country=country, mobile_only=mobile_only, on_bad=keep)
    _prepare(path.parent)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.draft")
    try:
        with SqliteLedger(draft, create=True) as ledger:
            ledger.put({"salt": secrets.token_hex(16)})
            repeated = sum(1 for _ in ledger.add(people))
            if people.bad and not skip_bad:
                raise BadRows(bad, people.bad)
            if file and hash_file(file) != before:
                raise CampaignError(f"{file} was changed while it was read: nothing was created, try again")
            ledger.suppress(suppressed)
            ledger.seal()
            if not ledger.get("total"):
                raise CampaignError("there is nobody to send to")
            ledger.put(
                {
                    "name": name,
                    "uid": secrets.token_hex(6),
                    "content": msgspec.to_builtins(content),
                    "created": time.time(),
                    "state": "created",
                    "source": before,
                    "input": {
                        "file": file,
                        "about": table.about,
                        "columns": {"number": chosen.number, **chosen.variables},
                        "rows": people.read,
                        "bad": people.bad,
                        "repeated": repeated,
                        "doubts": dict(people.doubts),
                    },
                }
            )
        _publish(draft, path, name)
    finally:
        for leftover in path.parent.glob(f"{draft.name}*"):
            leftover.unlink(missing_ok=True)
    return tuple(bad)


def hash_file(source: str | os.PathLike[str]) -> str:
    """Return a hash of a file's bytes.

    Raises:
        CampaignError: it cannot be read.
    """
    try:
        with Path(source).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CampaignError(f"{source} cannot be read: {error.strerror or error}") from None


def _publish(draft: Path, path: Path, name: str) -> None:
    """Give a draft its name. It is complete, so a name never stands for half a list."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise CampaignError(f"there is a campaign {name} already") from None
    except OSError as error:
        raise CampaignError(f"{path} cannot be made: {error.strerror or error}") from None


def _prepare(folder: Path) -> None:
    """Make the folder, and remove what is left of lists whose reading was cut off a day ago: they hold numbers."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CampaignError(f"{folder} cannot be made: {error.strerror or error}") from None
    for leftover in folder.glob("*.draft*"):
        with suppress(OSError):
            if leftover.stat().st_mtime < time.time() - _DRAFT_DAYS * 86_400:
                leftover.unlink()
