"""The HTTP API as a function from request to reply; it knows no server and no socket."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.api.app import Api

__all__ = ["Api"]
