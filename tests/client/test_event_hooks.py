"""The log on standard error that ``XOXZO_LOG`` turns on."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from faulty_server import FaultyServer, reply

from xoxzo.cloudpy import Client
from xoxzo.cloudpy.client import event_hooks as logs
from xoxzo.cloudpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE = {"recipient": "+818011112222", "sender": "Shop", "message": "Your code is 48q913"}


@pytest.fixture(autouse=True)
def logger() -> Iterator[logging.Logger]:
    """The library's logger, as it was before when the test is over."""
    level, handlers = logs.logger.level, list(logs.logger.handlers)
    yield logs.logger
    logs.logger.setLevel(level)
    logs.logger.handlers[:] = handlers


def send(url: str) -> None:
    """Send one SMS."""
    with Client(sid="sid", auth_token="s3cr3t", base_url=url) as client:
        client.sms.send(**MESSAGE)


def test_debug_shows_each_try(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With ``debug`` each try is one line on standard error, without number, text or token, once for many clients."""
    monkeypatch.setenv("XOXZO_LOG", "DEBUG ")
    with FaultyServer(
        reply(429, retry_after="0"), reply(201, '[{"msgid": "m"}]'), reply(201, '[{"msgid": "n"}]')
    ) as server:
        send(server.url)
        send(server.url)
    shown = capsys.readouterr().err

    assert [re.sub(r"^\S+ \S+ |[0-9a-f]{32}|in [0-9.]+ s", "", line) for line in shown.splitlines()] == [
        "INFO xoxzo.cloudpy: sms.send : attempt 1: RateLimited (429) , next attempt ",
        "DEBUG xoxzo.cloudpy: sms.send : attempt 2: ok (201) ",
        "DEBUG xoxzo.cloudpy: sms.send : attempt 1: ok (201) ",
    ]
    assert not any(secret in shown for secret in ("818011112222", "48q913", "s3cr3t"))


def test_info_shows_what_failed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With ``info`` a success is silent."""
    monkeypatch.setenv("XOXZO_LOG", "info")
    with FaultyServer(reply(429, retry_after="0"), reply(201, '[{"msgid": "m"}]')) as server:
        send(server.url)

    (line,) = capsys.readouterr().err.splitlines()
    assert "RateLimited" in line


@pytest.mark.parametrize("value", ["", " "])
def test_without_it_nothing_changes(value: str, monkeypatch: pytest.MonkeyPatch, logger: logging.Logger) -> None:
    """An empty variable leaves the logger to the program."""
    before = logger.level, list(logger.handlers)
    monkeypatch.setenv("XOXZO_LOG", value)
    with Client(sid="sid", auth_token="token"):
        assert (logger.level, logger.handlers) == before


def test_another_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt level is refused in one line that names the variable and what it takes."""
    monkeypatch.setenv("XOXZO_LOG", "verbose")
    with pytest.raises(ConfigurationError, match=r"^XOXZO_LOG must be debug or info$"):
        Client(sid="sid", auth_token="token")


def test_importing_sets_nothing_up() -> None:
    """Only a client sets the log up."""
    program = "import xoxzo.cloudpy.client.event_hooks, logging; print(logging.getLogger('xoxzo.cloudpy').handlers)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"XOXZO_LOG": "debug"}
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
