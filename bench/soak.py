"""The long fault runs of client, simulator and campaigns: `make soak`. It prints what it found, with seeds."""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.rates import keep_rate

REPOSITORY = Path(__file__).parent.parent
BATCH, KILLS_A_RUN, SENDS, WORKERS_BATCH = 500, 20, 10_000, 50
DISTURBANCES = {
    "child_kills": 150,
    "worker_kills": 50,
    "worker_stops": 20,
    "broker_restarts": 20,
    "broker_flushes": 5,
    "database_crashes": 5,
}


def simulate(first: int) -> tuple[int, int, int, list[str]]:
    """Play campaigns on a virtual clock; return how many, the crashes, the unknown, and what was wrong."""
    sys.path.insert(0, str(REPOSITORY / "tests" / "support"))
    from campaign_simulation import simulate as simulate_campaign

    crashes, unknown, wrong = 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + BATCH):
            result = simulate_campaign(seed, Path(folder))
            crashes += result.crashes
            unknown += result.unknown
            if not result.is_clean:
                wrong.append(f"seed {seed}: {result}")
    return BATCH, crashes, unknown, wrong


def count(seed: int) -> tuple[int, list[str]]:
    """Send through all faults of the simulator; return how many of them hit, and what was wrong."""
    sys.path.insert(0, str(REPOSITORY / "tests" / "support"))
    from fault_mix import objections, play

    counts = play(seed, SENDS)
    return counts.faults.total(), [f"seed {seed}: {objection}" for objection in objections(counts)]


def count_all(first: int, sends: int) -> bool:
    """Send so many messages through all faults and print what was found; return whether anything was wrong."""
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(count, range(first, first - (-sends // SENDS))))
    wrong = [objection for _, objections in found for objection in objections]
    hit = sum(faults for faults, _ in found)
    print(f"{len(found) * SENDS:,} sends to the simulator from seed {first}, {hit:,} hit by a fault: ", end="")
    print(f"{len(wrong)} counts that do not agree", *wrong, sep="\n  ")
    return bool(wrong)


def play_all_faults() -> bool:
    """Play every fault against every client method, print what was found, and return whether anything was wrong."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "tests/client/test_faults.py"]
    environment = os.environ | {"XOXZO_TESTS_ALL_FAULTS": "1"}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    print("Every fault against every client method:", done.stdout.strip().rpartition("\n")[2])
    if done.returncode:
        print(done.stdout)
    return bool(done.returncode)


def simulate_workers(first: int) -> tuple[int, int, list[str]]:
    """Play campaigns of several workers on a virtual clock; return how many, the kills, and what was wrong."""
    sys.path.insert(0, str(REPOSITORY / "tests" / "support"))
    from worker_simulation import simulate_workers as simulate_campaign

    killed, wrong = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + WORKERS_BATCH):
            result = simulate_campaign(seed, Path(folder))
            killed += result.crashes
            if not result.is_clean:
                wrong.append(f"seed {seed}: {result}")
    return WORKERS_BATCH, killed, wrong


def run_workers(seed: int, campaigns: int, people: int) -> bool:
    """Simulate workers, then kill and stop real ones; print what was found, and return whether anything was wrong."""
    played = killed = 0
    wrong: list[str] = []
    with ProcessPoolExecutor() as pool:
        for count, kills, found in pool.map(simulate_workers, range(seed, seed + campaigns, WORKERS_BATCH)):
            played, killed, wrong = played + count, killed + kills, wrong + found
    print(f"{played:,} simulated campaigns of several workers from seed {seed}: {killed:,} killed, ", end="")
    print(f"{len(wrong)} with anything wrong", *wrong, sep="\n  ")
    environment = os.environ | {"XOXZO_TESTS_KILL_SEED": str(seed), "XOXZO_TESTS_WORKER_PEOPLE": str(people)}
    command = [sys.executable, "-m", "pytest", "-q", "-s", "tests/campaigns/test_many_machines.py"]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    print(*(line for line in done.stdout.splitlines() if done.returncode or "seed" in line), sep="\n")
    return bool(wrong or done.returncode)


def kill_outbox_workers(seed: int, rows: int) -> bool:
    """Kill the workers of Django's outbox in each database; print what was found, and return whether it was wrong."""
    environment = os.environ | {"XOXZO_TESTS_KILL_SEED": str(seed), "XOXZO_TESTS_OUTBOX_ROWS": str(rows)}
    command = [sys.executable, "-m", "pytest", "-q", "-s", "tests/integrations/django/outbox/test_kills.py"]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    print(*(line for line in done.stdout.splitlines() if done.returncode or "seed" in line), sep="\n")
    return bool(done.returncode)


def use_roughly(seed: int, cancellations: int, forks: int) -> bool:
    """Share transports between threads, event loops and processes; return whether anything was wrong."""
    sys.path.insert(0, str(REPOSITORY / "tests" / "support"))
    from robustness import play_cancellations, play_loops, play_threads

    program = [sys.executable, str(REPOSITORY / "tests" / "support" / "robustness.py"), str(seed), str(forks)]
    forked = subprocess.run(program, capture_output=True, text=True, check=False)
    found = {
        f"{cancellations:,} cancelled calls": asyncio.run(play_cancellations(seed, cancellations)),
        f"{forks} forks under load": (forked.stdout + forked.stderr).split("\n") if forked.returncode else [],
        "50 threads, 50 calls each": play_threads(seed, calls=50),
        "3 event loops": play_loops(seed, [None] * 3, calls=500),
    }
    for name, wrong in found.items():
        print(f"{name}, seed {seed}: {len(wrong)} wrong", *wrong, sep="\n  ")
    return any(found.values())


def disturb_workers(given: argparse.Namespace) -> bool:
    """Disturb a campaign of real Celery workers and print what was found; return whether anything was wrong."""
    from bench.workers import disturb

    wrong = disturb(given.seed, given.messages, {kind: getattr(given, kind) for kind in DISTURBANCES})
    print(f"  {len(wrong)} lost, doubled or wrongly reported", *wrong[:20], sep="\n  ")
    return bool(wrong)


def main() -> None:
    """Play the fault matrix, simulate, then kill real processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaigns", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--sends", type=int, default=1_000_000)
    parser.add_argument("--cancellations", type=int, default=2_000)
    parser.add_argument("--forks", type=int, default=25)
    parser.add_argument("--messages", type=int, default=100_000, help="that real Celery workers send")
    for kind, count in DISTURBANCES.items():
        parser.add_argument(f"--{kind.replace('_', '-')}", type=int, default=count, help="while those workers send")
    parser.add_argument("--worker-campaigns", type=int, default=2_000)
    parser.add_argument("--worker-people", type=int, default=5_000)
    parser.add_argument("--outbox-rows", type=int, default=2_000, help="for Django's outbox in each kind of database")
    parser.add_argument("--seed", type=int, default=1_000_000)
    given = parser.parse_args()
    broken = play_all_faults()
    misused = use_roughly(given.seed, given.cancellations, given.forks)
    miscounted = count_all(given.seed, given.sends)
    disturbed = disturb_workers(given)
    played = crashes = unknown = 0
    wrong: list[str] = []
    with ProcessPoolExecutor() as pool:
        for count, crashed, uncertain, found in pool.map(
            simulate, range(given.seed, given.seed + given.campaigns, BATCH)
        ):
            played, crashes, unknown = played + count, crashes + crashed, unknown + uncertain
            wrong += found
    print(f"{played:,} simulated campaigns from seed {given.seed}: {crashes:,} crashes, {unknown:,} left unknown,")
    print(f"  {len(wrong)} with a message lost, doubled, misnumbered or unreported", *wrong, sep="\n  ")
    failed = 0
    for turn in range(-(-given.kills // KILLS_A_RUN)):
        environment = os.environ | {"XOXZO_TESTS_KILL_SEED": str(given.seed + 2 * turn)}
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "tests/campaigns/test_kills.py"]
        done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            failed += 1
            print(done.stdout)
    print(f"{given.kills} kills of real processes from seed {given.seed}: {failed} runs with anything wrong")
    hurried = keep_rate()
    outbox_wrong = kill_outbox_workers(given.seed, given.outbox_rows)
    mistaken = run_workers(given.seed, given.worker_campaigns, given.worker_people)
    results = (wrong, failed, miscounted, broken, misused, disturbed, mistaken, hurried, outbox_wrong)
    sys.exit(any(results))


if __name__ == "__main__":
    main()
