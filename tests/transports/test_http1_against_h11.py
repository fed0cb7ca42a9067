"""Our reader of responses against h11: what both accept, both read alike."""

from __future__ import annotations

from hypothesis import example, given, strategies as st
from response_oracle import disagreement, read_by_h11, read_by_us

STATUS_LINES = st.one_of(
    st.sampled_from([b"HTTP/1.1 201 Created", b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.1 204 No Content"]),
    st.builds(lambda minor, status: b"HTTP/1.%d %d Odd" % (minor, status), st.integers(0, 1), st.integers(100, 999)),
)
HEADERS = st.one_of(
    st.sampled_from(
        [
            b"content-length: 5",
            b"Content-Length:5",
            b"content-length: 0",
            b"content-length: 05",
            b"transfer-encoding: chunked",
            b"Transfer-Encoding: Chunked",
            b"connection: close",
            b"connection: keep-alive",
            b"Connection: Upgrade, close",
            b"upgrade: h2c",
            b"x-a:",
            b"x-a: \t b \t",
        ]
    ),
    st.builds(
        lambda name, value: name.encode() + b": " + value.encode("latin-1"),
        st.text("abcXYZ-_.09", min_size=1, max_size=6),
        st.text(st.characters(codec="latin-1"), max_size=6),
    ),
)
CHUNKS = st.lists(st.binary(min_size=1, max_size=6), max_size=3).map(
    lambda pieces: b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
)
BODIES = st.one_of(
    st.sampled_from([b"", b"hello", b"hello\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n"]),
    CHUNKS,
    st.binary(max_size=12),
)


def build(status_line: bytes, headers: list[bytes], body: bytes) -> bytes:
    return b"\r\n".join([status_line, *headers, b"", body])


RESPONSES = st.builds(build, STATUS_LINES, st.lists(HEADERS, max_size=4), BODIES)
STREAMS = st.one_of(
    RESPONSES,
    # Informational responses before, a second response behind.
    st.builds(lambda first, second: first + second, RESPONSES, RESPONSES),
    # One byte replaced, left out or put in.
    st.builds(
        lambda data, where, byte, length: data[: where % len(data)] + byte + data[where % len(data) + length :],
        RESPONSES,
        st.integers(0, 500),
        st.binary(max_size=1),
        st.integers(0, 1),
    ),
)


@given(STREAMS, st.integers(0, 200), st.booleans())
@example(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 429 No\r\ncontent-length: 0\r\n\r\n", 50, False)
@example(b"HTTP/1.1 204 No Content\r\nx-a: \t b \t\r\n\r\n", 0, False)
def test_what_both_accept_both_read_alike(data, cut, ends) -> None:
    """Status, headers and body are the same; where h11 gives a connection up, so do we; no cut changes anything."""
    assert disagreement(data, cut, ends=ends) is None


def test_a_common_response_is_accepted_by_both() -> None:
    """So that the comparison above compares something."""
    data = b"HTTP/1.1 201 Created\r\nX-A: b\r\ncontent-length: 2\r\n\r\nok"
    ours, theirs = read_by_us([data], ends=False), read_by_h11(data, ends=False)
    assert ours == theirs
    assert (ours.status, ours.headers["x-a"], ours.body, ours.reusable) == (201, "b", b"ok", True)
