"""Apprise: its own command sends SMS and calls to a simulator's phones, and its retries double nothing."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from xoxzo.cloudpy.errors import ConnectionFailed, ResponseLost
from xoxzo.cloudpy.simulator import Simulator
from xoxzo.cloudpy.simulator.server import Server

pytest.importorskip("xoxzo.cloudpy.integrations.apprise", exc_type=ImportError)
Apprise = pytest.importorskip("apprise", reason="Apprise is not installed").Apprise
ANNE, BERT = "+818011110001", "+818011110002"
BIN = Path(sys.executable).parent


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve a simulator, to which the client goes."""
    with Simulator().serve() as served:
        monkeypatch.setenv("XOXZO_API_HOST", served.url)
        yield served


def texts(server: Server, number: str) -> list[str]:
    """Return the SMS of a phone."""
    return [message.text for message in server.simulator.phone(number).inbox]


def test_by_command(server: Server, tmp_path: Path) -> None:
    """After `xoxzo apprise install`, the command apprise knows xoxzo://, sends SMS and places calls."""
    home = os.environ | {"HOME": str(tmp_path), "APPDATA": str(tmp_path)}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BIN / command[0], *command[1:]], env=home, capture_output=True, text=True, timeout=60, check=False
        )

    installed = run("xoxzo", "apprise", "install")
    path = Path(installed.stdout.strip())
    assert path.is_relative_to(tmp_path)
    assert path.read_text() == "import xoxzo.cloudpy.integrations.apprise\n"
    assert run("xoxzo", "apprise", "install").returncode == 0
    sent = run("apprise", "-t", "Disk", "-b", "db-1 is full", f"xoxzo://s:t@Shop/{ANNE}/{BERT}")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert texts(server, ANNE) == texts(server, BERT) == ["Disk\r\ndb-1 is full"]
    called = run("apprise", "-b", "db-1\nis full", f"xoxzo://s:t@815012345678/{ANNE}?mode=call&lang=en")
    assert called.returncode == 0
    give_up = time.monotonic() + 30
    while "'db-1 is full'" not in str(server.simulator.phone(ANNE).calls[0].steps):
        assert time.monotonic() < give_up, server.simulator.phone(ANNE).calls
        time.sleep(0.05)
    failed = run("apprise", "-b", "a", f"xoxzo://s:t@Shop/{ANNE[1:]}")
    assert failed.returncode != 0


def test_long_bodies(server: Server) -> None:
    """A body that is longer than an SMS comes in pieces; emoji, which count twice, still fit."""
    notifier = Apprise()
    notifier.add(f"xoxzo://s:t@Shop/{ANNE}")
    assert notifier.notify(body="x" * 1000)
    assert [len(text) for text in texts(server, ANNE)] == [660, 340]
    assert notifier.notify(body="😀" * 400)
    assert texts(server, ANNE)[2].startswith("😀" * 300)


def test_retries(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Retries repeat only what was not sent; what may have been sent counts as sent, with a warning."""
    asked: list[str] = []

    class Client:
        sms = calls = property(lambda self: self)

        def __init__(self, **_: Any) -> None:
            pass

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.close()

        def close(self) -> None:
            pass

        def send(self, *, recipient: str, sender: str, message: str) -> None:
            asked.append(recipient)
            if recipient == ANNE:
                raise ResponseLost("the response was lost", operation="sms.send", maybe_sent=True)
            raise ConnectionFailed("no connection", operation="sms.send")

    monkeypatch.setattr("xoxzo.cloudpy.integrations.apprise.Client", Client)
    notifier = Apprise()
    notifier.add(f"xoxzo://s:t@Shop/{ANNE}/{BERT}?retry=2&wait=0")
    with caplog.at_level(logging.WARNING, "apprise"):
        assert not notifier.notify(body="a")
    assert asked == [ANNE, BERT, BERT, BERT]
    assert "+81••••0001 may have been sent; it is not repeated" in caplog.text
    asked.clear()
    notifier = Apprise()
    notifier.add(f"xoxzo://s:t@Shop/{ANNE}?retry=2&wait=0")
    assert notifier.notify(body="a")
    assert asked == [ANNE]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "xoxzo://sid:to%2Fk%40en%25@Alerts/+818011110001/%2B818011110002",
            ("sid", "to/k@en%", "Alerts", [ANNE, BERT]),
        ),
        (
            "xoxzo://sid:t@815012345678?mode=call&to=%2B818011110001, +818011110002",
            ("sid", "t", "815012345678", [ANNE, BERT]),
        ),
        ("xoxzo://s:t@/+818011110001?from=Shop", ("s", "t", "Shop", [ANNE])),
        ("xoxzo://Shop/+818011110001", (None, None, "Shop", [ANNE])),
        # The token comes from the environment; each number is notified once.
        ("xoxzo://sid@Shop/+818011110001/%2B818011110001", ("sid", None, "Shop", [ANNE])),
    ],
)
def test_urls(url: str, expected: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL is parsed, written, and parsed again to the same; the token is hidden where it must be."""
    monkeypatch.setenv("XOXZO_API_SID", "s")
    monkeypatch.setenv("XOXZO_API_AUTH_TOKEN", "t")
    found = Apprise.instantiate(url)
    assert type(found).__name__ == "NotifyXoxzo"
    assert (found.user, found.password, found.sender, found.targets) == expected
    assert found.parse_url(None) is None
    again = Apprise.instantiate(found.url())
    assert (again.url(), again.url_identifier, len(again)) == (found.url(), found.url_identifier, len(expected[3]))
    assert (again.user, again.password) == expected[:2]
    if found.password:
        assert ":****@" in found.url(privacy=True)
        assert "to%2Fk" not in found.url(privacy=True)


@pytest.mark.parametrize(
    "url",
    [
        "xoxzo://s:t@Shop",
        "xoxzo://s:t@Shop/08011110001",
        "xoxzo://s:t@much-too-long-a-sender/+818011110001",
        "xoxzo://s:t@Shop/+818011110001?mode=fax",
        "xoxzo://s:t@Shop/+818011110001?mode=call",
        "xoxzo://s:t@815012345678/+818011110001?mode=call&lang=xx",
        "xoxzo://Shop/+818011110001",
        "xoxzo://",
    ],
)
def test_wrong_urls(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL with a number without +, a wrong sender, or without an account is refused before anything is sent."""
    monkeypatch.delenv("XOXZO_API_SID", raising=False)
    assert Apprise.instantiate(url) is None
