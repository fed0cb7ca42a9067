"""Workers of one campaign in PostgreSQL, as real processes: killed, stopped, cut off from a database that crashes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from campaign_makers import people
from database_servers import PostgresqlCluster

from xoxzo.cloudpy.campaigns import Campaign, Content, Limits, State
from xoxzo.cloudpy.simulator import Settings, Simulator

PEOPLE = int(os.environ.get("XOXZO_TESTS_WORKER_PEOPLE", "700"))
SEED = int(os.environ.get("XOXZO_TESTS_KILL_SEED", "1"))
LIMITS = Limits(rate=150.0, concurrency=8, settle=1.0, stop_share=1.0, lease=4.0)
GIVE_UP_SECONDS = 120 + PEOPLE / 10
XOXZO = str(Path(sys.executable).with_name("xoxzo"))


class Workers:
    """Processes that run one campaign."""

    def __init__(self, environment: dict[str, str], output: Path) -> None:
        self._environment = environment
        self._output = output
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, count: int) -> None:
        """Start processes until so many run."""
        self.running = [process for process in self.running if process.poll() is None]
        while len(self.running) < count:
            command = [XOXZO, "campaign", "resume", "spring", "--yes"]
            with self._output.open("ab") as output:
                self.running.append(subprocess.Popen(command, stdout=output, stderr=output, env=self._environment))

    def close(self) -> None:
        """Kill those that are left."""
        for process in self.running:
            process.kill()
            process.wait()


def test_workers_lose_and_double_nothing(postgresql: PostgresqlCluster, database_url: str, tmp_path: Path) -> None:
    """Kills, stops longer than the lease, a crash of the database and cut connections: phones agree with the ledger."""
    chance = random.Random(SEED)
    with Simulator(Settings(seed=SEED)) as simulator, simulator.serve() as server:
        for kind in ("lose_reply", "error_after", "drop"):
            simulator.faults.add(kind, "POST /sms/messages/", chance=0.01)
        content = Content(kind="text", sender="Shop", message="hello")
        with Campaign.create("spring", people(PEOPLE), content, store=database_url) as campaign:
            campaign.save_limits(LIMITS)
        workers = Workers(
            os.environ
            | {
                "XOXZO_API_HOST": server.url,
                "XOXZO_API_SID": "s",
                "XOXZO_API_AUTH_TOKEN": "t",
                "XOXZO_CAMPAIGNS": database_url,
            },
            tmp_path / "output",
        )
        incidents = ["kill", "stop", "kill", "cut", "crash", "kill", "cut"] * (1 + PEOPLE // 5000)
        give_up = time.monotonic() + GIVE_UP_SECONDS
        try:
            while time.monotonic() < give_up:
                if incidents:
                    workers.start(3)
                elif all(process.poll() is not None for process in workers.running):
                    with Campaign.open("spring", store=database_url) as campaign:
                        if campaign.state == "finished" and not campaign.tally().in_flight:
                            break
                    workers.start(1)
                time.sleep(chance.uniform(0.2, 0.8))
                if incidents and len(simulator.engine.sms.by_phone) > 10:
                    _cause(incidents.pop(0), workers, postgresql, database_url)
        finally:
            workers.close()
        output = (tmp_path / "output").read_text()
        assert not incidents, output[-2000:]
        with Campaign.open("spring", store=database_url) as campaign:
            assert campaign.state == "finished", output[-2000:]
            counts = dict.fromkeys(State, 0)
            for one in campaign.recipient_statuses():
                got = simulator.phone(one.recipient.number).inbox
                counts[one.state] += 1
                assert len(got) <= 1, f"doubled: {one}, seed {SEED}"
                assert one.state.is_sent or one.state == State.UNKNOWN, f"lost: {one}, seed {SEED}"
                assert one.state != State.SENT or got[0].msgid == one.ident, f"{one}, seed {SEED}"
            print(f"{PEOPLE} people, seed {SEED}: {counts[State.UNKNOWN]} unknown, 0 lost, 0 doubled")


def _cause(incident: str, workers: Workers, cluster: PostgresqlCluster, url: str) -> None:
    if incident == "kill":
        workers.running[0].kill()
    elif incident == "stop":
        process = workers.running[-1]
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.5 * LIMITS.lease)
        process.send_signal(signal.SIGCONT)
    elif incident == "crash":
        cluster.stop("immediate")
        time.sleep(0.3)
        cluster.start()
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'xoxzo campaign' AND datname = current_database()"
            )


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="there is no SIGSTOP here")
def test_a_stopped_worker_does_not_stop_the_others(database_url: str, tmp_path: Path) -> None:
    """Whoever is stopped, at whatever instant, keeps nothing locked."""
    with Simulator(Settings(seed=1)) as simulator, simulator.serve() as server:
        content = Content(kind="text", sender="Shop", message="hello")
        with Campaign.create("spring", people(200), content, store=database_url) as campaign:
            campaign.save_limits(Limits(rate=100.0, settle=0.5, lease=4.0))
        environment = os.environ | {
            "XOXZO_API_HOST": server.url,
            "XOXZO_API_SID": "s",
            "XOXZO_API_AUTH_TOKEN": "t",
            "XOXZO_CAMPAIGNS": database_url,
        }
        workers = Workers(environment, tmp_path / "output")
        try:
            workers.start(2)
            give_up = time.monotonic() + 60
            while len(simulator.engine.sms.by_phone) < 10 and time.monotonic() < give_up:
                time.sleep(0.01)
            workers.running[0].send_signal(signal.SIGSTOP)
            before = len(simulator.engine.sms.by_phone)
            while len(simulator.engine.sms.by_phone) < before + 30 and time.monotonic() < give_up:
                time.sleep(0.01)
            assert len(simulator.engine.sms.by_phone) >= before + 30, (tmp_path / "output").read_text()
            workers.running[0].send_signal(signal.SIGCONT)
            for process in workers.running:
                process.wait(60)
        finally:
            workers.close()
        assert {len(messages) for messages in simulator.engine.sms.by_phone.values()} == {1}
        with Campaign.open("spring", store=database_url) as campaign:
            assert campaign.tally().sent + campaign.tally()[State.UNKNOWN] == 200
