"""Turn a command's options into an account, a content and a campaign, and write files beside it."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from xoxzo.cloudpy.campaigns import Campaign, Content, Limits, OptOutLinks, Schedule
from xoxzo.cloudpy.campaigns.content import OPT_OUT
from xoxzo.cloudpy.campaigns.inputs.cells import fold
from xoxzo.cloudpy.campaigns.inputs.recipients import read_numbers_file
from xoxzo.cloudpy.campaigns.ledger import FolderStore
from xoxzo.cloudpy.cli.commands.campaign.options import CONTENT_KINDS, limits_of, selected_store, write_bad_file
from xoxzo.cloudpy.cli.commands.campaign.render import Balance, describe_schedule, duration, local_time
from xoxzo.cloudpy.cli.core import configuration, exit_codes, inputs, sending, session
from xoxzo.cloudpy.cli.core.configuration import NoCredentials
from xoxzo.cloudpy.cli.core.i18n import _, ngettext, render_error
from xoxzo.cloudpy.cli.core.output.values import format_value
from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.common.user_files import open_private
from xoxzo.cloudpy.errors import APIError, CampaignError

_FORMAT = ("encoding", "delimiter", "header", "header_row", "sheet", "hidden")
_READ_AS = ("number", "country", "split", "skip_bad", *_FORMAT)
ClientOptions = dict[str, Any]
"""The arguments of a client: the account and the destination."""


def client_options(given: dict[str, Any]) -> ClientOptions:
    """Return a client's arguments from a command's options; on a terminal, show the destination.

    Without ``--sender`` or ``--country``, `given` gets the profile's or else the configuration's.

    Raises:
        NoCredentials: no account is configured.
    """
    table: dict[str, Any] = {}
    try:
        found = session.resolve_destination(given["profile"], simulator=given["simulator"])
        table = found.table
    finally:
        if given.get("sender", "") is None:
            is_call = given["say"] is not None or given["play"] is not None
            given["sender"] = configuration.default("caller" if is_call else "sender", table)
        if given.get("country", "") is None:
            given["country"] = configured_country(table)
    if sys.stderr.isatty():
        click.echo(click.style(found.line, dim=True), err=True)
    return found.client_options()


def configured_country(table: dict[str, Any] | None = None) -> str:
    """Return where numbers without a country code belong, by a profile's table or the configuration; else Japan."""
    return configuration.default("country", table) or session.DEFAULT_COUNTRY


def is_local(account: ClientOptions | None) -> bool:
    """Return whether an account is one of a simulator on this machine."""
    return account is not None and is_this_machine(urlsplit(account["base_url"]).hostname or "")


def account_and_balance(given: dict[str, Any]) -> tuple[ClientOptions | None, Balance]:
    """Return the account and its balance; none where none is configured: an estimate needs none."""
    try:
        account = client_options(given)
    except NoCredentials as missing:
        return None, Balance(None, missing.message)
    return account, balance_of(account)


def balance_of(account: ClientOptions) -> Balance:
    """Return the balance of an account, or why it is not known."""
    try:
        with Client(**account, app_info="xoxzo-cli") as client:
            return Balance(client.account.credits().credits)
    except APIError as error:
        return Balance(None, exit_codes.describe_api_error(error))


def content_from(given: dict[str, Any], account: ClientOptions | None) -> Content:
    """Return the content that a command's options give; the text of a template is read from the account."""
    kinds: list[Any] = [kind for kind in CONTENT_KINDS if given[kind] is not None]
    if len(kinds) != 1:
        raise click.UsageError(_("Give the content by one of --text, --template, --say and --play."))
    [kind] = kinds
    if not given["sender"]:
        option = "caller" if kind in {"say", "play"} else "sender"
        raise click.UsageError(_("Give --sender, or set a default: xoxzo config set {option} …", option=option))
    message = given[kind]
    if kind == "template":
        # Only Xoxzo has its text: without an account this raises the error that says what is missing.
        with Client(**(account or client_options(given)), app_info="xoxzo-cli") as client:
            message = client.templates.get(given["template"]).approved_content
    if message is None:
        missing = _("Template {number} has no text in force: Xoxzo has not approved it yet.")
        raise click.UsageError(missing.format(number=given["template"]))
    return Content(
        kind=kind,
        sender=given["sender"],
        message=message,
        template=given["template"],
        language=given["language"] or "ja",
        tags=given["tags"],
        options={"track_link": True} if given["track_link"] else {},
        price=given["price"],
    )


def new_campaign(
    file: str, name: str, given: dict[str, Any], account: ClientOptions | None, folder: Path | None = None
) -> Campaign:
    """Create a campaign from a file by a command's options, in the selected store or a temporary folder.

    The text of a template is read from the account.
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
        "columns": inputs.parse_pairs(given["columns"], "--column"),
        "mobile_only": False if given["any_number"] else None,
        "suppress": numbers_in(given["suppress"], given["country"]) if given["suppress"] else (),
        "links": OptOutLinks(sending.signing_secret(), url) if url and OPT_OUT in content.placeholders else None,
    }


def numbers_in(path: str, country: str) -> list[str]:
    """Read a file of numbers that any list of recipients can be; a row without a readable number ends the program."""
    with readable(path) as file:
        try:
            found, bad = read_numbers_file(file, country)
        except CampaignError as error:
            raise exit_codes.CommandError(f"{path}: {render_error(error)}") from None
    if bad:
        where = _("{path}, line {line}", path=path, line=bad[0].line)
        raise exit_codes.CommandError(f"{where}: {bad[0].column} {bad[0].reason.render(_)}")
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
        path=write_bad_file(campaign.bad, file),
    )
    click.echo(sentence, err=True)


def write_report(path: str, page: str) -> None:
    """Write a report to a file of the user's own, and say where it is."""
    with exit_codes.writing(path), os.fdopen(open_private(path), "w", encoding="utf-8") as file:
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


def changes(given: dict[str, Any], campaign: Campaign) -> list[tuple[str, str, str]]:
    """Return where the given options differ from those a campaign was started with: option, campaign's value, value."""
    found = [*_content_changes(given, campaign.content), *_list_changes(given, campaign.ledger.get("input") or {})]
    part = campaign.ledger.get("split")
    found.append(("--split", "{part}/{of}".format(**part) if part else None, given["split"]))
    if campaign.state != "created":
        before, after = campaign.limits, limits_of(given, campaign.limits)
        found += [(_option(name), getattr(before, name), getattr(after, name)) for name in Limits.__struct_fields__]
    return [(option, _shown(old, option), _shown(new, option)) for option, old, new in found if old != new]


def _content_changes(given: dict[str, Any], content: Content) -> Iterator[tuple[str, Any, Any]]:
    stored: dict[str, Any] = {
        content.kind: content.template if content.kind == "template" else content.message,
        "sender": content.sender,
        "language": content.language,
        "tags": content.tags,
        "track_link": bool(content.options.get("track_link")),
        "price": content.price,
    }
    wanted = {name: given[name] for name in (*CONTENT_KINDS, "sender", "language", "tags", "track_link") if given[name]}
    if given["price"] is not None:
        wanted["price"] = given["price"]
    if given["opt_out_url"] and content.opt_out_url:
        stored["opt_out_url"], wanted["opt_out_url"] = content.opt_out_url, given["opt_out_url"].rstrip("/")
    for name, value in wanted.items():
        yield _option(name.removesuffix("s")), stored.get(name), value


def _list_changes(given: dict[str, Any], read: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield what concerns how a campaign's list was read; names of columns are compared as they are found."""
    columns, asked = read.get("columns", {}), read.get("asked", {})
    named = {
        f"--column {name}": (columns.get(name), column)
        for name, column in inputs.parse_pairs(given["columns"], "--column").items()
    }
    if given["number"]:
        named["--number"] = (asked.get("number"), given["number"])
    for option, (old, new) in named.items():
        if fold(old or "") != fold(new):
            yield option, old, new
    source = click.get_current_context().get_parameter_source
    for name in ("country", "any_number", *_FORMAT):
        if source(name) is not ParameterSource.DEFAULT:
            yield _option(name), asked.get(name), given[name]


def _option(name: str) -> str:
    return {"schedule": "--at, --window, --quiet"}.get(name, f"--{name.replace('_', '-')}")


def _shown(value: object, option: str) -> str:
    if value is None or value == ():
        return _("none")
    if isinstance(value, Schedule):
        return describe_schedule(value)
    if option == "--expires" and isinstance(value, float):
        return local_time(value)
    if option == "--not-within" and isinstance(value, float):
        return duration(value) if value else _("none")
    if isinstance(value, bool | Decimal | float):
        return format_value(Decimal(str(value)) if isinstance(value, float) else value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
