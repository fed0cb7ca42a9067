"""Receive callbacks of Xoxzo that can be trusted, and answer incoming calls (API sections 10 and 11).

`Callbacks` makes signed callback URLs, and verifies and parses the requests that come to them, without any network. It
needs the extra ``callbacks`` (``pip install "xoxzo-cloudpy[callbacks]"``).
"""

from __future__ import annotations

from xoxzo.cloudpy.callbacks.actions import Action, BusinessHours, Playback, Say, Transfer, Voicemail
from xoxzo.cloudpy.callbacks.callbacks import Callbacks
from xoxzo.cloudpy.callbacks.events import (
    CallEnded,
    DeliveryReport,
    Event,
    IncomingCall,
    IncomingSMS,
    LinkClicked,
    Purpose,
)
from xoxzo.cloudpy.callbacks.log.delivery_log import DeliveryLog
from xoxzo.cloudpy.callbacks.log.entries import Entry, LogStorage, Note, Recorded

__all__ = ["Action", "BusinessHours", "CallEnded", "Callbacks", "DeliveryLog", "DeliveryReport", "Entry", "Event"]
__all__ += ["IncomingCall", "IncomingSMS", "LinkClicked", "LogStorage", "Note", "Playback", "Purpose", "Recorded"]
__all__ += ["Say", "Transfer", "Voicemail"]
