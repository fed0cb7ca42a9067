"""The run time of a command as a process, compared with `python -c pass`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 15
XOXZO = str(Path(sys.executable).with_name("xoxzo"))
COMMANDS = {
    "python -c pass": ([sys.executable, "-c", "pass"], None),
    "xoxzo --help": ([XOXZO, "--help"], 150),
    "xoxzo sms send --simulator, one running": (
        [XOXZO, "sms", "send", "080-1111-2222", "こんにちは", "--sender", "Shop", "--simulator"],
        500,
    ),
}


def measure() -> Iterator[str]:
    """Time each command, interleaved, with a simulator running that the last one finds."""
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("XOXZO_")}
        environment = {**kept, "HOME": folder, "XDG_RUNTIME_DIR": folder}
        send = COMMANDS["xoxzo sms send --simulator, one running"][0]
        run(send, environment)  # which starts one
        try:
            yield from compare(environment)
        finally:
            run([XOXZO, "simulator", "stop"], environment)


def compare(environment: dict[str, str]) -> Iterator[str]:
    """Give the medians, and their ratios to bare Python."""
    took: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, (command, _goal) in COMMANDS.items():
            took[name].append(run(command, environment))
    bare = statistics.median(took["python -c pass"])
    for name, (_command, goal) in COMMANDS.items():
        middle = statistics.median(took[name])
        aim = "" if goal is None else f", {middle / bare:.1f} × bare Python (goal: at most {goal} ms)"
        yield f"{name}: {middle:.0f} ms{aim}, median of {RUNS}"


def run(command: list[str], environment: dict[str, str]) -> float:
    """Run a command to its end; return the milliseconds that it took."""
    began = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000
