"""Xoxzo on your own machine: the same HTTP API, phones that can be looked at, callbacks that are really delivered.

It knows nothing of the client: it is written from the API's description alone, so that each checks the other.
`Simulator` is the object, `Settings` how it behaves, `SteppedClock` a time that stands still until it is advanced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .carriers import Carrier
    from .clock import RealClock, SteppedClock
    from .engine import CallbackAttempt
    from .phone import Phone
    from .profiles import profile
    from .records import CallRecord, ReceivedSms, TemplateRecord
    from .settings import NumberRange, Settings
    from .simulator import Simulator

__all__ = [
    "CallRecord",
    "CallbackAttempt",
    "Carrier",
    "NumberRange",
    "Phone",
    "RealClock",
    "ReceivedSms",
    "Settings",
    "Simulator",
    "SteppedClock",
    "TemplateRecord",
    "profile",
]

_HOMES = {
    "CallRecord": "records",
    "CallbackAttempt": "engine",
    "Carrier": "carriers",
    "NumberRange": "settings",
    "Phone": "phone",
    "RealClock": "clock",
    "ReceivedSms": "records",
    "Settings": "settings",
    "Simulator": "simulator",
    "SteppedClock": "clock",
    "TemplateRecord": "records",
    "profile": "profiles",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
