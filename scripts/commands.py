"""Write the page of all commands into the documentation: ``scripts/commands.py``, ``--check`` to compare only.

Everything on it comes from the program itself: purpose, options and examples of each command. A command that lacks
one of them is an error.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generated_files import write_or_check
from xoxzo.cloudpy.cli.app import xoxzo
from xoxzo.cloudpy.cli.core import exit_codes
from xoxzo.cloudpy.cli.core.click_base import COMMON_OPTIONS_HEADING, CommonOption, paragraphs

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "reference" / "commands.md"
ANCHOR = COMMON_OPTIONS_HEADING.lower().replace(" ", "-")

HEAD = """\
# Commands

Written by `scripts/commands.py` from the program; `xoxzo COMMAND --help` shows the same, in English or Japanese by your
locale (`XOXZO_LANG=en` or `ja` chooses).
"""

STATUSES = (
    (exit_codes.DONE, "done"),
    (exit_codes.USAGE, "usage error: no request was made"),
    (exit_codes.REJECTED, "rejected, or a negative result"),
    (exit_codes.CREDENTIALS, "no credentials, or wrong ones"),
    (exit_codes.THROTTLED, "throttled: nothing was done"),
    (exit_codes.NOT_SENT, "no response; certainly not sent, and can be repeated"),
    (exit_codes.MAY_BE_SENT, "**may have been sent**: check before you repeat it"),
    (exit_codes.INTERRUPTED, "Ctrl-C, SIGTERM or SIGHUP"),
)


class Lacking(Exception):
    """A command has no help, or no example."""


def tree(command: click.Command, context: click.Context) -> Iterator[tuple[click.Context, click.Command]]:
    """Give a command and all commands under it, in the order of its help."""
    yield context, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is None:
                raise Lacking(f"{context.command_path} {name} is in the table, and is not there")
            if not below.hidden:
                yield from tree(below, click.Context(below, context, info_name=name))


def every() -> list[tuple[click.Context, click.Command]]:
    """Return all commands with their contexts."""
    return list(tree(xoxzo, click.Context(xoxzo, info_name="xoxzo")))


def examples(context: click.Context, command: click.Command) -> list[str]:
    """Return the lines of a command's examples; raise `Lacking` when none of them is of this command."""
    lines = [line.strip() for block in paragraphs(command.epilog or "") if block[0] == "\b" for line in block[2:]]
    if not any(f"{context.command_path}" in line for line in lines):
        raise Lacking(f"{context.command_path} shows no example")
    return lines


def text_of(context: click.Context, command: click.Command) -> str:
    """Return what a command's help says, as paragraphs; raise `Lacking` when it says nothing."""
    if not command.help:
        raise Lacking(f"{context.command_path} has no help")
    blocks = []
    for lines in paragraphs(command.help):
        kept = lines[0] == "\b"
        blocks.append("```text\n" + "\n".join(lines[1:]) + "\n```" if kept else " ".join(lines))
    return "\n\n".join(blocks)


def table(context: click.Context, options: list[click.Option]) -> str:
    """Return a table of options; raise `Lacking` when one is not explained."""
    rows = ["| option | meaning |", "|---|---|"]
    for option in options:
        record = option.get_help_record(context)
        if record is None:
            continue
        if not option.help:
            raise Lacking(f"{context.command_path}: {option.opts[0]} is not explained")
        name, meaning = (part.replace("|", r"\|").replace("<", "&lt;") for part in record)
        rows.append(f"| `{name}` | {' '.join(meaning.split())} |")
    return "\n".join(rows)


def ends_with(command: click.Command) -> str:
    """Return the exit statuses of a command that asks Xoxzo; others say in their help what they end with."""
    shared = [parameter.name for parameter in command.params if isinstance(parameter, CommonOption)]
    if not shared:
        return ""
    last = ", 6 or 7" if "yes" in shared else " or 6"
    return f"Ends with 0, 2, 3, 4, 5{last}: see [Exit statuses](#exit-statuses).\n\n"


def section(context: click.Context, command: click.Command) -> str:
    """Return what the page says of one command."""
    options = [parameter for parameter in command.get_params(context) if isinstance(parameter, click.Option)]
    own = [option for option in options if not isinstance(option, CommonOption) and "--help" not in option.opts]
    shared = [f"`{option.opts[0]}`" for option in options if isinstance(option, CommonOption)]
    level = max(2, len(context.command_path.split()))
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"{'#' * level} {context.command_path}", text_of(context, command), f"```text\n{usage}\n```"]
    if own:
        parts.append(table(context, own))
    if shared:
        parts.append(f"And of the [{COMMON_OPTIONS_HEADING.lower()}](#{ANCHOR}): {', '.join(shared)}.")
    parts.append("```text\n" + "\n".join(examples(context, command)) + "\n```")
    return "\n\n".join(parts) + "\n\n" + ends_with(command)


def common(commands: list[tuple[click.Context, click.Command]]) -> str:
    """Return the section of the options that all commands of the API have."""
    found: dict[str, click.Option] = {}
    context = commands[0][0]
    for _, command in commands:
        found |= {option.opts[0]: option for option in command.params if isinstance(option, CommonOption)}
    return f"## {COMMON_OPTIONS_HEADING}\n\nOf those that ask Xoxzo.\n\n{table(context, list(found.values()))}\n\n"


def page() -> str:
    """Return the whole page; raise `Lacking` when a command lacks something."""
    os.environ["XOXZO_LANG"] = "en"
    commands = every()
    ends = "\n".join(f"| {status} | {meaning} |" for status, meaning in STATUSES)
    head = f"{HEAD}\n## Exit statuses\n\n| status | meaning |\n|---|---|\n{ends}\n\n"
    return (head + common(commands) + "".join(section(*one) for one in commands)).rstrip() + "\n"


def main() -> int:
    """Write, or with ``--check`` compare, the page; return the exit status."""
    try:
        wanted = page()
    except Lacking as lacking:
        print(lacking, file=sys.stderr)
        return 1
    return write_or_check({PAGE: wanted}, "commands.py")


if __name__ == "__main__":
    sys.exit(main())
