"""Exports, the report, and purging."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from campaign_makers import SEND, TEXT, make, people, run

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Content, Limits, Recipient, RecipientStatus, State
from xoxzo.cloudpy.campaigns.report.export import EXPORT_COLUMNS, export
from xoxzo.cloudpy.campaigns.report.html import Bar, line_chart, stacked_bar
from xoxzo.cloudpy.campaigns.report.statistics import Statistics, carrier_of
from xoxzo.cloudpy.errors import CampaignError
from xoxzo.cloudpy.simulator import Simulator


def test_exports_tell_of_everybody(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """CSV and workbook have each recipient with state, msgid, times and cost; only their owner can read them."""
    import python_calamine

    simulator.faults.add("lose_reply", SEND, times=1)
    simulator.faults.add("error", "GET /sms/messages/")
    with make(tmp_path, 3) as campaign:
        run(campaign, client, Limits(settle=0.1, canaries=0, concurrency=1), follow=3.0)
        assert export(campaign.ledger, tmp_path / "a.csv") == 3
        assert export(campaign.ledger, tmp_path / "a.xlsx") == 3
        with pytest.raises(CampaignError, match="cannot be written"):
            export(campaign.ledger, tmp_path / "none" / "a.csv")
    lines = (tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()
    rows = python_calamine.CalamineWorkbook.from_path(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()
    assert lines[0].split(",") == [*EXPORT_COLUMNS, "zone", "name"] == rows[0]
    assert lines[1].split(",")[1:3] == ["+819010000000", "UNKNOWN"] == rows[1][1:3]
    assert lines[2].split(",")[2] == "DELIVERED"
    assert lines[2].split(",")[9] == "10"
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o600


def test_the_report_is_one_page_without_people(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Figures and charts without any number, message or external resource; also before anything was sent."""
    simulator.faults.add("lose_reply", SEND, times=1)
    simulator.faults.add("error", "GET /sms/messages/")
    rows = [*people(5), {"tel": "+818099990000", "name": "fails"}, {"tel": "x", "name": "bad"}, people(1)[0]]
    with Campaign.create("spring", rows, TEXT, store=tmp_path, skip_bad=True) as campaign:
        assert "Nothing yet." in campaign.render_report(language="en")
        run(campaign, client, Limits(settle=0.1, canaries=0, concurrency=1))
        reference = f"{campaign.reference_prefix}-2"
        assert campaign.record(SimpleNamespace(reference=reference, status="DELIVERED"), at=time.time() + 600)
        run(campaign, client, Limits(settle=0.1, canaries=0, concurrency=1), follow=3.0)
        page, japanese = campaign.render_report(language="en"), campaign.render_report()
        campaign.purge()
        after = campaign.render_report(language="en")
    for word in ("<svg", "ResponseLost", "no reason was given", "unknown: may have been sent", "prefers-color-scheme"):
        assert word in page
    for words in (
        "<td>tel has no readable digits: they must be ASCII or full-width</td><td>1</td>",
        "<td>tel has the number of an earlier row</td><td>1</td>",
        "Half within <b>10 min</b>",
    ):
        assert words in page
    assert "3 more are known to be delivered within" in page
    assert "known to be delivered</span>" in page
    assert '<html lang="ja">' in japanese
    for word in (
        "宛先の状態別内訳",
        "理由の記録なし",
        "不明 (送信された可能性あり)",
        "半数が <b>",
        "tel 前の行と同じ番号です",
    ):
        assert word in japanese
    assert "JP · NTT Docomo</span>" in page, "failures are grouped by carrier"
    assert "<small>50.0 % of" not in page
    # What is made of numbers outlives them.
    assert re.findall("JP · NTT Docomo.*?</div>", after) == re.findall("JP · NTT Docomo.*?</div>", page)
    assert "no reason was given</small></td><td>1</td>" in after
    for secret in ("9010000000", "n0様", "http://", "https://", "<script"):
        assert secret not in page


async def _poll(campaign: Campaign, client: AsyncClient) -> None:
    give_up = time.monotonic() + 30
    while campaign.tally()[State.SENT] and time.monotonic() < give_up:
        await campaign.settle(client, statuses=True)


def test_no_charge_and_no_time_is_made_up(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """An estimate is shown while no charge is known, and a delivery that was looked up has no time of its own."""
    with make(tmp_path, 2) as campaign:
        assert campaign.tally().known_charge == 0
        run(campaign, client)
        assert campaign.tally().known_charge is None
        estimate = "<b>≈ 20</b><span>credits estimated</span><small>not known yet what is charged"
        assert estimate in campaign.render_report(language="en")
        # Statuses alone do not need the sent list, which has a low rate limit.
        simulator.faults.add("error", "GET /sms/messages/")
        asyncio.run(_poll(campaign, client))
        assert campaign.tally().known_charge == 20
        page = campaign.render_report(language="en")
        assert [one.took for one in campaign.recipient_statuses()] == [None, None]
    assert "Half within" not in page
    assert "2 more are known to be delivered within" in page


def test_purging_keeps_figures_and_forgets_people(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """After a purge no number, message or id is in the file; a campaign that has not ended is not purged."""
    # Long enough not to stand by chance among the bytes of a time.
    rows = [row | {"name": f"guest {row['name']}"} for row in people(5)]
    content = Content(kind="text", sender="Shop", message="{name}様、お待ちしております")
    with Campaign.create("spring", rows, content, store=tmp_path) as campaign:
        with pytest.raises(CampaignError, match="cancel it first"):
            campaign.purge()
        run(campaign, client)
        ident = next(campaign.recipient_statuses()).ident
        assert campaign.purge() == 5
        assert campaign.tally().sent == 5
        assert campaign.state == "purged"
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in ("9010000000", "お待ち", ident, "guest n3"):
        assert secret.encode() not in left, secret


def _standing(
    n: int,
    state: State,
    *,
    sent: float = 0.0,
    ended: float = 0.0,
    took: float | None = None,
    charged: Decimal | None = None,
) -> RecipientStatus:
    who = Recipient(n, f"+8190{10000000 + n}", parts=1 + n % 2, cost=Decimal(10))
    return RecipientStatus(
        recipient=who, state=state, ident="", error="", began=sent, sent=sent, ended=ended, took=took, charged=charged
    )


def test_latencies_have_quantiles_however_long_they_are() -> None:
    """Seconds are rounded to a tenth, long latencies to ten seconds; what was not delivered does not count."""
    took = [1.04, 2.0, 3.0, 250.0, 7300.0]
    figures = Statistics(_standing(n, State.DELIVERED, sent=100.0, took=t) for n, t in enumerate(took))
    assert figures.delivered_within([5, 300]) == [3, 1, 1]
    assert (figures.latency_quantile(0.2), figures.latency_quantile(0.5), figures.latency_quantile(0.8)) == (
        1.0,
        3.0,
        250.0,
    )
    assert Statistics([_standing(1, State.FAILED, sent=5.0)]).latency_quantile(0.5) is None


def test_costs_are_what_was_charged_or_else_the_estimate() -> None:
    """By parts, for messages that were sent or may have been."""
    figures = Statistics(
        [
            _standing(0, State.DELIVERED, sent=1.0, ended=2.0, charged=Decimal(12)),
            _standing(1, State.UNKNOWN),
            _standing(2, State.SENT, sent=1.0),
            _standing(3, State.WAITING),
            _standing(4, State.REJECTED),
        ]
    )
    assert (dict(figures.parts), figures.costs) == ({1: 2, 2: 1}, {1: Decimal(22), 2: Decimal(10)})
    assert (figures.charged, figures.estimate, figures.accepted, figures.total) == (12, 50, 2, 5)


def test_carriers_are_those_that_ranges_were_given_to() -> None:
    """The country comes first; a purged number has no carrier."""
    assert carrier_of("+819010000000") == "JP · NTT Docomo"
    assert carrier_of("+12125550100") == "US · unknown carrier"
    assert carrier_of("17") == ""


@pytest.fixture
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_in_tokyo")
@pytest.mark.parametrize(("span", "clock"), [(60, "09:01:40"), (7200, "11:01"), (200_000, "01-03 16:35")])
def test_a_chart_labels_its_times_as_finely_as_it_must(span: int, clock: str) -> None:
    """The precision of local times depends on the span; a line without points is left out."""
    chart = line_chart([("sent", [100.0, 100.0 + span], "main"), ("delivered", [], "good")], 2)
    assert f"<span>{clock}" in chart or f"{clock}</span>" in chart
    assert chart.count("<polyline") == 1
    assert line_chart([("sent", [], "main")], 2) == ""


def test_a_stack_shows_each_piece_with_its_share() -> None:
    """Names are shown as they are, whatever they hold."""
    drawn = stacked_bar([Bar("a<b", 1), Bar("c", 3)])
    assert "a&lt;b" in drawn
    assert "<small>25 %</small>" in drawn
    assert stacked_bar([]) == ""
