"""How many sends a second the simulator takes, against a plain uvicorn + Starlette + SQLite; its start and its stop."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from xoxzo.cloudpy.simulator import Settings, Simulator
from xoxzo.cloudpy.simulator.api.http import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 5
# What was sent goes on to its phone for a second: the figure is taken once that is under way, and the next server has
# the machine for itself again.
WARMING, SECONDS, RESTING = 1.2, 2.0, 1.1
STARTS = 7
STREAMS = ("/_simulator/events", "/console/events?topics=sms") * 3
GOALS = {("in memory", 64): 0.9, ("in a file", 64): 1.2, ("in memory", 1): 0.85}
"""The least ratio to the plain server, by where the state is and how many sends are in flight."""
START_GOAL, STOP_GOAL = 0.4, 50
READERS, READERS_GOAL = 30, 1.5
KEPT, RECIPIENTS, MEMORY_GOAL = 200_000, 50_000, 330

SIMULATOR = (sys.executable, "-m", "xoxzo.cloudpy.cli", "simulator", "--port", "0", "--credits", "1000000000")
PLAIN = (sys.executable, "-m", "bench.plain")


def measure() -> Iterator[str]:
    """Compare the rates, then start and stop the command as a user would."""
    for in_flight in (64, 1):
        yield from rates(in_flight)
    yield from start_and_stop()
    yield event_readers()
    yield memory()


def rates(in_flight: int) -> Iterator[str]:
    """Send to all four servers in turn; the ratio of each round is of two figures taken one right after the other."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(dir=Path.cwd())))
        ports = {
            ("in memory", "plain"): running.enter_context(serving(*PLAIN, ":memory:")),
            ("in memory", "simulator"): running.enter_context(serving(*SIMULATOR)),
            ("in a file", "plain"): running.enter_context(serving(*PLAIN, str(folder / "plain.db"))),
            ("in a file", "simulator"): running.enter_context(
                serving(*SIMULATOR, "--database", str(folder / "simulator.db"))
            ),
        }
        found: dict[tuple[str, str], list[float]] = {which: [] for which in ports}
        busiest = 0.0
        for _ in range(ROUNDS):
            for which, port in ports.items():
                load = send(port, in_flight)
                found[which].append(load["rate"])
                busiest = max(busiest, load["busy"])
                time.sleep(RESTING)
    for where in ("in memory", "in a file"):
        ours, plain = found[where, "simulator"], found[where, "plain"]
        ratio = statistics.median(one / other for one, other in zip(ours, plain, strict=True))
        goal = GOALS.get((where, in_flight))
        wanted = "" if goal is None else f"; goal: at least {goal}"
        yield (
            f"xoxzo simulator, {in_flight} sends in flight, {where}: {ratio:.2f} × uvicorn + starlette + sqlite3"
            f" ({statistics.median(ours):.0f} against {statistics.median(plain):.0f} sends a second{wanted};"
            f" callers busy at most {busiest:.0%})"
        )


@contextmanager
def serving(*command: str) -> Iterator[int]:
    """Run a server and return its port."""
    with started(*command) as (port, _):
        yield port


@contextmanager
def started(*command: str) -> Iterator[tuple[int, int]]:
    """Run a server, which writes its address or its port first, to a file; return its port and its process."""
    with tempfile.NamedTemporaryFile("w+") as log, subprocess.Popen(command, stdout=log) as process:
        try:
            yield port_of(Path(log.name), process), process.pid
        finally:
            process.terminate()


def port_of(log: Path, process: subprocess.Popen[bytes]) -> int:
    """Wait for the first line, which ends in the port."""
    while not (line := log.read_text("utf-8").partition("\n"))[1]:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} did not start")
        time.sleep(0.005)
    return int(line[0].rpartition(":")[2])


def send(port: int, in_flight: int) -> dict[str, float]:
    """Have a process of its own send; return its rate, and which part of a CPU that took."""
    numbers = map(str, (port, in_flight, WARMING, SECONDS))
    done = subprocess.run([sys.executable, "-m", "bench.load", *numbers], capture_output=True, check=True)
    return json.loads(done.stdout)


def start_and_stop() -> Iterator[str]:
    """Time the first answer, and the end of the port and of the process, with streams of events open."""
    starts, healthy, plain, closed, gone = [], [], [], [], []
    for _ in range(STARTS):
        began = time.perf_counter()
        with serving(*PLAIN, ":memory:") as port:
            ask(port, "/you/credits/")
            plain.append(time.perf_counter() - began)
        began = time.perf_counter()
        with tempfile.NamedTemporaryFile("w+") as log, subprocess.Popen(SIMULATOR, stdout=log) as process:
            port = port_of(Path(log.name), process)
            ask(port, "/you/credits/")
            starts.append(time.perf_counter() - began)
            ask(port, "/_simulator/health")
            healthy.append(time.perf_counter() - began)
            with ExitStack() as streams:
                for path in STREAMS:
                    streams.enter_context(urlopen(f"http://127.0.0.1:{port}{path}")).readline()
                began = time.perf_counter()
                process.terminate()
                while is_open(port):
                    pass
                closed.append(time.perf_counter() - began)
                process.wait()
                gone.append(time.perf_counter() - began)
    ratio = statistics.median(one / other for one, other in zip(starts, plain, strict=True))
    first, health, port, end = (statistics.median(values) for values in (starts, healthy, closed, gone))
    yield (
        f"xoxzo simulator: first answer after {first:.2f} s (goal: at most {START_GOAL}), {ratio:.2f} × uvicorn +"
        f" starlette + sqlite3; of the control API after {health:.2f} s, medians of {STARTS}"
    )
    yield (
        f"xoxzo simulator: after the signal, with {len(STREAMS)} streams open, its port closes in {port * 1e3:.0f} ms"
        f" (goal: at most {STOP_GOAL}), and it is gone in {end * 1e3:.0f} ms, medians of {STARTS}"
    )


def event_readers() -> str:
    """Compare the server's CPU time for a send while streams of events are open, which nobody reads, and while not."""
    with started(*SIMULATOR) as (port, process), ExitStack() as readers:
        send(port, 64)
        spent = [cpu_of_a_send(port, process)]
        for _ in range(READERS):
            readers.enter_context(urlopen(f"http://127.0.0.1:{port}{STREAMS[0]}")).readline()
        spent.append(cpu_of_a_send(port, process))
    return (
        f"xoxzo simulator: with {READERS} idle readers of events, a send takes {spent[1] / spent[0]:.2f} × the CPU time"
        f" (goal: at most {READERS_GOAL}; {spent[1] * 1e6:.0f} against {spent[0] * 1e6:.0f} µs)"
    )


def cpu_of_a_send(port: int, process: int) -> float:
    """Return the seconds of CPU time that the server takes for each of many sends, and for what follows of them."""

    def state() -> tuple[float, int]:
        figures = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
        kept = json.loads(ask(port, "/_simulator/overview"))["sms"]
        return sum(map(int, figures[11:13])) / os.sysconf("SC_CLK_TCK"), sum(kept.values())

    (before, count), _, _ = state(), send(port, 64), time.sleep(RESTING)
    after, counted = state()
    return (after - before) / (counted - count)


def memory() -> str:
    """Return what many messages take, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", "from bench import simulator; simulator.keep()"], check=True, capture_output=True
    )
    used = int(done.stdout)
    return f"xoxzo simulator: {KEPT:,} messages to {RECIPIENTS:,} phones take {used} MB (goal: at most {MEMORY_GOAL})"


def keep() -> None:
    """Send messages straight into the API until all are delivered, and print the memory of this process in MB."""
    import resource

    with Simulator(Settings(credits=10**9)) as simulator:
        for index in range(KEPT):
            fields = {
                "recipient": f"+8180{index % RECIPIENTS:08}",
                "sender": "Shop",
                "message": f"ご予約は明日 {index}",
            }
            headers = {b"authorization": b"Basic YTpi", b"content-type": b"application/x-www-form-urlencoded"}
            simulator.api.handle(ApiRequest("POST", b"/sms/messages/", b"", headers, urlencode(fields).encode()))
        time.sleep(RESTING)
        simulator.totals()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def ask(port: int, path: str) -> bytes:
    """Wait for an answer, and return its body."""
    with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": "Basic YTpi"})) as answer:
        return answer.read()


def is_open(port: int) -> bool:
    """Say whether anybody listens."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
