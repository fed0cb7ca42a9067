"""The one line of plain text with which an action URL answers a call (API section 11)."""

from __future__ import annotations

import re

from msgspec import Struct

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.engine.errors import Reason
from xoxzo.cloudpy.simulator.engine.rules.formats import is_number, is_recording
from xoxzo.cloudpy.simulator.settings import RecordingUrls

LANGUAGES = ("en", "ja")
"""Languages that can be spoken; Indonesian has been paused since 2020 (API section 11)."""

_SAY = re.compile(r'say +([A-Za-z-]+) +"(.+)"', re.DOTALL)
_PLAYBACK = re.compile(r"playback +(\S+)")
_TRANSFER = re.compile(r"transfer +(\S+)")
_VOICEMAIL = re.compile(r"voicemail(?: +(.+))?", re.DOTALL)


class ActionError(ValueError):
    """An answer that is no action; `reason` says why, as its text does."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Say(Struct, frozen=True):
    """Speak a text."""

    lang: str
    text: str


class Playback(Struct, frozen=True):
    """Play an mp3."""

    url: str


class Transfer(Struct, frozen=True):
    """Connect the caller to a number."""

    number: str


class Voicemail(Struct, frozen=True):
    """Record the caller, after a greeting if there is one."""

    greeting: Say | Playback | None


Action = Say | Playback | Transfer | Voicemail


def parse_answer(body: bytes, *, most: int = 1, recordings: RecordingUrls = "published") -> list[Action]:
    """Read the first `most` non-empty lines of an answer (API section 15.53); raise `ActionError` for no action."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ActionError(N_("the answer is not UTF-8")) from None
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
    if not lines:
        raise ActionError(N_("the answer is empty"))
    return [parse_action(line, recordings) for line in lines[:most]]


def parse_action(line: str, recordings: RecordingUrls = "published") -> Action:
    """Read one line; raise `ActionError` if it is not an action."""
    if match := _VOICEMAIL.fullmatch(line):
        return Voicemail(_greeting(match[1], recordings) if match[1] else None)
    if match := _TRANSFER.fullmatch(line):
        if not is_number(match[1]):
            raise ActionError(N_("transfer needs an E.164 number"))
        return Transfer(match[1])
    return _greeting(line, recordings)


def _greeting(line: str, recordings: RecordingUrls) -> Say | Playback:
    if match := _SAY.fullmatch(line):
        if match[1] not in LANGUAGES:
            raise ActionError(Reason(N_("say needs one of the languages {known}"), known=", ".join(LANGUAGES)))
        return Say(match[1], match[2])
    if match := _PLAYBACK.fullmatch(line):
        if not is_recording(match[1], recordings):
            raise ActionError(N_("playback needs the http URL of an mp3"))
        return Playback(match[1])
    raise ActionError(N_("the line is none of playback, say, transfer and voicemail"))
