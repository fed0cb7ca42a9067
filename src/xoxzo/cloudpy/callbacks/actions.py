"""The one line of plain text that tells Xoxzo what to do with a call (API section 11).

The grammar has no escapes, so what could break the line is refused where it is written: quotation marks, line breaks
and control characters.
"""

from __future__ import annotations

import re

from msgspec import Struct

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.operations import checks

CONTENT_TYPE = "text/plain; charset=utf-8"
"""What an answer is sent as; Xoxzo does not look at it (API section 11)."""

_BREAKING = re.compile(r'["\x00-\x1f\x7f-\x9f\u2028\u2029]')


class _Line(Struct, frozen=True):
    """An action; its text is the line."""

    def render(self) -> str:
        """Return the line, without a line break."""
        return str(self)

    def encode(self) -> bytes:
        """Return the line as the body of an answer, in UTF-8."""
        return str(self).encode()


class Say(_Line, frozen=True):
    """Speak a text to the caller: ``say ja "…"``.

    Args:
        lang: the language as ISO 639-1, ``ja`` or ``en``.
        text: what is said. No quotation mark ``"`` and no line break: the line has no way to write them.

    Raises:
        InvalidArgument: the language is none, or the text would break the line.
    """

    lang: str
    text: str

    def __post_init__(self) -> None:
        checks.language(self.lang, "lang")
        _unbroken("text", self.text)

    def __str__(self) -> str:
        return f'say {self.lang} "{self.text}"'


class Playback(_Line, frozen=True):
    """Play an mp3 to the caller: ``playback http://…``.

    Args:
        url: its address; http only, ASCII letters, digits and ``_ / - . :`` (API section 5.1).

    Raises:
        InvalidArgument: Xoxzo could not fetch the address.
    """

    url: str

    def __post_init__(self) -> None:
        checks.recording_url(self.url)

    def __str__(self) -> str:
        return f"playback {self.url}"


class Transfer(_Line, frozen=True):
    """Connect the caller to a number: ``transfer +81…``.

    Args:
        number: in E.164.

    Raises:
        InvalidArgument: it is no such number.
    """

    number: str

    def __post_init__(self) -> None:
        checks.recipient(self.number, "number")

    def __repr__(self) -> str:
        from xoxzo.cloudpy.masking import mask_number

        return f"Transfer({mask_number(self.number)!r})"

    def __str__(self) -> str:
        return f"transfer {self.number}"


class Voicemail(_Line, frozen=True):
    """Record the caller, after a greeting if there is one: ``voicemail``, ``voicemail say ja "…"``.

    Args:
        greeting: what the caller hears before the tone. That it may be an mp3 is documented, how it is written then is
            not (API section 11).

    Raises:
        InvalidArgument: the greeting is something else.
    """

    greeting: Say | Playback | None = None

    def __post_init__(self) -> None:
        if self.greeting is not None and not isinstance(self.greeting, Say | Playback):
            raise InvalidArgument("greeting", "must be Say or Playback")

    def __str__(self) -> str:
        return "voicemail" if self.greeting is None else f"voicemail {self.greeting}"


Action = Say | Playback | Transfer | Voicemail
"""What can be answered to an incoming call."""


def _unbroken(field: str, value: str) -> None:
    if _BREAKING.search(checks.words(field, value)):
        raise InvalidArgument(field, 'must hold no quotation mark " and no line break: the line cannot write them')
