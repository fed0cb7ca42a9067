"""The width of a text on a terminal, where a Japanese character takes two columns; padding and wrapping by width."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

if TYPE_CHECKING:
    from typing import TextIO

# Characters that may not begin, and that may not end, a line of Japanese.
_NEVER_FIRST = ":;,.!?)]}、。，．・：；？！）］｝」』】〉》ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…"
_NEVER_LAST = "（［｛「『【〈《"
# A word of other scripts stays together; of Japanese each character may end a line.
_PIECES = r"\s+|[^\s\u3000-\u30ff\u3400-\u9fff\uff01-\uff60]+|[\u3000-\u30ff\u3400-\u9fff\uff01-\uff60]"
_ESCAPES = r"\x1b\[[0-9;]*m"


def width(text: str) -> int:
    """Return the columns that a text takes; escape sequences for colour take none."""
    if text.isascii() and "\x1b" not in text:
        return len(text)
    return sum(_columns(character) for character in re.sub(_ESCAPES, "", text))


def _columns(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1


def pad(text: str, columns: int) -> str:
    """Pad a text with blanks to a width in columns."""
    return text + " " * (columns - width(text))


def cut(text: str, columns: int) -> str:
    """Cut a text without escape sequences to a width in columns."""
    while width(text) > columns:
        text = text[:-1]
    return text


def wrap(text: str, columns: int) -> list[str]:
    """Break a paragraph into lines of at most so many columns; Japanese by the rules of Japanese."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if piece.isspace():
            line += " " if line else ""
        elif line and width(line) + width(piece) > columns and (line[-1] == " " or piece[0] not in _NEVER_FIRST):
            # An opening bracket at the end of a line moves to the next.
            split = len(line) - 1 if len(line) > 1 and line[-1] in _NEVER_LAST else len(line)
            lines.append(line[:split].rstrip())
            line = line[split:] + piece
        else:
            line += piece
    return [*lines, line.rstrip()] if line else lines


def _pieces(text: str) -> list[str]:
    """Split a text into unbreakable pieces and the blanks between them."""
    if text.isascii():
        # Most help is ASCII, and compiling the expression takes longer than wrapping it.
        return [piece for word in text.split() for piece in (word, " ")]
    return re.findall(_PIECES, text)


def wrap_at_terminal(text: str, stream: TextIO, *, indent: int = 0, narrowest: int = 0) -> list[str]:
    """Break a text at the terminal's width, less an indent; if the stream is no terminal it stays one line."""
    return wrap(text, max(shutil.get_terminal_size().columns - indent, narrowest)) if stream.isatty() else [text]
