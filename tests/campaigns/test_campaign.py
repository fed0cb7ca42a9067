"""Campaigns as programs use them, against a simulator."""

from __future__ import annotations

import asyncio
import os
import time
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from campaign_makers import QUICK, SEND, TEXT, make, people, reached, run

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.callbacks import DeliveryReport
from xoxzo.cloudpy.campaigns import Campaign, Content, Event, Limits, Result, Schedule, State
from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.ledger import open_store
from xoxzo.cloudpy.campaigns.reconciliation import Reconciler
from xoxzo.cloudpy.errors import APIError, CampaignError, InvalidArgument, NotFound
from xoxzo.cloudpy.models import MessageStatus
from xoxzo.cloudpy.protocols import AsyncStreamedResponse, AsyncTransport, Progress, Request, TimeBudget
from xoxzo.cloudpy.simulator import Settings, Simulator


def test_every_recipient_gets_one_message(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Each recipient gets their own message, the ledger has its msgid, and a second run sends nothing."""
    with make(tmp_path) as campaign:
        plan = campaign.plan()
        assert (plan.recipients, plan.parts, plan.cost) == (20, {1: 20}, Decimal(200))
        assert plan.samples[0] == ("+81••••0000", "n0様")
        result = run(campaign, client, follow=5.0)
        assert (result.state, result.unknown, result.tally[State.DELIVERED]) == ("finished", 0, 20)
        assert result.tally.charged == 200
        assert set(reached(simulator).values()) == {1}
        assert simulator.phone("+819010000003").inbox[0].text == "n3様"
        for one in campaign.recipient_statuses():
            assert simulator.phone(one.recipient.number).inbox[0].msgid == one.ident
        again = run(campaign, client)
        assert again.state == "finished"
        assert sum(reached(simulator).values()) == 20
        assert repr(campaign) == "Campaign('spring')"
        assert campaign.state == "finished"
        assert campaign.tally().is_settled


def test_a_slow_list_costs_no_proof(
    simulator: Simulator, client: AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What settles while the list is read is proven all the same, by a canary that is sent afterwards."""
    read = Reconciler.read_sent_list

    async def slowly(self: Reconciler, client: AsyncClient) -> float:
        await asyncio.sleep(0.15)
        return await read(self, client)

    with make(tmp_path, 8) as campaign:
        run(campaign, client, Limits(settle=0.1, concurrency=1, max_cost=Decimal(20)))
        simulator.faults.add("drop", SEND, times=1)
        monkeypatch.setattr(Reconciler, "read_sent_list", slowly)
        result = run(campaign, client, Limits(settle=0.1, concurrency=1))
        assert (result.state, result.unknown) == ("finished", 0)
    assert list(reached(simulator).values()) == [1] * 8


def test_templates_are_sent_by_their_id(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Only the variables that the template names are sent."""

    async def create() -> int:
        return (await client.templates.create(name="hello", content="Hi {name}")).id

    number = asyncio.run(create())
    simulator.approve_template(number)
    content = Content(kind="template", template=number, sender="Shop", message="Hi {name}")
    with make(tmp_path, 2, content) as campaign:
        run(campaign, client)
    assert simulator.phone("+819010000001").inbox[0].text == "Hi n1"


@pytest.mark.parametrize(
    "content",
    [
        Content(kind="say", sender="81312345678", message="{name}さん", price=Decimal(11)),
        Content(kind="play", sender="81312345678", message="http://example.com/a.mp3"),
    ],
)
def test_calls_are_made_and_polled(simulator: Simulator, client: AsyncClient, tmp_path: Path, content: Content) -> None:
    """Calls are made once; one that may have been made is not made again, since no list could prove anything."""
    simulator.fail_next("lose_reply", "POST /voice/simple/playbacks/")
    with make(tmp_path, 4, content) as campaign:
        result = run(campaign, client, follow=8.0)
        assert result.unknown == 1
        assert result.tally[State.DELIVERED] == 3
        assert all(len(simulator.phone(f"+81901000000{n}").calls) == 1 for n in range(4))


def test_lost_responses_are_reconciled(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Sent messages are found in the list, unsent ones are proven unsent and sent: everybody gets one."""
    simulator.faults.add("lose_reply", SEND, chance=0.2)
    simulator.faults.add("drop", SEND, chance=0.1)
    simulator.faults.add("error_after", SEND, chance=0.1)
    simulator.faults.add("throttled", SEND, chance=0.03, seconds=0.05)
    events: list[Event] = []
    with make(tmp_path, 60) as campaign:
        for _ in range(6):
            result = run(campaign, client, Limits(settle=0.3, stop_share=1.0), on_event=events.append)
            if not result.unknown:
                break
            simulator.faults.all_normal()
        assert max(reached(simulator).values()) == 1
        assert {"started", "unknown", "ended"} <= {event.kind for event in events}


def test_the_rate_limit_holds(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """No more messages a second than allowed, evenly."""
    with make(tmp_path, 10) as campaign:
        began = time.monotonic()
        run(campaign, client, Limits(rate=20.0))
        assert time.monotonic() - began >= 9 / 20
    assert sum(reached(simulator).values()) == 10


def test_the_budget_stops_a_run(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A run sends no message above the budget; the next run may have a larger one."""
    with make(tmp_path, 10) as campaign:
        result = run(campaign, client, Limits(max_cost=Decimal(55)))
        assert (result.state, result.reason.code) == ("stopped", "budget_spent")
        assert sum(reached(simulator).values()) == 5
        assert campaign.limits.max_cost == 55
        assert campaign.run(client).state == "stopped", "the next run has forgotten the budget"
        assert run(campaign, client).state == "finished"
    assert set(reached(simulator).values()) == {1}


def test_too_many_failures_stop_a_run(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A run whose messages keep failing stops and reports the last error."""
    simulator.faults.add("error", SEND)
    with make(tmp_path, 100) as campaign:
        result = run(campaign, client, Limits(concurrency=1, settle=0.0, stop_share=0.3))
        assert result.state == "stopped"
        assert "of the last 20 messages failed, the last with ServerError 500" in str(result.reason)
    assert not reached(simulator)


def test_quiet_hours_and_expiry_hold(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Nothing is sent during quiet hours; a campaign that has expired ends."""
    now = time.gmtime()
    hours = f"{(now.tm_hour - 1) % 24:02}:00-{(now.tm_hour + 2) % 24:02}:00"
    rows = [{"tel": "+60123456789", "name": "a"}]
    with Campaign.create("quiet", rows, TEXT, store=tmp_path) as campaign:
        campaign.ledger._connection.execute("UPDATE recipient SET zone = NULL")
        campaign.ledger.put({"zones": [None]})
        events: list[Event] = []

        def on_event(event: Event) -> None:
            events.append(event)
            if event.kind == "waiting":
                campaign.stop("enough")

        result = run(campaign, client, Limits(schedule=Schedule(quiet=hours, zone="UTC")), on_event=on_event)
        assert (result.state, str(result.reason)) == ("stopped", "enough")
        assert [event.reason.code for event in events if event.kind == "waiting"] == ["outside_hours"]
        result = run(campaign, client, Limits(expires=time.time() - 1))
        assert result.state == "expired"
    assert not reached(simulator)


def test_a_run_is_paused_and_cancelled_from_elsewhere(
    simulator: Simulator, client: AsyncClient, tmp_path: Path
) -> None:
    """Another process's request ends the run after what is in flight; a cancelled campaign cannot be continued."""
    with make(tmp_path, 200) as campaign:

        def request(what: str) -> object:
            def on_event(event: Event) -> None:
                if event.kind == "progress":
                    with Campaign.open("spring", store=tmp_path) as other:
                        other.pause() if what == "pause" else other.cancel()

            return on_event

        result = run(campaign, client, Limits(rate=50.0), on_event=request("pause"))
        assert (result.state, campaign.state) == ("paused", "paused")
        sent = sum(reached(simulator).values())
        assert 0 < sent < 200
        result = run(campaign, client, Limits(rate=50.0), on_event=request("cancel"))
        assert result.state == "cancelled"
        with pytest.raises(CampaignError, match="was cancelled"):
            run(campaign, client)
    assert max(reached(simulator).values()) == 1
    with Campaign.open("spring", store=tmp_path) as campaign:
        with pytest.raises(CampaignError, match="is cancelled"):
            campaign.cancel()
        campaign.resume()
        assert campaign.state == "cancelled"


def test_a_cancelled_task_leaves_no_duplicates(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Cancelling makes messages in flight unknown; the next run reconciles them, and nothing is sent twice."""
    simulator.faults.add("slow", SEND, seconds=0.4)

    async def cancelled(url: str) -> None:
        async with AsyncClient(sid="s", auth_token="t", base_url=url) as far:
            task = asyncio.create_task(campaign.run_async(far, QUICK))
            give_up = time.monotonic() + 30
            while not campaign.tally().in_flight and time.monotonic() < give_up:  # noqa: ASYNC110 - a ledger tells nobody
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with make(tmp_path, 40) as campaign, simulator.serve() as server:
        asyncio.run(cancelled(server.url))
        assert campaign.tally()[State.UNKNOWN]
        assert not campaign.tally().in_flight
        simulator.faults.all_normal()
        assert run(campaign, client).unknown == 0
    assert set(reached(simulator).values()) == {1}
    assert len(reached(simulator)) == 40


def test_delivery_reports_are_recorded_once(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A delivery report changes its recipient's state; a repeated or foreign one does not."""
    with make(tmp_path, 3) as campaign:
        run(campaign, client)
        report = DeliveryReport(
            reference=f"{campaign.reference_prefix}-2", msgid="m", status=MessageStatus.FAIL, cost=Decimal(10)
        )
        assert campaign.record(report)
        assert not campaign.record(report)
        assert campaign.tally()[State.FAILED] == 1
        for strange in ("other-2", None, f"{campaign.reference_prefix}-x"):
            assert not campaign.record(DeliveryReport(reference=strange, status=MessageStatus.DELIVERED))


def test_unknown_messages_change_only_on_request(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """What cannot be proven stays unknown until it is assumed to be sent."""
    simulator.faults.add("lose_reply", SEND, times=2)
    limits = Limits(settle=0.1, canaries=0, concurrency=1)
    simulator.faults.add("error", "GET /sms/messages/")
    with make(tmp_path, 4) as campaign:
        result = run(campaign, client, limits)
        assert result.unknown == 2
        assert result.state == "finished"
        assert [one.n for one in campaign.unknown()] == [1, 2]
        assert campaign.assume_sent() == 2
        assert campaign.tally()[State.ASSUMED] == 2
    assert set(reached(simulator).values()) == {1}


def test_the_usage_log_reconciles(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Records of the usage log are found by their tags; another file is refused."""
    simulator.faults.add("lose_reply", SEND, times=1)
    simulator.faults.add("error", "GET /sms/messages/")
    with make(tmp_path, 4) as campaign:
        run(campaign, client, Limits(settle=0.1, canaries=0, concurrency=1))
        log = tmp_path / "log.csv"
        log.write_text(
            "sender,url,msgid,tags,sent_time,recipient,status,cost,apiuser\n"
            f'Shop,,abc,"spring,{campaign.reference_prefix}-1",2026-11-24 01:02:03,+81,DELIVERED,10,u\n'
            f"Shop,,abd,{campaign.reference_prefix}-4,2026-11-24 01:02:03,+81,DELIVERED,x,u\n"
            f"Shop,,abd,{campaign.reference_prefix}-10,2026-11-24 01:02:03,+81,DELIVERED,10,u\n"
            "Shop,,abe,other-1,2026-11-24 01:02:03,+81,DELIVERED,10,u\n"
        )
        assert campaign.read_usage_log(log) == 2
        assert not list(campaign.unknown())
        assert next(campaign.recipient_statuses()).ident == "abc"
        log.write_text("a,b\n1,2\n")
        with pytest.raises(CampaignError, match="not a usage log"):
            campaign.read_usage_log(log)
        log.write_bytes(b"\x81\xff\n")
        with pytest.raises(CampaignError, match=r"encoding of .* is not certain"):
            campaign.read_usage_log(log)


def test_settle_reads_the_list_once(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """The sent list and, on request, each status is read without sending anything."""
    simulator.faults.add("lose_reply", SEND, times=1)
    listing = simulator.faults.add("error", "GET /sms/messages/")
    with make(tmp_path, 4) as campaign:
        assert run(campaign, client, Limits(settle=0.1, canaries=0)).unknown == 1
        simulator.faults.remove(listing.ident)
        tally = asyncio.run(campaign.settle(client, settle=0.1))
        assert tally[State.UNKNOWN] == 0
        give_up = time.monotonic() + 30
        while asyncio.run(campaign.settle(client, statuses=True))[State.DELIVERED] < 4:
            assert time.monotonic() < give_up
            time.sleep(0.05)
        assert sum(reached(simulator).values()) == 4


def test_a_ledger_that_cannot_be_written_ends_the_polling_of_statuses(
    simulator: Simulator, client: AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error is raised as it is, and no request is left over, for a client that is closed by then."""
    left_over = []

    class Statuses:
        async def get(self, ident: str) -> SimpleNamespace:
            if ident != first:
                await asyncio.Event().wait()
            return SimpleNamespace(status="DELIVERED", cost=None)

    def fail(_outcomes: object) -> int:
        raise CampaignError("cannot_be_written", "the disk is full")

    async def poll() -> None:
        with pytest.raises(CampaignError, match="the disk is full"):
            await campaign.settle(SimpleNamespace(sms=Statuses()), statuses=True)
        left_over.extend(asyncio.all_tasks() - {asyncio.current_task()})

    with make(tmp_path, 3) as campaign:
        run(campaign, client)
        first = next(campaign.recipient_statuses()).ident
        monkeypatch.setattr(campaign.ledger, "record", fail)
        asyncio.run(poll())
    assert not left_over


def test_polling_survives_errors(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A status that cannot be read is read again; an error in settling is raised."""
    simulator.faults.add("error", "GET /sms/messages/{id}/", times=9)
    with make(tmp_path, 3) as campaign:
        result = run(campaign, client, follow=8.0)
        assert result.tally[State.DELIVERED] == 3
        simulator.faults.add("error", "GET /sms/messages/")
        with pytest.raises(APIError):
            asyncio.run(campaign.settle(client))


def test_a_test_message_changes_nothing(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """It has the first recipient's message and changes nothing in the campaign."""
    with make(tmp_path, 2) as campaign:
        asyncio.run(campaign.send_test(client, "+818011112222"))
        assert simulator.phone("+818011112222").inbox[0].text == "n0様"
        assert campaign.tally()[State.WAITING] == 2


def test_a_campaign_is_created_completely_or_not_at_all(tmp_path: Path) -> None:
    """A name in use, no recipients, an invalid name: nothing is left behind."""
    with make(tmp_path, 1), pytest.raises(CampaignError, match="already"):
        make(tmp_path, 1)
    with pytest.raises(CampaignError, match="nobody"):
        Campaign.create("empty", [{"tel": "x", "name": "y"}], TEXT, store=tmp_path, number="tel", skip_bad=True)
    with pytest.raises(InvalidArgument, match="name"):
        Campaign.create("../evil", people(1), TEXT, store=tmp_path)
    with pytest.raises(CampaignError, match="there is no campaign"):
        Campaign.open("none", store=tmp_path)
    assert list(open_store(tmp_path).names()) == ["spring"]
    old, new = tmp_path / "a.campaign.01234567.draft-wal", tmp_path / "b.campaign.01234567.draft"
    Campaign.create("my.draft", people(1), TEXT, store=tmp_path).close()
    campaign = open_store(tmp_path).path("my.draft")
    for draft in (old, new):
        draft.touch()
    for path in (old, campaign):
        os.utime(path, (0, 0))
    with Campaign.create("another", people(1), TEXT, store=tmp_path):
        assert not old.exists(), "a draft that a crash has left is kept for ever"
        assert new.exists()
        assert campaign.exists(), "a campaign whose name looks like a draft's was deleted"


def test_removing_a_campaign_leaves_those_of_similar_names(tmp_path: Path) -> None:
    """Only the campaign's own files go."""
    for name in ("spring", "spring.campaign"):
        Campaign.create(name, people(1), TEXT, store=tmp_path).close()
    open_store(tmp_path).remove("spring")
    assert list(open_store(tmp_path).names()) == ["spring.campaign"]


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``XOXZO_CAMPAIGNS`` first, then the user's data folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert open_store().address == str(tmp_path / "data" / "xoxzo" / "campaigns")
    monkeypatch.setenv("XOXZO_CAMPAIGNS", str(tmp_path / "mine"))
    assert open_store().address == str(tmp_path / "mine")
    for other in ("mysql://localhost/shop", "postgress://localhost/shop", "sqlite:///shop", "host=db dbname=shop"):
        with pytest.raises(InvalidArgument, match="store: must be a folder or an address"):
            open_store(other)
    assert SteadyClock().now() > 0
    assert issubclass(NotFound, APIError)


def test_a_task_works_for_a_while(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A task of a queue works for some seconds; the next one continues, and obeys a request to pause."""

    async def part() -> Result:
        asyncio.get_running_loop().call_later(0.4, campaign.leave)
        return await campaign.run_async(client, Limits(rate=40.0, settle=0.1), shared=True)

    def work() -> Result:
        return asyncio.run(part())

    with make(tmp_path, 30) as campaign:
        campaign.ledger.put({"state": "running"})
        first = work()
        assert (first.state, first.unknown) == ("running", 0)
        assert 0 < first.tally.sent < 30
        assert not first.tally.in_flight
        campaign.pause()
        paused = work()
        assert (paused.state, paused.tally.sent) == ("paused", first.tally.sent)
        campaign.resume()
        while (last := work()).state == "running":
            pass
        assert (last.state, campaign.state) == ("finished", "finished")
    assert set(reached(simulator).values()) == {1}
    assert len(reached(simulator)) == 30


def _client(simulator: Simulator, transport: AsyncTransport | None = None) -> AsyncClient:
    transport = transport or simulator.async_transport()
    return AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=transport, max_retries=0)


class _HoldsSends:
    """A transport that holds messages back from the fortieth on, until it has answered with the sent list."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport, self._posts, self._was_listed = transport, 0, asyncio.Event()

    async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncStreamedResponse:
        self._posts += request.method == "POST"
        if request.method == "POST" and self._posts >= 40:
            await self._was_listed.wait()
        response = await self._transport.send(request, budget, progress)
        if request.method == "GET" and response.status == 200:
            self._was_listed.set()
        return response

    async def close(self) -> None:
        await self._transport.close()


def test_unknown_messages_are_looked_up_while_others_are_sent(tmp_path: Path) -> None:
    """Those at the beginning of a campaign that is larger than the sent list are found before they have left it."""
    with Simulator(Settings(list_cap=60, sms_queued_seconds=0.05)) as simulator, make(tmp_path, 90) as campaign:
        own = _client(simulator, _HoldsSends(simulator.async_transport()))
        simulator.faults.add("lose_reply", SEND, times=2)
        # The list is read again when the throttle allows it.
        simulator.faults.add("throttled", "GET /sms/messages/", times=1, seconds=1)
        result = run(campaign, own, Limits(concurrency=2, settle=600.0, canaries=0))
        assert (result.state, result.unknown, result.tally.sent) == ("finished", 0, 90)
        assert set(reached(simulator).values()) == {1}


def test_a_paused_campaign_leaves_nobody_unknown_who_is_in_the_list(tmp_path: Path) -> None:
    """A pause reads the list once more, though it was throttled during the run."""
    with Simulator(Settings(sms_queued_seconds=0.05)) as simulator, make(tmp_path, 60) as campaign:
        own = _client(simulator)
        simulator.faults.add("lose_reply", SEND, times=2)
        throttled = simulator.faults.add("throttled", "GET /sms/messages/", seconds=60)

        def pause(event: Event) -> None:
            if event.tally[State.UNKNOWN] == 2 and event.tally.sent:
                simulator.faults.remove(throttled.ident)
                campaign.pause()

        result = run(campaign, own, Limits(rate=60.0, concurrency=2), on_event=pause)
        assert (result.state, result.unknown) == ("paused", 0)
        assert result.tally.sent == sum(reached(simulator).values()) < 60
