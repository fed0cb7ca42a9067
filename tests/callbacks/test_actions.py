"""The actions that answer a call: their line, and invalid values."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, strategies

from xoxzo.cloudpy import InvalidArgument
from xoxzo.cloudpy.callbacks import Action, Playback, Say, Transfer, Voicemail
from xoxzo.cloudpy.simulator.engine import rules


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (Say("en", "Hello"), 'say en "Hello"'),
        (Say("ja", "ただいま留守にしております。"), 'say ja "ただいま留守にしております。"'),
        (Playback("http://example.com/greeting.mp3"), "playback http://example.com/greeting.mp3"),
        (Transfer("+815011112222"), "transfer +815011112222"),
        (Voicemail(), "voicemail"),
        (Voicemail(Say("en", "Please leave a message")), 'voicemail say en "Please leave a message"'),
        (Voicemail(Playback("http://example.com/a.mp3")), "voicemail playback http://example.com/a.mp3"),
    ],
)
def test_line(action: Action, line: str) -> None:
    """Each action is rendered as documented."""
    assert (action.render(), str(action), action.encode()) == (line, line, line.encode())


@given(strategies.text())
def test_any_text(text: str) -> None:
    """A text is refused, or the simulator, which has its own parser, parses the same text."""
    with suppress(InvalidArgument):
        action = Say("ja", text)
        assert rules.parse_answer(action.encode()) == [rules.Say("ja", text)]


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Say("ja", 'say "no"'), "text"),
        (lambda: Say("ja", "two\nlines"), "text"),
        (lambda: Say("ja", "two\u2028lines"), "text"),
        (lambda: Say("ja", " "), "text"),
        (lambda: Say("Japanese", "x"), "lang"),
        (lambda: Playback("https://example.com/a.mp3"), "recording_url"),
        (lambda: Playback('http://example.com/a.mp3"\nsay en "x'), "recording_url"),
        (lambda: Transfer("05011112222"), "number"),
        (lambda: Transfer("+815011112222\nsay"), "number"),
        (lambda: Voicemail(Transfer("+815011112222")), "greeting"),
    ],
)
def test_refused(make: object, field: str) -> None:
    """An action that cannot be written, or that Xoxzo cannot do, is refused."""
    assert callable(make)
    with pytest.raises(InvalidArgument) as caught:
        make()
    assert caught.value.field == field


def test_repr() -> None:
    """The representation of a transfer masks the number."""
    assert repr(Transfer("+815011112222")) == "Transfer('+81••••2222')"
