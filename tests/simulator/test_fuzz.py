"""schemathesis, which makes requests that nobody thought of from the OpenAPI document, against a served simulator."""

import subprocess
import sys
from pathlib import Path

import pytest

from xoxzo.cloudpy.simulator.profiles import PROFILES

SCRIPT = Path(__file__).parents[2] / "scripts" / "fuzz.py"


@pytest.mark.parametrize("profile", PROFILES)
def test_no_answer_is_undocumented(profile: str) -> None:
    """Nothing that schemathesis sends is answered with 5xx, or with a status or a body that is not documented."""
    command = [sys.executable, str(SCRIPT), "--profile", profile, "--examples", "15", "--seed", "1"]
    finished = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stdout[-8000:] + finished.stderr[-2000:]
    assert "Tested: 30" in finished.stdout
    assert "boundary" not in finished.stderr  # a bad multipart body is told to its sender, not to standard error
