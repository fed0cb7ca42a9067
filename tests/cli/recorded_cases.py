"""What is recorded of each command: how it is typed, what must be there before, and what is done while it runs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from terminal import Terminal

from xoxzo.cloudpy.integrations.alertmanager import example

PEOPLE = "tel,name\n09010000000,花子\n09010000001,太郎\n09010000002,Bob\n"


@dataclass
class World:
    """Where a command runs: an empty folder, a simulator with a stepped clock, an account that nobody had before."""

    url: str
    folder: Path
    sid: str
    variables: dict[str, str] = field(default_factory=dict)

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the simulator's control API."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/_simulator/{path}", data, {"content-type": "application/json"})
        with build_opener(ProxyHandler({})).open(request) as answer:
            return json.load(answer)


Step = Callable[[World, Terminal], None]


@dataclass(frozen=True)
class Case:
    """One command, run once in a terminal and once in a pipe."""

    command: str
    """As it is typed after `xoxzo`; `{url}` is the simulator's address."""
    before: tuple[Callable[[World], None], ...] = ()
    """What is done first."""
    during: Step | None = None
    """What is done while it runs in the terminal."""
    text: str | None = None
    """What it reads from the pipe."""
    modes: tuple[str, ...] = ("terminal", "pipe")
    """How it is run: `japanese` is a terminal with a Japanese locale."""

    def arguments(self, world: World) -> list[str]:
        """Return the words of the command."""
        return [word.replace("{url}", world.url) for word in shlex.split(self.command)]


def write_people(world: World) -> None:
    """Leave a list of recipients in the folder."""
    (world.folder / "people.csv").write_text(PEOPLE, encoding="utf-8")


def write_on_call(world: World) -> None:
    """Leave the settings of an Alertmanager receiver in the folder."""
    (world.folder / "oncall.toml").write_text(example.text("ja"), encoding="utf-8")


def answers(question: str, *keys: str) -> Step:
    """Wait for a question, and press keys."""

    def step(_world: World, terminal: Terminal) -> None:
        terminal.wait_for(question)
        for key in keys:
            terminal.type(key)

    return step


EVERYWHERE = ("terminal", "japanese", "pipe")
CONTENT = '--text "{name}様 明日のご予約です" --sender Shop'

CASES: dict[str, Case] = {
    "help": Case("--help", modes=EVERYWHERE),
    "unknown-command": Case("simulater"),
    "simulator-status-none": Case("simulator status", modes=EVERYWHERE),
    "simulator-stop-none": Case("simulator stop"),
    "simulator": Case("simulator --port 0", during=answers("Stop with Ctrl-C", "\x03"), modes=("terminal",)),
    "simulator-wait-ready": Case("simulator wait-ready --url {url}"),
    "demo": Case("demo"),
    "campaign-plan": Case(f"campaign plan people.csv {CONTENT}", before=(write_people,), modes=EVERYWHERE),
    "campaign-run": Case(
        f"campaign run people.csv {CONTENT}", before=(write_people,), during=answers("Send to 3 people?", "y\r")
    ),
    "campaign-run-no": Case(
        f"campaign run people.csv {CONTENT}", before=(write_people,), during=answers("Send to 3 people?", "n\r")
    ),
    "campaign-status-unknown": Case("campaign status nobody"),
    "alertmanager-help": Case("alertmanager --help", modes=EVERYWHERE),
    "alertmanager-check": Case("alertmanager --config oncall.toml --check", before=(write_on_call,)),
    "alertmanager-unknown": Case("alertmanager --check", modes=EVERYWHERE),
    "alertmanager-ack": Case("alertmanager ack --state none.db K7QD"),
    "mcp-help": Case("mcp --help", modes=EVERYWHERE),
    "mcp-half": Case("mcp --allow anne=+818011112222", modes=EVERYWHERE),
}
"""All that is recorded, by the name of the file."""
