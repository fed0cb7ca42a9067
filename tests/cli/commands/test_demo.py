"""`xoxzo demo`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext

import pytest
from click.testing import CliRunner
from faulty_server import FaultyServer, reply

from xoxzo.cloudpy.cli.commands import demo
from xoxzo.cloudpy.cli.core.http_probe import control
from xoxzo.cloudpy.errors import SimulatorError

COMMAND = [sys.executable, "-m", "xoxzo.cloudpy.cli", "demo"]


def test_it_ends_with_0_and_ignores_credentials() -> None:
    """Every step is checked and reported, and an account or a proxy in the environment is ignored."""
    environment = os.environ | {
        "XOXZO_API_SID": "real",
        "XOXZO_API_AUTH_TOKEN": "real-secret",
        "XOXZO_API_HOST": "http://127.0.0.1:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
    }
    finished = subprocess.run(COMMAND, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.count("✓") == 7
    for piece in ("delivered: 2 parts, 20 credits", "the mp3: answered", "the text: answered", "say ja “お電話"):
        assert piece in finished.stdout
    assert "Everything was checked" in finished.stdout
    assert "real-secret" not in finished.stdout


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(500), "account.credits: status 500"),
        (reply(200, '{"credits": 5}'), "status 200, but the record has no msgid"),
    ],
)
def test_a_step_that_fails_ends_it_with_status_1(answer, expected, monkeypatch) -> None:
    """A failed step is reported on standard error, and the status is 1."""
    with FaultyServer(answer) as server:
        monkeypatch.setattr(demo, "simulator", lambda: nullcontext(server.url))
        result = CliRunner().invoke(demo.command)
    assert result.exit_code == 1
    assert expected in result.stderr
    assert "Everything was checked" not in result.stdout


def test_a_record_that_never_ends_is_given_up(monkeypatch) -> None:
    """A message that stays queued ends the demo."""
    monkeypatch.setattr(demo, "TIMEOUT_SECONDS", 0.0)

    class Stuck:
        status = demo.MessageStatus.QUEUED

    with pytest.raises(demo.DemoFailed, match="still QUEUED"):
        demo.poll(Stuck)  # type: ignore[type-var]


def test_ctrl_c_stops_it_and_its_simulator() -> None:
    """An interrupt ends the demo with status 130 and leaves no simulator behind."""
    # A test run in the background of a shell inherits that Ctrl-C is ignored.
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from xoxzo.cloudpy.cli import main; sys.argv = ['xoxzo', 'demo']; main()"
    )
    command = [sys.executable, "-u", "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        url = next(line for line in process.stdout if "runs at" in line).split("runs at ")[1].split(",")[0]
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert complaint.strip() == "Stopped."
    with pytest.raises(SimulatorError):
        control(url, "GET", "/_simulator/health")
