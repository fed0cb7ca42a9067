"""`xoxzo completion`: the set-up of completion in the shell."""

from __future__ import annotations

import click

from xoxzo.cloudpy.cli.core.click_base import make_command
from xoxzo.cloudpy.cli.core.inputs import Choice

SHELLS = ("bash", "zsh", "fish")


@make_command(
    "xoxzo completion bash > ~/.local/share/bash-completion/completions/xoxzo",
    "xoxzo completion zsh > ~/.zfunc/_xoxzo  # with fpath=(~/.zfunc $fpath) before compinit in ~/.zshrc",
    "xoxzo completion fish > ~/.config/fish/completions/xoxzo.fish",
)
@click.argument("shell", type=Choice(SHELLS), metavar="SHELL")
def command(shell: str) -> None:
    """Print the set-up that lets bash, zsh or fish complete commands, options, profiles and campaigns.

    Keep it where your shell looks for such files, and open another terminal; or, for this one alone, type
    eval "$(xoxzo completion SHELL)", and in fish: xoxzo completion fish | source.
    """
    from click.shell_completion import get_completion_class

    from xoxzo.cloudpy.cli.app import xoxzo

    completion = get_completion_class(shell)
    assert completion is not None  # noqa: S101 - Click has one for each of the three
    click.echo(completion(xoxzo, {}, "xoxzo", "_XOXZO_COMPLETE").source())
