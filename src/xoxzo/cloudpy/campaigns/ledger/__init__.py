"""Where a campaign stands, on disk: an interface, and SQLite behind it."""

from .protocol import Ledger
from .sqlite import SqliteLedger

__all__ = ["Ledger", "SqliteLedger"]
