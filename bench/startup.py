"""How long the simulator takes to answer after it was started, and to be gone after it was stopped."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.request import urlopen

RUNS = 7


def measure() -> Iterator[str]:
    """Start and stop the command as a user would."""
    starts, stops = [], []
    for _ in range(RUNS):
        began = time.perf_counter()
        command = [sys.executable, "-m", "xoxzo.cloudpy.cli", "simulator", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            url = process.stdout.readline().strip().partition(": ")[2]
            with urlopen(f"{url}/_simulator/health") as answer:
                answer.read()
            starts.append(time.perf_counter() - began)
            began = time.perf_counter()
            process.terminate()
            process.wait()
            stops.append(time.perf_counter() - began)
    yield (
        f"xoxzo simulator: first answer after {statistics.median(starts):.2f} s, gone {statistics.median(stops):.2f} s"
        f" after the signal, medians of {RUNS}"
    )
