"""HTTP/1.1 without a network: a request becomes bytes, and bytes become a response.

httptools, the parser of Node.js, reads. What is written is so little that it is written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from operator import itemgetter

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpResponseParser

from xoxzo.cloudpy.protocols import Request, TransportFailure
from xoxzo.cloudpy.transports.routes import Route

# httptools has no limit of its own for what comes before the body, informational responses included.
_MAX_HEAD_BYTES = 100_000
_LENGTH_HEADERS = frozenset({b"content-length", b"transfer-encoding"})
_is_header_name = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_name_of = itemgetter(0)
# A line break in a value would add a header, or a request. Of the control characters only the tab is allowed.
_CONTROL_CHARACTERS = bytes({*range(0x20), 0x7F} - {0x09})
_is_method = lru_cache(maxsize=16)(re.compile(r"[A-Z]+").fullmatch)


def encode_request(request: Request, route: Route) -> bytes:
    """Turn a request into bytes; raise ``TransportFailure`` when its method or a header cannot be sent unchanged."""
    method, headers, body = request.method, request.headers, request.body
    # No comprehensions: each would be one more function call.
    lines = [*map(": ".join, headers), ""]
    try:
        head = "\r\n".join(lines).encode()
    except UnicodeEncodeError:
        head = b""
    only_line_ends = len(head.translate(None, _CONTROL_CHARACTERS)) == len(head) - 2 * len(headers)
    if not only_line_ends or not _is_method(method) or not _are_header_names(tuple(map(_name_of, headers))):
        raise TransportFailure("the method or a header cannot be sent unchanged")
    length = b"content-length: %d\r\n" % len(body) if body or method not in {"GET", "DELETE"} else b""
    return b"".join((method.encode(), route.opening, head, length, b"\r\n", body))


# All requests of a client have the same few names.
@lru_cache(maxsize=64)
def _are_header_names(names: tuple[str, ...]) -> bool:
    return all(map(_is_header_name, names))


class Headers(Mapping[str, str]):
    """Header fields, names in lower case; of a repeated one the last.

    They are decoded at the first access, which most sends never make.
    """

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self._raw = raw

    @cached_property
    def _decoded(self) -> dict[str, str]:
        # The parser leaves a tab at the end of a value (RFC 9110, 5.5).
        return {name.decode("latin-1").lower(): value.decode("latin-1").rstrip("\t ") for name, value in self._raw}

    def __getitem__(self, name: str) -> str:
        return self._decoded[name]

    def __contains__(self, name: object) -> bool:
        # Called for each response, so it must not decode the headers.
        wanted = str(name).encode("latin-1", "replace")
        for each, _ in self._raw:  # noqa: SIM110 - a generator takes twice the time
            if each.lower() == wanted:
                return True
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._decoded)

    def __len__(self) -> int:
        return len(self._decoded)


class InvalidResponse(Exception):
    """The bytes that came are no complete response; the message holds nothing of them."""


class ResponseReader:
    """Reads the responses of one connection, one after another.

    A response belongs to the request for which :meth:`start` was called. Bytes that come at any other time, or more
    bytes than the response has, make the connection unusable for good, so that no later request is given them.

    Attributes:
        status: the HTTP status; 0 until the head has come. Informational responses (1xx) are passed over.
        raw_headers: names and values of the headers, as they came.
        complete: whether the response has ended; also true before the first request.
        reusable: whether another request may be sent over the connection.
    """

    def __init__(self) -> None:
        self.reusable = True
        self._parser = HttpResponseParser(self)
        self.start()
        self.complete = True

    def start(self) -> None:
        """Expect the response to a request that is about to be written."""
        self.status = 0
        self.raw_headers: list[tuple[bytes, bytes]] = []
        self.complete = False
        # One buffer: joining many pieces of one byte takes eighty bytes for each of them.
        self._body = bytearray()
        self._head_bytes = 0

    def feed(self, data: bytes | memoryview) -> None:
        """Read what came; raise :class:`InvalidResponse` when it is not HTTP."""
        if self.complete:
            # No request waits for it.
            self.reusable = False
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.reusable = False
            if isinstance(error, HttpParserCallbackError) and error.__context__ is not None:
                # A signal handler raised while the parser was calling back.
                raise error.__context__ from None
            if not self.complete:
                raise InvalidResponse("the response is not valid HTTP") from None
        if not self.status:
            self._head_bytes += len(data)
            if self._head_bytes > _MAX_HEAD_BYTES:
                raise InvalidResponse("the head of the response is too long")

    @property
    def buffered_bytes(self) -> int:
        """How many bytes of the body have come and were not taken."""
        return len(self._body)

    def end_of_stream(self) -> None:
        """Handle the end of the stream; raise :class:`InvalidResponse` if the response is incomplete."""
        self.reusable = False
        if self.status and _LENGTH_HEADERS.isdisjoint(name.lower() for name, _ in self.raw_headers):
            # A body of unknown length ends with the connection (RFC 9112, 6.3).
            self.complete = True
        if not self.complete:
            raise InvalidResponse("the connection was closed")

    def take_body(self) -> bytes:
        """Return the part of the body that has arrived since the last call."""
        data = bytes(self._body)
        self._body.clear()
        return data

    def on_message_begin(self) -> None:
        """Called by the parser when a response begins."""
        if self.complete:
            # A second one, in the same bytes as the end of the first.
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser for each header; those after the body are ignored."""
        if not self.status:
            self.raw_headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Called by the parser when the head has come."""
        if self.status:
            return
        status = self._parser.get_status_code()
        if status < 100:
            # The parser takes any three digits, and 0 means that there is no status yet.
            raise InvalidResponse("the response has no status")
        if status < 200:
            # Informational: the response itself is still to come.
            self.raw_headers.clear()
            return
        self.status = status

    def on_body(self, data: bytes) -> None:
        """Called by the parser for each piece of the body."""
        if not self.complete:
            self._body += data

    def on_message_complete(self) -> None:
        """Called by the parser when a response ends."""
        if self.status:
            self.complete = True
            if not self._parser.should_keep_alive():
                self.reusable = False


def check_tunnel(reader: ResponseReader) -> None:
    """Raise ``TransportFailure`` unless a proxy has opened the tunnel that it was asked for."""
    if not 200 <= reader.status < 300:
        raise TransportFailure(f"the proxy refused (status {reader.status})", code="proxy_refused")
    if reader.buffered_bytes or not reader.reusable:
        raise TransportFailure("the proxy sent more than it was asked for", code="proxy_refused")
