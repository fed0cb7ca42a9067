"""Decode a body that a server has compressed, though every request says ``accept-encoding: identity``.

Some proxies compress nevertheless (RFC 9110, 12.5.3 allows it if the request names no coding, and some always do). An
SMS that was sent must not be lost in a body that cannot be read.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

import msgspec

from xoxzo.cloudpy.protocols import Response, TransportFailure

CONTENT_ENCODING = "content-encoding"
_IDENTITY = frozenset({"", "identity"})
_SUPPORTED = frozenset({"gzip", "x-gzip", "deflate"})
_MAX_PIECE_BYTES = 262_144
# The window bits that select zlib's format: gzip or zlib by their header, or DEFLATE without a header.
_GZIP_OR_ZLIB, _BARE_DEFLATE = zlib.MAX_WBITS | 32, -zlib.MAX_WBITS


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
