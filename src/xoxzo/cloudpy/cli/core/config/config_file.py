"""The configuration file: accounts and defaults. It may contain a token, so others must not be able to read it."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, CommandError, invalid_arguments_as_errors, writing
from xoxzo.cloudpy.cli.core.i18n import _, did_you_mean
from xoxzo.cloudpy.cli.core.inputs import parse_credits
from xoxzo.cloudpy.common.user_files import config_folder

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

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
    """Read the configuration, {} without one, or raise `CommandError`: also for unknown settings, unless `any_name`."""
    where = path()
    try:
        with where.open("rb") as file:
            _check_mode(where, os.fstat(file.fileno()).st_mode)
            content = file.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CommandError(_("{path} cannot be read: {why}", path=where, why=error.strerror or error)) from None
    import tomllib

    try:
        found = tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # The line could contain the token: the message has its position, not its text.
        again = _("Correct it in an editor, or move it away and start again: xoxzo config add-profile NAME")
        raise CommandError(_("{path} is not TOML: {why}", path=where, why=error), again) from None
    profiles = found.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise CommandError(_("{path}: profiles must be tables, as in [profiles.shop]", path=where))
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
                _("{path}: there is no setting {name}", path=f"{path()}{section}", name=name),
                did_you_mean(name, known) or ", ".join(known),
                _("To take it away: {command}", command=f"xoxzo config unset {name}{option}"),
            )


def _check_mode(where: Path, mode: int) -> None:
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        shown = f"{mode & 0o777:04o}"
        line = _("{path} can be read by others (mode {mode}), and it may hold a token.", path=where, mode=shown)
        raise CommandError(line, _("Type: {command}", command=f"chmod 600 {where}"), status=CREDENTIALS)


def default(name: str, profile: dict[str, Any] | None, kind: type | tuple[type, ...] = str) -> Any:  # noqa: ANN401
    """Return a setting of the profile, else of the file, else ``None``; raise `CommandError` if its type is wrong."""
    for table in (profile or {}, load()):
        if name in table:
            value = table[name]
            if isinstance(value, bool) or not isinstance(value, kind):
                advice = _("Type: {command}", command=f"xoxzo config set {name} …")
                raise CommandError(_("{path}: {name} is of the wrong kind", path=path(), name=name), advice)
            return value
    return None


def read_setting(name: str, value: str, known: Sequence[str]) -> str | int | float | list[str]:
    """Parse the value of a setting by the rules of the API calls that use it, or raise `CommandError`."""
    if name not in known:
        similar = did_you_mean(name, known) or ", ".join(known)
        raise CommandError(_("There is no setting {name} here.", name=name), similar)
    if name == "confirm_above":
        limit = parse_credits(value)
        return int(limit) if limit == limit.to_integral_value() else float(limit)
    if name == "allowed_recipients":
        return [each.strip() for each in value.split(",") if each.strip()]
    from xoxzo.cloudpy.operations import checks

    rules: dict[str, Callable[[str], str]] = {"sender": checks.sender, "caller": checks.caller}
    rules |= {"country": partial(checks.formatted, name), "host": partial(checks.url, name)}
    with invalid_arguments_as_errors():
        rules.get(name, partial(checks.text, name))(value)
    return value


@contextmanager
def edit_config(*, any_name: bool = False) -> Iterator[TOMLDocument]:
    """Yield the configuration to be changed, and write it, or raise `CommandError`; `any_name` as for `load`."""
    import tomlkit

    load(any_name=any_name)  # raises whatever is wrong with the file
    where = path()
    document = tomlkit.parse(where.read_text("utf-8-sig")) if where.exists() else tomlkit.document()
    yield document
    with writing(where):
        # A symbolic link stays one.
        where = where.resolve()
        where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes it readable for its owner only.
        number, name = tempfile.mkstemp(dir=where.parent, prefix=".config-")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(tomlkit.dumps(document))
            Path(name).replace(where)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
