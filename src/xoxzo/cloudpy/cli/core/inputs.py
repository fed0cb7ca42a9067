"""Parses what users type or pipe in: texts, lists, days, names with values; each error names the right form."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _, did_you_mean, render_error

STDIN = "-"
_AGO = re.compile(r"([0-9]{1,3})d")
# Not a decimal comma: "1,5" read as 15 would allow ten times the cost.
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
_PERIOD = re.compile(r"([0-9]{1,4})([mhd])")
_UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0}
_ENCODING = "utf-8-sig"


class Choice(click.Choice[str]):
    """A choice of words; the error for a misspelt one suggests the most similar."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        """Return the error message for a word that is no choice."""
        sentence = super().get_invalid_choice_message(value, ctx)
        return f"{sentence} {did_you_mean(str(value), map(str, self.choices))}".rstrip()


def read_text(given: str | None, file: str | None) -> str:
    """Return a text from an argument or a file, ``-`` for standard input; or raise why it cannot be."""
    if (given is None) == (file is None):
        raise click.UsageError(_("Give the text as an argument, or by --file; - reads it from standard input."))
    if given is not None and given != STDIN:
        return given
    text = _read(STDIN if file is None else file)
    return text.removesuffix("\n").removesuffix("\r")


def expand_stdin(given: Iterable[str]) -> list[str]:
    """Return words, ``-`` replaced by the lines of standard input that are not blank; two are a usage error."""
    words = list(given)
    if words.count(STDIN) > 1:
        raise click.UsageError(_("Standard input (-) can be read once."))
    found: list[str] = []
    for word in words:
        found += filter(None, map(str.strip, _read(STDIN).splitlines())) if word == STDIN else [word]
    return found


def _read(path: str) -> str:
    try:
        if path != STDIN:
            return Path(path).read_text(_ENCODING)
        if sys.stdin.isatty():
            click.echo(_("Type it, then Ctrl-D at the beginning of a line."), err=True)
        return sys.stdin.buffer.read().decode(_ENCODING)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else _("it is not UTF-8")
        raise CommandError(_("{path} cannot be read: {why}", path=path, why=why)) from None


def parse_day(value: str) -> date:
    """Read a day in UTC, as an option's type: ``2026-01-31``, ``today``, ``yesterday``, ``7d`` for 7 days ago."""
    ago = _AGO.fullmatch(value)
    days = int(ago[1]) if ago else {"today": 0, "yesterday": 1}.get(value)
    if days is not None:
        return datetime.now(UTC).date() - timedelta(days=days)
    try:
        return date.fromisoformat(value)
    except ValueError:
        line = _("{value!r} is not a day: write 2026-01-31, today, yesterday, or 7d for seven days ago.", value=value)
        raise click.BadParameter(line) from None


def _parse_url(value: str) -> str:
    from xoxzo.cloudpy.errors import InvalidArgument
    from xoxzo.cloudpy.operations import checks

    try:
        return checks.url("url", value)
    except InvalidArgument as error:
        raise click.BadParameter(render_error(error)) from None


def parse_time(value: str) -> datetime:
    """Read a time, as an option's type; one without an offset is of this machine's time zone."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(_("{value!r} is not a time: write 2026-11-30T18:00+09:00", value=value)) from None
    return found if found.tzinfo else found.astimezone()


def parse_period(text: str) -> float | None:
    """Return the seconds of a period: ``90m``, ``3h``, ``7d``; ``None`` if it is not one."""
    found = _PERIOD.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else None


def parse_pairs(values: Sequence[str], option: str) -> dict[str, str]:
    """Read ``NAME=VALUE`` texts; raise `click.UsageError` if one has no ``=`` or a name stands twice."""
    found: dict[str, str] = {}
    for value in values:
        name, mark, rest = value.partition("=")
        if not mark or not name or name in found:
            raise click.UsageError(
                _("{option} takes NAME=VALUE, each name once: {value!r}", option=option, value=value)
            )
        found[name] = rest
    return found


def parse_credits(value: str) -> Decimal:
    """Read a number of credits, 0 or more, as an option's type; it may have commas between thousands."""
    with suppress(InvalidOperation):
        found = Decimal(value.replace(",", "") if _THOUSANDS.fullmatch(value) else value)
        if found.is_finite() and found >= 0:
            return found
    raise click.BadParameter(_("{value!r} is not a number of credits, 0 or more", value=value))


def _option_type(name: str, parse: Callable[[str], Any]) -> click.ParamType[Any]:
    found = click.types.FuncParamType(parse)
    found.name = name  # help shows it in capitals
    return found


CREDITS, DAY, TIME = map(_option_type, ("credits", "day", "time"), (parse_credits, parse_day, parse_time))
URL = _option_type("url", _parse_url)
"""Types of options."""
