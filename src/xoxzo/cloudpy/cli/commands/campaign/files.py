"""The names that a campaign takes from its file, and the file of the rows that were left out."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _, ngettext
from xoxzo.cloudpy.common.private_files import open_private

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns import Campaign


def show_left_out(campaign: Campaign, path: Path) -> None:
    """Write the rows that were left out to a file, and show how many there are."""
    from xoxzo.cloudpy.campaigns.report.export import write_bad_rows

    path = write_bad_rows(campaign.bad, path, _)
    sentence = ngettext(
        "{count} row was left out; it is in {path} with its reason.",
        "{count} rows were left out; they are in {path} with their reasons.",
        len(campaign.bad),
    )
    click.echo(sentence.format(count=f"{len(campaign.bad):,}", path=path), err=True)


def write_report(path: Path, page: str) -> None:
    """Write a report to a file of the user's own, and say where it is."""
    try:
        with os.fdopen(open_private(path), "w", encoding="utf-8") as file:
            file.write(page)
    except OSError as error:
        why = error.strerror or error
        raise CommandError(_("{path} cannot be written: {why}").format(path=path, why=why)) from None
    click.echo(_("The report is in {path}").format(path=path), err=True)


def name_of(file: str, given: dict[str, Any]) -> str:
    """Return the name that a command's options give to a campaign."""
    # What is no part is refused with the list.
    part = f"-{re.sub(r'[^0-9]+', 'of', given['split'])}" if given["split"] else ""
    return given["name"] or _campaign_name(file) + part


def _campaign_name(file: str) -> str:
    """Return a file's name as that of a campaign: what a campaign's name cannot have becomes ``_``."""
    name = re.sub(r"[^\w.\-]+", "_", unicodedata.normalize("NFC", Path(file).stem)).strip("_.-")
    # Names of files have 255 bytes at most.
    return name.encode()[:180].decode(errors="ignore")[:100] or "campaign"


def bad_file_of(file: str) -> Path:
    """Return the file for the bad rows of a list."""
    return Path(f"{Path(file).stem}.bad.csv")
