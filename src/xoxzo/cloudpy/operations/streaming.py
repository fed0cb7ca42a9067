"""Decode bodies that arrive in pieces: those that a server has compressed, and JSON arrays of records.

Every request says ``accept-encoding: identity``, but some proxies compress nevertheless (RFC 9110, 12.5.3). An SMS that
was sent must not be lost in a body that cannot be read. The list of sent messages may be hundreds of MB long, in one
array; only the bytes of one element are held.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping

import msgspec

from xoxzo.cloudpy.operations.bodies import DecodingError
from xoxzo.cloudpy.protocols import Response, TransportFailure

CONTENT_ENCODING = "content-encoding"
_IDENTITY = frozenset({"", "identity"})
_SUPPORTED = frozenset({"gzip", "x-gzip", "deflate"})
_MAX_PIECE_BYTES = 262_144
# The window bits that select zlib's format: gzip or zlib by their header, or DEFLATE without a header.
_GZIP_OR_ZLIB, _BARE_DEFLATE = zlib.MAX_WBITS | 32, -zlib.MAX_WBITS
_OUTSIDE = re.compile(rb'["{}\[\]]')
_IN_TEXT = re.compile(rb'["\\]')
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")

ELEMENT_LIMIT = 1_000_000


class Decoder:
    """Decodes one body, piece by piece, in bounded memory; raises ``TransportFailure`` for an unknown coding."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        coding = headers[CONTENT_ENCODING].strip().lower() if CONTENT_ENCODING in headers else ""
        self._plain = coding in _IDENTITY
        if not self._plain and coding not in _SUPPORTED:
            raise TransportFailure("the body has a content coding that is not supported and was not asked for")
        self._may_be_bare = coding == "deflate"
        self._begun = False
        self._inflater = zlib.decompressobj(_GZIP_OR_ZLIB)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what a piece of the body decodes to, in pieces of at most 256 KB; raise ``TransportFailure``."""
        if self._plain:
            yield data
            return
        while data:
            piece = self._inflate(data)
            self._begun = True
            data = self._inflater.unconsumed_tail
            if self._inflater.eof and self._inflater.unused_data:
                # A body may consist of several compressed members.
                data = self._inflater.unused_data
                self._inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
            if piece:
                yield piece

    def _inflate(self, data: bytes) -> bytes:
        try:
            return self._inflater.decompress(data, _MAX_PIECE_BYTES)
        except zlib.error:
            if self._begun or not self._may_be_bare:
                raise TransportFailure("the body cannot be decompressed") from None
        # Some servers leave the zlib header out of what they call "deflate".
        self._may_be_bare = False
        self._inflater = zlib.decompressobj(_BARE_DEFLATE)
        return self._inflate(data)

    def finish(self) -> None:
        """Check at the end of the body that it is complete; raise ``TransportFailure`` if it is not."""
        if not self._plain and self._begun and not self._inflater.eof:
            raise TransportFailure("the compressed body is incomplete")


def decoded(response: Response, limit: int | None) -> Response:
    """Return a response with its body decoded, of at most `limit` bytes.

    One that is not compressed, or incomplete, stays as it is. One whose body cannot be decoded says so in ``cut``.
    """
    if CONTENT_ENCODING not in response.headers or response.cut or response.too_long or response.reply:
        return response
    body = bytearray()
    try:
        decoder = Decoder(response.headers)
        for piece in decoder.feed(response.body):
            body += piece
            if limit is not None and len(body) > limit:
                return msgspec.structs.replace(response, body=bytes(body), too_long=True)
        decoder.finish()
    except TransportFailure as failure:
        return msgspec.structs.replace(response, body=b"", cut=failure)
    return msgspec.structs.replace(response, body=bytes(body))


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
            at, mark = found.end(), found.group()
            if mark == b"\\":
                self._escaped = True
            elif mark == b'"':
                self._in_text = not self._in_text
            else:
                self._depth += 1 if mark in b"{[" else -1
        self._element += piece[start:at]
        if len(self._element) > self._limit:
            raise DecodingError("a record of the list is too long")
        return at
