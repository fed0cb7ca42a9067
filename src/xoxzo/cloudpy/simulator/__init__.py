"""Xoxzo on your own machine: the same HTTP API, phones that can be looked at, callbacks that are really delivered.

It knows nothing of the client: it is written from the API's description alone, so that each checks the other.
`Simulator` is the object, `Settings` how it behaves, `SteppedClock` a time that stands still until it is advanced.
"""

from __future__ import annotations

from xoxzo.cloudpy.simulator.engine.clock import RealClock, SteppedClock
from xoxzo.cloudpy.simulator.engine.records.traffic import CallbackAttempt
from xoxzo.cloudpy.simulator.queries.results import CallRecord, ReceivedSms, TemplateRecord
from xoxzo.cloudpy.simulator.runtime.phone import Phone
from xoxzo.cloudpy.simulator.settings import Carrier, NumberRange, Settings, profile
from xoxzo.cloudpy.simulator.simulator import Simulator

__all__ = ["CallRecord", "CallbackAttempt", "Carrier", "NumberRange", "Phone", "RealClock", "ReceivedSms", "Settings"]
__all__ += ["Simulator", "SteppedClock", "TemplateRecord", "profile"]
