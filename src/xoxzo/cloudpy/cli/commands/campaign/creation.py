"""Create a campaign by a command's options, and read the lists of numbers that options name."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.campaigns import Campaign, Content, OptOutLinks
from xoxzo.cloudpy.campaigns.content import OPT_OUT
from xoxzo.cloudpy.campaigns.ledger import FolderStore
from xoxzo.cloudpy.cli.commands.campaign.options import selected_store
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _, render_error
from xoxzo.cloudpy.cli.core.sending.callback_urls import signing_secret
from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    from collections.abc import Iterator


def create(
    file: str,
    name: str,
    content: Content,
    given: dict[str, Any],
    store: Path | None = None,
    *,
    test_numbers: bool = False,
) -> Campaign:
    """Create a campaign from a file by a command's options.

    Args:
        file: the list of recipients.
        name: the campaign's name.
        content: what is sent.
        given: the options.
        store: a temporary folder to store it in; by default it is in the selected store.
        test_numbers: accept the simulator's numbers with fixed outcomes.
    """
    chosen = selected_store() if store is None else _with_opt_outs(store)
    more = creation_options(content, given)
    return Campaign.create(name, file, content, store=chosen, test_numbers=test_numbers, **more)


def creation_options(content: Content, given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``Campaign.create`` that a command's options give."""
    read_as = (
        "number",
        "country",
        "split",
        "skip_bad",
        "encoding",
        "delimiter",
        "header",
        "header_row",
        "sheet",
        "hidden",
    )
    return {
        **{name: given[name] for name in read_as},
        "columns": columns_of(given),
        "mobile_only": False if given["any_number"] else None,
        "suppress": numbers_in(given["suppress"], given["country"]) if given["suppress"] else (),
        "links": _links(content, given["opt_out_url"]),
    }


def _links(content: Content, url: str | None) -> OptOutLinks | None:
    """Return what makes the links for ``{opt_out}``, where the message has it and a URL is given."""
    is_wanted = OPT_OUT in content.placeholders and url
    return OptOutLinks(signing_secret(), url) if url and is_wanted else None


def _with_opt_outs(folder: Path) -> FolderStore:
    """Return a store in a temporary folder, with the opt-out list and the contacts of the selected store."""
    store = FolderStore(folder)
    store.copy_lists(selected_store())
    return store


def columns_of(given: dict[str, Any]) -> dict[str, str]:
    """Return the column of each placeholder that ``--column`` names."""
    pairs = [pair.partition("=") for pair in given["columns"]]
    if any(not mark for _name, mark, _column in pairs):
        raise click.UsageError(_("--column wants NAME=COLUMN, for instance --column name=お名前"))
    return {placeholder: column for placeholder, _mark, column in pairs}


def numbers_in(path: str, country: str) -> list[str]:
    """Read a file of numbers that any list of recipients can be; a row without a readable number ends the program."""
    from xoxzo.cloudpy.campaigns.inputs.recipients import read_numbers_file

    with readable(path) as file:
        try:
            found, bad = read_numbers_file(file, country)
        except CampaignError as error:
            raise CommandError(f"{path}: {render_error(error)}") from None
    if bad:
        where = _("{path}, line {line}").format(path=path, line=bad[0].line)
        raise CommandError(f"{where}: {bad[0].column} {bad[0].reason.render(_)}")
    return found


@contextmanager
def readable(path: str) -> Iterator[Path]:
    """Yield a file that can be read more than once, as a table is; ``-`` stands for standard input."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "-.csv") if path == "-" else Path(path)
        if path == "-":
            file.write_bytes(sys.stdin.buffer.read())
        yield file
