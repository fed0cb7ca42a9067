"""Transports that record exchanges, and transports that answer from a recording.

A recording can be stored beside tests: numbers in it are fictitious, texts, codes and whatever else is not known to be
harmless are removed, and credentials are never written. What a program gets while it records is not changed.
"""

from __future__ import annotations

from xoxzo.cloudpy.transports._async.recorder import AsyncRecorder, AsyncReplayer
from xoxzo.cloudpy.transports._sync.recorder import Recorder, Replayer

__all__ = ["AsyncRecorder", "AsyncReplayer", "Recorder", "Replayer"]
