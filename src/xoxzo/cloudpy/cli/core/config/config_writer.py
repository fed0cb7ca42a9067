"""Changing the configuration: comments and order stay, the file is replaced whole, and only its owner can read it."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import tomlkit

from xoxzo.cloudpy.cli.core.config import config_file
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tomlkit import TOMLDocument


@contextmanager
def edit_config(*, any_name: bool = False) -> Iterator[TOMLDocument]:
    """Hand the configuration out to be changed, and write it down afterwards.

    Args:
        any_name: also where it has settings that nobody knows: to take them away.

    Raises:
        Refused: the file cannot be used or written; it is as it was then.
    """
    config_file.load(any_name=any_name)  # says whatever is wrong with the file
    where = config_file.path()
    document = tomlkit.parse(where.read_text("utf-8")) if where.exists() else tomlkit.document()
    yield document
    try:
        _replace(where, tomlkit.dumps(document))
    except OSError as error:
        raise CommandError(
            _("{path} cannot be written: {why}").format(path=where, why=error.strerror or error)
        ) from None


def _replace(where: Path, text: str) -> None:
    # A link, as people have who keep their settings elsewhere, stays one.
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
