"""Create and run small campaigns in tests, and count what phones have received."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Content, Limits, Result
from xoxzo.cloudpy.simulator import Simulator

TEXT = Content(kind="text", sender="Shop", message="{name}様")
QUICK = Limits(settle=0.3, concurrency=8)
SEND = "POST /sms/messages/"


def people(count: int) -> list[dict[str, str]]:
    """Return rows with a number and a name."""
    return [{"tel": f"090{10000000 + n}", "name": f"n{n}"} for n in range(count)]


def make(folder: Path, count: int = 20, content: Content = TEXT, **options: object) -> Campaign:
    """Create a campaign called spring."""
    return Campaign.create("spring", people(count), content, store=folder, **options)


def run(campaign: Campaign, client: AsyncClient, limits: Limits = QUICK, **options: object) -> Result:
    """Run a campaign."""
    return campaign.run(client, limits, **options)


def reached(simulator: Simulator) -> Counter[str]:
    """Return how many messages each phone has received."""
    return Counter({number: len(messages) for number, messages in simulator.engine.sms.by_phone.items()})
