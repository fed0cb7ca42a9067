"""Every endpoint can be requested from a shell: what each command would send is what the table of endpoints says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import pytest

from xoxzo.cloudpy.cli.app import xoxzo
from xoxzo.cloudpy.operations.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = {command.name: (endpoint, command) for endpoint in ENDPOINTS for command in endpoint.commands}


# It posts to a receiver of the user; what it asks the API first is what `sms get` and `call get` ask.
TO_OTHERS = {"callbacks resend"}


def requesting(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the name of each command below a command that can show a request in place of making it."""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, name
            yield from requesting(below, click.Context(below, context, info_name=name))
    elif any("--dry-run" in parameter.opts for parameter in command.params):
        yield context.command_path.removeprefix("xoxzo ")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_requests_its_endpoint(name, bare) -> None:
    """A dry run shows the method and the path of the endpoint in whose row the command stands."""
    endpoint, command = COMMANDS[name]
    done = bare(*name.split(), *command.arguments, "--dry-run", "--json")
    assert done.exit_code == 0, done.output
    request = json.loads(done.stdout.splitlines()[0])
    assert (request["method"], request["url"].partition("?")[0]) == (
        endpoint.method,
        f"https://api.xoxzo.com{endpoint.path_of(command)}",
    )


def test_every_command_that_makes_requests_is_in_the_table() -> None:
    """No command that requests an endpoint is missing from the table."""
    missing = sorted(set(requesting(xoxzo, click.Context(xoxzo, info_name="xoxzo"))) - COMMANDS.keys() - TO_OTHERS)
    assert not missing, (
        f"xoxzo {', xoxzo '.join(missing)}: no endpoint names it. Add it with example arguments to `commands` of its "
        "endpoint in src/xoxzo/cloudpy/operations/endpoints.json."
    )
