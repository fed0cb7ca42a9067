"""Rehearsals: a whole campaign on a virtual clock, in this process, and nothing else."""

from __future__ import annotations

import socket
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from campaign_makers import TEXT, people, reached

from xoxzo.cloudpy.campaigns import Campaign, Content, Event, Limits, Schedule, State
from xoxzo.cloudpy.campaigns.ledger import FolderStore, open_store
from xoxzo.cloudpy.campaigns.sending.rehearsal import VirtualLoop
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument
from xoxzo.cloudpy.simulator import Settings, Simulator

# In the future: no clock goes back.
MONDAY_EVENING = datetime(2035, 1, 1, 8, 59, tzinfo=UTC).timestamp()  # 17:59 in Tokyo


def simulator(**settings: Any) -> Simulator:
    return Simulator(Settings(seed=1, templates_approved=True, **{"credits": 10_000, **settings}))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to connect is an error, and the environment leads to the real service."""

    def refuse(*_: object) -> None:
        raise AssertionError("a rehearsal connects to something")

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setenv("XOXZO_API_SID", "live")
    monkeypatch.setenv("XOXZO_API_AUTH_TOKEN", "live")
    monkeypatch.setenv("XOXZO_API_HOST", "https://api.xoxzo.com")


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        Content(kind="template", template=77, sender="Shop", message="{name}様 ご来店ください。"),
        Content(kind="say", sender="815012345678", message="{name}様"),
    ],
    ids=lambda content: content.kind,
)
def test_nothing_leaves_the_process_and_nothing_is_left(content: Content, tmp_path: Path) -> None:
    """Whatever the environment says, nothing is connected to; no campaign is left, and opt-outs hold."""
    store = open_store(tmp_path)
    store.opt_outs.add(["+819010000003"])
    service = simulator()
    rehearsal = Campaign.rehearse("spring", people(30), content, service, store=tmp_path, language="ja")
    result = rehearsal.result
    assert (result.state, result.tally[State.DELIVERED], result.tally[State.SKIPPED]) == ("finished", 29, 1)
    assert rehearsal.figures["charged"] == result.tally.charged > 0
    assert "spring" in rehearsal.report
    assert 'lang="ja"' in rehearsal.report
    assert "spring" not in repr(rehearsal)
    assert not list(store.names())
    assert not FolderStore(tmp_path).exists("spring")


@pytest.mark.usefixtures("no_network")
def test_days_pass_in_seconds(tmp_path: Path) -> None:
    """The rate and the hours hold by the virtual clock, and the times of the report are those of a real run."""
    events: list[Event] = []
    limits = Limits(rate=1.0, schedule=Schedule(windows="Mon-Fri 09:00-18:00"), concurrency=5)
    rehearsal = Campaign.rehearse(
        "spring", people(90), TEXT, simulator(), limits, store=tmp_path, start=MONDAY_EVENING, on_event=events.append
    )
    assert rehearsal.result.tally[State.DELIVERED] == 90
    assert 0 <= rehearsal.began - MONDAY_EVENING < 2
    # The first minute before six, the rest on the next morning.
    assert 0 < rehearsal.ended - datetime(2035, 1, 2, 0, 0, 25, tzinfo=UTC).timestamp() < 15
    assert any(event.kind == "waiting" and event.wake for event in events)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    ("schedule", "number"),
    [(Schedule(at="2037-12-01 10:00"), "+819010000001"), (Schedule(windows="08:00-08:30"), "+18002530000")],
)
def test_what_lies_beyond_a_year_is_refused(schedule: Schedule, number: str, tmp_path: Path) -> None:
    """A rehearsal that could not end is an error, also where a number's zones share no hour."""
    rows = [{"tel": number, "name": "a"}]
    limits = Limits(schedule=schedule)
    with pytest.raises(CampaignError, match="covers one year"):
        Campaign.rehearse(
            "spring", rows, TEXT, simulator(), limits, store=tmp_path, start=MONDAY_EVENING, mobile_only=False
        )


def test_a_start_in_the_past_is_refused(tmp_path: Path) -> None:
    """A simulator's clock never goes back: no message would be delivered."""
    with pytest.raises(InvalidArgument, match="start: must not be in the past"):
        Campaign.rehearse("spring", people(1), TEXT, simulator(), store=tmp_path, start=1.8e9 - 3e8)


def test_faults_can_be_rehearsed(tmp_path: Path) -> None:
    """Lost responses are looked up, settled and tried again: each phone gets one message, and the report says so."""
    service = simulator()
    for kind in ("throttled", "error_after", "drop", "lose_reply"):
        service.faults.add(kind, "POST /sms/messages/", chance=0.05)
    rehearsal = Campaign.rehearse("spring", people(200), TEXT, service, Limits(stop_share=1.0), store=tmp_path)
    assert rehearsal.result.state == "finished"
    assert reached(service) == Counter(f"+8190{10000000 + n}" for n in range(200))
    assert rehearsal.result.tally[State.DELIVERED] == 200
    assert rehearsal.ended > rehearsal.began + 600, "ten minutes have to pass before a message is sent again"


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(("response_seconds", "is_too_long"), [(2.4, False), (3.0, True)])
def test_slow_responses_can_be_rehearsed(response_seconds: float, *, is_too_long: bool, tmp_path: Path) -> None:
    """A message that takes longer than half the lease may have been sent: it is looked up, as in a real run."""
    service, events = simulator(), list[Event]()
    rehearsal = Campaign.rehearse(
        "spring",
        people(30),
        TEXT,
        service,
        Limits(lease=5.0, stop_share=1.0),
        store=tmp_path,
        response_seconds=response_seconds,
        on_event=events.append,
    )
    assert (rehearsal.result.state, rehearsal.result.tally[State.DELIVERED]) == ("finished", 30)
    assert set(reached(service).values()) == {1}
    assert any(event.kind == "unknown" for event in events) == is_too_long


@pytest.mark.usefixtures("no_network")
def test_too_few_credits_stop_a_rehearsal_as_a_run(tmp_path: Path) -> None:
    """With the account's balance it ends where the real run would."""
    rehearsal = Campaign.rehearse("spring", people(30), TEXT, simulator(credits=100), store=tmp_path)
    assert rehearsal.result.state == "stopped"
    assert rehearsal.result.tally.charged == Decimal(100)


@pytest.mark.usefixtures("no_network")
def test_numbers_that_are_not_allowed_are_refused(tmp_path: Path) -> None:
    """The account's list of allowed recipients holds."""
    rehearsal = Campaign.rehearse(
        "spring",
        people(5),
        TEXT,
        simulator(),
        Limits(stop_share=1.0),
        store=tmp_path,
        allowed_recipients=["+819010000001"],
    )
    assert (rehearsal.result.tally[State.DELIVERED], rehearsal.result.tally[State.REJECTED]) == (1, 4)


def test_a_loop_that_waits_for_nothing_says_so() -> None:
    """Where no timer is set, a virtual loop would wait for ever."""
    loop = VirtualLoop()
    try:
        with pytest.raises(RuntimeError, match="nothing is scheduled"):
            loop.run_until_complete(loop.create_future())
    finally:
        loop.close()
