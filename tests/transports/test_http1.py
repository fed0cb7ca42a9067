"""HTTP/1.1 without a network."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from xoxzo.cloudpy.protocols import Request, TransportFailure
from xoxzo.cloudpy.transports import http1
from xoxzo.cloudpy.transports.http1 import Headers, InvalidResponse, ResponseReader, encode_request
from xoxzo.cloudpy.transports.routes import make_route, parse_target

HEAD = b"HTTP/1.1 201 Created\r\nX-One: 1\r\nx-two: 2\r\nX-TWO: 3\r\n"
ANSWERS = {
    "length": (HEAD + b"content-length: 5\r\n\r\nhello", b"hello"),
    "chunks": (HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nx-two: 9\r\n\r\n", b"hello"),
    "empty": (HEAD + b"content-length: 0\r\n\r\n", b""),
    "after information": (b"HTTP/1.1 103 Early\r\nx-one: 0\r\n\r\n" + HEAD + b"content-length: 2\r\n\r\nok", b"ok"),
}


def expecting() -> ResponseReader:
    """A reader whose request has been written."""
    reader = ResponseReader()
    reader.start()
    return reader


def test_what_goes_out_is_exactly_this() -> None:
    """Host first, the given fields as they are, the length last, and the body."""
    request = Request("POST", "https://api.example/a/?b=c", (("authorization", "Basic x"), ("x-a", "é")), b"body")
    assert encode_request(request, make_route(parse_target(request.url))) == (
        b"POST /a/?b=c HTTP/1.1\r\nhost: api.example\r\nauthorization: Basic x\r\nx-a: \xc3\xa9\r\n"
        b"content-length: 4\r\n\r\nbody"
    )


def test_half_a_character_is_refused() -> None:
    """A lone surrogate cannot be sent."""
    with pytest.raises(TransportFailure, match="unchanged"):
        encode_request(Request("GET", "http://a/", (("x-a", "\ud800"),)), make_route(parse_target("http://a/")))


fields = st.tuples(st.text(max_size=8), st.text(max_size=8))


@given(st.lists(fields, max_size=3), st.text(max_size=6))
def test_no_field_and_no_method_adds_to_a_request(pairs, method) -> None:
    """Whatever is given, what goes out has one request and as many fields as were given, or nothing goes out."""
    request = Request(method, "http://a/", tuple(pairs), b"x")
    try:
        data = encode_request(request, make_route(parse_target(request.url)))
    except TransportFailure:
        return
    head, end, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert (end, body, len(lines)) == (b"\r\n\r\n", b"x", 3 + len(pairs))
    assert lines[0] == b"%b / HTTP/1.1" % method.encode()
    assert not {b"\r", b"\n"} & {bytes([byte]) for line in lines for byte in line}


@given(st.sampled_from(sorted(ANSWERS)), st.data())
def test_an_answer_is_the_same_however_it_arrives(name, data) -> None:
    """Wherever the network cuts it, head and body are what they are, twice over one connection."""
    reader = expecting()
    raw, body = ANSWERS[name]
    for _ in range(2):
        reader.start()
        cuts = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1), max_size=6)))
        taken = b""
        for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
            assert not reader.complete
            reader.feed(raw[start:end])
            taken += reader.take_body()
        assert (reader.status, reader.complete, reader.reusable, taken) == (201, True, True, body)
        found = dict(Headers(reader.raw_headers))
        assert (found["x-one"], found["x-two"]) == ("1", "3")


def test_a_body_of_unknown_length_ends_with_the_connection() -> None:
    """That is its whole, and the connection is good for nothing more."""
    reader = expecting()
    reader.feed(b"HTTP/1.1 200 OK\r\n\r\nhel")
    reader.feed(b"lo")
    assert not reader.complete
    reader.end_of_stream()
    assert (reader.complete, reader.reusable, reader.take_body()) == (True, False, b"hello")


@pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 201", *(answer[:-1] for answer, _ in ANSWERS.values())])
def test_an_answer_that_breaks_off_is_broken(raw) -> None:
    """However far it came."""
    reader = expecting()
    reader.feed(raw)
    with pytest.raises(InvalidResponse):
        reader.end_of_stream()


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        b"HTTP/1.1 201 Created\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\n",
        b"HTTP/1.1 201 Created\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nx: " + b"y" * 200_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
        b"HTTP/1.1 000 Nothing\r\ncontent-length: 0\r\n\r\n",
    ],
    ids=[
        *("not HTTP", "another protocol", "two lengths", "length and chunks"),
        *("endless head", "endless information", "no status"),
    ],
)
def test_what_is_no_answer_is_broken(raw) -> None:
    """What could be read in two ways, too."""
    with pytest.raises(InvalidResponse):
        expecting().feed(raw)


@pytest.mark.parametrize("more", [ANSWERS["length"][0], b"nonsense", b"H"])
def test_an_unrequested_response_spoils_the_connection_and_not_the_answer(more) -> None:
    """A second answer must not be taken for that of the next request."""
    reader = expecting()
    reader.feed(ANSWERS["length"][0] + more)
    assert (reader.complete, reader.take_body(), reader.reusable) == (True, b"hello", False)
    assert reader.status == 201


@pytest.mark.parametrize("farewell", [b"connection: close\r\n", b"Connection: Close, x\r\n"])
def test_a_connection_that_the_server_ends_is_spoiled(farewell) -> None:
    """A response with ``connection: close`` is the last one of its connection."""
    reader = expecting()
    reader.feed(HEAD + farewell + b"content-length: 0\r\n\r\n")
    assert (reader.complete, reader.reusable) == (True, False)


def test_http_1_0_is_read_and_its_connection_not_kept() -> None:
    """As old servers and some proxies speak it."""
    reader = expecting()
    reader.feed(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok")
    assert (reader.complete, reader.reusable, reader.take_body()) == (True, False, b"ok")


def test_a_tunnel_must_be_open_and_empty() -> None:
    """What a proxy says behind its answer would be taken for the server's."""
    for raw, why in [
        (b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n", "407"),
        (b"HTTP/1.1 200 OK\r\n\r\nx", "asked for"),
    ]:
        answer = expecting()
        answer.feed(raw)
        with pytest.raises(TransportFailure, match=why):
            http1.check_tunnel(answer)


@pytest.mark.parametrize("early", [b"HTTP/1.1 429 Too Many\r\ncontent-length: 0\r\n\r\n", b"\r\n", b"x"])
def test_what_comes_before_a_request_makes_the_connection_unusable(early) -> None:
    """Bytes that arrive without a request belong to no response: not even a line end is skipped."""
    reader = ResponseReader()
    reader.feed(early)
    assert (reader.status, reader.reusable) == (0, False)
    reader = expecting()
    reader.feed(ANSWERS["empty"][0])
    assert reader.reusable
    reader.feed(early)
    assert (reader.status, reader.complete, reader.reusable) == (201, True, False)


def test_a_response_that_ends_between_two_requests_is_an_end_and_no_error() -> None:
    """An idle connection that the server closes is only not usable any more."""
    reader = ResponseReader()
    reader.end_of_stream()
    assert (reader.complete, reader.reusable) == (True, False)


@pytest.mark.parametrize("callback", ["on_message_begin", "on_header", "on_headers_complete", "on_body"])
def test_what_a_signal_handler_raises_in_a_callback_goes_through(callback: str) -> None:
    """An exception that is no HTTP error is not taken for one, and the connection is not used again."""

    class SoftTimeLimitExceeded(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise SoftTimeLimitExceeded

    reader = type("Interrupted", (ResponseReader,), {callback: interrupt})()
    reader.start()
    with pytest.raises(SoftTimeLimitExceeded):
        reader.feed(ANSWERS["length"][0])
    assert not reader.reusable
