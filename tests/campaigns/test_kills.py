"""Kill real processes while a simulator loses responses: the ledger has what the phones have received."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from xoxzo.cloudpy.campaigns import Campaign, State
from xoxzo.cloudpy.simulator import Settings, Simulator

PEOPLE, KILLS = 500, 10
LONGEST = 300.0


@pytest.mark.parametrize("seed", [int(os.environ.get("XOXZO_TESTS_KILL_SEED", "1")) + n for n in range(2)])
def test_killed_runs_lose_and_double_nothing(seed: int, tmp_path: Path) -> None:
    """After ten kills, with responses lost all the time, nothing was sent twice and the ledger is correct."""
    chance = random.Random(seed)
    people = tmp_path / "people.csv"
    people.write_text("tel\n" + "".join(f"090{10000000 + n}\n" for n in range(PEOPLE)))
    with Simulator(Settings(seed=seed)) as simulator, simulator.serve() as server:
        for kind in ("lose_reply", "error_after", "drop"):
            simulator.faults.add(kind, "POST /sms/messages/", chance=0.02)
        environment = os.environ | {
            "XOXZO_API_HOST": server.url,
            "XOXZO_API_SID": "s",
            "XOXZO_API_AUTH_TOKEN": "t",
            "XOXZO_CAMPAIGNS": str(tmp_path),
        }
        command = [str(Path(sys.executable).with_name("xoxzo")), "campaign", "run", str(people), "--text", "hello"]
        command += ["--sender", "Shop", "--yes", "--settle", "0.5", "--rate", "150", "--stop-share", "1"]
        kills, runs, give_up = 0, 0, time.monotonic() + LONGEST
        while time.monotonic() < give_up:
            runs += 1
            with (tmp_path / "output").open("ab") as output:
                process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=tmp_path)
            before = len(simulator.engine.sms.by_phone)
            until = time.monotonic() + 60
            # Not before it has sent something, else only beginnings would be killed.
            while kills < KILLS and process.poll() is None and time.monotonic() < until:
                if len(simulator.engine.sms.by_phone) > before:
                    time.sleep(chance.uniform(0.0, 0.25))
                    process.kill()
                    kills += 1
                    break
                time.sleep(0.005)
            if process.wait() in {0, 7}:
                break
        assert kills == KILLS, (tmp_path / "output").read_text()
        with Campaign.open("people", store=tmp_path) as campaign:
            assert campaign.state == "finished", (tmp_path / "output").read_text()
            for one in campaign.recipient_statuses():
                got = simulator.phone(one.recipient.number).inbox
                assert len(got) <= 1, f"doubled: {one}"
                assert one.state.is_sent or one.state == State.UNKNOWN, one
                assert one.state != State.SENT or got[0].msgid == one.ident


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="there is no SIGSTOP here")
def test_a_run_that_sleeps_keeps_its_campaign(tmp_path: Path) -> None:
    """While a run is stopped by SIGSTOP no other can start; when it continues nothing is sent twice."""
    people = tmp_path / "people.csv"
    people.write_text("tel\n" + "".join(f"090{10000000 + n}\n" for n in range(300)))
    with Simulator(Settings(seed=1)) as simulator, simulator.serve() as server:
        environment = os.environ | {
            "XOXZO_API_HOST": server.url,
            "XOXZO_API_SID": "s",
            "XOXZO_API_AUTH_TOKEN": "t",
            "XOXZO_CAMPAIGNS": str(tmp_path),
        }
        xoxzo = str(Path(sys.executable).with_name("xoxzo"))
        command = [
            xoxzo,
            "campaign",
            "run",
            str(people),
            "--text",
            "hello",
            "--sender",
            "Shop",
            "--yes",
            "--rate",
            "100",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as process:
            give_up = time.monotonic() + 30
            while len(simulator.engine.sms.by_phone) < 10 and time.monotonic() < give_up:
                time.sleep(0.01)
            process.send_signal(signal.SIGSTOP)
            still = -1
            while still < (still := len(simulator.engine.sms.by_phone)):
                time.sleep(0.5)  # what it had sent before may still be on its way
            second = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
            assert (second.returncode, second.stderr) == (
                2,
                "xoxzo campaign run: people: another process is running this campaign\n",
            )
            time.sleep(0.5)
            assert len(simulator.engine.sms.by_phone) == still
            process.send_signal(signal.SIGCONT)
            assert process.wait(60) == 0, process.stdout.read()
        assert sum(len(messages) for messages in simulator.engine.sms.by_phone.values()) == 300
