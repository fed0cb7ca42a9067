"""`xoxzo config`: accounts and defaults."""

from __future__ import annotations

import json
from typing import Any

import click

from xoxzo.cloudpy.cli.core.click_base import CommandEntry, Group, examples, json_option
from xoxzo.cloudpy.cli.core.config import config_file, profiles
from xoxzo.cloudpy.cli.core.config.config_file import PROFILE_SETTINGS, SETTINGS
from xoxzo.cloudpy.cli.core.config.settings import read_setting
from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.output.results import Output

_PROFILES = "xoxzo.cloudpy.cli.commands.config.profiles:"
_SHOWN = 4
_HIDDEN = "••••"


@click.group(
    cls=Group,
    table={
        "add-profile": CommandEntry(_PROFILES + "add_profile", "Keep an account under a name."),
        "remove-profile": CommandEntry(_PROFILES + "remove_profile", "Forget an account."),
    },
    epilog=examples(
        "xoxzo config add-profile shop",
        "xoxzo config set default shop",
        "xoxzo config set sender Shop --profile shop",
    ),
)
def command() -> None:
    """Show and change accounts and defaults.

    The file is config.toml in ~/.config/xoxzo (or XDG_CONFIG_HOME), or what XOXZO_CONFIG names. Others must not be able
    to read it. A token may be in it, in the system's keyring, or come from a command.
    """


@command.command("path", epilog=examples("xoxzo config path", '$EDITOR "$(xoxzo config path)"'))
def path() -> None:
    """Show where the configuration is, or would be."""
    click.echo(config_file.path())


@command.command("show", epilog=examples("xoxzo config show", "xoxzo config show --json | jq .profiles"))
@json_option
def show(*, machine: bool) -> None:
    """Show the settings and profiles; SIDs are shortened, and no token is shown."""
    found = config_file.load(any_name=True)
    tables = found.pop("profiles", {})
    shown = {name: _without_secrets(table) for name, table in tables.items()}
    found = {name: value if name in SETTINGS else _HIDDEN for name, value in found.items()}
    out = Output(machine=machine)
    if machine:
        out.record({"path": str(config_file.path()), **found, "profiles": shown})
        return
    # The names are those of `config set`, in every language.
    out.record({"path": str(config_file.path()), **found}, title=str)
    for name, table in shown.items():
        click.echo(f"\n[{name}]")
        out.record(table, title=str)
    for problem in config_file.unknown_settings(found | {"profiles": tables}):
        out.warn(problem.message)
        for line in problem.advice:
            out.warn(f"  {line}")


@command.command(
    "set", epilog=examples("xoxzo config set default shop", "xoxzo config set confirm_above 500 --profile shop")
)
@click.argument("name")
@click.argument("value")
@click.option("--profile", metavar="NAME", help="Only for this account.")
def set_(name: str, value: str, profile: str | None) -> None:
    """Change a setting.

    For everything or one account: sender, caller, country, confirm_above (credits), allowed_recipients (numbers or how
    they begin, with commas between). For everything: default (the account to use). For one account: sid, host.
    """
    from xoxzo.cloudpy.cli.core.config.config_writer import edit_config

    if name == "token":
        raise CommandError(
            _("A token is not taken from the command line, where others can see it."),
            _("Type: {command}").format(command=f"xoxzo config add-profile {profile or 'NAME'} --replace"),
        )
    known = PROFILE_SETTINGS if profile is not None else SETTINGS
    read = read_setting(name, value, known)
    if name == "default" and value not in profiles.names():
        raise CommandError(_("There is no profile {name} in {path}.").format(name=value, path=config_file.path()))
    with edit_config() as document:
        table = document if profile is None else _profile(document, profile)
        table[name] = read


@command.command("unset", epilog=examples("xoxzo config unset sender", "xoxzo config unset caller --profile shop"))
@click.argument("name")
@click.option("--profile", metavar="NAME", help="Only for this account.")
def unset(name: str, profile: str | None) -> None:
    """Remove a setting; a setting that is not there is no error."""
    from xoxzo.cloudpy.cli.core.config.config_writer import edit_config

    with edit_config(any_name=True) as document:
        table = document if profile is None else _profile(document, profile)
        if not isinstance(table.get(name), dict):
            table.pop(name, None)


def _profile(document: Any, name: str) -> Any:  # noqa: ANN401 - tomlkit's tables
    try:
        return document["profiles"][name]
    except KeyError:
        raise CommandError(
            _("There is no profile {name} in {path}.").format(name=name, path=config_file.path()),
            _("Make a profile: xoxzo config add-profile NAME"),
        ) from None


def _without_secrets(table: dict[str, Any]) -> dict[str, Any]:
    # An unknown setting may be a token whose name was misspelt.
    known = {*PROFILE_SETTINGS, "token"}
    shown = {name: value if name in known else _HIDDEN for name, value in table.items()}
    if isinstance(shown.get("sid"), str):
        shown["sid"] = shown["sid"][:_SHOWN] + "…"
    if "token" in shown:
        token = shown["token"]
        if isinstance(token, dict):
            shown["token"] = "command: " + json.dumps(token.get("command"), ensure_ascii=False)
        else:
            shown["token"] = token if str(token).startswith("keyring:") else _HIDDEN
    return shown
