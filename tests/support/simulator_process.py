"""Runs `xoxzo simulator` as a program of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

COMMAND = [sys.executable, "-m", "xoxzo.cloudpy.cli", "simulator"]
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@contextmanager
def running(*options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the program on a free port; gives the process and its first line."""
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"XOXZO_LANG": "en"} | environment,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            process.terminate()


def end(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> tuple[str, str, int]:
    """Stop the program; returns what else it wrote and its status."""
    process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    return output, errors, process.returncode
