"""Finding the simulator that runs on this machine, starting one, and `xoxzo simulator stop` and `status`."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from faulty_server import FaultyServer, raw, reply
from simulator_callers import Listener, web
from simulator_process import end, running

from xoxzo.cloudpy.cli.commands.simulator import command
from xoxzo.cloudpy.cli.core import local_simulator
from xoxzo.cloudpy.errors import SimulatorError

FIND = """
from xoxzo.cloudpy.cli.core import local_simulator
found = local_simulator.find_or_start()
print(found, bool(local_simulator._started))
"""


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user who has no simulator; those that a test has started are stopped."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    yield tmp_path / "xoxzo" / "simulators"
    with pytest.MonkeyPatch.context() as own:
        # Whatever the test did to the environment, no other simulators are stopped.
        own.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        xoxzo("stop")
    while local_simulator._started:
        local_simulator._started.pop().wait(20)


def xoxzo(*arguments: str) -> Result:
    """Run a command of `xoxzo simulator` in this process."""
    return CliRunner().invoke(command, list(arguments))


def enter(folder: Path, url: str, **fields: object) -> Path:
    """Enter a simulator that is none."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "made-up.json"
    known = {"url": url, "pid": os.getpid(), "instance": "made-up", "machine": socket.gethostname(), "started": 1.0}
    path.write_text(json.dumps({**known, "usable": True, "version": "1", "from": "the future", **fields}))
    return path


def test_one_that_was_started_goes_on_is_found_and_is_stopped(runtime: Path, capfd: pytest.CaptureFixture) -> None:
    """Standard error names it once, the next command finds it, `status` lists it, and `stop` ends it with its file."""
    first = local_simulator.find_or_start()
    reported = capfd.readouterr()
    assert local_simulator._started
    assert reported.out == ""
    assert reported.err == f"A simulator was started at {first}. It runs until you type: xoxzo simulator stop\n"
    assert local_simulator.find_or_start() == first
    assert capfd.readouterr().err == ""
    [path] = runtime.glob("*.json")
    assert {stat.S_IMODE(where.stat().st_mode) for where in (path, runtime / "lock")} == {0o600}
    assert stat.S_IMODE(runtime.stat().st_mode) == 0o700
    shown = json.loads(xoxzo("status", "--json").output)
    assert shown["url"] == first
    assert shown["pid"] == local_simulator._started[0].pid
    assert f"{first}  since 20" in xoxzo("status").output
    stopped = xoxzo("stop", "--url", first + "/")
    assert (stopped.exit_code, stopped.output) == (0, f"The simulator at {first} was stopped.\n")
    assert not path.exists()
    assert local_simulator.answers_as(first) is False


def test_two_commands_at_once_start_one(runtime: Path) -> None:
    """Of many that look at the same moment one starts a simulator, and all use it, in a session of its own."""
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(subprocess.check_output, [sys.executable, "-c", FIND], text=True) for _ in range(4)]
        answers = [job.result().split() for job in jobs]
    assert len({url for url, _ in answers}) == 1
    assert sorted(started for _, started in answers) == ["False", "False", "False", "True"]
    [path] = runtime.glob("*.json")
    pid = json.loads(path.read_text())["pid"]
    assert os.getsid(pid) == pid


def test_one_that_a_user_runs_is_found(runtime: Path) -> None:
    """`xoxzo simulator` enters itself, and its file is away when it has ended."""
    with running() as (process, line):
        assert local_simulator.find_or_start() == line.partition(": ")[2].strip()
        assert end(process)[2] == 0
        assert list(runtime.iterdir()) == []


@pytest.mark.parametrize("options", [["--sid", "one", "--token", "two"], ["--unlisted"]])
def test_another_users_simulator_is_not_used(options: list[str]) -> None:
    """A simulator with its own SID, or an unlisted one, is never chosen automatically."""
    with running(*options):
        assert local_simulator.find() is None
        finished = xoxzo("status")
        if "--unlisted" in options:
            assert finished.exit_code == 3
        else:
            assert "which --simulator leaves alone" in finished.output


def test_entries_of_the_dead_are_swept(runtime: Path) -> None:
    """Entries of killed simulators, of ports that another program uses, and invalid ones are removed."""
    with running() as (process, _):
        end(process, signal.SIGKILL)
    assert len(list(runtime.iterdir())) == 1
    assert local_simulator.find() is None
    assert list(runtime.iterdir()) == []
    answers = [reply(200, body) for body in ('{"status": "ok", "instance": "another"}', "[]", "no json", '{"a": 1}')]
    for answer in [*answers, reply(404, "{}"), raw(b"x" * 70_000), raw(b"no HTTP")]:
        with FaultyServer(answer) as other:
            path = enter(runtime, other.url)
            assert local_simulator.find() is None
            assert not path.exists()
    path = enter(runtime, "http://127.0.0.1:9", pid=2**22 + 1)
    path.with_name("broken.json").write_text("{")
    path.with_name("short.json").write_text("{}")
    assert local_simulator.running() == []
    assert list(runtime.iterdir()) == []


def test_what_cannot_be_judged_stays(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries of another machine, and of a busy simulator, are neither used nor removed."""
    path = enter(runtime, "http://127.0.0.1:9", machine="another")
    assert local_simulator.find() is None
    assert path.exists()
    monkeypatch.setattr(local_simulator, "_TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        path = enter(runtime, f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert local_simulator.find() is None
        assert path.exists()
        finished = xoxzo("stop")
        assert "No simulator of yours runs" in finished.output
    path.unlink()


def test_a_folder_of_another_user_is_not_read(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who could write entries there could have this user's messages."""
    with running():
        assert local_simulator.find() is not None
        monkeypatch.setattr(os, "getuid", lambda: 12345)
        assert local_simulator.find() is None


def test_without_a_runtime_folder_the_state_folder_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where `XDG_RUNTIME_DIR` is not set, or is no folder, entries are among the user's state."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "missing"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert local_simulator.folder() == tmp_path / "state" / "xoxzo" / "simulators"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert local_simulator.folder() == tmp_path / ".local" / "state" / "xoxzo" / "simulators"
    assert local_simulator.find() is None


def test_where_nothing_can_be_written_a_simulator_runs_without_an_entry(tmp_path: Path) -> None:
    """A simulator is not stopped by a folder that cannot be made; one cannot be started for a command then."""
    (tmp_path / "xoxzo").write_text("in the way")
    with running() as (process, line):
        with web(line.partition(": ")[2].strip()) as page:
            assert page("GET", "/you/credits/")[0] == 200
        assert end(process)[1:] == ("", 0)
    with pytest.raises(SimulatorError, match="no simulator can be started"):
        local_simulator.find_or_start()


def test_an_invalid_lock_is_reported(runtime: Path) -> None:
    """A lock file that something else has written is named, and nothing is started."""
    runtime.mkdir(parents=True)
    (runtime / "lock").write_text("this is no database" * 100)
    with pytest.raises(SimulatorError, match="no simulator can be started"):
        local_simulator.find_or_start()
    assert not local_simulator._started


def test_a_variable_names_the_one_to_use(simulator_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`XOXZO_SIMULATOR` is used if a simulator answers there, and never leads off this machine."""
    monkeypatch.setenv("XOXZO_SIMULATOR", simulator_url + "/")
    assert local_simulator.find_or_start() == simulator_url
    for wrong in ("https://api.xoxzo.com", "http://192.0.2.1:80", "http://[", "http://127.0.0.1:99999"):
        monkeypatch.setenv("XOXZO_SIMULATOR", wrong)
        with pytest.raises(SimulatorError, match="XOXZO_SIMULATOR must be the address of a simulator on this machine"):
            local_simulator.find_or_start()
    with Listener().running() as other:
        monkeypatch.setenv("XOXZO_SIMULATOR", other.url)
        with pytest.raises(SimulatorError, match=r"no simulator answers at .*, which XOXZO_SIMULATOR names"):
            local_simulator.find_or_start()


@pytest.mark.parametrize(
    ("program", "expected"),
    [("import sys; sys.exit('first\\nthe last line')", "the last line"), ("import sys; sys.exit(4)", "status 4")],
)
def test_one_that_does_not_start_is_reported(program: str, expected: str, tmp_path: Path, monkeypatch) -> None:
    """The last line that it complained with is the reason."""
    script = tmp_path / "python"
    script.write_text(f"#!{sys.executable}\n{program}\n")
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))
    with pytest.raises(SimulatorError, match=f"the simulator did not start: {expected}"):
        local_simulator.find_or_start()


def test_one_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One that does not listen in time is ended."""
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(local_simulator, "_START_TIMEOUT_SECONDS", 0.05)
    with pytest.raises(SimulatorError, match=r"did not start within 0\.05 s"):
        local_simulator.find_or_start()
    assert local_simulator._started[0].poll() is not None


def test_stop_says_when_none_runs_or_one_goes_on(runtime: Path) -> None:
    """Nothing to stop is no failure; one that cannot be stopped is named, with status 6."""
    finished = xoxzo("stop")
    assert (finished.exit_code, finished.output) == (0, "No simulator of yours runs on this machine.\n")
    finished = xoxzo("stop", "--url", "http://127.0.0.1:9")
    assert (finished.exit_code, finished.output) == (0, "No simulator runs at http://127.0.0.1:9.\n")
    finished = xoxzo("status")
    assert finished.exit_code == 3
    assert "Start one with: xoxzo simulator" in finished.output
    assert xoxzo("status", "--json").output == ""
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    answer = reply(200, '{"status": "ok", "instance": "made-up"}')
    with (
        FaultyServer(answer) as other,
        subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        path = enter(runtime, other.url, pid=process.pid)
        finished = xoxzo("stop", "--timeout", "0.05")
        process.kill()
        path.unlink()
    assert finished.exit_code == 6
    assert f"the simulator at {other.url} still runs (process {process.pid})" in finished.stderr


def test_another_users_process_may_be_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that may not be signalled lives; where signals are no question, what answers tells."""

    def refuse(*_: int) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(os, "kill", refuse)
        assert local_simulator._is_alive(1)
    assert not local_simulator._is_alive(2**22 + 1)
    with monkeypatch.context() as patch:
        patch.setattr(local_simulator.os, "name", "other")
        alive = local_simulator._is_alive(2**22 + 1)
    assert alive


def test_finding_loads_little() -> None:
    """A command that finds a simulator waits for no HTTP library, no database and no subprocess."""
    program = (
        "import sys; before = set(sys.modules)\n"
        "from xoxzo.cloudpy.cli.core import local_simulator; local_simulator.find()\n"
        "heavy = {'http', 'httptools', 'asyncio', 'sqlite3', 'subprocess', 'msgspec', 'ssl'}\n"
        "print(*(heavy & set(sys.modules) - before))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "\n"
