"""The options that campaign commands share, and the base class of these commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial, wraps
from pathlib import Path
from typing import Any

import click
import msgspec

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.campaigns import BadRows, Campaign, Limits, Schedule
from xoxzo.cloudpy.campaigns.inputs.columns import check_country
from xoxzo.cloudpy.campaigns.inputs.recipients import BadRow
from xoxzo.cloudpy.campaigns.ledger import CampaignStore, open_store
from xoxzo.cloudpy.campaigns.report.export import write_bad_rows
from xoxzo.cloudpy.cli.core import session
from xoxzo.cloudpy.cli.core.click_base import Command, SectionedOption, add_options, make_command
from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, REJECTED, USAGE, CommandError
from xoxzo.cloudpy.cli.core.i18n import N_, _, ngettext, render_error
from xoxzo.cloudpy.cli.core.inputs import CREDITS, TIME, parse_period
from xoxzo.cloudpy.errors import APIError, CampaignError, ConfigurationError, InvalidArgument

_MAX_SHOWN_BAD_ROWS = 5
FILE = click.Path(exists=True, dir_okay=False)
"""The type of a file that is read."""
_STORE = "xoxzo.cloudpy.campaigns.store"
_PASSWORD = re.compile(r":[^:/@]*@")


_STORE_OPTION = click.Option(
    ["--store"],
    metavar="ADDRESS",
    expose_value=False,
    is_eager=True,  # so that completion sees it, too
    callback=lambda ctx, _parameter, value: ctx.meta.update({_STORE: value}),
    help="Where campaigns are stored; by default XOXZO_CAMPAIGNS, or a folder of yours.",
)


class CampaignCommand(Command):
    """A command on the campaigns of the store that ``--store`` selects, with the exit statuses of campaigns."""

    options_come_last = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.params.append(_STORE_OPTION)

    def to_command_error(self, ctx: click.Context, error: Exception) -> CommandError | None:
        """Convert an error of the library; bad rows are written to a file."""
        if isinstance(error, BadRows):
            try:
                path = write_bad_file(error.rows, ctx.params["file"])
            except CampaignError as unwritten:
                return super().to_command_error(ctx, unwritten)
            sentence = ngettext(
                "{count} row cannot be sent to; nothing was sent.",
                "{count} rows cannot be sent to; nothing was sent.",
                error.count,
            )
            where = _("They are in {path} with their reasons: correct them there, or leave them out with --skip-bad.")
            return CommandError(sentence, *bad_row_lines(error), where.format(path=path))
        failure = super().to_command_error(ctx, error)
        if failure is None or not isinstance(error, APIError | CampaignError | ConfigurationError | InvalidArgument):
            return failure
        refused = errors.AuthenticationFailed | errors.PermissionDenied | ConfigurationError
        status = CREDENTIALS if isinstance(error, refused) else REJECTED if isinstance(error, APIError) else USAGE
        lost = [_("If that file is lost: xoxzo campaign settle NAME --lost-wal")] if error.code == "wal_missing" else []
        return CommandError(failure.message, *lost, status=status)


def bad_row_lines(error: BadRows) -> list[str]:
    """Describe the first of the rows that cannot be sent to."""
    lines = [
        _("line {line}: {column} {why}", line=row.line, column=row.column, why=row.reason.render(_))
        for row in error.rows[:_MAX_SHOWN_BAD_ROWS]
    ]
    more = error.count - len(lines)
    return [*lines, _("… and {count} more", count=f"{more:,}")] if more else lines


def write_bad_file(rows: Sequence[BadRow], file: str) -> Path:
    """Write the bad rows of a list to a file of a similar name, and return its path."""
    return write_bad_rows(rows, Path(f"{Path(file).stem}.bad.csv"), _)


campaign_command = partial(make_command, cls=CampaignCommand)
"""Returns a decorator that makes a command on campaigns of a function, with its name; its help shows these examples."""


def with_campaign(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument NAME to a command, and pass it the campaign of that name, which is open meanwhile."""

    @click.argument("name", shell_complete=campaign_names)
    @wraps(function)
    def run(name: str, **given: Any) -> Any:
        with open_campaign(name) as campaign:
            return function(campaign, **given)

    return run


_content = partial(click.option, cls=SectionedOption, section=N_("Content"))
_input = partial(click.option, cls=SectionedOption, section=N_("Recipients and columns"))
_limits = partial(click.option, cls=SectionedOption, section=N_("Limits"))

_CONTENT = (
    _content("--text", help="The message of an SMS; {name} stands for the column `name`."),
    _content("--template", type=click.IntRange(1), help="The number of an approved template."),
    _content("--say", help="Call and speak this message."),
    _content("--play", metavar="URL", help="Call and play this mp3 (http only)."),
    _content("--language", help="The language of a spoken message: ja or en; ja by default."),
    _content(
        "--sender",
        help="The SMS's sender, 10 letters and digits or 15 digits, or the call's caller; else the configured one.",
    ),
    _content("--tag", "tags", multiple=True, help="A tag for each message; may be repeated."),
    _content("--track-link", is_flag=True, help="Replace the first link with a tracked short link."),
    _content(
        "--opt-out-url",
        envvar="XOXZO_OPT_OUT_URL",
        metavar="URL",
        help="Where the pages of {opt_out} are; signed with XOXZO_CALLBACK_SECRET.",
    ),
    _content("--price", type=CREDITS, help="Credits for each part or call, where yours differ from the published."),
)


def _country(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    # A country that does not exist is the option's fault, and not that of each number.
    try:
        return None if value is None else check_country(value)
    except InvalidArgument as error:
        raise click.BadParameter(render_error(error)) from None


country_option = partial(
    click.option,
    "--country",
    help="The country of numbers without a country code; by default the configured one, or JP.",
    callback=_country,
)
output_option = partial(click.option, "-o", "--output", type=click.Path(dir_okay=False, allow_dash=True))
_INPUT = (
    _input("--name", help="The name of the campaign; by default the file's."),
    _input("--number", help="The column of the phone numbers."),
    _input("--column", "columns", multiple=True, metavar="NAME=COLUMN", help="The column of a placeholder."),
    country_option(cls=SectionedOption, section=N_("Recipients and columns")),
    _input("--any-number", is_flag=True, help="Also send to numbers that are not mobile."),
    _input("--split", metavar="N/PARTS", help="Take a random part of the list: 1/2, and 2/2 for the others."),
    _input("--skip-bad", is_flag=True, help="Leave rows out that cannot be sent to."),
    _input("--suppress", type=FILE, help="A list of numbers to leave out."),
    _input("--encoding", help="The encoding of the file; by default detected."),
    _input("--delimiter", help="The character between cells; by default detected."),
    _input("--header/--no-header", default=None, help="Whether the first row names the columns."),
    _input("--header-row", type=click.IntRange(1), metavar="N", help="The line that names the columns."),
    _input("--sheet", help="The sheet of a workbook; by default the first that is not hidden."),
    _input("--hidden", type=click.Choice(["include", "skip"]), help="What to do with a workbook's hidden rows."),
)


def _parse_period(value: str) -> float:
    found = parse_period("0m" if value == "none" else value)
    if found is None:
        raise click.BadParameter(_("{value!r} is not a duration: write 7d, 12h, 90m, or none", value=value))
    return found


_SCHEDULE = (
    _limits("--at", metavar="TIME", help="Send nothing before this local time of each recipient: 2026-12-01 10:00."),
    _limits(
        "--window",
        "windows",
        multiple=True,
        metavar="HOURS",
        help="Send only at these hours of the recipient's local time: Mon-Fri 09:00-18:00; may be repeated.",
    ),
    _limits("--quiet", metavar="HH:MM-HH:MM", help="Send nothing at these hours of the recipient's local time."),
)
_LIMITS = (
    _limits("--concurrency", type=click.IntRange(1, 1000), help="Messages in flight at the same time; 10 by default."),
    _limits("--rate", type=float, help="Messages a second."),
    _limits("--max-cost", type=CREDITS, help="Stop before the cost exceeds this."),
    *_SCHEDULE,
    _limits("--expires", type=TIME, help="Send nothing after this time, as 2026-11-30T18:00+09:00."),
    _limits(
        "--not-within",
        type=_parse_period,
        metavar="TIME",
        help="Leave out those to whom another campaign has sent within 7d or 12h.",
    ),
    _limits("--stop-share", type=float, help="Stop when this share of the last 100 has failed; 0.5 by default."),
    _limits("--settle", type=float, help="Seconds until no late acceptance is possible; 600 by default."),
)

CONTENT_KINDS = ("text", "template", "say", "play")
"""The options that say what is sent, one of which is given."""
destination_options = session.destination_options(cls=SectionedOption, section=N_("Destination"))
"""Adds the options that select the account and the destination."""
limit_options, schedule_options = add_options(*_LIMITS), add_options(*_SCHEDULE)
"""Add the options of a run's limits, and of its times alone."""
_file = click.argument("file", type=FILE)
list_options, unnamed_list_options = (
    add_options(_file, *_CONTENT, *inputs, *_LIMITS, destination_options) for inputs in (_INPUT, _INPUT[1:])
)
"""Add the argument FILE, and the options for sending to the recipients in it, with and without ``--name``."""


def limits_of(given: dict[str, Any], before: Limits | None = None) -> Limits:
    """Return the limits that a command's options give; `before` has the limits for options that are not given."""
    names = ("concurrency", "rate", "max_cost", "stop_share", "settle", "not_within")
    read = {name: given[name] for name in names} | {
        "schedule": schedule_of(given, before.schedule if before else None),
        "expires": given["expires"] and given["expires"].timestamp(),
    }
    chosen = {name: value for name, value in read.items() if value is not None}
    return msgspec.structs.replace(before or Limits(), **chosen)


def schedule_of(given: dict[str, Any], before: Schedule | None) -> Schedule | None:
    """Return the schedule that a command's options give; `before` has what is not given, and "none" removes it."""
    texts = {"at": given["at"], "windows": ", ".join(given["windows"]), "quiet": given["quiet"]}
    chosen = {name: "" if text == "none" else text for name, text in texts.items() if text}
    after = msgspec.structs.replace(before or Schedule(), **chosen)
    return None if after == Schedule(zone=after.zone) else after


def selected_store(default: str | None = None) -> CampaignStore:
    """Return the store that ``--store`` of the running command selects, or the one at another address."""
    return open_store(click.get_current_context().meta.get(_STORE) or default)


def in_command(name: str) -> str:
    """Return a campaign's name as a further command takes it: with ``--store`` where the running one has it."""
    context = click.get_current_context(silent=True)
    store = None if context is None else context.meta.get(_STORE)
    # A password that an address may hold is shown nowhere.
    return f"{name} --store {shlex.quote(_PASSWORD.sub(':…@', store))}" if store else name


def campaign_names(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a campaign of the selected store."""
    with suppress(OSError), ctx.scope(cleanup=False):
        return [name for name in selected_store().names() if name.startswith(incomplete)]
    return []


def open_campaign(name: str, default: str | None = None) -> Campaign:
    """Open a campaign of the selected store."""
    return Campaign.open(name, store=selected_store(default))
