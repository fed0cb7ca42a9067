"""What two readers of HTTP/1.1 responses make of the same bytes: ours, and h11, which was written independently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import h11

from xoxzo.cloudpy.transports.http1 import Headers, InvalidResponse, ResponseReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class ReadResponse:
    """A response that was read to its end.

    Attributes:
        status: the HTTP status.
        headers: names in lower case and values, without those of the body's length.
        body: the body.
        reusable: whether the connection may be used again.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    reusable: bool


def read_by_us(pieces: Iterable[bytes], *, ends: bool) -> ReadResponse | None:
    """Read a response as it comes; ``None`` when it is refused or incomplete.

    Args:
        pieces: what comes.
        ends: whether the connection ends after it.
    """
    reader = ResponseReader()
    reader.start()
    body, size = bytearray(), 0
    try:
        for piece in pieces:
            reader.feed(piece)
            size += len(piece)
            assert reader.buffered_bytes <= size, "more is buffered than came"
            body += reader.take_body()
        if ends:
            reader.end_of_stream()
    except InvalidResponse:
        assert not reader.reusable or not reader.status
        return None
    if not reader.complete:
        return None
    return ReadResponse(reader.status, _compared(Headers(reader.raw_headers)), bytes(body), reader.reusable)


def _compared(headers: Mapping[str, str]) -> dict[str, str]:
    # h11 writes the length itself.
    return {
        name: value.strip(" \t")
        for name, value in headers.items()
        if name not in {"content-length", "transfer-encoding"}
    }


def read_by_h11(data: bytes, *, ends: bool) -> ReadResponse | None:
    """Read a response by h11; ``None`` when it is refused or incomplete."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=200_000)
    connection.send(h11.Request(method="POST", target="/", headers=[("host", "a"), ("content-length", "0")]))
    connection.send(h11.EndOfMessage())
    response, body = None, bytearray()
    try:
        connection.receive_data(data)
        if ends:
            connection.receive_data(b"")
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif not isinstance(event, h11.InformationalResponse):
                return None
    except h11.RemoteProtocolError:
        return None
    assert response is not None
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
    return ReadResponse(
        response.status_code,
        _compared(headers),
        bytes(body),
        # Line ends after a response carry nothing, and our parser passes over them.
        connection.their_state is h11.DONE and not connection.trailing_data[0].strip(b"\r\n"),
    )


def disagreement(data: bytes, cut: int = 0, *, ends: bool = True) -> str | None:
    """Read the same bytes by both readers, and by ours in two pieces as well; return what differs, or ``None``.

    Args:
        data: what comes.
        cut: where the network cuts it.
        ends: whether the connection ends after it.
    """
    ours = read_by_us([data], ends=ends)
    in_pieces = read_by_us([data[:cut], data[cut:]], ends=ends)
    if ours is None or in_pieces is None:
        # Bytes that come after a complete response are not even looked at.
        return None if ours is in_pieces else f"in one piece {ours}, in two {in_pieces}"
    if (ours.status, ours.headers, ours.body) != (in_pieces.status, in_pieces.headers, in_pieces.body):
        return f"in one piece {ours}, in two {in_pieces}"
    theirs = read_by_h11(data, ends=ends)
    if theirs is None:
        return None
    if (ours.status, ours.headers, ours.body) != (theirs.status, theirs.headers, theirs.body):
        return f"ours {ours}, h11 {theirs}"
    # h11 does not know that a server of HTTP/1.0 may keep a connection open.
    if ours.reusable and not theirs.reusable and b"HTTP/1.0" not in data:
        return f"h11 would not use the connection again: {ours}"
    return None
