"""`xoxzo apprise`: lets Apprise notify through Xoxzo."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from xoxzo.cloudpy.cli.core import click_base, exit_codes
from xoxzo.cloudpy.cli.core.i18n import _

PLUGIN = "import xoxzo.cloudpy.integrations.apprise\n"
_FILE_NAME = "notify_xoxzo.py"


@click_base.make_group("xoxzo apprise install")
def command() -> None:
    """Let Apprise send notifications by SMS and calls.

    The address is xoxzo://SID:TOKEN@SENDER/+81…; with ?mode=call they are spoken.
    """


@command.subcommand("install", "xoxzo apprise install", "xoxzo apprise install --folder /var/lib/apprise/plugins")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="By default a folder of your own.")
def install(folder: Path | None) -> None:
    """Write a plugin of one line, which imports this library, into a folder where Apprise looks for plugins.

    The command apprise must run with the Python in which this library is installed.
    """
    roaming = os.environ.get("APPDATA") if sys.platform == "win32" else None
    default = Path(roaming, "Apprise", "plugins") if roaming else Path("~/.config/apprise/plugins")
    path = (folder or default).expanduser() / _FILE_NAME
    try:
        if path.exists() and path.read_text(encoding="utf-8", errors="replace") != PLUGIN:
            raise exit_codes.CommandError(_("{path} exists with other content: nothing was written", path=path))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PLUGIN, encoding="utf-8")
    except OSError as error:
        raise exit_codes.CommandError(f"{path}: {error.strerror}") from None
    click.echo(path)
    if find_spec("apprise") is None:
        missing = _("Apprise is not installed in the environment of this library. Type: {command}")
        click.echo(missing.format(command=f'{sys.executable} -m pip install "xoxzo-cloudpy[apprise]"'), err=True)
