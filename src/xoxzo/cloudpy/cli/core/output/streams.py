"""Protects standard output and error: no character raises an error, and no foreign text controls the terminal."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_HANDLER = "xoxzo.substitute"
_SUBSTITUTES = str.maketrans(
    {"•": "*", "…": "...", "→": "->", "✓": "+", "✗": "x", "–": "-", "“": '"', "”": '"', "×": "x", "━": "-", "█": "#"}
)
"""Substitutes for characters that the encoding lacks, as cp932 on a Japanese Windows lacks the bullet."""
# C0 and C1 controls, line and paragraph separators, and what changes the direction of writing.
_CONTROLS = (*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_ESCAPES = {code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" for code in _CONTROLS}
_ESCAPES_BUT_LINES = {code: escape for code, escape in _ESCAPES.items() if chr(code) not in "\t\n"}
_WRITE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


def visible(value: object, *, lines: bool = False) -> str:
    """Return a text with its control characters escaped, so that it cannot move the cursor or set the title.

    Args:
        value: foreign text: a template, a tag, a server's message.
        lines: whether to keep tabs and line breaks.
    """
    return str(value).translate(_ESCAPES_BUT_LINES if lines else _ESCAPES)


class _ClosedStream(io.TextIOBase):
    """Standard output that was closed before the program started: a write fails, as on a full disk."""

    encoding = "utf-8"

    def write(self, _text: str, /) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def _open_missing_streams() -> None:
    """Replace the streams that Python left out, since their descriptors were closed before the program started.

    The null device takes their descriptors; else the next file that is opened, perhaps a ledger, would get one of them.
    """
    if sys.stdout is None or sys.stderr is None:
        while os.open(os.devnull, os.O_RDWR) < 2:
            pass
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
    try:
        yield
    finally:
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


def discard_output() -> None:
    """Discard buffered output, which Python would try to flush at exit, and fail."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
