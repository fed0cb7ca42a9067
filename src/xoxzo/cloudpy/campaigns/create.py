"""Create a campaign: read a list of recipients into a new ledger, completely or not at all."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any, Self

import msgspec

from xoxzo.cloudpy.campaigns.content import OPT_OUT, Content
from xoxzo.cloudpy.campaigns.inputs.cells import fold
from xoxzo.cloudpy.campaigns.inputs.columns import check_country, choose_columns
from xoxzo.cloudpy.campaigns.inputs.recipients import BadRow, BadRows, Part, RecipientReader, read_numbers
from xoxzo.cloudpy.campaigns.inputs.tables import Table, hash_file, read_rows, read_table
from xoxzo.cloudpy.campaigns.ledger import CampaignStore, Ledger, open_store
from xoxzo.cloudpy.campaigns.opt_outs import OptOutLinks
from xoxzo.cloudpy.campaigns.records import Reason
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

Source = str | os.PathLike[str] | Iterable[Mapping[str, object]]
_READING = frozenset({"encoding", "delimiter", "header", "header_row", "sheet", "hidden"})
_READ = ("kind", "encoding", "delimiter", "sheet", "header_row")
_REPEATED = Reason("repeated", "has the number of an earlier row")


class CreateApi:
    """The methods of ``Campaign`` that create or open one."""

    def __init__(self, name: str, ledger: Ledger) -> None:
        self.name = name
        """Its name."""
        self.ledger = ledger
        """Its ledger."""
        self.content = msgspec.convert(ledger.get("content"), Content)
        """What is sent."""
        self.bad: tuple[BadRow, ...] = ()
        """The rows of the input that were left out, when it was created just now."""
        self._uid = str(ledger.get("uid"))

    @classmethod
    def open(cls, name: str, *, store: CampaignStore | str | os.PathLike[str] | None = None) -> Self:
        """Open a campaign that was created before.

        Args:
            name: its name.
            store: where it is stored, as for ``create``.

        Raises:
            CampaignError: there is none of this name.
        """
        return cls(name, open_store(store).open(name))

    @classmethod
    def create(
        cls,
        name: str,
        source: Source,
        content: Content,
        *,
        store: CampaignStore | str | os.PathLike[str] | None = None,
        number: str | None = None,
        columns: Mapping[str, str] | None = None,
        country: str = "JP",
        mobile_only: bool | None = None,
        test_numbers: bool = False,
        skip_bad: bool = False,
        suppress: Iterable[str] = (),
        links: OptOutLinks | None = None,
        split: str | None = None,
        **reading: Any,  # noqa: ANN401 - what `read_table` takes
    ) -> Self:
        """Read recipients and store them in a new ledger with what they will get. Nothing is sent.

        Args:
            name: its name: letters, digits, ``-``, ``_`` and ``.``, at most 100.
            source: a file (see ``inputs.read_table``), or rows that map columns to values. A million rows need no
                more memory than a thousand.
            content: what is sent.
            store: where the campaign is stored: a folder, or a store; by default ``XOXZO_CAMPAIGNS`` or the user's data
                folder.
            number: the column of the phone numbers; by default the one that holds some.
            columns: the column of each placeholder, where its name differs.
            country: the country of numbers without a country code, as ISO 3166-1 alpha-2.
            mobile_only: refuse numbers that are not mobile; by default for SMS and not for calls.
            test_numbers: accept the simulator's numbers with fixed outcomes; a campaign with one runs on a simulator
                only.
            skip_bad: leave bad rows out; by default they stop everything.
            suppress: numbers that this campaign leaves out, written as in `source`; only their hashes are stored. The
                opt-out list of the store counts as well: see `OptOuts`.
            links: makes the links for ``{opt_out}`` in the message, by which people opt out.
            split: takes a random part of the list, such as ``1/2``; ``2/2`` takes the others. See `compare`.
            **reading: ``encoding``, ``delimiter``, ``header``, ``header_row``, ``sheet`` and ``hidden`` of a file.

        Raises:
            BadRows: there are bad rows; nothing was created.
            InvalidArgument: the name, the content or a setting breaks its rule.
            CampaignError: the file cannot be read or was changed meanwhile, a column is missing, or there is a campaign
                of this name.
            ConfigurationError: an extra is missing.
        """
        if links is not None and OPT_OUT in content.placeholders:
            content = msgspec.structs.replace(content, opt_out_url=links.url)
        content.check()
        if unknown := set(reading) - _READING:  # a mistyped suppress= must not be passed over
            raise TypeError(f"create() got an unexpected keyword argument {min(unknown)!r}")
        if not isinstance(columns, Mapping | None):
            raise InvalidArgument("columns", "must be a mapping of placeholders to columns")
        mobile_only = not content.is_call if mobile_only is None else mobile_only
        store = open_store(store)
        country = check_country(country)
        with store.create(name) as ledger:
            mapped = {fold(placeholder): column for placeholder, column in (columns or {}).items()}
            wanted = [mapped.get(fold(placeholder), placeholder) for placeholder in content.variables]
            table, file, before = _read(source, country, wanted if number is None else [*wanted, number], reading)
            if OPT_OUT in content.variables and fold(OPT_OUT) not in {*mapped, *map(fold, table.columns)}:
                raise CampaignError(
                    "opt_out_url_missing",
                    "{opt_out} in the message needs the URL of the opt-out pages: --opt-out-url, XOXZO_OPT_OUT_URL, "
                    "or links=",
                    opt_out="{opt_out}",
                )
            options: dict[str, Any] = {"country": country, "mobile_only": mobile_only}
            chosen = choose_columns(table, content.variables, number=number, mapping=columns, **options)
            reader = RecipientReader(table, chosen, content, test_numbers=test_numbers, **options)
            ledger.put({"name": name, "uid": secrets.token_hex(6)})
            part = Part.read(split, before) if split else None
            repeated = 0
            for one in ledger.add(reader if part is None else part.select(reader)):
                repeated += 1
                reader.leave_out(one.line, chosen.number, _REPEATED)
            if reader.bad and not skip_bad:
                raise BadRows(reader.bad_rows, reader.bad)
            if file and hash_file(file) != before:
                raise CampaignError(
                    "file_changed", "{path} was changed while it was read: nothing was created, try again", path=file
                )
            ledger.suppress(read_numbers(suppress, country))
            ledger.seal()
            if links is not None and OPT_OUT in content.placeholders:
                total, uid = ledger.get("total"), ledger.get("uid")
                signer = links.signer(ledger.opt_outs.reserve_links(total, uid, name))
                ledger.put({"links": msgspec.to_builtins(signer)})
            if not ledger.get("total"):
                raise CampaignError("no_recipients", "there is nobody to send to")
            used = {None, chosen.number, *chosen.variables.values()}
            asked = {**reading, "number": chosen.number, "country": country, "any_number": not mobile_only}
            ledger.put(
                {
                    "content": msgspec.to_builtins(content),
                    "created": time.time(),
                    "state": "created",
                    "source": before,
                    # Nobody has the test numbers: such a campaign is only for a simulator.
                    **({"is_local": True} if reader.has_test_numbers else {}),
                    "split": None if part is None else msgspec.to_builtins(part),
                    "input": {
                        "file": file,
                        **{name: getattr(table, name) for name in _READ},
                        "country": country,
                        "asked": asked,
                        "notes": msgspec.to_builtins([one for one in table.notes if one.fields.get("column") in used]),
                        "columns": {"number": chosen.number, **chosen.variables},
                        "rows": reader.read,
                        "numbers": reader.numbers,
                        "bad": reader.bad,
                        "repeated": repeated,
                        "left_out": msgspec.to_builtins(list(reader.left_out.values())),
                        "assumptions": dict(reader.assumptions),
                    },
                }
            )
        campaign = cls.open(name, store=store)
        campaign.bad = tuple(reader.bad_rows)
        return campaign


def _read(source: Source, country: str, wanted: Iterable[str], reading: Mapping[str, Any]) -> tuple[Table, str, str]:
    """Return the table, and the path and the hash of its file; both are empty for rows of a program."""
    if not isinstance(source, str | os.PathLike):
        return read_rows(source), "", ""
    before = hash_file(source)
    return read_table(source, country=country, wanted=wanted, **reading), os.fspath(source), before
