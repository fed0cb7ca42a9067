"""schemathesis, which makes requests that nobody thought of from the OpenAPI document, against a served simulator."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "fuzz.py"


def test_no_answer_is_undocumented() -> None:
    """Nothing that schemathesis sends is answered with 5xx, or with a status or a body that is not documented."""
    command = [sys.executable, str(SCRIPT), "--examples", "25", "--seed", "1"]
    finished = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stdout[-8000:] + finished.stderr[-2000:]
    assert "Tested: 30" in finished.stdout
