"""The opt-out list of all campaigns of a store, as programs use it."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from xoxzo.cloudpy.campaigns.inputs.bad_rows import BadRows, without_formula
from xoxzo.cloudpy.campaigns.inputs.encodings import cannot_be_read
from xoxzo.cloudpy.campaigns.inputs.recipients import parse_number, read_numbers, read_numbers_file
from xoxzo.cloudpy.campaigns.ledger import CampaignStore, open_store
from xoxzo.cloudpy.campaigns.ledger.opt_outs import HASH_BYTES, OptOut
from xoxzo.cloudpy.errors import CampaignError

EXPORT_COLUMNS = ("hash", "since", "source", "campaign")
"""The columns of an exported list. ``since`` is ISO 8601 in UTC; ``campaign`` is empty for all campaigns."""


class OptOuts:
    """The opt-out list of a store: who gets no message of any of its campaigns, from the next claim on.

    The list holds hashes of numbers, and no numbers. Whoever can read it can test whether a number is on it.

    Args:
        store: where the campaigns are, as for ``Campaign.create``.
        country: the country of numbers without a country code, as ISO 3166-1 alpha-2.

    Methods raise ``CampaignError`` where the list cannot be read or written, and ``InvalidArgument`` for what is no
    phone number.
    """

    def __init__(self, store: CampaignStore | str | os.PathLike[str] | None = None, *, country: str = "JP") -> None:
        self._list = open_store(store).opt_outs
        self._country = country

    def add(self, numbers: Iterable[str], *, source: str = "", since: datetime | None = None) -> int:
        """Add numbers; return how many are new. A number that is on the list already keeps its time and source.

        Args:
            numbers: as people write them.
            source: where the opt-out came from, for instance ``phone call``.
            since: when the person opted out; by default now.
        """
        at = None if since is None else since.timestamp()
        return self._list.add(list(read_numbers(numbers, self._country, "numbers")), source=source, since=at)

    def remove(self, numbers: Iterable[str]) -> int:
        """Remove numbers; return how many were on the list."""
        return self._list.remove(list(read_numbers(numbers, self._country, "numbers")))

    def get(self, number: str) -> OptOut | None:
        """Return since when and why a number is on the list; ``None`` if it is not."""
        return self._list.get(parse_number(number, self._country))

    def __contains__(self, number: str) -> bool:
        return self.get(number) is not None

    def __iter__(self) -> Iterator[OptOut]:
        """Yield all entries, the oldest first; those of `Campaign.suppress` as well."""
        return iter(self._list)

    def newest(self, count: int) -> list[OptOut]:
        """Return the newest entries, the newest first."""
        return self._list.newest(count)

    def import_file(self, path: str | os.PathLike[str], *, source: str | None = None) -> int:
        """Add the numbers of a file, or the entries of an exported list; return how many are new.

        Args:
            path: the file: whatever a list of recipients can be. All columns of phone numbers count.
            source: where the opt-outs came from; by default the file's name. An exported list has its own.

        Raises:
            BadRows: a row has no readable number; nothing was added.
        """
        if (entries := _read_export(Path(path))) is not None:
            return self._list.merge(entries)
        numbers, bad = read_numbers_file(path, self._country)
        if bad:
            raise BadRows(bad, len(bad))
        return self._list.add(numbers, source=Path(path).name if source is None else source)

    def export(self, file: TextIO) -> int:
        """Write the list as CSV, for `import_file` of another store; return how many entries it has."""
        writer = csv.writer(file)
        writer.writerow(EXPORT_COLUMNS)
        count = 0
        for count, one in enumerate(self, 1):  # noqa: B007 - it is returned
            since = datetime.fromtimestamp(one.since, UTC).isoformat()
            writer.writerow((one.hash.hex(), since, without_formula(one.source), one.campaign))
        return count


def _read_export(path: Path) -> list[OptOut] | None:
    """Return the entries of an exported list; ``None`` if the file is something else."""
    try:
        with path.open("rb") as file:
            if not file.read(16).removeprefix(b"\xef\xbb\xbf").startswith(b"hash,since"):
                return None
        with path.open(encoding="utf-8-sig", newline="") as text:
            return [_read_entry(row) for row in csv.DictReader(text)]
    except OSError as error:
        raise cannot_be_read(path, error) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CampaignError(
            "not_an_opt_out_list",
            "{path} is not an exported opt-out list, or it was changed: nothing was added",
            path=path,
        ) from None


def _read_entry(row: dict[str, Any]) -> OptOut:
    number = bytes.fromhex(row["hash"])
    if tuple(row) != EXPORT_COLUMNS or row["campaign"] is None or len(number) != HASH_BYTES:
        raise ValueError(row["hash"])
    source = row["source"]
    restored = source[1:] if source[:1] == "'" and without_formula(source[1:]) == source else source
    return OptOut(number, datetime.fromisoformat(row["since"]).timestamp(), restored, row["campaign"])
