"""Changes the configuration: comments and order stay, the file is replaced atomically, only its owner can read it."""

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
    """Yield the configuration to be changed, and write it afterwards.

    Args:
        any_name: accept unknown settings, to remove them.

    Raises:
        CommandError: the file cannot be used or written; it is unchanged then.
    """
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
