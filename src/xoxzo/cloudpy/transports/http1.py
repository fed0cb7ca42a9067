"""HTTP/1.1 without a network: a request becomes bytes, and bytes become an answer. What both fast transports speak.

Reading is httptools' work, which is the parser of Node.js. What is written is so little that it is written here.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from xoxzo.cloudpy.protocols import TransportFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.protocols import Request

# As much may come before the body: httptools itself knows no limit.
_HEAD_LIMIT = 100_000
_PORTS = {"http": 80, "https": 443}
_LENGTHS = frozenset({b"content-length", b"transfer-encoding"})
_name = lru_cache(maxsize=256)(re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch)
# A line break in a value would add a header field, or a request. Only the tab may stand in one.
_CONTROLS = bytes({*range(0x20), 0x7F} - {0x09})
_target = re.compile(r"[!-~]+").fullmatch
_method = lru_cache(maxsize=16)(re.compile(r"[A-Z]+").fullmatch)


class Place(NamedTuple):
    """Where a request goes.

    Attributes:
        tls: whether TLS is spoken there.
        host: the host's name or address.
        port: its port.
        authority: host and port as the address has them.
        target: path and query.
    """

    tls: bool
    host: str
    port: int
    authority: str
    target: str


def place(url: str) -> Place:
    """Take an address apart; raise ``ValueError`` when it is none, or could not be sent as it is."""
    parts = urlsplit(url)
    scheme, rest = parts.scheme, url[len(parts.scheme) + 3 :]
    authority, slash, target = rest.partition("/")
    if scheme not in _PORTS or not parts.hostname or "@" in authority:
        raise ValueError("not an address of http:// or https://")
    if not _target(authority) or not _target(slash + target) or "#" in target:
        raise ValueError("it would not be sent as it is")
    return Place(scheme == "https", parts.hostname, parts.port or _PORTS[scheme], authority, slash + target)


class Proxy(NamedTuple):
    """Who carries requests on.

    Attributes:
        tls: whether TLS is spoken with it.
        host: its name or address.
        port: its port.
        field: the header field by which one may use it, with its line break; empty where none is needed.
    """

    tls: bool
    host: str
    port: int
    field: str


def proxy(address: str) -> Proxy:
    """Take a proxy's address apart; raise ``ValueError`` when it is none."""
    parts = urlsplit(address)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("only proxies of http:// and https:// can be used")
    field = ""
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        field = f"proxy-authorization: Basic {b64encode(secret).decode('ascii')}\r\n"
    return Proxy(parts.scheme == "https", parts.hostname, parts.port or _PORTS[parts.scheme], field)


Origin = tuple[Proxy | None, bool, str, int]
"""What all requests over one connection have in common."""


class Way(NamedTuple):
    """How a request gets to where it goes.

    Attributes:
        place: its address, taken apart.
        proxy: who carries it on, or ``None``.
        origin: what all requests over such a connection have in common.
        opening: how the request begins, behind its method and up to its own header fields.
    """

    place: Place
    proxy: Proxy | None
    origin: Origin
    opening: bytes

    @property
    def tunnelled(self) -> bool:
        """Whether the proxy only hands bytes on: TLS is spoken through it."""
        return self.proxy is not None and self.place.tls

    @property
    def first(self) -> Place | Proxy:
        """Whom to connect to."""
        return self.proxy or self.place


def way(url: str, through: str | None) -> Way:
    """Find the way to an address, through the proxy that is named; raise ``ValueError`` for what is no address."""
    where = place(url)
    carrier = None if through is None else proxy(through)
    target, field = where.target, ""
    origin: Origin = (carrier, where.tls, where.host, where.port)
    if carrier is not None and not where.tls:
        # Who carries a plain request on reads where it goes, whoever that is; TLS goes through a tunnel.
        origin, target, field = (carrier, False, "", 0), url, carrier.field
    return Way(where, carrier, origin, f" {target} HTTP/1.1\r\nhost: {where.authority}\r\n{field}".encode())


def encode(request: Request, way: Way) -> bytes:
    """Turn a request into bytes.

    Args:
        request: the request.
        way: how it gets to where it goes.

    Raises:
        TransportFailure: it cannot be sent as it is.
    """
    headers = request.headers
    fields = [f"{name}: {value}\r\n" for name, value in headers]
    if request.body or request.method not in {"GET", "DELETE"}:
        fields.append(f"content-length: {len(request.body)}\r\n")
    try:
        head = "".join(fields).encode()
    except UnicodeEncodeError:
        head = b"\0"
    tame = len(head.translate(None, _CONTROLS)) == len(head) - 2 * len(fields)
    if not tame or not _method(request.method) or not all(_name(name) for name, _ in headers):
        raise TransportFailure("the address or a header cannot be sent as it is")
    return b"".join((request.method.encode(), way.opening, head, b"\r\n", request.body))


def tunnel(way: Way) -> bytes:
    """Return what asks a proxy for a tunnel."""
    where, through = way.place, way.proxy
    host = f"[{where.host}]" if ":" in where.host else where.host
    field = through.field if through is not None else ""
    return f"CONNECT {host}:{where.port} HTTP/1.1\r\nhost: {host}:{where.port}\r\n{field}\r\n".encode()


class Fields(Mapping[str, str]):
    """Header fields, names in lower case; of a repeated one the last.

    They are made when somebody looks, which after most sends nobody does.

    Args:
        raw: names and values as they came.
    """

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self._raw = raw

    @cached_property
    def _found(self) -> dict[str, str]:
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._raw}

    def __getitem__(self, name: str) -> str:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


class Broken(Exception):
    """What came is no whole answer; the words hold nothing of it."""


class Incoming:
    """The answers of one connection, one after another.

    Attributes:
        status: the HTTP status; 0 until the head has come.
        fields: names and values of the header fields, as they came.
        whole: whether the answer has come to its end.
        spoiled: whether nothing more may be asked over the connection.
        held: bytes of the body that have come and were not taken.
    """

    def __init__(self) -> None:
        self.spoiled = False
        self._parser = HttpResponseParser(self)
        self.begin()

    def begin(self) -> None:
        """Be ready for the next answer."""
        self.status = 0
        self.fields: list[tuple[bytes, bytes]] = []
        self.whole = False
        self.held = 0
        self._pieces: deque[bytes] = deque()
        self._seen = 0

    def feed(self, data: bytes | memoryview) -> None:
        """Read on; raise :class:`Broken` when it is no HTTP."""
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.spoiled = True
            if not self.whole:
                raise Broken("what came is not HTTP") from None
        if not self.status:
            self._seen += len(data)
            if self._seen > _HEAD_LIMIT:
                raise Broken("the head of the answer has no end")

    def end(self) -> None:
        """Know that nothing more comes; raise :class:`Broken` when something is missing."""
        self.spoiled = True
        if self.status and _LENGTHS.isdisjoint(name.lower() for name, _ in self.fields):
            # A body whose length nobody said ends with the connection.
            self.whole = True
        if not self.whole:
            raise Broken("the connection was closed")

    def take(self) -> bytes:
        """Return what has come of the body since the last time."""
        pieces = self._pieces
        if not pieces:
            return b""
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.held = 0
        return data

    def on_message_begin(self) -> None:
        """Be told by the parser that an answer begins."""
        if self.whole:
            # Nobody has asked for it.
            self.spoiled = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Be told of a header field; those behind the body are of no interest."""
        if not self.status:
            self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        """Be told that the head has come."""
        if self.status:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            # Only information; the answer is still to come.
            self.fields.clear()
            return
        self.status = status

    def on_body(self, data: bytes) -> None:
        """Be told of a piece of the body."""
        if not self.whole:
            self._pieces.append(data)
            self.held += len(data)

    def on_message_complete(self) -> None:
        """Be told that an answer has come to its end."""
        if self.status:
            self.whole = True
            if not self._parser.should_keep_alive():
                self.spoiled = True


def check_tunnel(answer: Incoming) -> None:
    """Raise ``TransportFailure`` unless a proxy has opened the tunnel that it was asked for."""
    if not 200 <= answer.status < 300:
        raise TransportFailure(f"the proxy refused (status {answer.status})")
    if answer.held:
        raise TransportFailure("the proxy sent what nobody asked for")
