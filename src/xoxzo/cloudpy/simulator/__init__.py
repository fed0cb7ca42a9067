"""Xoxzo on your own machine: the same HTTP API, phones that can be looked at, callbacks that are really delivered.

It knows nothing of the client: it is written from the API's description alone, so that each checks the other.
`Simulator` is the object, `Settings` how it behaves, `SteppedClock` a time that stands still until it is advanced.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .clock import RealClock, SteppedClock
    from .engine import CallbackAttempt
    from .settings import NumberRange, Settings
    from .simulator import CallRecord, Phone, ReceivedSms, Simulator

__all__ = [
    "CallRecord",
    "CallbackAttempt",
    "NumberRange",
    "Phone",
    "RealClock",
    "ReceivedSms",
    "Settings",
    "Simulator",
    "SteppedClock",
]

_HOMES = {
    "CallRecord": "simulator",
    "CallbackAttempt": "engine",
    "NumberRange": "settings",
    "Phone": "simulator",
    "RealClock": "clock",
    "ReceivedSms": "simulator",
    "Settings": "settings",
    "Simulator": "simulator",
    "SteppedClock": "clock",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
