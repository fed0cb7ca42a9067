"""The how-to for a new endpoint is followed in a copy of the repository, whose tests then cover the endpoint."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from without_coverage import uncounted_environment

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "contributing" / "adding-an-endpoint.md"
PARTS = ("src", "scripts", "docs", "tests", "pyproject.toml", "README.md", "CHANGELOG.md")
MAX_FILES = 14
GENERATING = ("unasync", "openapi", "endpoints", "commands", "translations")


def changes() -> dict[str, list[list[str]]]:
    """Return the hunks of the page's diffs, as lines, by the file that they change."""
    found: dict[str, list[list[str]]] = {}
    for block in re.findall(r"^(`{3,})diff\n(.*?)^\1$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        header, *hunks = re.split(r"^@@\n", block[1], flags=re.MULTILINE)
        found.setdefault(header.removeprefix("+++ ").strip(), []).extend(hunk.splitlines() for hunk in hunks)
    return found


def apply(path: Path, hunk: list[str]) -> None:
    """Change a file by a hunk, whose context and removed lines need only be the beginnings of lines of the file."""
    lines = path.read_text("utf-8").splitlines()
    before = [line[1:] for line in hunk if not line.startswith("+")]
    at = [
        start
        for start in range(len(lines) - len(before) + 1)
        if all(map(str.startswith, lines[start : start + len(before)], before))
    ]
    assert len(at) == 1, f"{PAGE.name}: this is in {path.name} {len(at)} times: {before}. Correct the page."
    old = iter(lines[at[0] : at[0] + len(before)])
    new = []
    for line in hunk:
        if line.startswith("+"):
            new.append(line[1:])
        elif line.startswith("-"):
            next(old)
        else:
            new.append(next(old))
    path.write_text("\n".join([*lines[: at[0]], *new, *lines[at[0] + len(before) :], ""]), "utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with the changes of the page."""
    copy = tmp_path_factory.mktemp("copy")
    for part in PARTS:
        if (REPOSITORY / part).is_dir():
            shutil.copytree(REPOSITORY / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(REPOSITORY / part, copy)
    for name, hunks in changes().items():
        for hunk in hunks:
            apply(copy / name, hunk)
    return copy


def run(copy: Path, *arguments: str) -> str:
    """Run Python in the copy, with the package of the copy, and return what it writes."""
    environment = uncounted_environment() | {"PYTHONPATH": str(copy / "src")}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_takes_few_files() -> None:
    """A new endpoint changes few files."""
    assert len(changes()) <= MAX_FILES


def test_a_new_endpoint_is_tested_by_itself(copy: Path) -> None:
    """With the page's changes the copy's tests pass, and the fault matrix plays against the new method."""
    for script in GENERATING:
        run(copy, f"scripts/{script}.py")
    run(copy, "scripts/translations.py", "--check")
    tests = ("tests/client/test_endpoints.py", "tests/cli/test_endpoints.py", "tests/simulator/test_openapi.py")
    other = ("tests/client/test_faults.py", "tests/client/test_chapters.py")
    chosen = "senders or not (test_faults or test_chapters)"
    shown = run(copy, "-m", "pytest", "-p", "no:xdist", "-v", "-k", chosen, "tests/test_exports.py", *tests, *other)
    for name in (
        "test_a_fault_is_survived_or_reported_truly[threads-sms.senders-closed]",
        "test_both_clients_request_it[sms.senders]",
        "test_registered_senders_are_listed[asyncio]",
    ):
        assert f"{name} PASSED" in shown
