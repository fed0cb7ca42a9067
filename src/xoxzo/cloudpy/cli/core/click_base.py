"""The commands' common manners: help in the reader's language, suggestions, errors that end with their status."""

from __future__ import annotations

from contextlib import contextmanager
from copy import copy
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from xoxzo.cloudpy.cli.core.help_format import Context, paragraphs
from xoxzo.cloudpy.cli.core.i18n import N_, _, click_translations, ngettext
from xoxzo.cloudpy.cli.core.output.streams import discard_output, is_write_error, substituting_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from click.shell_completion import CompletionItem

    from xoxzo.cloudpy.cli.core.exit_codes import CommandError

COMMON_OPTIONS_HEADING = N_("Options of every command")
"""The heading under which the options stand that all commands of the API share."""
_SIMILARITY = 0.8
"""How alike a misspelt option has to be to the one that was meant."""
CLOSED_PIPE = 141
"""What a program ends with whose reader has left: what shells tell of one that the signal for it has ended."""


class CommandEntry(NamedTuple):
    """A command's place in a table: it is imported when it is run."""

    module: str
    """The module that has the click command as `command`, or under the name after a colon."""
    help: str
    """One line for the list of commands."""
    extra: str = "cli"
    """The extra that brings what the command needs."""


@contextmanager
def _exit_on_closed_pipe() -> Iterator[None]:
    """End quietly when whoever reads what is written has seen enough, as `head` has."""
    try:
        yield
    except BrokenPipeError:
        discard_output()
        raise click.exceptions.Exit(CLOSED_PIPE) from None


class BaseCommand(click.Command):
    """What commands and groups of ours have in common."""

    context_class = Context

    def main(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - what Click's takes and returns
        """Run the command line, with Click's messages in the reader's language, and output that takes any character."""
        with click_translations(), substituting_output():
            return super().main(*args, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line; `--help` and `--version` are written here."""
        try:
            with _exit_on_closed_pipe():
                return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            near = _similar_options(error.option_name, error.possibilities)
            raise click.NoSuchOption(error.option_name, possibilities=near, ctx=error.ctx) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then those that all commands of the API have."""
        own: list[tuple[str, str]] = []
        common: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and (record := with_translated_help(parameter).get_help_record(ctx)):
                (common if isinstance(parameter, CommonOption) else own).append(record)
        for title, rows in ((_("Options"), own), (_(COMMON_OPTIONS_HEADING), common)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, as far to the left as the headings."""
        del ctx
        if self.epilog:
            formatter.write_paragraph()
            formatter.write_text(self.epilog.strip("\n"))

    def get_short_help_str(self, limit: int = 200) -> str:
        """Return the first sentence of the help."""
        del limit
        first = next(paragraphs(self.short_help or self.help or ""), [""])
        sentence = " ".join(first)
        return _(sentence)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - what the command returns
        """Run the command; an error of ours is told, and ends the program with its status."""
        try:
            with _exit_on_closed_pipe():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (click.Abort, KeyboardInterrupt):
            from xoxzo.cloudpy.cli.core.exit_codes import INTERRUPTED

            click.echo(_("Stopped."), err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        except Exception as error:
            from xoxzo.cloudpy.cli.core.exit_codes import output_error, to_command_error

            if is_write_error(error):
                discard_output()
                failure: CommandError | None = output_error(error, sent=bool(ctx.meta.get("sent")))
            else:
                failure = to_command_error(error)
            if failure is None:
                raise
            from xoxzo.cloudpy.cli.core.output.error_output import print_error

            print_error(ctx, failure)
            raise click.exceptions.Exit(failure.status) from None


class Command(BaseCommand):
    """A command with our manners."""


class CommonOption(click.Option):
    """An option that all commands of the API have; help lists it apart."""


class Group(BaseCommand, click.Group):
    """A group that imports its commands when they are run.

    Args:
        table: the commands by name, in the order in which help lists them.
    """

    command_class = Command

    def __init__(self, *args: Any, table: Mapping[str, CommandEntry] | None = None, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self.table = table or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names: those of the table, then those that were added."""
        del ctx
        return [*self.table, *(name for name in self.commands if name not in self.table)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; a missing extra ends the program with one line that names it."""
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        module, _colon, name = entry.module.partition(":")
        try:
            command: click.Command = getattr(import_module(module), name or "command")
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("xoxzo"):
                raise
            if ctx.resilient_parsing:
                return None  # nobody has asked for it: somebody has pressed Tab
            line = _("this needs an extra: {install}").format(install=f'pip install "xoxzo-cloudpy[{entry.extra}]"')
            click.echo(f"{ctx.command_path} {cmd_name}: {line}", err=True)
            raise click.exceptions.Exit(2) from None
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant; where there is none, name those that are spelt alike."""
        name = args[0]
        if ctx.resilient_parsing or name.startswith("-") or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        said = _("No such command {name!r}.").format(name=name)
        if alike := sorted(get_close_matches(name, self.list_commands(ctx))):
            listed = ", ".join(map(repr, alike))
            question = ngettext("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", len(alike))
            said += " " + question.format(possibility=listed, possibilities=listed)
        raise click.UsageError(said, ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return what the word may become; the commands of the table are not imported for it."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=self._word_for(name))
            for name in self._shown_commands(ctx)
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands; those of the table are not imported for it."""
        rows = [(name, self._word_for(name)) for name in self._shown_commands(ctx)]
        if rows:
            with formatter.section(_("Commands")):
                formatter.write_dl(rows)

    def _shown_commands(self, ctx: click.Context) -> list[str]:
        names = self.list_commands(ctx)
        return [name for name in names if name not in self.commands or not self.commands[name].hidden]

    def _word_for(self, name: str) -> str:
        return _(self.table[name].help) if name in self.table else self.commands[name].get_short_help_str()


def _similar_options(typed: str, possibilities: Sequence[str] | None) -> list[str]:
    """Return which of Click's guesses are near; all of them where none is."""
    from difflib import get_close_matches

    guesses = list(possibilities or ())
    return get_close_matches(typed, guesses, n=2, cutoff=_SIMILARITY) or guesses


def examples(*lines: str) -> str:
    """Return an epilog that shows commands as they are typed."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def with_translated_help(option: click.Option) -> click.Option:
    """Return an option whose help is in the reader's language."""
    shown = copy(option)
    shown.help = _(option.help) if option.help else option.help
    return shown


json_option = click.option("--json", "machine", is_flag=True, help="Write JSON: one object, or one a line.")
"""``--json``, for commands that do not call the API."""
