"""`xoxzo listen` in a process of its own, for the tests."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

XOXZO = str(Path(sys.executable).with_name("xoxzo"))


class Listener:
    """A listener in a process of its own."""

    def __init__(self, url: str, output: Path, process: subprocess.Popen[bytes]) -> None:
        self.url = url
        self._output = output
        self.process = process

    def lines(self, count: int) -> list[str]:
        """Wait for so many lines after the first, and return them."""
        give_up = time.monotonic() + 60
        while len(found := self._output.read_text(encoding="utf-8").splitlines()[1:]) < count:
            assert time.monotonic() < give_up, found
            time.sleep(0.02)
        return found

    def events(self, count: int) -> list[dict[str, Any]]:
        """Wait for so many lines after the first, and return them read as JSON."""
        return [json.loads(line) for line in self.lines(count)]


@contextmanager
def listening(folder: Path, *options: str, **environment: str) -> Iterator[Listener]:
    """Run a listener for a while; it exits with 0 when it is stopped."""
    output = folder / f"{secrets.token_hex(4)}.out"
    command = [XOXZO, "listen", "--port", "0", *options]
    with (
        output.open("wb") as file,
        subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=os.environ | environment) as process,
    ):
        try:
            give_up = time.monotonic() + 60
            while "\n" not in (text := output.read_text(encoding="utf-8")):
                assert time.monotonic() < give_up
                assert process.poll() is None, text
                time.sleep(0.02)
            first = text.splitlines()[0]
            url = json.loads(first)["url"] if first.startswith("{") else first.removeprefix("Listening on ")
            yield Listener(url, output, process)
        finally:
            process.terminate()
            status = process.wait(60)
    assert status == 0, output.read_text(encoding="utf-8")
