"""Campaigns as programs use them, against a real simulator."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.callbacks import DeliveryReport
from xoxzo.cloudpy.campaigns import Campaign, Content, Event, Limits, QuietHours, Recipient, Result, State, shelf
from xoxzo.cloudpy.campaigns.chunk import send_chunk
from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.exporting import HEADER, export
from xoxzo.cloudpy.campaigns.report import report
from xoxzo.cloudpy.errors import APIError, CampaignError, InvalidArgument, NotFound
from xoxzo.cloudpy.models import MessageStatus
from xoxzo.cloudpy.simulator import Settings, Simulator

TEXT = Content(kind="text", sender="Shop", words="{name}様")
QUICK = Limits(settle=0.3, concurrency=8)
SEND = "POST /sms/messages/"


def people(count: int) -> list[dict[str, str]]:
    return [{"tel": f"090{10000000 + n}", "name": f"n{n}"} for n in range(count)]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator that moves quickly."""
    settings = Settings(
        seed=1,
        sms_queued_seconds=0.05,
        sms_delivering_seconds=0.05,
        fail_numbers=frozenset({"+818099990000"}),
        ring_seconds=0.1,
        recording_seconds=0.1,
    )
    with Simulator(settings) as simulator:
        yield simulator


@pytest.fixture
def client(simulator: Simulator) -> AsyncClient:
    """A client that talks to it without sockets."""
    return AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=simulator.async_transport())


def make(folder: Path, count: int = 20, content: Content = TEXT, **options: object) -> Campaign:
    return Campaign.create("spring", people(count), content, folder=folder, **options)


def run(campaign: Campaign, client: AsyncClient, limits: Limits = QUICK, **options: object) -> Result:
    return campaign.run(client, limits, **options)


def reached(simulator: Simulator) -> Counter[str]:
    return Counter({number: len(messages) for number, messages in simulator.engine.sms.by_phone.items()})


def test_everybody_gets_it_once(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Each recipient has its own text, the ledger its msgid, and a second run sends nothing."""
    with make(tmp_path) as campaign:
        plan = campaign.plan()
        assert (plan.recipients, plan.parts, plan.cost) == (20, {1: 20}, Decimal(200))
        assert plan.samples[0] == ("+81••••0000", "n0様")
        result = run(campaign, client, follow=5.0)
        assert (result.state, result.unknown, result.tally[State.DELIVERED]) == ("finished", 0, 20)
        assert result.tally.charged == 200
        assert set(reached(simulator).values()) == {1}
        assert simulator.phone("+819010000003").inbox[0].text == "n3様"
        for one in campaign.standings():
            assert simulator.phone(one.recipient.number).inbox[0].msgid == one.ident
        again = run(campaign, client)
        assert again.state == "finished"
        assert sum(reached(simulator).values()) == 20
        assert repr(campaign) == "Campaign('spring')"
        assert campaign.state == "finished"
        assert campaign.tally().is_settled


def test_templates_are_sent_by_their_number(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Only the variables that the template names go along."""

    async def create() -> int:
        return (await client.templates.create(name="hello", content="Hi {name}")).id

    number = asyncio.run(create())
    simulator.approve_template(number)
    content = Content(kind="template", template=number, sender="Shop", words="Hi {name}")
    with make(tmp_path, 2, content) as campaign:
        run(campaign, client)
    assert simulator.phone("+819010000001").inbox[0].text == "Hi n1"


@pytest.mark.parametrize(
    "content",
    [
        Content(kind="say", sender="81312345678", words="{name}さん", price=Decimal(11)),
        Content(kind="play", sender="81312345678", words="http://example.com/a.mp3"),
    ],
)
def test_calls_are_made_and_followed(
    simulator: Simulator, client: AsyncClient, tmp_path: Path, content: Content
) -> None:
    """Voice campaigns ring everybody once; who may be rung already is not rung again, since no list could tell."""
    simulator.fail_next("lose_reply", "POST /voice/simple/playbacks/")
    with make(tmp_path, 4, content) as campaign:
        result = run(campaign, client, follow=8.0)
        assert result.unknown == 1
        assert result.tally[State.DELIVERED] == 3
        assert all(len(simulator.phone(f"+81901000000{n}").calls) == 1 for n in range(4))


def test_lost_answers_are_settled_by_the_sent_list(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """What went out is found, what did not is proven not to have gone and sent: everybody gets it once."""
    simulator.faults.add("lose_reply", SEND, chance=0.2)
    simulator.faults.add("drop", SEND, chance=0.1)
    simulator.faults.add("error_after", SEND, chance=0.1)
    simulator.faults.add("throttled", SEND, chance=0.1, seconds=0.05)
    events: list[Event] = []
    with make(tmp_path, 60) as campaign:
        for _ in range(6):
            result = run(campaign, client, Limits(settle=0.3, stop_share=1.0), on_event=events.append)
            if not result.unknown:
                break
            simulator.faults.all_normal()
        assert max(reached(simulator).values()) == 1
        assert {"started", "unknown", "ended"} <= {event.kind for event in events}


def test_the_rate_is_kept(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """No more messages a second than allowed, evenly."""
    with make(tmp_path, 10) as campaign:
        began = time.monotonic()
        run(campaign, client, Limits(rate=20.0))
        assert time.monotonic() - began >= 9 / 20
    assert sum(reached(simulator).values()) == 10


def test_the_budget_stops_a_run(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Not one message more than the budget allows; the next run may have more."""
    with make(tmp_path, 10) as campaign:
        result = run(campaign, client, Limits(max_cost=Decimal(55)))
        assert (result.state, result.reason) == ("stopped", "the budget is spent")
        assert sum(reached(simulator).values()) == 5
        assert campaign.limits.max_cost == 55
        assert campaign.run(client).state == "stopped", "the next run has forgotten the budget"
        assert run(campaign, client).state == "finished"
    assert set(reached(simulator).values()) == {1}


def test_an_empty_account_stops_a_run(client: AsyncClient, tmp_path: Path) -> None:
    """Credits exhausted, or a token that was revoked: the run stops and nobody is lost."""
    with (
        Simulator(Settings(credits=30)) as poor,
        make(tmp_path, 10) as campaign,
    ):
        broke = AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=poor.async_transport())
        result = run(campaign, broke, Limits(concurrency=1))
        assert (result.state, result.reason) == ("stopped", "the account has not enough credits")
        assert result.tally[State.WAITING] == 7
        with Simulator(Settings(sid="other", token="x")) as closed:
            strange = AsyncClient(
                sid="s", auth_token="t", base_url="http://localhost", transport=closed.async_transport()
            )
            result = run(campaign, strange)
        assert "AuthenticationFailed" in result.reason
        assert run(campaign, client).state == "finished"


def test_too_many_failures_stop_a_run(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A run that fails again and again stops by itself and says with what."""
    simulator.faults.add("error", SEND)
    with make(tmp_path, 100) as campaign:
        result = run(campaign, client, Limits(concurrency=1, settle=0.0, stop_share=0.3))
        assert result.state == "stopped"
        assert "of the last 20 messages failed, the last with ServerError 500" in result.reason
    assert not reached(simulator)


def test_quiet_hours_and_expiry_are_kept(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """At quiet hours nobody is sent to; a campaign that has expired ends."""
    now = time.gmtime()
    hours = f"{(now.tm_hour - 1) % 24:02}:00-{(now.tm_hour + 2) % 24:02}:00"
    rows = [{"tel": "+60123456789", "name": "a"}]
    with Campaign.create("quiet", rows, TEXT, folder=tmp_path) as campaign:
        campaign.ledger._connection.execute("UPDATE recipient SET zone = NULL")
        campaign.ledger.put({"zones": [None]})
        events: list[Event] = []

        def hear(event: Event) -> None:
            events.append(event)
            if event.kind == "waiting":
                campaign.stop("enough")

        result = run(campaign, client, Limits(quiet=QuietHours(hours, "UTC")), on_event=hear)
        assert (result.state, result.reason) == ("stopped", "enough")
        assert [event.reason for event in events if event.kind == "waiting"] == ["quiet hours"]
        result = run(campaign, client, Limits(expires=time.time() - 1))
        assert result.state == "expired"
    assert not reached(simulator)


def test_a_run_is_paused_and_cancelled_from_elsewhere(
    simulator: Simulator, client: AsyncClient, tmp_path: Path
) -> None:
    """Another process's wish ends the run after what is in flight; a cancelled campaign never goes on."""
    with make(tmp_path, 200) as campaign:

        def wish(what: str) -> object:
            def hear(event: Event) -> None:
                if event.kind == "progress":
                    with Campaign.open("spring", folder=tmp_path) as other:
                        other.wish("pause") if what == "pause" else other.cancel()

            return hear

        result = run(campaign, client, Limits(rate=50.0), on_event=wish("pause"))
        assert (result.state, campaign.state) == ("paused", "paused")
        sent = sum(reached(simulator).values())
        assert 0 < sent < 200
        result = run(campaign, client, Limits(rate=50.0), on_event=wish("cancel"))
        assert result.state == "cancelled"
        with pytest.raises(CampaignError, match="was cancelled"):
            run(campaign, client)
        with pytest.raises(InvalidArgument):
            campaign.wish("explode")
    assert max(reached(simulator).values()) == 1
    with Campaign.open("spring", folder=tmp_path) as campaign:
        campaign.cancel()
        campaign.wish("resume")
        assert campaign.state == "cancelled"


def test_events_can_be_iterated_and_left(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """The last thing is the result; whoever leaves the loop stops the run, and nothing is lost."""

    async def whole() -> list[object]:
        return [thing async for thing in campaign.events(client, QUICK)]

    async def broken_off() -> None:
        async for event in campaign.events(client, Limits(rate=20.0)):
            if getattr(event, "kind", "") == "progress":
                break

    with make(tmp_path, 100) as campaign:
        asyncio.run(broken_off())
        assert campaign.tally()[State.UNKNOWN] == 0
        things = asyncio.run(whole())
        assert isinstance(things[-1], Result)
        assert things[-1].state == "finished"
    assert set(reached(simulator).values()) == {1}


def test_a_cancelled_task_leaves_doubt_and_not_duplicates(
    simulator: Simulator, client: AsyncClient, tmp_path: Path
) -> None:
    """Cancelling makes what is in flight unknown; the next run settles it, and nobody is sent to twice."""
    simulator.faults.add("slow", SEND, seconds=0.4)

    async def cancelled(url: str) -> None:
        async with AsyncClient(sid="s", auth_token="t", base_url=url) as far:
            task = asyncio.create_task(campaign.run_async(far, QUICK))
            await asyncio.sleep(0.7)
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


def test_a_ledger_that_breaks_in_mid_run_loses_nothing(
    simulator: Simulator, client: AsyncClient, tmp_path: Path
) -> None:
    """A disk that fills up ends the run with a clear error; the next one settles and goes on."""
    with make(tmp_path, 300) as campaign:
        pages = campaign.ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        campaign.ledger._connection.execute(f"PRAGMA max_page_count = {pages + 3}")
        with pytest.raises(CampaignError, match="disk is full"):
            run(campaign, client)
        sent = sum(reached(simulator).values())
        assert 0 < sent < 300
    with Campaign.open("spring", folder=tmp_path) as campaign:
        assert run(campaign, client).unknown == 0
    assert set(reached(simulator).values()) == {1}
    assert len(reached(simulator)) == 300


def test_reports_are_taken_once_and_only_by_their_campaign(
    simulator: Simulator, client: AsyncClient, tmp_path: Path
) -> None:
    """A delivery report moves its recipient; a repeated, foreign or unbound one changes nothing."""
    with make(tmp_path, 3) as campaign:
        run(campaign, client)
        told = DeliveryReport(
            reference=f"{campaign.reference_prefix}-2", msgid="m", status=MessageStatus.FAIL, cost=Decimal(10)
        )
        assert campaign.record(told)
        assert not campaign.record(told)
        assert campaign.tally()[State.FAILED] == 1
        for strange in ("other-2", None, f"{campaign.reference_prefix}-x"):
            assert not campaign.record(DeliveryReport(reference=strange, status=MessageStatus.DELIVERED))


def test_unknown_messages_move_only_when_a_person_says_so(
    simulator: Simulator, client: AsyncClient, tmp_path: Path
) -> None:
    """What nobody can prove stays unknown, until it is assumed to be sent or sent again."""
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


def test_the_usage_log_settles(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Records of the dashboard's CSV are found by their tags; another file is refused."""
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
        assert next(campaign.standings()).ident == "abc"
        log.write_text("a,b\n1,2\n")
        with pytest.raises(CampaignError, match="no usage log"):
            campaign.read_usage_log(log)
        log.write_bytes(b"\xff\xfe\xff")
        with pytest.raises(CampaignError, match="in no encoding"):
            campaign.read_usage_log(log)


def test_settling_looks_once(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """The sent list and, if wished, each message's own status are asked for without sending anything."""
    simulator.faults.add("lose_reply", SEND, times=1)
    simulator.faults.add("error", "GET /sms/messages/", times=9)
    with make(tmp_path, 4) as campaign:
        assert run(campaign, client, Limits(settle=0.1, canaries=0)).unknown == 1
        tally = asyncio.run(campaign.settle(client, settle=0.1))
        assert tally[State.UNKNOWN] == 0
        time.sleep(0.3)
        assert asyncio.run(campaign.settle(client, statuses=True))[State.DELIVERED] == 4
        assert sum(reached(simulator).values()) == 4


def test_following_survives_questions_that_fail(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A status that cannot be asked for is asked for again; an error in settling is the caller's."""
    simulator.faults.add("error", "GET /sms/messages/{id}/", times=9)
    with make(tmp_path, 3) as campaign:
        result = run(campaign, client, follow=8.0)
        assert result.tally[State.DELIVERED] == 3
        simulator.faults.add("error", "GET /sms/messages/")
        with pytest.raises(APIError):
            asyncio.run(campaign.settle(client))


def test_a_test_message_goes_to_ones_own_phone(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """It shows the first recipient's text and leaves the campaign as it was."""
    with make(tmp_path, 2) as campaign:
        asyncio.run(campaign.try_out(client, "+818011112222"))
        assert simulator.phone("+818011112222").inbox[0].text == "n0様"
        assert campaign.tally()[State.WAITING] == 2


def test_exports_tell_of_everybody(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """CSV and workbook hold each recipient with state, msgid, times and cost, for their owner alone."""
    import python_calamine

    simulator.faults.add("lose_reply", SEND, times=1)
    simulator.faults.add("error", "GET /sms/messages/")
    with make(tmp_path, 3) as campaign:
        run(campaign, client, Limits(settle=0.1, canaries=0, concurrency=1), follow=3.0)
        assert export(campaign.standings(), tmp_path / "a.csv") == 3
        assert export(campaign.standings(), tmp_path / "a.xlsx") == 3
        with pytest.raises(CampaignError, match="cannot be written"):
            export(campaign.standings(), tmp_path / "none" / "a.csv")
    lines = (tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()
    rows = python_calamine.CalamineWorkbook.from_path(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()
    assert lines[0].split(",") == list(HEADER) == rows[0]
    assert lines[1].split(",")[1:3] == ["+819010000000", "UNKNOWN"] == rows[1][1:3]
    assert lines[2].split(",")[2] == "DELIVERED"
    assert lines[2].split(",")[9] == "10"
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o600


def test_the_report_is_one_page_without_people(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Figures and charts, no number, no text, nothing from elsewhere; also before anything was sent."""
    simulator.faults.add("lose_reply", SEND, times=1)
    simulator.faults.add("error", "GET /sms/messages/")
    rows = [*people(5), {"tel": "+818099990000", "name": "fails"}, {"tel": "x", "name": "bad"}, people(1)[0]]
    with Campaign.create("spring", rows, TEXT, folder=tmp_path, skip_bad=True) as campaign:
        assert "Nothing yet." in report(campaign)
        run(campaign, client, Limits(settle=0.1, canaries=0, concurrency=1), follow=3.0)
        page = report(campaign)
        campaign.purge()
        assert "not known any more" in report(campaign)
    for word in (
        "<svg",
        "ResponseLost",
        "no reason was told",
        "unknown",
        "left out: 1",
        "prefers-color-scheme",
        "Japan, 080",
    ):
        assert word in page
    for secret in ("9010000000", "n0様", "http://", "https://", "<script"):
        assert secret not in page


def test_purging_keeps_figures_and_forgets_people(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """After a purge no number, text or id is anywhere in the file; before its end a campaign keeps them."""
    with make(tmp_path, 5) as campaign:
        with pytest.raises(CampaignError, match="cancel it first"):
            campaign.purge()
        run(campaign, client)
        ident = next(campaign.standings()).ident
        assert campaign.purge() == 5
        assert campaign.tally().sent == 5
        assert campaign.state == "purged"
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in ("9010000000", "様", ident, "n3"):
        assert secret.encode() not in content, secret


def test_a_campaign_is_created_whole_or_not_at_all(tmp_path: Path) -> None:
    """A name in use, nobody to send to, a wrong name: nothing is left behind."""
    with make(tmp_path, 1), pytest.raises(CampaignError, match="already"):
        make(tmp_path, 1)
    with pytest.raises(CampaignError, match="nobody"):
        Campaign.create("empty", [{"tel": "x", "name": "y"}], TEXT, folder=tmp_path, number="tel", skip_bad=True)
    with pytest.raises(InvalidArgument, match="name"):
        Campaign.create("../evil", people(1), TEXT, folder=tmp_path)
    with pytest.raises(CampaignError, match="there is no campaign"):
        Campaign.open("none", folder=tmp_path)
    assert list(shelf.names(tmp_path)) == ["spring"]
    old, new = tmp_path / "a.campaign.1.draft", tmp_path / "b.campaign.2.draft"
    for draft in (old, new):
        draft.touch()
    os.utime(old, (0, 0))
    with Campaign.create("another", people(1), TEXT, folder=tmp_path):
        assert not old.exists(), "a draft that a crash has left is kept for ever"
        assert new.exists()


def test_campaigns_lie_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``XOXZO_CAMPAIGNS`` first, then the user's data folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert shelf.folder() == tmp_path / "data" / "xoxzo" / "campaigns"
    monkeypatch.setenv("XOXZO_CAMPAIGNS", str(tmp_path / "mine"))
    assert shelf.folder() == tmp_path / "mine"
    assert SteadyClock().now() > 0
    assert issubclass(NotFound, APIError)


def test_a_queue_can_do_the_work_in_chunks(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Each wake-up sends one chunk; a repeated one finds nothing, and a cancelled one leaves doubt."""

    async def post(one: Recipient) -> str:
        return await campaign.content.send(client, one.number, one.variables, reference=f"x-{one.n}")

    async def cancelled(_one: Recipient) -> str:
        raise asyncio.CancelledError

    with make(tmp_path, 25) as campaign:
        clock = SteadyClock()
        epoch = campaign.ledger.begin(clock.now())
        left = [asyncio.run(send_chunk(campaign.ledger, epoch, post, clock, size=10)) for _ in range(2)]
        assert left == [True, True]

        async def die() -> None:
            with pytest.raises(asyncio.CancelledError):
                await send_chunk(campaign.ledger, epoch, cancelled, clock, size=10)

        asyncio.run(die())
        assert not asyncio.run(send_chunk(campaign.ledger, epoch, post, clock, size=10))
        tally = campaign.tally()
        assert (tally[State.SENT], tally[State.UNKNOWN]) == (20, 5)
    assert sum(reached(simulator).values()) == 20
