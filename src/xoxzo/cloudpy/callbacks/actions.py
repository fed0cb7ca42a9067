"""The actions that answer an incoming call: one line of plain text (API section 11).

The grammar has no escape sequences, so quotation marks, line breaks and control characters are refused.
"""

from __future__ import annotations

import re

from msgspec import Struct

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.operations import checks

CONTENT_TYPE = "text/plain; charset=utf-8"
"""The media type of an answer; Xoxzo ignores it (API section 11)."""

_UNESCAPABLE = re.compile(r'["\x00-\x1f\x7f-\x9f\u2028\u2029]')


class _Action(Struct, frozen=True):
    """An action; ``str()`` of it is the line."""

    def render(self) -> str:
        """Return the line, without a line break."""
        return str(self)

    def encode(self) -> bytes:
        """Return the line as the body of an answer, in UTF-8."""
        return str(self).encode()


class Say(_Action, frozen=True):
    """Speak a text to the caller: ``say ja "…"``.

    Args:
        lang: the language as ISO 639-1, ``ja`` or ``en``.
        text: the text to speak, without quotation marks ``"`` and line breaks.

    Raises:
        InvalidArgument: the language is unknown, or the text has a character that cannot be written.
    """

    lang: str
    text: str

    def __post_init__(self) -> None:
        checks.language(self.lang, "lang")
        _check_characters("text", self.text)

    def __str__(self) -> str:
        return f'say {self.lang} "{self.text}"'


class Playback(_Action, frozen=True):
    """Play an mp3 to the caller: ``playback http://…``.

    Args:
        url: the URL of the mp3; http only, ASCII letters, digits and ``_ / - . :`` (API section 5.1). A warning says
            that ``$ * ' ( ) ! ?`` may be refused.

    Raises:
        InvalidArgument: Xoxzo cannot fetch such a URL.
    """

    url: str

    def __post_init__(self) -> None:
        checks.recording_url(self.url)

    def __str__(self) -> str:
        return f"playback {self.url}"


class Transfer(_Action, frozen=True):
    """Connect the caller to a number: ``transfer +81…``.

    Args:
        number: the number, in E.164.

    Raises:
        InvalidArgument: it is not in E.164.
    """

    number: str

    def __post_init__(self) -> None:
        checks.recipient(self.number, "number")

    def __repr__(self) -> str:
        from xoxzo.cloudpy.common.masking import mask_number

        return f"Transfer({mask_number(self.number)!r})"

    def __str__(self) -> str:
        return f"transfer {self.number}"


class Voicemail(_Action, frozen=True):
    """Record a message of the caller, after an optional greeting: ``voicemail``, ``voicemail say ja "…"``.

    Args:
        greeting: what is played before the tone. The documentation says that an mp3 is possible, but not how it is
            written (API section 11).

    Raises:
        InvalidArgument: the greeting is neither `Say` nor `Playback`.
    """

    greeting: Say | Playback | None = None

    def __post_init__(self) -> None:
        if self.greeting is not None and not isinstance(self.greeting, Say | Playback):
            raise InvalidArgument("greeting", "must be Say or Playback")

    def __str__(self) -> str:
        return "voicemail" if self.greeting is None else f"voicemail {self.greeting}"


Action = Say | Playback | Transfer | Voicemail
"""Every possible answer to an incoming call."""


def _check_characters(field: str, value: str) -> None:
    if _UNESCAPABLE.search(checks.text(field, value)):
        raise InvalidArgument(field, 'must have no quotation mark " and no line break')
