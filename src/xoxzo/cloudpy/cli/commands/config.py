"""`xoxzo config`: accounts and defaults."""

from __future__ import annotations

import json
import re
import shlex
import sys
from typing import Any

import click

from xoxzo.cloudpy.cli.core import configuration
from xoxzo.cloudpy.cli.core.click_base import json_option, make_group
from xoxzo.cloudpy.cli.core.configuration import PROFILE_SETTINGS, SETTINGS, edit_config, read_setting
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.output.values import Output

_HIDDEN = "••••"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


@make_group(
    "xoxzo config add-profile shop", "xoxzo config set default shop", "xoxzo config set sender Shop --profile shop"
)
def command() -> None:
    """Show and change accounts and defaults.

    The file is config.toml in ~/.config/xoxzo (or XDG_CONFIG_HOME), or what XOXZO_CONFIG names. Others must not be able
    to read it. A token may be in it, in the system's keyring, or come from a command.
    """


@command.subcommand(
    "add-profile",
    "xoxzo config add-profile shop",
    "xoxzo config add-profile shop --keyring",
    "xoxzo config add-profile shop --sid SID --token-command 'pass show xoxzo/shop'",
    "pass show xoxzo/shop | xoxzo config add-profile shop --sid SID --token-stdin",
    short_help="Store an account under a name.",
)
@click.argument("name")
@click.option("--sid", metavar="SID", help="The API SID; else it is asked for.")
@click.option("--token-stdin", is_flag=True, help="Read the token from standard input.")
@click.option("--token-command", metavar="COMMAND", help="Get the token from this command each time.")
@click.option("--keyring", is_flag=True, help="Keep the token in the system's keyring.")
@click.option("--host", metavar="URL", help="Another address than https://api.xoxzo.com.")
@click.option("--replace", is_flag=True, help="Overwrite the profile of this name.")
def add_profile(name: str, sid: str | None, *, token_command: str | None, replace: bool, **given: Any) -> None:
    """Store an account under a name. The token is typed unseen, and never given as an argument.

    The first account becomes the default.
    """
    if not _NAME.fullmatch(name):
        raise CommandError(_("A profile's name is made of ASCII letters, digits, _ and -."))
    if sum([given["token_stdin"], token_command is not None]) > 1 or (token_command is not None and given["keyring"]):
        raise click.UsageError(_("Give only one of --token-stdin, --token-command and --keyring."))
    if name in configuration.load().get("profiles", {}) and not replace:
        raise CommandError(_("There is a profile {name} already.", name=name), _("--replace overwrites it."))
    sid = read_setting("sid", sid if sid is not None else _ask(_("SID"), "--sid"), PROFILE_SETTINGS)  # type: ignore[assignment]
    table: dict[str, Any] = {"sid": sid, "token": _token(name, token_command, **given)}
    if given["host"] is not None:
        table["host"] = read_setting("host", given["host"], PROFILE_SETTINGS)
    with edit_config() as document:
        import tomlkit

        tables = document.setdefault("profiles", tomlkit.table(is_super_table=True))
        if not tables and "default" not in document:
            document["default"] = name
        tables[name] = tomlkit.item(table)
    stored = _("Profile {name} is in {path}. Try it: xoxzo credits --profile {name}")
    click.echo(stored.format(name=name, path=configuration.path()), err=True)


@command.subcommand("remove-profile", "xoxzo config remove-profile shop", short_help="Forget an account.")
@click.argument("name", shell_complete=configuration.complete_profile)
def remove_profile(name: str) -> None:
    """Forget an account. A token in the system's keyring stays there."""
    with edit_config(any_name=True) as document:
        if name not in document.get("profiles", {}):
            raise CommandError(_("There is no profile {name} in {path}.", name=name, path=configuration.path()))
        del document["profiles"][name]
        if document.get("default") == name:
            del document["default"]


@command.subcommand("path", "xoxzo config path", '$EDITOR "$(xoxzo config path)"')
def path() -> None:
    """Show where the configuration is, or would be."""
    click.echo(configuration.path())


@command.subcommand("show", "xoxzo config show", "xoxzo config show --json | jq .profiles")
@json_option
def show(*, machine: bool) -> None:
    """Show the settings and profiles; SIDs are shortened, and no token is shown."""
    found = configuration.load(any_name=True)
    tables = found.pop("profiles", {})
    shown = {name: _without_secrets(table) for name, table in tables.items()}
    found = {name: value if name in SETTINGS else _HIDDEN for name, value in found.items()}
    out = Output(machine=machine)
    if machine:
        out.record({"path": str(configuration.path()), **found, "profiles": shown})
        return
    # The names are those of `config set`, in every language.
    out.record({"path": str(configuration.path()), **found}, title=str)
    for name, table in shown.items():
        click.echo(f"\n[{name}]")
        out.record(table, title=str)
    for problem in configuration.unknown_settings(found | {"profiles": tables}):
        out.warn(problem.message)
        for line in problem.advice:
            out.warn(f"  {line}")


@command.subcommand("set", "xoxzo config set default shop", "xoxzo config set confirm_above 500 --profile shop")
@click.argument("name")
@click.argument("value")
@click.option("--profile", metavar="NAME", help="Only for this account.")
def set_(name: str, value: str, profile: str | None) -> None:
    """Change a setting.

    For everything or one account: sender, caller, country, confirm_above (credits), allowed_recipients (numbers or how
    they begin, with commas between). For everything: default (the account to use). For one account: sid, host.
    """
    if name == "token":
        raise CommandError(
            _("A token is not taken from the command line, where others can see it."),
            _("Type: {command}", command=f"xoxzo config add-profile {profile or 'NAME'} --replace"),
        )
    known = PROFILE_SETTINGS if profile is not None else SETTINGS
    read = read_setting(name, value, known)
    if name == "default" and value not in configuration.names():
        raise CommandError(_("There is no profile {name} in {path}.", name=value, path=configuration.path()))
    with edit_config() as document:
        table = document if profile is None else _profile(document, profile)
        table[name] = read


@command.subcommand("unset", "xoxzo config unset sender", "xoxzo config unset caller --profile shop")
@click.argument("name")
@click.option("--profile", metavar="NAME", help="Only for this account.")
def unset(name: str, profile: str | None) -> None:
    """Remove a setting; a setting that is not there is no error."""
    with edit_config(any_name=True) as document:
        table = document if profile is None else _profile(document, profile)
        if not isinstance(table.get(name), dict):
            table.pop(name, None)


def _profile(document: Any, name: str) -> Any:
    try:
        return document["profiles"][name]
    except KeyError:
        raise CommandError(
            _("There is no profile {name} in {path}.", name=name, path=configuration.path()),
            _("Make a profile: xoxzo config add-profile NAME"),
        ) from None


def _without_secrets(table: dict[str, Any]) -> dict[str, Any]:
    # An unknown setting may be a token whose name was misspelt.
    shown = {name: value if name in {*PROFILE_SETTINGS, "token"} else _HIDDEN for name, value in table.items()}
    if isinstance(sid := shown.get("sid"), str):
        shown["sid"] = sid[:4] + "…"
    if isinstance(token := shown.get("token"), dict):
        shown["token"] = "command: " + json.dumps(token.get("command"), ensure_ascii=False)
    elif "token" in shown and not str(token).startswith(configuration.KEYRING):
        shown["token"] = _HIDDEN
    return shown


def _token(name: str, command: str | None, *, token_stdin: bool, keyring: bool, **_others: object) -> object:
    if command is not None:
        return {"command": shlex.split(command)}
    token = sys.stdin.readline().strip() if token_stdin else _ask(_("Token"), "--token-stdin", hidden=True)
    if not token:
        raise CommandError(_("There is no token."))
    if not keyring:
        return token
    configuration.keep_in_keyring(name, token)
    return configuration.KEYRING + name


def _ask(what: str, option: str, *, hidden: bool = False) -> str:
    if not sys.stdin.isatty():
        raise CommandError(_("There is no terminal to ask for it: use {option}.", option=option))
    return str(click.prompt(what, hide_input=hidden, err=True))
