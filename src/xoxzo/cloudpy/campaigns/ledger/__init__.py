"""The ledger of a campaign: who is to be sent to, what was claimed, and what became of it. An interface, and SQLite."""

from __future__ import annotations

from xoxzo.cloudpy.campaigns.ledger.protocol import Ledger
from xoxzo.cloudpy.campaigns.ledger.sqlite import SqliteLedger

__all__ = ["Ledger", "SqliteLedger"]
