"""`xoxzo campaign create` and `dispatch`: campaigns for the workers of a Celery application."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from celery import Celery
from click.testing import Result

from xoxzo.cloudpy.campaigns import Campaign
from xoxzo.cloudpy.integrations.celery import settings
from xoxzo.cloudpy.simulator import Simulator

Run = Callable[..., Result]
CREATE = ("create", "spring", "people.csv", "--text", "{name}", "--sender", "Shop", "--rate", "20")
SHOP = """
from celery import Celery
from xoxzo.cloudpy.integrations.celery import install

app = Celery("shop", broker="memory://", set_as_current=False)
install(app, store={store!r})
"""


@pytest.fixture(autouse=True)
def application(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without an application and with an empty queue, and leave no settings behind."""
    monkeypatch.setattr(settings, "current", settings.TaskSettings())
    monkeypatch.setattr(settings, "django_conf", lambda: None)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "shop", raising=False)
    published()


def published() -> list[list[str]]:
    """Take the arguments of the tasks that were published: all brokers in memory are one."""
    with Celery(broker="memory://", set_as_current=False).connection_for_read() as connection:
        queue = connection.SimpleQueue("celery")
        try:
            found = []
            while len(queue):
                message = queue.get_nowait()
                message.ack()
                found.append(message.payload[0])
            return found
        finally:
            queue.close()


def test_create_and_dispatch(run: Run, simulator: Simulator, home: Path) -> None:
    """A campaign is created with its limits and sends nothing; dispatching it publishes a task for each worker."""
    done = run(*CREATE)
    assert done.exit_code == 0, done.stderr
    assert "20 a second" in done.stdout
    assert "xoxzo campaign resume spring (Celery: dispatch)" in done.stderr
    (home / "shop.py").write_text(SHOP.format(store=None))
    asked = run("dispatch", "spring", "--app", "shop:app")
    assert "there is no terminal to ask" in asked.stderr
    done = run("dispatch", "spring", "--app", "shop:app", "--workers", "2", "--rate", "30", "--yes")
    assert done.exit_code == 0, done.stderr
    assert "30 a second" in done.stdout
    with Campaign.open("spring") as campaign:
        assert (campaign.state, campaign.workers, campaign.limits.rate) == ("running", 2, 30)
        assert published() == [["spring", campaign.reference_prefix]] * 2
    done = run("dispatch", "spring", "--broker", "memory://", "--json")
    assert json.loads(done.stdout) == {"name": "spring", "state": "running", "workers": 1}
    assert len(published()) == 1
    status = run("status", "spring")
    assert "spring running" in status.stdout
    assert "Nobody is working on it" in status.stderr
    assert not simulator.engine.sms.by_phone


def test_the_store_of_the_application(run: Run, home: Path) -> None:
    """Without --store, the campaign is searched where the application's tasks search it."""
    assert run(*CREATE, "--store", "elsewhere").exit_code == 0
    (home / "shop.py").write_text(SHOP.format(store="elsewhere"))
    assert run("dispatch", "spring", "--app", "shop:app", "--yes").exit_code == 0
    assert len(published()) == 1
    assert "there is no campaign" in run("dispatch", "spring", "--app", "shop:app", "--store", "other").stderr


def test_without_an_account(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever dispatches needs no account: the workers have one."""
    monkeypatch.delenv("XOXZO_API_SID")
    assert run(*CREATE).exit_code == 0
    assert run("dispatch", "spring", "--broker", "memory://", "--yes").exit_code == 0


def test_bad_rows_are_left_out_on_request(run: Run, home: Path) -> None:
    """Bad rows are refused, or left out and written to a file."""
    (home / "people.csv").write_text("name,tel\na,09010000000\nb,nobody\n")
    assert "1 row cannot be sent to" in run(*CREATE).stderr
    assert "1 row was left out" in run(*CREATE, "--skip-bad", "--number", "tel").stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Name either the Celery application (--app) or its broker (--broker)."),
        (("--app", "shop:app", "--broker", "memory://"), "Name either"),
        (("--app", "nothing_there"), "nothing_there cannot be loaded: "),
    ],
)
def test_wrong_use_is_reported(run: Run, arguments: tuple[str, ...], message: str) -> None:
    """A command that cannot dispatch says what to write."""
    assert run(*CREATE).exit_code == 0
    done = run("dispatch", "spring", *arguments, "--yes")
    assert done.exit_code == 2
    assert message in done.stderr


@pytest.mark.parametrize("broker", ["redis://:secret@127.0.0.1:1", "amqp://127.0.0.1:1", "no-such-kind://shop"])
def test_a_broker_that_does_not_answer(run: Run, broker: str) -> None:
    """One line says so before anything is asked or changed, without the broker's password."""
    assert run(*CREATE).exit_code == 0
    done = run("dispatch", "spring", "--broker", broker)
    assert (done.exit_code, done.stdout) == (6, "")
    assert "the broker cannot be reached; nothing was sent: " in done.stderr
    assert "secret" not in done.stderr
    assert json.loads(run("status", "spring", "--json").stdout)["state"] == "created"


def test_a_campaign_that_has_ended_is_not_dispatched(run: Run, simulator: Simulator) -> None:
    """A campaign that has sent everything stays finished, and a cancelled one cannot go on."""
    run(*CREATE)
    assert run("resume", "spring", "--yes", "--settle", "0.1").exit_code == 0
    done = run("dispatch", "spring", "--broker", "memory://", "--yes")
    assert (done.exit_code, "spring is finished: nobody is left to send to" in done.stderr) == (2, True)
    assert "spring finished" in run("status", "spring").stdout
    run(*("autumn" if part == "spring" else part for part in CREATE))
    run("cancel", "autumn")
    done = run("dispatch", "autumn", "--broker", "memory://", "--yes")
    assert (done.exit_code, "autumn was cancelled: it cannot continue" in done.stderr) == (2, True)


def test_without_the_extra(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Celery, one line names the extra."""
    run(*CREATE)
    monkeypatch.setitem(sys.modules, "celery", None)
    assert 'pip install "xoxzo-cloudpy[celery]"' in run("dispatch", "spring", "--broker", "memory://").stderr
