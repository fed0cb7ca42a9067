"""What users have: this library as a wheel, in an environment with applications and plugins, on a newer Python."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
PYTHON = REPOSITORY / ".venv-shops" / "bin" / "python"


def install_wheel(folder: Path) -> None:
    """Build the wheel and install it into a folder, once for all processes that ask for it; or skip."""
    if not PYTHON.exists():
        pytest.skip("what the example shops need is not installed in .venv-shops: run `make test`")
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            _build_and_install(folder)
            (folder / "installed").touch()


def _build_and_install(folder: Path) -> None:
    commands = [
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "wheel"],
        [PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", folder / "site"],
    ]
    for command in commands:
        subprocess.run([*command, *(folder / "wheel").glob("*.whl")], cwd=REPOSITORY, check=True, timeout=300)


class UsersEnvironment:
    """Runs Python with the installed wheel; the working tree is not on its path."""

    def __init__(self, folder: Path) -> None:
        install_wheel(folder)
        # All but the examples was compiled when it was installed.
        self.variables = os.environ | {"PYTHONPATH": str(folder / "site"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        variables = self.variables | options.pop("env", {})
        options = {"capture_output": True, "text": True, "timeout": 300, **options}
        return subprocess.run([str(PYTHON), *arguments], check=False, env=variables, **options)

    @contextmanager
    def serve(self, *arguments: str, port: int, output: Path, **options: Any) -> Iterator[None]:
        """Run a program that serves a port while the block runs; what it prints goes to a file."""
        variables = self.variables | options.pop("env", {})
        with (
            output.open("wb") as file,
            subprocess.Popen([str(PYTHON), *arguments], env=variables, stdout=file, stderr=file, **options) as process,
        ):
            try:
                deadline = time.monotonic() + 60
                while not is_listening(port):
                    assert process.poll() is None, output.read_text()
                    assert time.monotonic() < deadline, output.read_text()
                    time.sleep(0.05)
                yield
            finally:
                process.terminate()


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Tell whether something listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
