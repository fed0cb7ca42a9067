"""The ledger of a campaign, which stores recipients, claims and outcomes: an interface, and SQLite."""

from __future__ import annotations

from xoxzo.cloudpy.campaigns.ledger.protocol import Ledger
from xoxzo.cloudpy.campaigns.ledger.sqlite import SqliteLedger

__all__ = ["Ledger", "SqliteLedger"]
