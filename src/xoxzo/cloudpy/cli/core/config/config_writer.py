"""Changes the configuration: comments and order stay, the file is replaced atomically, only its owner can read it."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from xoxzo.cloudpy.cli.core.config import config_file
from xoxzo.cloudpy.cli.core.exit_codes import CommandError, invalid_arguments_as_errors
from xoxzo.cloudpy.cli.core.i18n import _, did_you_mean
from xoxzo.cloudpy.cli.core.inputs import parse_credits_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tomlkit import TOMLDocument


def read_setting(name: str, value: str, known: Sequence[str]) -> str | int | float | list[str]:
    """Parse the value of a setting by the rules of the API calls that use it, or raise `CommandError`."""
    if name not in known:
        raise CommandError(
            _("There is no setting {name} here.").format(name=name), did_you_mean(name, known) or ", ".join(known)
        )
    if name == "confirm_above":
        limit = parse_credits_option(value, name) or Decimal(0)
        return int(limit) if limit == limit.to_integral_value() else float(limit)
    if name == "allowed_recipients":
        return [each.strip() for each in value.split(",") if each.strip()]
    _check_value(name, value)
    return value


def _check_value(name: str, value: str) -> None:
    from xoxzo.cloudpy.operations import checks

    rules = {"sender": checks.sender, "caller": checks.caller, "country": checks.country}
    with invalid_arguments_as_errors():
        if name in rules:
            rules[name](value)
        elif name == "host":
            checks.url(name, value)
        else:
            checks.text(name, value)


@contextmanager
def edit_config(*, any_name: bool = False) -> Iterator[TOMLDocument]:
    """Yield the configuration to be changed, and write it, or raise `CommandError`; `any_name` as for `load`."""
    import tomlkit

    config_file.load(any_name=any_name)  # raises whatever is wrong with the file
    where = config_file.path()
    document = tomlkit.parse(where.read_text("utf-8-sig")) if where.exists() else tomlkit.document()
    yield document
    try:
        _replace(where, tomlkit.dumps(document))
    except OSError as error:
        raise CommandError(
            _("{path} cannot be written: {why}").format(path=where, why=error.strerror or error)
        ) from None


def _replace(where: Path, text: str) -> None:
    # A symbolic link stays one.
    where = where.resolve()
    where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp makes it readable for its owner alone.
    number, name = tempfile.mkstemp(dir=where.parent, prefix=".config-")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(where)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
