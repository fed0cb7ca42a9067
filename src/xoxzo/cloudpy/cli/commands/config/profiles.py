"""`xoxzo config add-profile` and `remove-profile`."""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core import completion_values
from xoxzo.cloudpy.cli.core.click_base import Command, examples
from xoxzo.cloudpy.cli.core.config import config_file, tokens
from xoxzo.cloudpy.cli.core.config.config_file import PROFILE_SETTINGS
from xoxzo.cloudpy.cli.core.config.settings import read_setting
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


@click.command(
    "add-profile",
    cls=Command,
    epilog=examples(
        "xoxzo config add-profile shop",
        "xoxzo config add-profile shop --keyring",
        "xoxzo config add-profile shop --sid SID --token-command 'pass show xoxzo/shop'",
        "pass show xoxzo/shop | xoxzo config add-profile shop --sid SID --token-stdin",
    ),
)
@click.argument("name")
@click.option("--sid", metavar="SID", help="The API SID; else it is asked for.")
@click.option("--token-stdin", is_flag=True, help="Read the token from standard input.")
@click.option("--token-command", metavar="COMMAND", help="Get the token from this command each time.")
@click.option("--keyring", is_flag=True, help="Keep the token in the system's keyring.")
@click.option("--host", metavar="URL", help="Another address than https://api.xoxzo.com.")
@click.option("--replace", is_flag=True, help="Overwrite the profile of this name.")
def add_profile(name: str, sid: str | None, *, token_command: str | None, replace: bool, **given: Any) -> None:  # noqa: ANN401
    """Keep an account under a name. The token is asked for without being shown, and never taken as an argument.

    The first account becomes the default.
    """
    if not _NAME.fullmatch(name):
        raise CommandError(_("A profile's name is made of ASCII letters, digits, _ and -."))
    if sum([given["token_stdin"], token_command is not None]) > 1 or (token_command is not None and given["keyring"]):
        raise click.UsageError(_("--token-stdin, --token-command and --keyring: the token comes from one place."))
    if name in config_file.load().get("profiles", {}) and not replace:
        raise CommandError(_("There is a profile {name} already.").format(name=name), _("--replace overwrites it."))
    sid = read_setting("sid", sid if sid is not None else _ask(_("SID"), "--sid"), PROFILE_SETTINGS)  # type: ignore[assignment]
    table: dict[str, Any] = {"sid": sid, "token": _token(name, token_command, **given)}
    if given["host"] is not None:
        table["host"] = read_setting("host", given["host"], PROFILE_SETTINGS)
    from xoxzo.cloudpy.cli.core.config.config_writer import edit_config

    with edit_config() as document:
        _put(document, name, table)
    click.echo(
        _("Profile {name} is in {path}. Try it: xoxzo credits --profile {name}").format(
            name=name, path=config_file.path()
        ),
        err=True,
    )


@click.command("remove-profile", cls=Command, epilog=examples("xoxzo config remove-profile shop"))
@click.argument("name", shell_complete=completion_values.profiles)
def remove_profile(name: str) -> None:
    """Forget an account. A token in the system's keyring stays there."""
    from xoxzo.cloudpy.cli.core.config.config_writer import edit_config

    with edit_config(any_name=True) as document:
        if name not in document.get("profiles", {}):
            raise CommandError(_("There is no profile {name} in {path}.").format(name=name, path=config_file.path()))
        del document["profiles"][name]
        if document.get("default") == name:
            del document["default"]


def _put(document: TOMLDocument, name: str, table: dict[str, Any]) -> None:
    import tomlkit

    profiles = document.setdefault("profiles", tomlkit.table(is_super_table=True))
    first = not profiles
    profiles[name] = tomlkit.item(table)
    if first and "default" not in document:
        document["default"] = name


def _token(name: str, command: str | None, *, token_stdin: bool, keyring: bool, **_others: object) -> object:
    if command is not None:
        return {"command": shlex.split(command)}
    token = sys.stdin.readline().strip() if token_stdin else _ask(_("Token"), "--token-stdin", hidden=True)
    if not token:
        raise CommandError(_("There is no token."))
    if not keyring:
        return token
    tokens.keep_in_keyring(name, token)
    return tokens.KEYRING + name


def _ask(what: str, option: str, *, hidden: bool = False) -> str:
    if not sys.stdin.isatty():
        raise CommandError(_("There is no terminal to ask for it: use {option}.").format(option=option))
    return str(click.prompt(what, hide_input=hidden, err=True))
