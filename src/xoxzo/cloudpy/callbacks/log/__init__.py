"""The delivery log: one entry for each message and call, whatever the order of its reports."""

from __future__ import annotations

from xoxzo.cloudpy.callbacks.log.delivery_log import DeliveryLog
from xoxzo.cloudpy.callbacks.log.entries import Entry, LogStorage, Note, Recorded

__all__ = ["DeliveryLog", "Entry", "LogStorage", "Note", "Recorded"]
