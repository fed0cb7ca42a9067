"""How wide a text is on a terminal, where Japanese takes two columns a character; padding and wrapping by that."""

from __future__ import annotations

import re
from unicodedata import combining, east_asian_width

# What may not begin a line of Japanese.
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
    """Fill a text up with blanks to so many columns."""
    return text + " " * (columns - width(text))


def cut(text: str, columns: int) -> str:
    """Return as much of the beginning of a text, without escape sequences, as so many columns hold."""
    while width(text) > columns:
        text = text[:-1]
    return text


def wrap(text: str, columns: int) -> list[str]:
    """Break a paragraph into lines of at most so many columns, by the rules of Japanese where it is Japanese."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if piece.isspace():
            line += " " if line else ""
        elif line and width(line) + width(piece) > columns and (line[-1] == " " or piece[0] not in _NEVER_FIRST):
            kept, carried = _carried(line)
            lines.append(kept.rstrip())
            line = carried + piece
        else:
            line += piece
    return [*lines, line.rstrip()] if line else lines


def _pieces(text: str) -> list[str]:
    """Return what may not be broken, and the blanks between."""
    if text.isascii():
        # Most help is, and compiling the expression takes longer than all of it.
        return [piece for word in text.split() for piece in (word, " ")]
    return re.findall(_PIECES, text)


def _carried(line: str) -> tuple[str, str]:
    """Take an opening bracket from the end of a line over to the next."""
    return (line[:-1], line[-1]) if len(line) > 1 and line[-1] in _NEVER_LAST else (line, "")
