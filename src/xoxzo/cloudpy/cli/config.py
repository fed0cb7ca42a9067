"""The configuration file: accounts and defaults. It may hold a token, so nobody else may be able to read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from .statuses import CREDENTIALS, USAGE, Refused
from .words import tr

VARIABLE = "XOXZO_CONFIG"


def path() -> Path:
    """Return where the configuration is, or would be: by ``XOXZO_CONFIG``, ``XDG_CONFIG_HOME`` or ``~/.config``."""
    if given := os.environ.get(VARIABLE):
        return Path(given).expanduser()
    home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "xoxzo" / "config.toml"


def state_folder() -> Path:
    """Return where it is kept what has happened on this machine: in ``XDG_STATE_HOME``, else ``~/.local/state``."""
    home = os.environ.get("XDG_STATE_HOME")
    return (Path(home) if home else Path.home() / ".local" / "state") / "xoxzo"


def load() -> dict[str, Any]:
    """Read the configuration; empty where there is no file.

    Raises:
        Refused: others can read the file, or it is no TOML, or cannot be read.
    """
    where = path()
    try:
        with where.open("rb") as file:
            _check_mode(where, os.fstat(file.fileno()).st_mode)
            content = file.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Refused(tr("{path} cannot be read: {why}", path=where, why=error.strerror or error)) from None
    import tomllib

    try:
        found = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # A line of it could be the token: the sentence says where, not what.
        raise Refused(tr("{path} is no TOML: {why}", path=where, why=error)) from None
    if not isinstance(found.get("profiles", {}), dict):
        raise Refused(tr("{path}: profiles must be tables, as in [profiles.shop]", path=where))
    return found


def _check_mode(where: Path, mode: int) -> None:
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Refused(
            tr(
                "{path} can be read by others (mode {mode}), and it may hold a token.",
                path=where,
                mode=f"{mode & 0o777:04o}",
            ),
            tr("Type: {command}", command=f"chmod 600 {where}"),
            status=CREDENTIALS,
        )


def default(name: str, profile: dict[str, Any] | None, kind: type | tuple[type, ...] = str) -> Any:  # noqa: ANN401
    """Return a setting: the profile's own, else the one at the top of the file, else ``None``.

    Args:
        name: the setting.
        profile: the profile's table, if one was chosen.
        kind: what it must be.

    Raises:
        Refused: it is something else.
    """
    for table in (profile or {}, load()):
        if name in table:
            value = table[name]
            if isinstance(value, bool) or not isinstance(value, kind):
                raise Refused(tr("{path}: {name} is of the wrong kind", path=path(), name=name), status=USAGE)
            return value
    return None
