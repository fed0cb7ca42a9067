"""What a terminal needs: output that nothing can break or control, and columns where a character takes two."""

from __future__ import annotations

import codecs
import errno
import io
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO
from unicodedata import combining, east_asian_width

_HANDLER = "xoxzo.substitute"
_SUBSTITUTES = str.maketrans(
    {"•": "*", "…": "...", "→": "->", "✓": "+", "✗": "x", "–": "-", "“": '"', "”": '"', "×": "x", "━": "-", "█": "#"}
)
"""Substitutes for characters that the encoding lacks, as cp932 on a Japanese Windows lacks the bullet."""
# C0 and C1 controls, line and paragraph separators, and what changes the direction of writing.
_CONTROLS = (*range(32), *range(127, 160), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_ESCAPES = {code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" for code in _CONTROLS}
JSON_ESCAPES = {code: f"\\u{code:04x}" for code in _CONTROLS if code > 31}  # JSON itself escapes those below
_ESCAPES_BUT_LINES = {code: escape for code, escape in _ESCAPES.items() if chr(code) not in "\t\n"}
_WRITE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


def visible(value: object, *, lines: bool = False) -> str:
    """Escape the control characters of a foreign text, but not its tabs and line breaks if `lines`."""
    return str(value).translate(_ESCAPES_BUT_LINES if lines else _ESCAPES)


class _ClosedStream(io.TextIOBase):
    """Standard output that was closed before the program started: a write fails, as on a full disk."""

    encoding = "utf-8"

    def write(self, _text: str, /) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


class _ErrorStream:
    """Standard error on which a write does not fail: an error is then known by the exit status."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except OSError:
            discard_output(self._stream)
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            discard_output(self._stream)


def _open_missing_streams() -> None:
    """Replace the streams that Python left out, since their descriptors were closed before the program started.

    The null device takes their descriptors; else the next file that is opened, perhaps a ledger, would get one of them.
    """
    if None in {sys.stdin, sys.stdout, sys.stderr}:
        while os.open(os.devnull, os.O_RDWR) < 2:
            pass
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BytesIO())
    sys.stdout = sys.stdout or _ClosedStream()
    sys.stderr = sys.stderr or io.StringIO()  # an error is then known by its status


@contextmanager
def substituting_output() -> Iterator[None]:
    """Write a substitute for each character that standard output or error cannot encode, while a command runs."""
    _open_missing_streams()
    codecs.register_error(_HANDLER, _substitute)
    before: list[tuple[Any, str]] = []
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            before.append((stream, stream.errors or "strict"))
            stream.reconfigure(errors=_HANDLER)
    error_stream, sys.stderr = sys.stderr, _ErrorStream(sys.stderr)
    try:
        yield
    finally:
        sys.stderr = error_stream
        for stream, errors in before:
            with suppress(ValueError):  # it was closed meanwhile
                stream.reconfigure(errors=errors)


def _substitute(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_SUBSTITUTES)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


def is_write_error(error: BaseException) -> bool:
    """Return whether an error means that standard output cannot be written, as on a full disk."""
    return isinstance(error, OSError) and error.errno in _WRITE_ERRORS and error.filename is None


def discard_output(stream: TextIO | None = None) -> None:
    """Discard buffered output, of standard output by default; Python would try to flush it at exit, and fail."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), (stream or sys.stdout).fileno())


# Characters that may not begin, and that may not end, a line of Japanese.
_NEVER_FIRST = ":;,.!?)]}、。，．・：；？！）］｝」』】〉》ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…"
_NEVER_LAST = "（［｛「『【〈《"
# A word of other scripts stays together; of Japanese each character may end a line.
_PIECES = r"\s+|[^\s\u3000-\u30ff\u3400-\u9fff\uff01-\uff60]+|[\u3000-\u30ff\u3400-\u9fff\uff01-\uff60]"
_COLOUR_CODES = r"\x1b\[[0-9;]*m"


def width(text: str) -> int:
    """Return the columns that a text takes; escape sequences for colour take none."""
    if text.isascii() and "\x1b" not in text:
        return len(text)
    shown = [character for character in re.sub(_COLOUR_CODES, "", text) if not combining(character)]
    return sum(2 if east_asian_width(character) in {"W", "F"} else 1 for character in shown)


def pad(text: str, columns: int) -> str:
    """Pad a text with blanks to a width in columns."""
    return text + " " * (columns - width(text))


def cut(text: str, columns: int) -> str:
    """Cut a text without escape sequences to a width in columns."""
    while width(text) > columns:
        text = text[:-1]
    return text


def wrap(text: str, columns: int) -> list[str]:
    """Break a paragraph into lines of at most this many columns; Japanese by the rules of Japanese."""
    lines: list[str] = []
    line = ""
    # Most help is ASCII, and compiling the expression takes longer than wrapping it.
    words = [piece for word in text.split() for piece in (word, " ")] if text.isascii() else re.findall(_PIECES, text)
    for piece in words:
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


def wrap_at_terminal(text: str, stream: TextIO, *, indent: int = 0, narrowest: int = 0) -> list[str]:
    """Break a text at the terminal's width, less an indent; if the stream is no terminal it stays one line."""
    return wrap(text, max(shutil.get_terminal_size().columns - indent, narrowest)) if stream.isatty() else [text]
