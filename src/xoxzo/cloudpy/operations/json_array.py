"""Split a JSON array that arrives in pieces into its elements, in constant memory.

The list of sent messages may be hundreds of MB long, in one array. Only the bytes of one element are held.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from xoxzo.cloudpy.operations.bodies import DecodingError

_OUTSIDE = re.compile(rb'["{}\[\]]')
_IN_TEXT = re.compile(rb'["\\]')
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")

ELEMENT_LIMIT = 1_000_000


class ArraySplitter:
    """Takes the pieces of one JSON array of objects and yields the text of each object as soon as it is complete.

    The content of an object is not checked here, but by its decoder. It may have at most this many bytes.
    """

    def __init__(self, limit: int = ELEMENT_LIMIT) -> None:
        self._limit = limit
        self._expects = b"["
        self._element = bytearray()
        self._depth = 0
        self._in_text = False
        self._escaped = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Take the next bytes and yield the objects that they complete; raise :class:`DecodingError` after those."""
        at = 0
        while at < len(piece):
            if not self._depth:
                at = self._between(piece, at)
                continue
            at = self._inside(piece, at)
            if not self._depth:
                yield bytes(self._element)
                self._element.clear()
                self._expects = b",]"

    def finish(self) -> None:
        """Check at the end of the bytes that the array is complete; raise :class:`DecodingError` if it is not."""
        if self._expects:
            raise DecodingError("the list ends in the middle")

    def _between(self, piece: bytes, at: int) -> int:
        found = _NOT_BLANK.search(piece, at)
        if not found:
            return len(piece)
        at, byte = found.start(), found.group()
        if not self._expects or byte not in self._expects:
            raise DecodingError("the body is not a list of records")
        if byte == b"{":
            self._depth = 1
            self._element += byte
        else:
            # After "[" an object or the end; after "," an object; after "]" nothing.
            self._expects = {b"[": b"{]", b",": b"{", b"]": b""}[byte]
        return at + 1

    def _inside(self, piece: bytes, at: int) -> int:
        start = at
        while at < len(piece) and self._depth:
            if self._escaped:
                self._escaped = False
                at += 1
                continue
            found = (_IN_TEXT if self._in_text else _OUTSIDE).search(piece, at)
            if not found:
                at = len(piece)
                break
            at = found.end()
            self._step(found.group())
        self._element += piece[start:at]
        if len(self._element) > self._limit:
            raise DecodingError("a record of the list is too long")
        return at

    def _step(self, mark: bytes) -> None:
        if mark == b"\\":
            self._escaped = True
        elif mark == b'"':
            self._in_text = not self._in_text
        else:
            self._depth += 1 if mark in b"{[" else -1
