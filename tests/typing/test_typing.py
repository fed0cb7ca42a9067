"""The types that users see: correct programs pass, and each wrong line has its error."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from without_coverage import uncounted_environment

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
SWITCHED_OFF = "# mypy: ignore-errors\n"


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[int, list[str]]]:
    """Check both files at once, strictly, and give mypy's errors by file and line."""
    place = tmp_path_factory.mktemp("typing")
    for name in ("api.py", "misuse.py"):
        text = (HERE / name).read_text("utf-8").replace(SWITCHED_OFF, "#\n")
        (place / name).write_text(text, "utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--config-file", str(REPOSITORY / "pyproject.toml")),
            *("--strict", "--no-pretty", "--no-error-summary", "--show-absolute-path"),
            *("--cache-dir", str(place / "cache"), str(place / "api.py"), str(place / "misuse.py")),
        ],
        cwd=REPOSITORY,
        # mypy's own source path would hide that the installed package says that it has types.
        env={name: value for name, value in uncounted_environment().items() if name not in {"MYPYPATH", "PYTHONPATH"}},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    found: dict[str, dict[int, list[str]]] = {"api.py": {}, "misuse.py": {}}
    for line in done.stdout.splitlines():
        match = re.fullmatch(r"(.+?):(\d+): (error|note): (.*)", line)
        assert match, line
        if match[3] == "error":
            path = Path(match[1])
            assert path.parent == place, f"an error in the package itself: {line}"
            found[path.name].setdefault(int(match[2]), []).append(match[4])
    return found


def test_right_programs_pass(complaints: dict[str, dict[int, list[str]]]) -> None:
    """A program that uses the public API as documented has no error under mypy's strict rules."""
    assert complaints["api.py"] == {}


def test_wrong_lines_are_reported(complaints: dict[str, dict[int, list[str]]]) -> None:
    """Each line marked as an error is reported, and no other line is."""
    lines = (HERE / "misuse.py").read_text("utf-8").splitlines()
    marked = {number: line.strip() for number, line in enumerate(lines, 1) if line.endswith("# error")}
    reported = {number: lines[number - 1].strip() for number in complaints["misuse.py"]}

    assert len(marked) > 30
    assert reported == marked


@pytest.mark.parametrize("call", ["sms.send", "account.credits", "dins.unsubscribe", "close"])
def test_a_forgotten_await_is_named_as_such(complaints: dict[str, dict[int, list[str]]], call: str) -> None:
    """A coroutine that is dropped is reported as that and not as something else."""
    lines = (HERE / "misuse.py").read_text("utf-8").splitlines()
    start = lines.index("async def forgotten_await(client: AsyncClient) -> None:")
    number = next(at for at in range(start, len(lines)) if f" client.{call}(" in lines[at]) + 1

    assert 'Missing "await"' in " ".join(complaints["misuse.py"].get(number, [])) or any(
        "unused-coroutine" in words for words in complaints["misuse.py"].get(number, [])
    )
