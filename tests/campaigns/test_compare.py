"""Two messages on random halves of a list, compared without claiming more than the figures show."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from campaign_makers import QUICK, people

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Content, OptOuts, compare
from xoxzo.cloudpy.campaigns.compare import fisher
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.simulator import Simulator

LINKED = Content(kind="text", sender="Shop", message="https://shop.example/sale", options={"track_link": True})


@pytest.fixture(params=["folder", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store."""
    return str(tmp_path if request.param == "folder" else request.getfixturevalue("database_url"))


def test_parts_are_random_disjoint_and_complete(tmp_path: Path) -> None:
    """Every recipient is in exactly one part, the same each time; another list has other parts."""
    source = tmp_path / "list.csv"
    source.write_text("tel\n" + "".join(f"{one['tel']}\n" for one in people(1000)), encoding="utf-8")
    content = Content(kind="text", sender="Shop", message="hello")
    numbers = []
    for part in ("1/2", "2/2", "1/2"):
        name = f"c{len(numbers)}"
        with Campaign.create(name, source, content, store=tmp_path, split=part) as campaign:
            numbers.append({one.number for one in campaign.ledger.recipients()})
            plan = campaign.plan()
            assert (plan.split, plan.recipients + plan.others) == (part, 1000)
    assert numbers[0] | numbers[1] == {f"+81{one['tel'][1:]}" for one in people(1000)}
    assert not numbers[0] & numbers[1]
    assert numbers[0] == numbers[2]
    assert 400 < len(numbers[0]) < 600
    source.write_text(source.read_text() + "\n", encoding="utf-8")
    with Campaign.create("other", source, content, store=tmp_path, split="1/2") as campaign:
        assert {one.number for one in campaign.ledger.recipients()} != numbers[0]
    for wrong in ("0/2", "3/2", "1/1", "1", "half", "1/20"):
        with pytest.raises(InvalidArgument, match="1/2 and 2/2"):
            Campaign.create("wrong", source, content, store=tmp_path, split=wrong)


def test_halves_are_compared_by_what_was_delivered_clicked_and_paid(
    store: str, simulator: Simulator, client: AsyncClient
) -> None:
    """Clicks come from callbacks, once each; opt-outs count that came after the message."""
    for part in (1, 2):
        with Campaign.create(f"c{part}", people(120), LINKED, store=store, split=f"{part}/2") as campaign:
            campaign.run(client, QUICK, follow=2.0)
            sent = [one.recipient for one in campaign.recipient_statuses()]
            for one in sent[: 3 if part == 1 else 30]:
                reference = f"{campaign.reference_prefix}-{one.n}"
                clicked = SimpleNamespace(reference=reference, accessed_on=datetime(2026, 12, 1, tzinfo=UTC))
                assert campaign.record(clicked), "the first click of a recipient"
                assert not campaign.record(clicked), "a repeated one"
    OptOuts(store).add([sent[0].number], source="link")
    with Campaign.open("c1", store=store) as first, Campaign.open("c2", store=store) as second:
        found = compare(first, second)
        assert compare(first, first).is_random is False
        assert sum(one.clicked > 0 for one in second.recipient_statuses()) == 30
    assert found.is_random
    one, other = found.variants
    assert (one.sent + other.sent, one.clicked, other.clicked, other.opted_out) == (120, 3, 30, 1)
    assert (one.delivered, one.open, one.cost) == (one.sent, 0, Decimal(15) * one.sent)
    differences = {difference.measure: difference for difference in found.differences}
    assert differences["clicked"].is_more_than_chance
    assert differences["clicked"].low > 0.2
    assert not differences["opted out"].is_more_than_chance
    assert not differences["delivered"].is_more_than_chance


def test_probabilities_are_those_of_fishers_test() -> None:
    """Known values, both ways round; equal shares are never more than chance, however many there are."""
    known = {(3, 10, 7, 10): 0.1789, (1, 10, 9, 10): 0.0011, (8, 2000, 21, 2000): 0.0234, (0, 5, 0, 5): 1.0}
    for (hits1, total1, hits2, total2), value in known.items():
        assert fisher(hits1, total1, hits2, total2) == pytest.approx(value, abs=6e-4)
        assert fisher(hits2, total2, hits1, total1) == pytest.approx(value, abs=6e-4)
    assert fisher(5000, 50_000, 5000, 50_000) == pytest.approx(1.0)
    assert fisher(5000, 50_000, 5400, 50_000) < 0.0001


def test_chance_alone_is_called_chance(tmp_path: Path) -> None:
    """Of many comparisons of equal messages, at most about one in twenty is called more than chance."""
    import random

    chance = random.Random(1)
    false = 0
    for _ in range(400):
        hits = [sum(chance.random() < 0.1 for _ in range(200)) for _ in range(2)]
        false += fisher(hits[0], 200, hits[1], 200) < 0.05
    assert false <= 24


def test_clicks_are_looked_up_with_the_statuses(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """`settle` asks about delivered messages whose link was not opened yet, and records the click once."""
    with Campaign.create("c", people(3), LINKED, store=tmp_path) as campaign:
        campaign.run(client, QUICK, follow=2.0)
        assert not list(campaign.ledger.without_final_status())
        assert len(list(campaign.ledger.without_final_status(or_click=True))) == 3
        [message] = simulator.phone("+819010000001").inbox
        with simulator.engine:
            simulator.engine.sms.open_link(message.text.rpartition("/s/")[2])
        asyncio.run(campaign.settle(client, statuses=True))
        assert [one.clicked > 0 for one in campaign.recipient_statuses()] == [False, True, False]
        assert len(list(campaign.ledger.without_final_status(or_click=True))) == 2
