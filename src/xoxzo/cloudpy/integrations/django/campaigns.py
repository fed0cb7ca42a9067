"""The project's campaigns: opened from the store of the settings, and given the reports about their messages."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

from xoxzo.cloudpy.campaigns import Campaign
from xoxzo.cloudpy.campaigns.ledger import open_store
from xoxzo.cloudpy.integrations.django import conf

_REFERENCE = re.compile(r"([0-9a-f]{12})-[1-9][0-9]{0,8}")
_names: dict[tuple[str, str], str] = {}
"""Names of campaigns by the address of their store and the first part of their references."""


def open_campaign(name: str) -> Campaign:
    """Open a campaign; raise `CampaignError` if there is none of this name, or the store cannot be read."""
    return Campaign.open(name, store=conf.campaigns_address())


def campaign_names() -> Iterator[str]:
    """Return the names of all campaigns."""
    return open_store(conf.campaigns_address()).names()


def resume_campaign(campaign: Campaign) -> None:
    """Withdraw a request to pause; where this process has the Celery application, its workers begin at once."""
    campaign.resume()
    celery = sys.modules.get("xoxzo.cloudpy.integrations.celery.settings")
    if celery is not None and celery.current.app is not None and campaign.workers:
        campaign.dispatch(celery.current.app, workers=campaign.workers)


def record_report(event: Any) -> bool:  # noqa: ANN401 - any event of a callback
    """Record a delivery report or the end of a call in the campaign that it belongs to; return whether there is one."""
    found = _REFERENCE.fullmatch(getattr(event, "reference", None) or "")
    address = conf.campaigns_address()
    if found is None or address is None or not hasattr(event, "status"):
        return False
    key = (address, found[1])
    if key not in _names:
        for name in campaign_names():
            with open_campaign(name) as campaign:
                _names[address, campaign.reference_prefix] = name
    if key not in _names:
        return False
    with open_campaign(_names[key]) as campaign:
        campaign.record(event)
    return True
