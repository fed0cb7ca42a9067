"""The tasks that send campaigns, one after another in the test, with a file as their store."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from campaign_makers import make, reached
from celery import Celery

from xoxzo.cloudpy import CampaignError
from xoxzo.cloudpy.campaigns import Campaign, Limits, Schedule, State
from xoxzo.cloudpy.campaigns.reconciliation import Reconciler
from xoxzo.cloudpy.integrations.celery import chunks, install, settings
from xoxzo.cloudpy.integrations.celery.chunks import campaign_chunk, campaign_sweep
from xoxzo.cloudpy.testing.simulated import SID, TOKEN, SimulatedXoxzo

QUICK = Limits(settle=0.3, concurrency=4)


@pytest.fixture
def app(simulator: SimulatedXoxzo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Celery]:
    """An application with its queue in memory, and a short time for each chunk."""
    monkeypatch.setattr(chunks, "CHUNK_SECONDS", 0.5)
    app = Celery("shop", broker="memory://")
    account = {"sid": SID, "auth_token": TOKEN, "transport": simulator.async_transport()}
    install(app, account=account, store=str(tmp_path))
    app.set_current()
    take(app)
    yield app
    take(app)
    app.close()


def take(app: Celery) -> list[tuple[list[str], dict[str, Any]]]:
    """Take the tasks that were published: their arguments and headers."""
    found = []
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("celery")
        while len(queue):
            message = queue.get_nowait()
            message.ack()
            found.append((message.payload[0], message.headers))
        queue.close()
    return found


def work(app: Celery, limit: int = 100) -> int:
    """Run tasks until none is published any more; return how many ran."""
    count = 0
    while count < limit and (tasks := take(app)):
        for arguments, _headers in tasks:
            campaign_chunk(*arguments)
            count += 1
    return count


def test_chunks_send_a_campaign_to_its_end(app: Celery, simulator: SimulatedXoxzo, tmp_path: Path) -> None:
    """Each chunk ends on time and publishes the next one; a task that is delivered twice doubles nothing."""
    with make(tmp_path, 30) as campaign:
        campaign.dispatch(app, Limits(rate=30, concurrency=4, settle=0.3), workers=2)
        uid = campaign.reference_prefix
        assert campaign.is_abandoned
    assert work(app) >= 3
    campaign_chunk("spring", uid)
    with Campaign.open("spring", store=tmp_path) as campaign:
        assert (campaign.state, campaign.tally().sent, campaign.is_abandoned) == ("finished", 30, False)
    assert set(reached(simulator).values()) == {1}
    assert len(reached(simulator)) == 30
    assert take(app) == []


def test_another_campaign_of_the_name(
    app: Celery, simulator: SimulatedXoxzo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A task for a campaign that the worker's store does not have sends nothing to those of another one."""
    with make(tmp_path, 3) as campaign:
        campaign.dispatch(app)
    campaign_chunk("spring", "0123456789ab")
    assert "is another campaign" in caplog.text
    assert not reached(simulator)


def test_a_task_without_a_seat_or_a_store_ends(app: Celery, simulator: SimulatedXoxzo, tmp_path: Path) -> None:
    """A task that finds no free seat ends without a successor; one that cannot read the store is tried again later."""
    with make(tmp_path, 3) as campaign:
        campaign.dispatch(app, QUICK)
        uid = campaign.reference_prefix
        take(app)
        campaign.ledger.lock()
        campaign_chunk("spring", uid)
    assert take(app) == []
    assert not reached(simulator)
    with pytest.raises(CampaignError, match="there is no campaign autumn"):
        campaign_chunk("autumn", uid)
    # Celery's worker for tests runs tasks in a thread, in which no signal can be handled.
    thread = threading.Thread(target=campaign_chunk, args=("spring", uid))
    thread.start()
    thread.join()
    assert len(reached(simulator)) == 3


def test_pause_and_resume(app: Celery, simulator: SimulatedXoxzo, tmp_path: Path) -> None:
    """A pause ends the chunks; after it, a resumed campaign is sent to its end by the next sweep."""
    with make(tmp_path, 10) as campaign:
        campaign.dispatch(app, QUICK)
        campaign.pause()
        assert work(app) == 1
        assert campaign.state == "paused"
        assert not reached(simulator)
        campaign.resume()
        assert campaign.state == "running"
        campaign.ledger.put({"dispatched": time.time() - 60})
    campaign_sweep()
    assert work(app) == 1
    assert len(reached(simulator)) == 10


def test_a_sweep_refills_an_emptied_queue(app: Celery, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Tasks that are gone are published again, once each half minute; a broken campaign hides no other."""
    make(tmp_path, 3).close()
    (tmp_path / "broken.campaign").write_bytes(b"no database" * 100)
    campaign_sweep()
    assert take(app) == []
    with Campaign.open("spring", store=tmp_path) as campaign:
        campaign.dispatch(app, QUICK, workers=3)
        assert len(take(app)) == 3
        campaign_sweep()
        assert take(app) == []
        campaign.ledger.put({"dispatched": time.time() - 60})
        campaign_sweep()
        campaign_sweep()
        [(arguments, headers)] = take(app)
        assert arguments == ["spring", campaign.reference_prefix]
        assert headers["expires"]
    assert "broken was not looked after" in caplog.text


def test_a_sweep_looks_up_what_is_unknown(
    app: Celery, simulator: SimulatedXoxzo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is unknown when a campaign has ended is looked up by a later sweep, but not by each one."""
    with make(tmp_path, 4) as campaign:
        campaign.dispatch(app, msgspec.structs.replace(QUICK, canaries=0))
        simulator.fail_next("lose_reply", "POST /sms/messages/", times=1)
        simulator.fail_next("error", "GET /sms/messages/", times=100)
        work(app)
    with Campaign.open("spring", store=tmp_path) as campaign:
        assert (campaign.state, campaign.tally()[State.UNKNOWN], campaign.has_unsettled) == ("finished", 1, True)
    campaign_sweep()
    simulator.faults.all_normal()
    campaign_sweep()
    with Campaign.open("spring", store=tmp_path) as campaign:
        assert campaign.tally()[State.UNKNOWN] == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "_RECONCILE_SECONDS", 0.0)
        campaign_sweep()
    with Campaign.open("spring", store=tmp_path) as campaign:
        assert (campaign.tally()[State.UNKNOWN], campaign.has_unsettled) == (0, False)
    assert "spring was not looked after" in caplog.text


def test_a_sweep_dispatches_whom_it_proves_to_have_got_nothing(
    app: Celery, simulator: SimulatedXoxzo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the list proves that a message was not sent, a campaign that has finished goes on with it."""
    with make(tmp_path, 4) as campaign:
        campaign.dispatch(app, msgspec.structs.replace(QUICK, canaries=0))
        simulator.fail_next("drop", "POST /sms/messages/", times=1)
        work(app)
        assert (len(reached(simulator)), campaign.tally()[State.UNKNOWN]) == (3, 1)
    monkeypatch.setattr(
        Reconciler,
        "release_unsent",
        lambda self, *_: self.change_state([one.n for one in self._ledger.unknown()], State.WAITING, "proven_unsent"),
    )
    monkeypatch.setattr(chunks, "_RECONCILE_SECONDS", 0.0)
    campaign_sweep()
    assert work(app) == 1
    assert (len(reached(simulator)), set(reached(simulator).values())) == (4, {1})


def test_waiting_makes_room(
    app: Celery, simulator: SimulatedXoxzo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk that can send nothing for long ends at once, and its successor comes back later."""
    monkeypatch.setattr(chunks, "CHUNK_SECONDS", 60.0)
    hour = datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo")).hour
    with make(tmp_path, 6) as campaign:
        campaign.dispatch(app, Limits(schedule=Schedule(quiet=f"{hour:02}:00-{(hour + 2) % 24:02}:00")))
    [(arguments, _)] = take(app)
    campaign_chunk(*arguments)
    [(_, headers)] = take(app)
    assert headers["eta"]
    assert not reached(simulator)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="has no such signal")
def test_the_soft_limit_and_a_shutdown_are_gentle(
    app: Celery, simulator: SimulatedXoxzo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery's soft time limit, and a worker that shuts down, end a chunk: nothing is unknown, and the next follows."""
    monkeypatch.setattr(chunks, "CHUNK_SECONDS", 60.0)
    before = signal.getsignal(signal.SIGUSR1)
    with make(tmp_path, 100) as campaign:
        campaign.dispatch(app, Limits(rate=20, concurrency=4), workers=1)
        arguments = ("spring", campaign.reference_prefix)

    def end_after(count: int, end: Callable[[], None]) -> None:
        give_up = time.monotonic() + 60
        while len(reached(simulator)) == count and time.monotonic() < give_up:
            time.sleep(0.01)
        end()

    for end in (lambda: os.kill(os.getpid(), signal.SIGUSR1), settings._shut_down):
        ending = threading.Thread(target=end_after, args=(len(reached(simulator)), end))
        ending.start()
        campaign_chunk(*arguments)
        ending.join()
        with Campaign.open("spring", store=tmp_path) as campaign:
            assert (campaign.state, campaign.tally()[State.UNKNOWN], campaign.tally().in_flight) == ("running", 0, 0)
            assert campaign.tally().sent < 100
    settings._is_shutting_down.value = False
    assert signal.getsignal(signal.SIGUSR1) is before
    assert len(take(app)) == 3
    settings.close()
