"""Create a campaign from a file by a command's options, and write the files of its rows and its report."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from xoxzo.cloudpy.campaigns import Campaign, Content, OptOutLinks
from xoxzo.cloudpy.campaigns.content import OPT_OUT
from xoxzo.cloudpy.campaigns.inputs.recipients import read_numbers_file
from xoxzo.cloudpy.campaigns.ledger import FolderStore
from xoxzo.cloudpy.campaigns.report.export import write_bad_rows
from xoxzo.cloudpy.cli.commands.campaign.account import ClientOptions, content_from, is_local
from xoxzo.cloudpy.cli.commands.campaign.options import bad_file_of, selected_store
from xoxzo.cloudpy.cli.core.exit_codes import CommandError, writing
from xoxzo.cloudpy.cli.core.i18n import _, ngettext, render_error
from xoxzo.cloudpy.cli.core.inputs import parse_pairs
from xoxzo.cloudpy.cli.core.sending.callback_urls import signing_secret
from xoxzo.cloudpy.common.user_files import open_private
from xoxzo.cloudpy.errors import CampaignError

_READ_AS = (
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


def create(
    file: str, name: str, given: dict[str, Any], account: ClientOptions | None, folder: Path | None = None
) -> Campaign:
    """Create a campaign from a file by a command's options.

    Args:
        file: the list of recipients.
        name: the campaign's name.
        given: the options.
        account: what the text of a template is read from.
        folder: a temporary folder to store it in; by default it is in the selected store.
    """
    store = selected_store()
    if folder is not None:
        # The opt-out list and the contacts are those of the selected store.
        temporary = FolderStore(folder)
        temporary.copy_lists(store)
        store = temporary
    content = content_from(given, account)
    more = creation_options(content, given)
    return Campaign.create(name, file, content, store=store, test_numbers=is_local(account), **more)


def creation_options(content: Content, given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``Campaign.create`` that a command's options give."""
    url = given["opt_out_url"]
    return {
        **{name: given[name] for name in _READ_AS},
        "columns": columns_of(given),
        "mobile_only": False if given["any_number"] else None,
        "suppress": numbers_in(given["suppress"], given["country"]) if given["suppress"] else (),
        "links": OptOutLinks(signing_secret(), url) if url and OPT_OUT in content.placeholders else None,
    }


def columns_of(given: dict[str, Any]) -> dict[str, str]:
    """Return the column of each placeholder that ``--column`` names."""
    return parse_pairs(given["columns"], "--column")


def numbers_in(path: str, country: str) -> list[str]:
    """Read a file of numbers that any list of recipients can be; a row without a readable number ends the program."""
    with readable(path) as file:
        try:
            found, bad = read_numbers_file(file, country)
        except CampaignError as error:
            raise CommandError(f"{path}: {render_error(error)}") from None
    if bad:
        where = _("{path}, line {line}", path=path, line=bad[0].line)
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


def show_left_out(campaign: Campaign, file: str) -> None:
    """Write the rows that were left out to a file, and show how many there are."""
    if not campaign.bad:
        return
    sentence = ngettext(
        "{count} row was left out; it is in {path} with its reason.",
        "{count} rows were left out; they are in {path} with their reasons.",
        len(campaign.bad),
        path=write_bad_rows(campaign.bad, bad_file_of(file), _),
    )
    click.echo(sentence, err=True)


def write_report(path: str, page: str) -> None:
    """Write a report to a file of the user's own, and say where it is."""
    with writing(path), os.fdopen(open_private(path), "w", encoding="utf-8") as file:
        file.write(page)
    click.echo(_("The report is in {path}", path=path), err=True)


def name_of(file: str, given: dict[str, Any]) -> str:
    """Return the name that a command's options give to a campaign: by default the file's, with the part of a list."""
    # What a campaign's name cannot have becomes _, and names of files have 255 bytes at most.
    stem = re.sub(r"[^\w.\-]+", "_", unicodedata.normalize("NFC", Path(file).stem)).strip("_.-")
    name = stem.encode()[:180].decode(errors="ignore")[:100] or "campaign"
    # What is no part is refused with the list.
    part = f"-{re.sub(r'[^0-9]+', 'of', given['split'])}" if given["split"] else ""
    return given["name"] or name + part
