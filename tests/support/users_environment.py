"""What users have: this library as a wheel, in an environment with applications and plugins, on a newer Python."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
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
        self.variables = os.environ | {
            "PYTHONPATH": str(folder / "site"),
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        }

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        variables = self.variables | options.pop("env", {})
        options = {"capture_output": True, "text": True, "timeout": 300, **options}
        return subprocess.run([str(PYTHON), *arguments], check=False, env=variables, **options)

    @contextmanager
    def serve(self, *arguments: str, output: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program while the block runs; what it prints goes to a file."""
        variables = self.variables | options.pop("env", {})
        with (
            output.open("wb") as file,
            subprocess.Popen([str(PYTHON), *arguments], env=variables, stdout=file, stderr=file, **options) as process,
        ):
            try:
                yield process
            finally:
                process.terminate()
