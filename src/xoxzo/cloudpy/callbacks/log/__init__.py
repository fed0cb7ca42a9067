"""The delivery log: one row for each message and call, whatever is told of it and in whatever order."""

from .entries import Entry, LogStorage, Note, Recorded
from .log import DeliveryLog

__all__ = ["DeliveryLog", "Entry", "LogStorage", "Note", "Recorded"]
