"""The ledger of a campaign, which stores recipients, claims and outcomes; and the stores in which ledgers are."""

from __future__ import annotations

from xoxzo.cloudpy.campaigns.ledger.base import Ledger
from xoxzo.cloudpy.campaigns.ledger.campaign_store import CampaignStore
from xoxzo.cloudpy.campaigns.ledger.sqlite import SqliteLedger
from xoxzo.cloudpy.campaigns.ledger.stores import FolderStore, open_store

__all__ = ["CampaignStore", "FolderStore", "Ledger", "SqliteLedger", "open_store"]
