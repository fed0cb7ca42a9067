"""The options that campaign commands share, and the exit statuses of their errors."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from xoxzo.cloudpy.campaigns import BadRows, Campaign, Content, Limits, Schedule
from xoxzo.cloudpy.campaigns.report.export import write_bad_rows
from xoxzo.cloudpy.cli.core.click_base import Command, CommonOption, with_translated_help
from xoxzo.cloudpy.cli.core.exit_codes import to_command_error
from xoxzo.cloudpy.cli.core.i18n import N_, _, ngettext, render_error
from xoxzo.cloudpy.cli.core.inputs import parse_credits, parse_period
from xoxzo.cloudpy.cli.core.output.terminal import visible
from xoxzo.cloudpy.cli.core.sending.callback_urls import signing_callbacks
from xoxzo.cloudpy.errors import (
    APIError,
    AuthenticationFailed,
    CampaignError,
    ConfigurationError,
    InvalidArgument,
    PermissionDenied,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal
    from pathlib import Path

    from xoxzo.cloudpy.callbacks import Callbacks
    from xoxzo.cloudpy.campaigns.ledger import CampaignStore

DONE, USAGE, STOPPED, CREDENTIALS, MAY_BE_SENT = 0, 2, 3, 4, 7
"""Exit statuses."""

F = TypeVar("F", bound=Callable[..., Any])


def json_option(text: str = "Write JSON.") -> Callable[[F], F]:
    """Return a decorator that adds the option ``--json``, with its help text."""
    return click.option("--json", "machine", is_flag=True, help=text)


_MAX_SHOWN_BAD_ROWS = 5
_STORE = "xoxzo.cloudpy.campaigns.store"
_PASSWORD = re.compile(r":[^:/@]*@")


class SectionedOption(click.Option):
    """An option that help lists under a heading.

    Args:
        section: the heading.
    """

    def __init__(self, *arguments: Any, section: str = "", **settings: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(*arguments, **settings)
        self.section = section


class SectionedCommand(Command):
    """A command whose help groups its options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings; general options come last, where a terminal shows them."""
        sections: dict[str, list[tuple[str, str]]] = {}
        others: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = (
                with_translated_help(parameter).get_help_record(ctx) if isinstance(parameter, click.Option) else None
            )
            if record is not None:
                common = N_("Destination") if isinstance(parameter, CommonOption) else ""
                title = getattr(parameter, "section", common)
                (sections.setdefault(title, []) if title else others).append(record)
        for title, records in (*sections.items(), (N_("Options"), others)):
            with formatter.section(_(title)):
                formatter.write_dl(records)


_content = partial(click.option, cls=SectionedOption, section=N_("Content"))
_input = partial(click.option, cls=SectionedOption, section=N_("Recipients and columns"))
_limits = partial(click.option, cls=SectionedOption, section=N_("Limits"))

_CONTENT = (
    _content("--text", help="The message of an SMS; {name} stands for the column `name`."),
    _content("--template", type=click.IntRange(1), help="The number of an approved template."),
    _content("--say", help="Call and speak this message."),
    _content("--play", metavar="URL", help="Call and play this mp3 (http only)."),
    _content("--language", help="Of a spoken message: ja or en; ja by default."),
    _content(
        "--sender",
        help="Of an SMS: 10 letters and digits, or 15 digits. Of a call: the caller's number; else the configured one.",
    ),
    _content("--tag", "tags", multiple=True, help="A tag for each message; may be repeated."),
    _content("--track-link", is_flag=True, help="Replace the first link with a tracked short link."),
    _content(
        "--opt-out-url",
        envvar="XOXZO_OPT_OUT_URL",
        metavar="URL",
        help="Where the pages of {opt_out} are; signed with XOXZO_CALLBACK_SECRET.",
    ),
    _content("--price", type=str, help="Credits for each part or call, where yours differ from the published."),
)


def _country(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    # A country that does not exist is the option's fault, and not that of each number.
    from xoxzo.cloudpy.campaigns.inputs.columns import check_country

    try:
        return None if value is None else check_country(value)
    except InvalidArgument as error:
        raise click.BadParameter(render_error(error)) from None


country_option = partial(
    click.option,
    "--country",
    help="Where numbers without a country code belong; else the configuration's, or JP.",
    callback=_country,
)
_INPUT = (
    _input("--name", help="What the campaign is called; by default as the file."),
    _input("--number", help="The column of the phone numbers."),
    _input("--column", "columns", multiple=True, metavar="NAME=COLUMN", help="The column of a placeholder."),
    country_option(cls=SectionedOption, section=N_("Recipients and columns")),
    _input("--any-number", is_flag=True, help="Take numbers that are no mobiles as well."),
    _input("--split", metavar="N/PARTS", help="Take a random part of the list: 1/2, and 2/2 for the others."),
    _input("--skip-bad", is_flag=True, help="Leave rows out that cannot be sent to."),
    _input("--suppress", type=click.Path(exists=True, dir_okay=False), help="A list of numbers to leave out."),
    _input("--encoding", help="Of the file; by default found out."),
    _input("--delimiter", help="Between cells; by default found out."),
    _input("--header/--no-header", default=None, help="Whether the first row names the columns."),
    _input("--header-row", type=click.IntRange(1), metavar="N", help="The line that names the columns."),
    _input("--sheet", help="Of a workbook; by default the first that is not hidden."),
    _input("--hidden", type=click.Choice(["include", "skip"]), help="What to do with a workbook's hidden rows."),
)
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
    _limits("--max-cost", type=str, metavar="CREDITS", help="Stop before the cost exceeds this."),
    *_SCHEDULE,
    _limits("--expires", metavar="TIME", help="Send nothing after this time, as 2026-11-30T18:00+09:00."),
    _limits("--not-within", metavar="TIME", help="Leave out those to whom another campaign has sent within 7d or 12h."),
    _limits("--stop-share", type=float, help="Stop when this share of the last 100 has failed; 0.5 by default."),
    _limits("--settle", type=float, help="Seconds until no late acceptance is possible; 600 by default."),
)


CONTENT_KINDS = ("text", "template", "say", "play")
"""The options that say what is sent, one of which is given."""


def _adding(options: tuple[Callable[[F], F], ...], function: F) -> F:
    return reduce(lambda done, option: option(done), reversed(options), function)


content_options, input_options, limit_options, schedule_options, unnamed_input_options = (
    partial(_adding, options) for options in (_CONTENT, _INPUT, _LIMITS, _SCHEDULE, _INPUT[1:])
)
"""Add the options of the message, of reading a file, of the limits of a run, and of its times alone; the last leaves
``--name`` out."""


def signing_callbacks_or_none(url: str | None) -> Callbacks | None:
    """Return what makes the URLs of delivery reports; ``None`` if no URL is given."""
    return None if url is None else signing_callbacks(url)


def limits_of(given: dict[str, Any], before: Limits | None = None) -> Limits:
    """Return the limits that a command's options give; `before` has the limits for options that are not given."""
    read = {
        "concurrency": given["concurrency"],
        "rate": given["rate"],
        "max_cost": amount("max-cost", given["max_cost"]),
        "schedule": schedule_of(given, before.schedule if before else None),
        "expires": _timestamp(given["expires"]),
        "stop_share": given["stop_share"],
        "settle": given["settle"],
        "not_within": _period(given["not_within"]),
    }
    chosen = {name: value for name, value in read.items() if value is not None}
    return msgspec.structs.replace(before or Limits(), **chosen)


def _period(value: str | None) -> float | None:
    """Read ``--not-within``; "none" stands for no limit."""
    found = None if value is None else parse_period("0m" if value == "none" else value)
    if value is not None and found is None:
        raise click.UsageError(_("--not-within wants a time such as 7d, 12h or 90m, or none"))
    return found


def schedule_of(given: dict[str, Any], before: Schedule | None) -> Schedule | None:
    """Return the schedule that a command's options give; `before` has what is not given, and "none" removes it."""
    texts = {"at": given["at"], "windows": ", ".join(given["windows"]), "quiet": given["quiet"]}
    chosen = {name: "" if text == "none" else text for name, text in texts.items() if text}
    after = msgspec.structs.replace(before or Schedule(), **chosen)
    return None if after == Schedule(zone=after.zone) else after


def content_of(given: dict[str, Any], read_template: Callable[[int], str]) -> Content:
    """Return the content that a command's options give; `read_template` returns the approved text of a template."""
    kinds = [kind for kind in CONTENT_KINDS if given[kind] is not None]
    if len(kinds) != 1:
        raise click.UsageError(_("Say what to send by one of --text, --template, --say and --play."))
    if not given["sender"]:
        option = "caller" if kinds[0] in {"say", "play"} else "sender"
        raise click.UsageError(_("Give --sender, or set a default: xoxzo config set {option} …").format(option=option))
    kind: Any = kinds[0]
    return Content(
        kind=kind,
        sender=given["sender"],
        message=read_template(given["template"]) if kind == "template" else given[kind],
        template=given["template"],
        language=given["language"] or "ja",
        tags=given["tags"],
        options={"track_link": True} if given["track_link"] else {},
        price=amount("price", given["price"]),
    )


def _select_store(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    ctx.meta[_STORE] = value


store_option = click.option(
    "--store",
    metavar="ADDRESS",
    expose_value=False,
    is_eager=True,
    callback=_select_store,
    help="Where campaigns are stored; by default XOXZO_CAMPAIGNS, or a folder of yours.",
)
"""Adds the option that selects the store, for `selected_store`; it is eager, so that completion sees it, too."""


def selected_store(default: str | None = None) -> CampaignStore:
    """Return the store that ``--store`` of the running command selects, or the one at another address."""
    from xoxzo.cloudpy.campaigns.ledger import open_store

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


@contextmanager
def errors_as_exit(verb: str, *, bad_file: Path | None = None, group: str = "campaign") -> Iterator[None]:
    """Report the errors of a command and exit with their status; bad rows are written to `bad_file`."""
    try:
        yield
    except BadRows as error:
        for row in error.rows[:_MAX_SHOWN_BAD_ROWS]:
            why = row.reason.render(_)
            shown = _("line {line}: {column} {why}").format(line=row.line, column=row.column, why=why)
            click.echo(visible(shown), err=True)
        more = error.count - _MAX_SHOWN_BAD_ROWS
        if more > 0:
            click.echo(_("… and {count} more").format(count=f"{more:,}"), err=True)
        sentence = ngettext(
            "{count} row cannot be sent to; nothing was sent.",
            "{count} rows cannot be sent to; nothing was sent.",
            error.count,
        )
        if group == "optout":
            sentence = _("a number cannot be read; nothing was added.")
        sentence = sentence.format(count=f"{error.count:,}")
        click.echo(f"xoxzo {group} {verb}: {sentence}", err=True)
        if bad_file is not None:
            bad_file = write_bad_rows(error.rows, bad_file, _)
            sentence = _(
                "They are in {path} with their reasons: correct them there, or leave them out with --skip-bad."
            ).format(path=bad_file)
            click.echo(sentence, err=True)
        raise click.exceptions.Exit(USAGE) from None
    except (APIError, CampaignError, ConfigurationError, InvalidArgument) as error:
        click.echo(f"xoxzo {group} {verb}: {to_command_error(error)}", err=True)
        if error.code == "wal_missing":
            click.echo(_("If that file is lost: xoxzo campaign settle NAME --lost-wal"), err=True)
        is_credentials = isinstance(error, AuthenticationFailed | PermissionDenied | ConfigurationError)
        status = CREDENTIALS if is_credentials else STOPPED if isinstance(error, APIError) else USAGE
        raise click.exceptions.Exit(status) from None


def amount(option: str, value: str | None) -> Decimal | None:
    """Read credits."""
    if value is None:
        return None
    found = parse_credits(value.replace(",", ""))
    if found is None:
        raise click.UsageError(_("--{option} wants a number of credits, 0 or more").format(option=option))
    return found


def _timestamp(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.UsageError(_("--expires wants a time such as 2026-11-30T18:00+09:00")) from None
    return (moment if moment.tzinfo else moment.astimezone()).astimezone(UTC).timestamp()
