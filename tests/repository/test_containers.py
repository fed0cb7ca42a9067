"""The image and the services that compose.yaml makes of it: linted, and each command run as the image would run it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from without_coverage import uncounted_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from database_servers import PostgresqlCluster, RedisServer

REPOSITORY = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}


def test_the_dockerfile_is_clean() -> None:
    """Hadolint finds nothing in it."""
    if not (BIN / "hadolint").exists():
        pytest.skip("hadolint is not installed: its wheel is for x86-64 alone")
    done = subprocess.run(
        [BIN / "hadolint", "--no-color", REPOSITORY / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_gets_what_its_build_copies() -> None:
    """Each path that the build copies or installs from is let in by .dockerignore."""
    let_in = [line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert all((REPOSITORY / path).exists() for path in let_in)
    copied = re.findall(r"^COPY (?!--from)(\S+) ", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE)
    assert [path for path in copied if path != "." and path not in let_in] == []
    assert {"src", "README.md", "LICENSE", "pyproject.toml", "scripts/build_hook.py"} <= set(let_in)


def test_services_refer_to_what_is_there() -> None:
    """Dependencies, named volumes and files of the project exist, and each health check is a command."""
    volumes = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())["volumes"]
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (REPOSITORY / source).exists() if source.startswith(".") else source in volumes
        assert service.get("healthcheck", {"test": ["CMD"]})["test"][0] == "CMD"


@contextmanager
def service(name: str, folder: Path, changes: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run the command of a service with nothing but its own environment; names of other services are replaced."""

    def here(text: str) -> str:
        for old, new in changes.items():
            text = text.replace(old, new)
        return text

    described = OURS[name]
    command = [here(word) for word in [*described.get("entrypoint", ["xoxzo"]), *described["command"]]]
    variables = {key: here(str(value)) for key, value in described.get("environment", {}).items()}
    base = {key: value for key, value in uncounted_environment().items() if not key.startswith("XOXZO_")}
    with subprocess.Popen(
        [str(BIN / command[0]), *command[1:]],
        cwd=folder,
        env={**base, "HOME": str(folder), "XOXZO_LANG": "en", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=60)


def free_port() -> str:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def wait_for(process: subprocess.Popen[str], text: str) -> None:
    """Read what a program writes until a text comes."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if text in line:
            return
    pytest.fail(f"it ended without {text!r}: {seen}")


def test_the_services_work_together(tmp_path: Path, postgresql: PostgresqlCluster, redis: RedisServer) -> None:
    """The simulator becomes healthy, the worker becomes ready, and a command reaches both the store and the account."""
    shutil.copy(REPOSITORY / "docs/examples/containers/worker.py", tmp_path)
    port = free_port()
    with postgresql.new_database() as database:
        changes = {
            "0.0.0.0": "127.0.0.1",
            "8080": port,
            "/data/": f"{tmp_path}/",
            "redis://broker:6379/0": redis.url,
            "postgresql://xoxzo@database/xoxzo": database,
            "http://simulator:": "http://127.0.0.1:",
        }
        with service("simulator", tmp_path, changes) as simulator:
            wait_for(simulator, port)
            check = [word.replace("8080", port) for word in OURS["simulator"]["healthcheck"]["test"][2:]]
            environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
            subprocess.run([BIN / "xoxzo", *check], check=True, env=environment, capture_output=True, timeout=60)
            with service("worker", tmp_path, changes) as worker:
                wait_for(worker, " ready.")
            with service("xoxzo", tmp_path, changes) as command:
                assert command.wait(60) == 0
