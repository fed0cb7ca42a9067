"""`xoxzo simulator --database`: killed, filled up, started twice."""

from __future__ import annotations

import json
import random
import resource
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlencode

import pytest
from simulator_callers import SMS, basic, web
from simulator_process import COMMAND, FORM, running

SENDERS = 6


@contextmanager
def kept(path: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the program with a database; gives the process and its address."""
    with running("--database", str(path), *options) as (process, line):
        threading.Thread(target=process.stdout.read, daemon=True).start()  # type: ignore[union-attr]
        yield process, line.partition(": ")[2].strip()


class Sender(threading.Thread):
    """Sends as an account of its own, one after another, until the connection breaks."""

    def __init__(self, url: str, sid: str, chance: random.Random) -> None:
        super().__init__()
        self.sid = sid
        self.acknowledged: list[str] = []
        self._url = url
        self._lengths = [chance.randrange(1, 400) for _ in range(100_000)]

    def run(self) -> None:
        headers = {**FORM, "Authorization": basic(self.sid).decode()}
        with web(self._url) as page:
            for length in self._lengths:
                body = urlencode({**SMS, "message": "x" * length}).encode()
                try:
                    status, _, answer = page("POST", "/sms/messages/", body, **headers)
                except (OSError, HTTPException):
                    return
                assert status == 201
                self.acknowledged.append(json.loads(answer)[0]["msgid"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path, seed: int) -> None:
    """Killed twice amid concurrent sends: every answered message is there once, and each balance is exact."""
    chance = random.Random(seed)
    path = tmp_path / "state.db"
    answered: dict[str, list[str]] = {}
    for _ in range(2):
        with kept(path, "--seed", "1") as (process, url):
            senders = [Sender(url, f"sid{index}", chance) for index in range(SENDERS)]
            for sender in senders:
                sender.start()
            time.sleep(chance.uniform(0.1, 0.5))
            process.kill()
            for sender in senders:
                sender.join()
                answered.setdefault(sender.sid, []).extend(sender.acknowledged)
    assert all(answered.values())
    with (
        kept(path, "--set", "cost_hidden_while_queued=false", "--set", "list_cap=100000") as (_, url),
        web(url) as page,
    ):
        for sid, msgids in answered.items():
            who = {"Authorization": basic(sid).decode()}
            listed = page.json("GET", "/sms/messages/", **who)[1]
            counted = Counter(message["msgid"] for message in listed)
            assert set(counted.values()) == {1}
            assert set(msgids) <= set(counted)
            assert len(counted) <= len(msgids) + 2  # at each kill, one may have been done and not answered
            spent = sum(message["cost"] for message in listed)
            assert page.json("GET", "/you/credits/", **who)[1] == {"credits": 100_000.0 - spent}


def test_a_full_disk_is_503_until_there_is_room(tmp_path: Path) -> None:
    """Sends that find no room are 503 and cost nothing; with room again, they are accepted, and survive a kill."""
    path, body = tmp_path / "state.db", urlencode({**SMS, "tags": "x" * 50_000}).encode()
    with kept(path) as (process, url), web(url) as page:
        _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (600_000, most))
        statuses = [page("POST", "/sms/messages/", body, **FORM)[0] for _ in range(30)]
        done = statuses.count(201)
        assert statuses == [201] * done + [503] * (30 - done)
        assert 0 < done < 30
        assert page.json("POST", "/sms/templates/", {"name": "n", "content": "x" * 100_000})[0] == 503
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        assert page.json("GET", "/you/credits/") == (200, {"credits": 100_000.0 - 10 * done})
        assert page("POST", "/sms/messages/", body, **FORM)[0] == 201
        process.kill()
        process.wait()
    with kept(path) as (_, url), web(url) as page:
        assert len(page.json("GET", "/sms/messages/")[1]) == done + 1
        assert page.json("GET", "/you/credits/")[1] == {"credits": 100_000.0 - 10 * (done + 1)}


def test_a_second_one_is_refused(tmp_path: Path) -> None:
    """One line and status 2, and the first one goes on; when it has ended, the next one has all that was there."""
    path = tmp_path / "state.db"
    reported = f"xoxzo simulator: {path} is in use by another simulator\n"
    with kept(path) as (process, url), web(url) as page:
        page("POST", "/sms/messages/", urlencode(SMS).encode(), **FORM)
        assert refusal(path) == (2, reported)
        assert page("POST", "/sms/messages/", urlencode(SMS).encode(), **FORM)[0] == 201
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert [found.name for found in tmp_path.iterdir()] == ["state.db"]
    with kept(path) as (_, url), web(url) as page:
        assert len(page.json("GET", "/sms/messages/")[1]) == 2


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    """One line and status 2; the file stays as it is."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database\n" * 100)
    assert refusal(path) == (2, f"xoxzo simulator: {path} is not a database of the simulator\n")
    assert path.read_text() == "not a database\n" * 100


def refusal(path: Path) -> tuple[int, str]:
    """Start the program with a database that it cannot use; return its status and standard error."""
    options = ["--port", "0", "--database", str(path)]
    finished = subprocess.run([*COMMAND, *options], capture_output=True, encoding="utf-8", check=False, timeout=60)
    return finished.returncode, finished.stderr
