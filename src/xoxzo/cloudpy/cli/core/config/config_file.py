"""The configuration file: accounts and defaults. It may contain a token, so others must not be able to read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, USAGE, CommandError
from xoxzo.cloudpy.cli.core.i18n import _, did_you_mean
from xoxzo.cloudpy.common.user_folders import config_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "XOXZO_CONFIG"
_COMMON_SETTINGS = ("sender", "caller", "country", "confirm_above", "allowed_recipients")
SETTINGS = ("default", *_COMMON_SETTINGS)
"""The settings at the top of the file."""
PROFILE_SETTINGS = ("sid", "host", *_COMMON_SETTINGS)
"""The settings of a profile, besides its token."""


def path() -> Path:
    """Return the path of the configuration file, by ``XOXZO_CONFIG``, ``XDG_CONFIG_HOME`` or ``~/.config``."""
    if given := os.environ.get(VARIABLE):
        return Path(given).expanduser()
    return config_folder() / "config.toml"


def load(*, any_name: bool = False) -> dict[str, Any]:
    """Read the configuration; empty if there is no file.

    Args:
        any_name: accept unknown settings. Else they are refused: a limit with a misspelt name would not apply.

    Raises:
        CommandError: others can read the file, or it is no TOML, has an unknown setting, or cannot be read.
    """
    where = path()
    try:
        with where.open("rb") as file:
            _check_mode(where, os.fstat(file.fileno()).st_mode)
            content = file.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CommandError(_("{path} cannot be read: {why}").format(path=where, why=error.strerror or error)) from None
    import tomllib

    try:
        found = tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # The line could contain the token: the message has its position, not its text.
        again = _("Mend it in an editor, or move it away and begin anew: xoxzo config add-profile NAME")
        raise CommandError(_("{path} is no TOML: {why}").format(path=where, why=error), again) from None
    profiles = found.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise CommandError(_("{path}: profiles must be tables, as in [profiles.shop]").format(path=where))
    if not any_name:
        for problem in unknown_settings(found):
            raise problem
    return found


def unknown_settings(found: dict[str, Any]) -> Iterator[CommandError]:
    """Yield an error for each unknown setting of a configuration, with the most similar name."""
    tables: list[tuple[str | None, dict[str, Any], tuple[str, ...]]] = [
        (None, {name: value for name, value in found.items() if name != "profiles"}, SETTINGS)
    ]
    tables += [(name, table, (*PROFILE_SETTINGS, "token")) for name, table in found.get("profiles", {}).items()]
    for profile, table, known in tables:
        section, option = (f", [profiles.{profile}]", f" --profile {profile}") if profile else ("", "")
        for name in (name for name in table if name not in known):
            yield CommandError(
                _("{path}: there is no setting {name}").format(path=f"{path()}{section}", name=name),
                did_you_mean(name, known) or ", ".join(known),
                _("To take it away: {command}").format(command=f"xoxzo config unset {name}{option}"),
            )


def _check_mode(where: Path, mode: int) -> None:
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CommandError(
            _("{path} can be read by others (mode {mode}), and it may hold a token.").format(
                path=where, mode=f"{mode & 0o777:04o}"
            ),
            _("Type: {command}").format(command=f"chmod 600 {where}"),
            status=CREDENTIALS,
        )


def default(name: str, profile: dict[str, Any] | None, kind: type | tuple[type, ...] = str) -> Any:  # noqa: ANN401
    """Return a setting of the profile, else of the file, else ``None``; raise `CommandError` if its type is wrong."""
    for table in (profile or {}, load()):
        if name in table:
            value = table[name]
            if isinstance(value, bool) or not isinstance(value, kind):
                advice = _("Type: {command}").format(command=f"xoxzo config set {name} …")
                raise CommandError(
                    _("{path}: {name} is of the wrong kind").format(path=path(), name=name), advice, status=USAGE
                )
            return value
    return None
