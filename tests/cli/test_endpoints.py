"""Every endpoint of the API can be reached from a shell: what each command would ask for is held against the table."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "endpoints.py"
NUMBER, CALLER, SENDER = "+818011112222", ("--caller", "81501112222"), ("--sender", "Shop")
ARGUMENTS = {
    "sms send": (NUMBER, "Hi", *SENDER),
    "sms get": ("ID",),
    "sms wait": ("ID",),
    "sms list": (),
    "sms find": ("r1",),
    "template list": (),
    "template create": ("Booking", "Hi"),
    "template show": ("7",),
    "template render": ("7",),
    "template update": ("7", "--name", "Other"),
    "template delete": ("7",),
    "template send": ("7", NUMBER, *SENDER),
    "call play": (NUMBER, "--url", "http://a.example/a.mp3", *CALLER),
    "call say": (NUMBER, "Hi", *CALLER),
    "call get": ("ID",),
    "call wait": ("ID",),
    "conference create": (NUMBER, "+818033334444", *CALLER),
    "conference get": ("ID",),
    "otp register": ("https://a.example",),
    "otp request": ("https://a.example", NUMBER),
    "otp verify": ("https://a.example", NUMBER, "123456"),
    "lookup": (NUMBER,),
    "credits": (),
    **{
        f"{kind} {command}": words
        for kind in ("din", "sin")
        for command, words in {
            "search": (),
            "subscribe": ("ID",),
            "list": (),
            "action": ("ID", "https://a.example"),
            "release": ("ID",),
        }.items()
    },
}


def endpoints() -> list[tuple[str, str, str]]:
    """Give each command of the table with the method and the path that it must ask for."""
    spec = importlib.util.spec_from_file_location("endpoints_of_the_shell", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up while it is made.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, script)
        spec.loader.exec_module(script)
    return [(each, one.method, one.path) for one in script.ENDPOINTS for each in one.commands]


@pytest.mark.parametrize(("command", "method", "path"), endpoints())
def test_a_command_asks_for_its_endpoint(command, method, path, bare) -> None:
    """A dry run shows the method and the path that the table says."""
    done = bare(*command.split(), *ARGUMENTS[command], "--dry-run", "--json")
    told = json.loads(done.stdout.splitlines()[0])
    expected = re.sub(r"<[a-z_]+>", "(ID|7)", path)
    assert told["method"] == method
    assert re.fullmatch(re.escape("https://api.xoxzo.com") + expected, told["url"]), told["url"]


def test_every_command_of_the_api_has_its_row() -> None:
    """A command that makes requests and stands in no row would make the table a lie."""
    assert {command for command, _, _ in endpoints()} == set(ARGUMENTS)
