"""Unexpected requests: schemathesis makes them from the OpenAPI document, a script from raw bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rotation import selected_part
from without_coverage import uncounted_environment

from xoxzo.cloudpy.simulator.openapi import document
from xoxzo.cloudpy.simulator.settings import PROFILES

SCRIPTS = Path(__file__).parents[3] / "scripts"


def _profiles() -> list[str]:
    """Return the profiles to try: all, or the one that the commit selects."""
    part = selected_part(len(PROFILES))
    return list(PROFILES) if part is None else [list(PROFILES)[part]]


@pytest.mark.parametrize("profile", _profiles())
def test_no_answer_is_undocumented(profile: str) -> None:
    """Nothing that schemathesis sends is answered with 5xx, or with a status or a body that is not documented."""
    command = [sys.executable, str(SCRIPTS / "fuzz.py"), "--profile", profile, "--examples", "5", "--seed", "1"]
    finished = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=300, env=uncounted_environment()
    )
    assert finished.returncode == 0, finished.stdout[-8000:] + finished.stderr[-2000:]
    assert f"Tested: {sum(map(len, document('api')['paths'].values()))}" in finished.stdout
    assert "boundary" not in finished.stderr  # the response reports a bad multipart body, not standard error


def test_no_bytes_stop_it() -> None:
    """Nothing that is sent stops the simulator, is answered with 5xx, changes what others have, or is complained of."""
    command = [sys.executable, str(SCRIPTS / "fuzz_sockets.py"), "--seed", "1", "--cases", "600"]
    finished = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=300, env=uncounted_environment()
    )
    assert finished.stdout.startswith("600 cases from seed 1: 0 "), finished.stdout + finished.stderr
    assert finished.returncode == 0
