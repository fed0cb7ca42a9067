"""The same under Pyright's rules, which editors show their users."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from without_coverage import uncounted_environment

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[int]]:
    """Check both files by Pyright's standard rules and give the lines with errors."""
    place = tmp_path_factory.mktemp("pyright")
    for name in ("api.py", "misuse.py"):
        (place / name).write_text((HERE / name).read_text("utf-8"), "utf-8")
    rules = {"typeCheckingMode": "standard", "reportUnusedCoroutine": "error", "include": ["."]}
    (place / "pyrightconfig.json").write_text(json.dumps(rules), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "--project", str(place)],
        cwd=place,
        env=uncounted_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, set[int]] = {"api.py": set(), "misuse.py": set()}
    for each in json.loads(done.stdout)["generalDiagnostics"]:
        if each["severity"] == "error":
            found[Path(each["file"]).name].add(each["range"]["start"]["line"] + 1)
    return found


def test_right_programs_pass(complaints: dict[str, set[int]]) -> None:
    """A program that uses the public API as documented has no error."""
    assert complaints["api.py"] == set()


def test_wrong_lines_are_reported(complaints: dict[str, set[int]]) -> None:
    """Each line marked as an error is reported, and no other line is."""
    lines = (HERE / "misuse.py").read_text("utf-8").splitlines()
    assert complaints["misuse.py"] == {number for number, line in enumerate(lines, 1) if line.endswith("# error")}
