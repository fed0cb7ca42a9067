"""Callbacks and action URLs that can be trusted (API sections 10 and 11).

`Callbacks` makes the URLs to hand to Xoxzo and reads what comes back, without any network: `receive` takes a request's
method, address, headers and body. Needs the extra ``callbacks`` (``pip install "xoxzo-cloudpy[callbacks]"``).
"""

from .actions import Action, Playback, Say, Transfer, Voicemail
from .events import CallEnded, DeliveryReport, Event, IncomingCall, IncomingSMS, LinkClicked
from .hours import BusinessHours
from .log import DeliveryLog, Entry, LogStorage, Note, Recorded
from .receiver import Callbacks
from .tokens import Purpose

__all__ = [
    "Action",
    "BusinessHours",
    "CallEnded",
    "Callbacks",
    "DeliveryLog",
    "DeliveryReport",
    "Entry",
    "Event",
    "IncomingCall",
    "IncomingSMS",
    "LinkClicked",
    "LogStorage",
    "Note",
    "Playback",
    "Purpose",
    "Recorded",
    "Say",
    "Transfer",
    "Voicemail",
]
