"""Start PostgreSQL, PgBouncer, MariaDB and Redis for tests: servers of their own, in temporary folders."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_START_SECONDS = 60


def _unprivileged() -> dict[str, int]:
    """Return the user and group to run PostgreSQL as: it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    import pwd  # not on Windows

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid}
    pytest.skip("there is no unprivileged user to run PostgreSQL as")


def _postgresql_programs() -> Path:
    """Return the folder of the newest PostgreSQL's programs, which are usually not on the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        pytest.skip("PostgreSQL is not installed")
    return found[-1].parent if found else Path(str(on_path)).resolve().parent


class PostgresqlCluster:
    """A PostgreSQL server that listens on a socket in a temporary folder. Its user ``xoxzo`` needs no password."""

    def __init__(self, folder: Path, programs: Path, user: dict[str, int], *, durable: bool) -> None:
        self._folder = folder
        self._programs = programs
        self._user = user
        # A crash of the server is tested, never a power cut: so in tests nothing has to wait for the disk.
        self._options = "" if durable else "-c fsync=off -c shared_buffers=16MB"

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://xoxzo@/{database}?host={self._folder}"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs."""
        with (self._folder / "output").open("ab") as output:
            subprocess.run(
                [self._programs / program, *arguments],
                check=True,
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=2 * _START_SECONDS,
                **self._user,
            )

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        options = f"-k {self._folder} -c listen_addresses= -c max_connections=60 {self._options}"
        self._control("start", "-w", "-t", str(_START_SECONDS), "-l", str(self._folder / "log"), "-o", options)

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server; ``immediate`` is a crash: it closes nothing, and recovers at the next start."""
        self._control("stop", "-m", mode)

    def _control(self, *arguments: str) -> None:
        self.run("pg_ctl", "-D", str(self._folder / "data"), *arguments)

    @contextlib.contextmanager
    def new_database(self) -> Iterator[str]:
        """Create a database, yield its address, and drop it with its connections."""
        import psycopg

        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            with psycopg.connect(self.url(), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def postgresql_cluster(*, durable: bool = False) -> Iterator[PostgresqlCluster]:
    """Make a cluster, start its server, and stop and delete it at the end; skip where PostgreSQL is not installed.

    Args:
        durable: whether commits wait for the disk, as those of a real server do.
    """
    programs, user = _postgresql_programs(), _unprivileged()
    # Not in pytest's folder, which its owner alone may enter, and whose path is too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="xoxzo-pg-"))
    try:
        if user:
            os.chown(folder, user["user"], user["group"])
        cluster = PostgresqlCluster(folder, programs, user, durable=durable)
        try:
            cluster.run("initdb", "-D", str(folder / "data"), "-U", "xoxzo", "-A", "trust", "-E", "UTF8", "--no-sync")
            cluster.start()
        except subprocess.CalledProcessError as error:
            logs = "".join(path.read_text() for path in (folder / "output", folder / "log") if path.exists())
            raise AssertionError(f"PostgreSQL did not start: {logs}") from error
        try:
            yield cluster
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):  # a test may have stopped it
                cluster.stop()
    finally:
        shutil.rmtree(folder)


def _accepts_connections(path: Path | str) -> bool:
    """Return whether a server listens on a socket; its file is there a moment before."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        return True
    return False


@contextlib.contextmanager
def pgbouncer(url: str, mode: str) -> Iterator[str]:
    """Start PgBouncer before a database of a `PostgresqlCluster`, and yield its address; skip where it is missing.

    Args:
        url: the address of the database.
        mode: when it gives a session to the next program: ``session``, ``transaction`` or ``statement``.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed")
    database, _, server = url.removeprefix("postgresql://xoxzo@/").partition("?host=")
    # Not in pytest's folder: its path is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="xoxzo-pgbouncer-") as name:
        folder = Path(name)
        user = _unprivileged()
        if user:
            os.chown(folder, user["user"], user["group"])
        (folder / "users").write_text('"xoxzo" ""\n')
        settings = {"unix_socket_dir": name, "listen_port": 6432, "auth_type": "trust", "auth_file": f"{name}/users"}
        # Most who use it let it ignore what it does not know.
        settings |= {
            "pool_mode": mode,
            "default_pool_size": 5,
            "ignore_startup_parameters": "extra_float_digits,options",
        }
        lines = ["[databases]", f"{database} = host={server} user=xoxzo", "[pgbouncer]"]
        (folder / "settings.ini").write_text("\n".join([*lines, *(f"{key} = {settings[key]}" for key in settings)]))
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen([program, folder / "settings.ini"], stdout=output, stderr=output, **user)
        try:
            give_up = time.monotonic() + _START_SECONDS
            while not _accepts_connections(folder / ".s.PGSQL.6432"):
                assert process.poll() is None, (folder / "output").read_text()
                assert time.monotonic() < give_up, "PgBouncer did not start"
                time.sleep(0.02)
            yield f"postgresql://xoxzo@/{database}?host={name}&port=6432"
        finally:
            process.terminate()
            process.wait(_START_SECONDS)


class MariadbServer:
    """A MariaDB server that listens on a socket in a temporary folder. Its user ``root`` needs no password."""

    def __init__(self, folder: Path) -> None:
        self.socket = str(folder / "socket")
        self._folder = folder
        # The system allows few asynchronous reads and writes to all servers of all test processes together.
        self._options = ["--no-defaults", f"--datadir={folder / 'data'}", "--skip-innodb-use-native-aio"]
        if os.geteuid() == 0:
            self._options.append("--user=root")  # else it refuses to run as root
        self._process: subprocess.Popen[bytes] | None = None

    def create(self, program: str) -> None:
        """Create the files of its databases."""
        command = [program, *self._options, "--skip-test-db", "--auth-root-authentication-method=normal"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=2 * _START_SECONDS, check=False)
        assert done.returncode == 0, f"MariaDB was not set up: {done.stdout}{done.stderr}"

    def start(self, program: str) -> None:
        """Start the server and wait until it accepts connections."""
        # A crash of the server is tested, never a power cut: so nothing has to wait for the disk.
        options = ["--skip-networking", "--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=0"]
        command = [program, *self._options, f"--socket={self.socket}", "--innodb-buffer-pool-size=16M", *options]
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=output, stderr=output)
        give_up = time.monotonic() + _START_SECONDS
        while not _accepts_connections(self.socket):
            assert self._process.poll() is None, (self._folder / "output").read_text()
            assert time.monotonic() < give_up, "MariaDB did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_START_SECONDS)

    @contextlib.contextmanager
    def new_database(self) -> Iterator[str]:
        """Create a database, yield its name, and drop it."""
        import MySQLdb

        name = f"test_{secrets.token_hex(6)}"

        def execute(statement: str) -> None:
            with contextlib.closing(MySQLdb.connect(unix_socket=self.socket, user="root")) as connection:
                connection.query(statement)

        execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            yield name
        finally:
            execute(f"DROP DATABASE {name}")


@contextlib.contextmanager
def mariadb_server() -> Iterator[MariadbServer]:
    """Start MariaDB, and stop and delete it at the end; skip where it or its driver is not installed."""
    # Debian puts the server where only root's PATH looks.
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    programs = [shutil.which(name, path=path) for name in ("mariadb-install-db", "mariadbd")]
    if None in programs:
        pytest.skip("MariaDB is not installed")
    pytest.importorskip("MySQLdb", reason="mysqlclient is not installed: it needs the headers of MariaDB")
    # Not in pytest's folder: its path is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="xoxzo-mariadb-") as folder:
        server = MariadbServer(Path(folder))
        server.create(str(programs[0]))
        try:
            server.start(str(programs[1]))
            yield server
        finally:
            server.stop()


class RedisServer:
    """A Redis server on a free port of this machine, which stores nothing on disk by default."""

    def __init__(self, folder: Path, program: str) -> None:
        self._folder = folder
        self._program = program
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=output, stderr=output)
        give_up = time.monotonic() + _START_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                if connection.recv(7) == b"+PONG\r\n":
                    return
            assert self._process.poll() is None, (self._folder / "output").read_text()
            assert time.monotonic() < give_up, "Redis did not start"
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop the server by a signal; what it held is lost."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_START_SECONDS)
            self._process = None


@contextlib.contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Start Redis, and stop it at the end; skip where it is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with tempfile.TemporaryDirectory(prefix="xoxzo-redis-") as folder:
        server = RedisServer(Path(folder), program)
        server.start()
        try:
            yield server
        finally:
            server.stop()
