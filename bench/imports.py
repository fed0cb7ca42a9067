"""What `import xoxzo.cloudpy` costs over bare Python."""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 25
PROGRAM = "import time; began = time.perf_counter(); {}; print((time.perf_counter() - began) * 1000)"
IMPORTS = {
    "import xoxzo.cloudpy": "import xoxzo.cloudpy",
    "… and Client": "from xoxzo.cloudpy import Client",
    "… and a Client made": "from xoxzo.cloudpy import Client; Client(sid='a', auth_token='b')",
    "import httpx2, to compare": "import httpx2",
}


def measure() -> Iterator[str]:
    """Time each import in fresh processes, interleaved."""
    took: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for _ in range(RUNS):
        for name, program in IMPORTS.items():
            command = [sys.executable, "-c", PROGRAM.format(program)]
            took[name].append(float(subprocess.run(command, capture_output=True, check=True, text=True).stdout))
    for name, runs in took.items():
        goal = " (goal: at most 5 ms)" if name == "import xoxzo.cloudpy" else ""
        yield f"{name}: {statistics.median(runs):.1f} ms, median of {RUNS}{goal}"
