"""The base classes of all commands: help in the user's language, suggestions, errors with an exit status."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import reduce
from importlib import import_module
from importlib.util import find_spec
from itertools import zip_longest
from signal import default_int_handler
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from xoxzo.cloudpy.cli.core import exit_codes
from xoxzo.cloudpy.cli.core.i18n import N_, _, click_translations, ngettext
from xoxzo.cloudpy.cli.core.output.terminal import discard_output, is_write_error, pad, substituting_output, width, wrap
from xoxzo.cloudpy.common.signals import handle_signals

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

F = TypeVar("F", bound="Callable[..., Any]")
_WIDEST_TERM = 30
_NARROWEST = 10


class Formatter(click.HelpFormatter):
    """Writes as Click's formatter does, measuring columns and not characters."""

    def write_heading(self, heading: str) -> None:
        """Write a heading, in bold at a terminal."""
        self.write(f"{'':>{self.current_indent}}{click.style(heading + ':', bold=True)}\n")

    def write_text(self, text: str) -> None:
        r"""Write paragraphs, each translated as one message; one that begins with a ``\b`` line keeps its lines."""
        room = self.width - self.current_indent
        blocks = [
            [_(line) for line in lines[1:]] if lines[0] == "\b" else wrap(_(" ".join(lines)), room)
            for lines in paragraphs(text)
        ]
        indent = " " * self.current_indent
        self.write("\n\n".join("\n".join((indent + line).rstrip() for line in block) for block in blocks) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = _WIDEST_TERM, col_spacing: int = 2) -> None:
        """Write terms with their descriptions."""
        found = list(rows)
        first = min(max(width(term) for term, _meaning in found), col_max) + col_spacing
        room = max(self.width - self.current_indent - first, _NARROWEST)
        margin = " " * self.current_indent
        for term, meaning in found:
            lines = wrap(meaning, room)
            if width(term) + col_spacing > first:
                lines = ["", *lines]
            for head, line in zip_longest([term], lines, fillvalue=""):
                self.write(f"{margin}{pad(head, first)}{line}".rstrip() + "\n")


class Context(click.Context):
    """A context whose help is written by our formatter."""

    formatter_class = Formatter


def paragraphs(text: str) -> Iterator[list[str]]:
    """Yield the paragraphs of a help text, each as its lines without blanks at their ends."""
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.strip(" "):
            lines.append(line.rstrip() if lines[:1] == ["\b"] else line.strip(" "))
        elif lines:
            yield lines
            lines = []


OPTIONS_HEADING = N_("Options")
COMMON_OPTIONS_HEADING = N_("Options of every command")
"""The heading of the options that all commands of the API have."""
_SIMILARITY = 0.8
"""The least similarity of a suggested option to a misspelt one, from 0 to 1."""
CLOSED_PIPE = 141
"""The exit status after the reader of a pipe has closed it: 128 + SIGPIPE, as shells report it."""


class CommandEntry(NamedTuple):
    """A command in a table; it is imported when it is run."""

    module: str
    """The module of `cli.commands` that has the click command as `command`, or under the name after a colon."""
    help: str
    """One line for the list of commands."""
    extra: str = "cli"
    """The extra that the command needs."""
    needs: tuple[str, ...] = ()
    """Modules of that extra that are imported late: without them, the command would start and then fail."""

    def load(self) -> click.Command:
        """Import the command; raise `ModuleNotFoundError` if a module is missing."""
        for needed in self.needs:
            if find_spec(needed) is None:
                raise ModuleNotFoundError(name=needed)
        module, _colon, name = self.module.partition(":")
        command: click.Command = getattr(import_module(f"xoxzo.cloudpy.cli.commands.{module}"), name or "command")
        return command


@contextmanager
def _exit_on_broken_output(ctx: click.Context) -> Iterator[None]:
    """Exit when the output cannot be written; without a message when its reader has closed the pipe, as `head` does."""
    try:
        yield
    except BrokenPipeError:
        discard_output()
        raise click.exceptions.Exit(CLOSED_PIPE) from None
    except OSError as error:
        if not is_write_error(error):
            raise
        discard_output()
        failure = exit_codes.output_error(error, sent=bool(ctx.meta.get("sent")))
        exit_codes.print_error(ctx, failure)
        raise click.exceptions.Exit(failure.status) from None


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Show the library's warnings to standard error as one line each, in the user's language."""

    def write(message: Any, *details: Any, **more: Any) -> None:  # noqa: ANN401 - as `warnings.showwarning` is called
        if hasattr(message, "template"):
            exit_codes.print_warning(click.get_current_context(silent=True), message)
        else:
            show(message, *details, **more)

    with warnings.catch_warnings():
        show, warnings.showwarning = warnings.showwarning, write
        yield


class Command(click.Command):
    """The base class of all commands and groups."""

    context_class = Context
    options_come_last = False
    """Whether help lists the options without a heading of their own after the others."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as Click's
        super().__init__(*args, **options)
        if sys.flags.optimize > 1 and self.help is None and self.callback is not None:
            self.help = _docstring_in_source(self.callback)

    def main(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - as Click's
        """Run the command line, with Click's messages in the user's language; output accepts any character.

        SIGTERM and SIGHUP interrupt it as Ctrl-C does.
        """
        with click_translations(), substituting_output(), _warnings_as_lines(), handle_signals(default_int_handler):
            return super().main(*args, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line; `--help` and `--version` are printed here."""
        try:
            with _exit_on_broken_output(ctx):
                return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            from difflib import get_close_matches

            guesses = list(error.possibilities or ())
            near = get_close_matches(error.option_name, guesses, n=2, cutoff=_SIMILARITY) or guesses
            raise click.NoSuchOption(error.option_name, possibilities=near, ctx=error.ctx) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option):
                shown = copy(parameter)
                shown.help = shown.help and _(shown.help)
                if record := shown.get_help_record(ctx):
                    sections.setdefault(getattr(parameter, "section", OPTIONS_HEADING), []).append(record)
        for title in sorted(sections, key=lambda title: (title == OPTIONS_HEADING) is self.options_come_last):
            with formatter.section(_(title)):
                formatter.write_dl(sections[title])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, not indented."""
        del ctx
        if self.epilog:
            formatter.write_paragraph()
            formatter.write_text(self.epilog.strip("\n"))

    def get_short_help_str(self, limit: int = 200) -> str:
        """Return the first sentence of the help."""
        del limit
        return _(" ".join(next(paragraphs(self.short_help or self.help or ""), [""])))

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - what the command returns
        """Run the command; an error of the library is printed, and the program exits with its status."""
        try:
            with _exit_on_broken_output(ctx):
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (click.Abort, KeyboardInterrupt):
            click.echo(_("Stopped."), err=True)
            raise click.exceptions.Exit(exit_codes.INTERRUPTED) from None
        except Exception as error:
            failure = self.to_command_error(ctx, error)
            if failure is None:
                raise
            exit_codes.print_error(ctx, failure)
            raise click.exceptions.Exit(failure.status) from None

    def to_command_error(self, ctx: click.Context, error: Exception) -> exit_codes.CommandError | None:
        """Convert an error of the library; return ``None`` for any other."""
        del ctx
        return exit_codes.to_command_error(error)


def _docstring_in_source(function: Callable[..., Any]) -> str | None:
    """Return a docstring as the source has it: help is made of docstrings, and `python -OO` does not load them."""
    import ast
    import inspect
    import textwrap

    try:
        [definition] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, SyntaxError, TypeError, ValueError):
        return None  # no source beside the compiled files: then there is no help
    return ast.get_docstring(definition) if isinstance(definition, ast.FunctionDef) else None


class SectionedOption(click.Option):
    """An option that help lists under a heading, the `section`."""

    def __init__(self, *arguments: Any, section: str, **settings: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(*arguments, **settings)
        self.section = section


class CommonOption(click.Option):
    """An option that all commands of the API have; help lists it separately."""

    section = COMMON_OPTIONS_HEADING


class Group(Command, click.Group):
    """A group that imports its commands when they are run; `table` has them by name, in the order of the help."""

    command_class = Command

    def __init__(self, *args: Any, table: Mapping[str, CommandEntry] | None = None, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self.table = table or {}

    def subcommand(
        self, name: str, *lines: str, short_help: str | None = None
    ) -> Callable[[Callable[..., Any]], click.Command]:
        """Add a function as a command whose help shows examples; `short_help` is for the list of commands."""
        return self.command(name, epilog=examples(*lines), short_help=short_help)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the table, then those of the commands that were added."""
        del ctx
        return [*self.table, *(name for name in self.commands if name not in self.table)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; a missing extra ends the program with one line that names it."""
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        if (entry := self.table.get(cmd_name)) is None:
            return None
        try:
            return entry.load()
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("xoxzo"):
                raise
            if ctx.resilient_parsing:
                return None  # shell completion, not a call of the command
            line = _("this needs an extra: {install}", install=f'pip install "xoxzo-cloudpy[{entry.extra}]"')
            click.echo(f"{ctx.command_path} {cmd_name}: {line}", err=True)
            raise click.exceptions.Exit(2) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; raise a usage error with similar names if there is none."""
        name = args[0]
        if ctx.resilient_parsing or name.startswith("-") or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        message = _("No such command {name!r}.", name=name)
        if alike := sorted(get_close_matches(name, self.list_commands(ctx))):
            listed = ", ".join(map(repr, alike))
            either, one_of = "Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"
            message += " " + ngettext(either, one_of, len(alike), possibility=listed, possibilities=listed)
        raise click.UsageError(message, ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the completions of a word without importing the commands of the table."""
        from click.shell_completion import CompletionItem

        found = [CompletionItem(name, help=text) for name, text in self._listed() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the list of commands."""
        super().format_options(ctx, formatter)
        if rows := self._listed():
            with formatter.section(_("Commands")):
                formatter.write_dl(rows)

    def _listed(self) -> list[tuple[str, str]]:
        """Return names and help of the commands that are not hidden, without importing those of the table."""
        rows = [(name, _(entry.help)) for name, entry in self.table.items()]
        added = ((name, command) for name, command in self.commands.items() if name not in self.table)
        return rows + [(name, command.get_short_help_str()) for name, command in added if not command.hidden]


def examples(*lines: str) -> str:
    """Return an epilog that shows example commands."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def make_command(*lines: str, cls: type[Command] = Command) -> Callable[[Callable[..., Any]], click.Command]:
    """Return a decorator that makes a command of a function, with its name; its help shows these examples."""
    return lambda function: click.command(function.__name__.strip("_"), cls=cls, epilog=examples(*lines))(function)


def make_group(*lines: str, **options: Any) -> Callable[[Callable[..., Any]], Group]:  # noqa: ANN401 - click's
    """Return a decorator that makes a group of a function; its help shows these examples."""
    return click.group(cls=Group, epilog=examples(*lines), **options)


def add_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Return a decorator that adds several options to a command, in this order."""
    return lambda function: reduce(lambda done, option: option(done), reversed(options), function)


json_option = click.option("--json", "machine", is_flag=True, help="Write JSON: one object, or one a line.")
"""``--json``, for commands that do not call the API."""
