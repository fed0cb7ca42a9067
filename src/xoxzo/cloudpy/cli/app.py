"""The table of commands. Each is imported when it is run: `xoxzo --help` loads none of them."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import click

from xoxzo.cloudpy import __version__


@dataclass(frozen=True, slots=True)
class Entry:
    """A command's place in the table."""

    module: str
    """The module that has the click command as `command`."""
    help: str
    """One line for `xoxzo --help`."""
    extra: str = "cli"
    """The extra that brings what the command needs."""


COMMANDS = {
    "campaign": Entry(
        "xoxzo.cloudpy.cli.campaign", "Send one message to very many people, from a file.", extra="campaigns"
    ),
    "simulator": Entry(
        "xoxzo.cloudpy.cli.simulator",
        "Run Xoxzo's telephony service on this machine.",
        extra="simulator",
    ),
    "listen": Entry("xoxzo.cloudpy.cli.listen", "See what is called back, as it comes.", extra="listen"),
    "trigger": Entry("xoxzo.cloudpy.cli.trigger", "Have a callback hit a URL.", extra="listen"),
    "alertmanager": Entry(
        "xoxzo.cloudpy.cli.alertmanager",
        "Prometheus alerts as SMS, or as calls until somebody answers.",
        extra="alertmanager",
    ),
    "mcp": Entry("xoxzo.cloudpy.cli.mcp", "Let an assistant look, and send within limits.", extra="mcp"),
    "demo": Entry("xoxzo.cloudpy.cli.demo", "Watch messages, calls and a dial-in number at work.", extra="simulator"),
}
"""All commands by name, in the order in which help lists them."""


class LazyGroup(click.Group):
    """A group whose commands are imported on use; those whose module is not there are left out."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        del ctx
        return [name for name, entry in COMMANDS.items() if find_spec(entry.module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; a missing extra ends the program with one line that names it."""
        if cmd_name not in self.list_commands(ctx):
            return None
        entry = COMMANDS[cmd_name]
        try:
            command: click.Command = import_module(entry.module).command
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("xoxzo"):
                raise
            line = f'xoxzo {cmd_name}: this needs an extra: pip install "xoxzo-cloudpy[{entry.extra}]"'
            click.echo(line, err=True)
            raise click.exceptions.Exit(2) from None
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="xoxzo")
def xoxzo() -> None:
    """Xoxzo's telephony API from a shell."""
