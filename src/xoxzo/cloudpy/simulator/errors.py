"""Errors of the simulator that callers distinguish by their class."""

from __future__ import annotations

from xoxzo.cloudpy.errors import SimulatorError


class NotSaved(SimulatorError):
    """A change could not be written to the database, so it did not happen."""


class ItemNotFound(SimulatorError):
    """The message, call, number, template, account, rule or fault that was named does not exist."""
