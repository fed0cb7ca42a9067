"""What all tests share: a clean environment, a running simulator, and skips that count as failures where asked."""

from __future__ import annotations

import gc
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from without_coverage import uncounted, uncounted_environment

if TYPE_CHECKING:
    from database_servers import MariadbServer, PostgresqlCluster, RedisServer
    from users_environment import UsersEnvironment

# How long an example takes depends on what else the machine does: that is no assertion.
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")

_NUMBERS = count(20_000_000, 10)  # a test may change the last digit
REPOSITORY = Path(__file__).parent.parent
NO_SKIP = os.environ.get("XOXZO_TESTS_NO_SKIP") == "1"

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
Simulators = Callable[..., AbstractContextManager[str]]

# A simulator of the tests delivers and rings sooner than one by default: no test should wait for what only takes time.
# What the settings are by default is tested on a stepped clock, in `tests/simulator`.
QUICK_SECONDS = {
    "sms_queued_seconds": 0.03,
    "sms_delivering_seconds": 0.05,
    "ring_seconds": 0.1,
    "no_answer_seconds": 0.3,
    "recording_seconds": 0.2,
    "tts_characters_per_second": 1000,
    "transfer_seconds": 0.2,
    "conference_seconds": 0.3,
    "voicemail_seconds": 0.2,
}
# The same for a client's pauses between tries and between polls, in the processes of the tests.
QUICK_PAUSES = {
    "xoxzo.cloudpy.client.flow._MIN_BACKOFF_SECONDS": 0.01,
    "xoxzo.cloudpy.client._async.driver._FIRST_PAUSE_SECONDS": 0.05,
    "xoxzo.cloudpy.client._sync.driver._FIRST_PAUSE_SECONDS": 0.05,
}
REAL_PAUSES: dict[str, float] = {}
QUICK = [word for name, value in QUICK_SECONDS.items() for word in ("--set", f"{name}={value}")]

# The slowest tests start first, so that they do not run alone at the end: a part of each test's id.
LONGEST = (
    "test_fuzz.py::test_no_answer_is_undocumented",
    "test_storm.py",
    "test_simulation.py",
    "test_examples.py",
    "test_kills.py",
    "test_workers.py",
    "test_documentation.py::test_many_machines",
    "test_plugin.py",
    "test_login_shops.py",
    "test_typing.py",
    "test_pyright.py",
    "test_browser.py",
    "test_demo.py",
    "test_recorded.py::test_it_looks_as_recorded[demo]",
    "test_adding_an_endpoint.py",
    "test_outputs.py::test_the_output_never_hides_what_was_done[demo]",
    "commands/test_alertmanager.py",
    "test_simulator_database.py",
    "test_memory_is_flat",
    "test_a_million_rows",
    "test_packaging.py::test_skips",
)


# What these run is covered by other tests as well, so its lines are not counted: that costs as much as to run them.
# They get the marker `uncounted`.
UNCOUNTED = (
    "tests/callbacks/test_urls.py::test_forged",
    "tests/campaigns/inputs/test_everybody.py::test_everybody",
    "tests/campaigns/inputs/test_everybody.py::test_what",
    "tests/campaigns/inputs/test_mangled_lists.py",
    "tests/campaigns/test_contacts.py::test_killed",
    "tests/campaigns/test_inputs.py::test_a_million_rows",
    "tests/campaigns/test_kills.py",
    "tests/cli/test_imports.py",
    "tests/cli/test_recorded.py",
    "tests/docs/",
    "tests/integrations/django/outbox/test_kills.py",
    "tests/integrations/test_examples.py",
    "tests/integrations/test_login_shops.py",
    "tests/operations/test_json_array.py::test_damaged_lists",
    "tests/operations/test_json_array.py::test_memory_is_flat",
    "tests/operations/test_json_array.py::test_truncated_anywhere",
    "tests/published/",
    "tests/repository/",
    "tests/simulator/commands/test_faults.py::test_the_count_is_true",
    "tests/simulator/web/console/test_browser.py",
    "tests/transports/test_gevent.py",
    "tests/transports/test_httpx2_example.py",
    "tests/transports/test_robustness.py",
    "tests/transports/test_server_behaviours.py",
    "tests/transports/test_short_programs.py",
    "tests/typing/",
)

# Tests whose cases `make test` rotates by commit: their modules import one of these. They get the marker `rotated`.
ROTATING = {"selected_count", "selected_part"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run twice as many tests at once as there are processors: a third of the time goes into waiting for something."""
    return 2 * (os.cpu_count() or 1)


def pytest_configure() -> None:
    """Take Ctrl-C again where it is ignored, as in what a shell runs in the background: tests send it to commands."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Leave all that exists by now out of garbage collections, which would visit each of thousands of tests."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes longest, and leave the rest in order; mark what is not counted."""
    for item in items:
        if item.nodeid.startswith(UNCOUNTED):
            item.add_marker("uncounted")
        if ROTATING & vars(getattr(item, "module", item)).keys():
            item.add_marker("rotated")
    items.sort(
        key=lambda item: next((place for place, part in enumerate(LONGEST) if part in item.nodeid), len(LONGEST))
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count no line of a test that is marked so, nor of its threads and processes."""
    if item.get_closest_marker("uncounted") is None:
        return (yield)
    with uncounted():
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Take a developer's account, proxy and simulators out of the environment: a test must neither use nor need them.

    A simulator that a command has started and that goes on at the end is a failure, and is stopped.
    """
    runtime = tmp_path_factory.mktemp("runtime")
    runtime.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        for name in list(os.environ):
            if (name.startswith("XOXZO_") and not name.startswith("XOXZO_TESTS_")) or name.upper().endswith("_PROXY"):
                patch.delenv(name)
        # A machine that is late must not close a connection that a test expects to be used again.
        for module in ("pool", "aio"):
            patch.setattr(f"xoxzo.cloudpy.transports.{module}.KEEPALIVE_SECONDS", 600.0)
        for name, seconds in QUICK_PAUSES.items():
            REAL_PAUSES[name] = resolve_name(name)
            patch.setattr(name, seconds)
        yield
        stop = [sys.executable, "-m", "xoxzo.cloudpy.cli", "simulator", "stop"]
        if list(runtime.glob("xoxzo/simulators/*.json")):
            left = subprocess.run(stop, capture_output=True, encoding="utf-8", check=True, timeout=60).stdout
            assert "was stopped" not in left, left


@pytest.fixture
def real_pauses(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the client pause as it does for users."""
    del clean_environment
    for name, seconds in REAL_PAUSES.items():
        monkeypatch.setattr(name, seconds)


@pytest.fixture(scope="session")
def start_simulator(tmp_path_factory: pytest.TempPathFactory) -> Simulators:
    """Start ``xoxzo simulator`` as a user would, in a process of its own, and give its address."""

    @contextmanager
    def start(*options: str) -> Iterator[str]:
        # A file, not a pipe: only the first line is read, and a full pipe would stop the simulator.
        output = tmp_path_factory.mktemp("simulator") / "output"
        # Unlisted: no test of `xoxzo simulator stop` finds it.
        command = [str(Path(sys.executable).with_name("xoxzo")), "simulator", "--port", "0", "--unlisted"]
        # Nobody waits for a clock that stands still.
        command += [*([] if "stepped" in options else QUICK), *options]
        # Its lines are counted where tests have a simulator in their own process.
        environment = uncounted_environment() | {"PYTHONUNBUFFERED": "1", "XOXZO_LANG": "en"}
        with output.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file, env=environment) as process:
            try:
                give_up = time.monotonic() + 60
                while "\n" not in (text := output.read_text()) and process.poll() is None:
                    assert time.monotonic() < give_up, f"no first line after 60 s: {text!r}"
                    time.sleep(0.02)
                title, separator, address = text.partition("\n")[0].partition(": ")
                assert (title, separator) == ("Xoxzo simulator", ": "), text
                yield address.strip()
            finally:
                process.terminate()

    return start


@pytest.fixture(scope="session")
def simulator_url(start_simulator: Simulators) -> Iterator[str]:
    """One simulator per test process. Any made-up sid is an account of its own there, so tests do not meet."""
    with start_simulator() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlCluster]:
    """One PostgreSQL server per test process; a test that stops it starts it again."""
    from database_servers import postgresql_cluster

    with postgresql_cluster() as cluster:
        yield cluster


@pytest.fixture
def database_url(postgresql: PostgresqlCluster) -> Iterator[str]:
    """The address of a new database in PostgreSQL."""
    with postgresql.new_database() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariadbServer]:
    """One MariaDB server per test process."""
    from database_servers import mariadb_server

    with mariadb_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """One Redis server per test process; tests use databases or key prefixes of their own."""
    from database_servers import redis_server

    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def users_environment(tmp_path_factory: pytest.TempPathFactory) -> UsersEnvironment:
    """This library as a wheel, among applications and plugins that users have."""
    from users_environment import UsersEnvironment

    base = tmp_path_factory.getbasetemp()
    # All processes of a run share it.
    return UsersEnvironment((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "users")


@pytest.fixture
def account() -> tuple[str, str]:
    """A SID and a token of a new account."""
    return secrets.token_hex(16), secrets.token_hex(16)


@pytest.fixture
def new_number() -> Callable[[], str]:
    """Give, at each call, a mobile number that no other test of this process sends to: some prefixes are in no use."""
    return lambda: f"+8180{next(_NUMBERS)}"


def _fail_if_skipped(report: Report) -> Report:
    # An expected failure is also reported as skipped; it did run.
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} did not run, and XOXZO_TESTS_NO_SKIP=1 forbids that: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where XOXZO_TESTS_NO_SKIP=1, fail a test that was skipped: CI must run everything."""
    return _fail_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself while it is collected."""
    return _fail_if_skipped((yield))
