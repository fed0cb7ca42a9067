"""HTTP/1.1 without a network."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from xoxzo.cloudpy.protocols import Request, TransportFailure
from xoxzo.cloudpy.transports import http1
from xoxzo.cloudpy.transports.http1 import Broken, Fields, Incoming, encode, tunnel, way

HEAD = b"HTTP/1.1 201 Created\r\nX-One: 1\r\nx-two: 2\r\nX-TWO: 3\r\n"
ANSWERS = {
    "length": (HEAD + b"content-length: 5\r\n\r\nhello", b"hello"),
    "chunks": (HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nx-two: 9\r\n\r\n", b"hello"),
    "empty": (HEAD + b"content-length: 0\r\n\r\n", b""),
    "after information": (b"HTTP/1.1 103 Early\r\nx-one: 0\r\n\r\n" + HEAD + b"content-length: 2\r\n\r\nok", b"ok"),
}


def test_what_goes_out_is_exactly_this() -> None:
    """Host first, the given fields as they are, the length last, and the body."""
    request = Request("POST", "https://api.example/a/?b=c", (("authorization", "Basic x"), ("x-a", "é")), b"body")
    assert encode(request, way(request.url, None)) == (
        b"POST /a/?b=c HTTP/1.1\r\nhost: api.example\r\nauthorization: Basic x\r\nx-a: \xc3\xa9\r\n"
        b"content-length: 4\r\n\r\nbody"
    )


def test_a_proxy_is_told_where_a_plain_request_goes_and_gets_its_password() -> None:
    """Whoever carries it on gets the whole address and what he asks for; through a tunnel he gets neither."""
    request = Request("GET", "http://api.example:81/a/", ())
    through = way(request.url, "http://me:p%40ss@[::1]:8080")
    assert (through.first.host, through.first.port, through.tunnelled) == ("::1", 8080, False)
    assert encode(request, through) == (
        b"GET http://api.example:81/a/ HTTP/1.1\r\nhost: api.example:81\r\n"
        b"proxy-authorization: Basic bWU6cEBzcw==\r\n\r\n"
    )
    secured = way("https://[2001:db8::1]/a/", "https://me:p%40ss@proxy.example")
    assert (secured.first.host, secured.first.port, secured.first.tls, secured.tunnelled) == (
        "proxy.example",
        443,
        True,
        True,
    )
    assert b"proxy" not in encode(Request("GET", "https://[2001:db8::1]/a/", ()), secured)
    assert tunnel(secured) == (
        b"CONNECT [2001:db8::1]:443 HTTP/1.1\r\nhost: [2001:db8::1]:443\r\n"
        b"proxy-authorization: Basic bWU6cEBzcw==\r\n\r\n"
    )


def test_connections_are_shared_by_what_goes_the_same_way() -> None:
    """Another port, host or scheme needs another connection; a proxy carries plain requests to anybody over one."""
    origins = [way(url, None).origin for url in ("http://a/", "http://a:81/", "https://a/", "http://b/")]
    assert len(set(origins)) == 4
    assert way("http://a/x", None).origin == origins[0]
    by_proxy = [way(url, "http://p").origin for url in ("http://a/", "http://b/", "https://a/", "https://b/")]
    assert len(set(by_proxy)) == 3
    assert way("http://a/", "http://q").origin not in by_proxy


@pytest.mark.parametrize(
    "url", ["", "x", "http://", "ftp://a/", "http://[", "http://a:x/", "http://u:p@a/", "http://a/é", "http://a/#b"]
)
def test_an_address_that_cannot_be_sent_as_it_is_is_none(url) -> None:
    """Nothing is cleaned up, guessed or left out."""
    with pytest.raises(ValueError, match=r"."):
        way(url, None)


@pytest.mark.parametrize("proxy", ["socks5://a:1", "a:1", "http://", "http://["])
def test_a_proxy_of_a_kind_that_cannot_be_used_is_none(proxy) -> None:
    """Only proxies that speak HTTP are spoken with."""
    with pytest.raises(ValueError, match=r"."):
        way("https://a/", proxy)


def test_half_a_character_is_refused() -> None:
    """A lone surrogate cannot be sent."""
    with pytest.raises(TransportFailure, match="as it is"):
        encode(Request("GET", "http://a/", (("x-a", "\ud800"),)), way("http://a/", None))


fields = st.tuples(st.text(max_size=8), st.text(max_size=8))


@given(st.lists(fields, max_size=3), st.text(max_size=6))
def test_no_field_and_no_method_adds_to_a_request(pairs, method) -> None:
    """Whatever is given, what goes out has one request and as many fields as were given, or nothing goes out."""
    request = Request(method, "http://a/", tuple(pairs), b"x")
    try:
        data = encode(request, way(request.url, None))
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
    incoming = Incoming()
    raw, body = ANSWERS[name]
    for _ in range(2):
        incoming.begin()
        cuts = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1), max_size=6)))
        taken = b""
        for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
            assert not incoming.whole
            incoming.feed(raw[start:end])
            taken += incoming.take()
        assert (incoming.status, incoming.whole, incoming.spoiled, taken) == (201, True, False, body)
        found = dict(Fields(incoming.fields))
        assert (found["x-one"], found["x-two"]) == ("1", "3")


def test_a_body_of_unsaid_length_ends_with_the_connection() -> None:
    """That is its whole, and the connection is good for nothing more."""
    incoming = Incoming()
    incoming.feed(b"HTTP/1.1 200 OK\r\n\r\nhel")
    incoming.feed(b"lo")
    assert not incoming.whole
    incoming.end()
    assert (incoming.whole, incoming.spoiled, incoming.take()) == (True, True, b"hello")


@pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 201", *(answer[:-1] for answer, _ in ANSWERS.values())])
def test_an_answer_that_breaks_off_is_broken(raw) -> None:
    """However far it came."""
    incoming = Incoming()
    incoming.feed(raw)
    with pytest.raises(Broken):
        incoming.end()


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        b"HTTP/1.1 201 Created\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\n",
        b"HTTP/1.1 201 Created\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nx: " + b"y" * 200_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    ],
    ids=["not HTTP", "another protocol", "two lengths", "length and chunks", "endless head", "endless information"],
)
def test_what_is_no_answer_is_broken(raw) -> None:
    """What could be read in two ways, too."""
    with pytest.raises(Broken):
        Incoming().feed(raw)


@pytest.mark.parametrize("more", [ANSWERS["length"][0], b"nonsense", b"H"])
def test_what_nobody_asked_for_spoils_the_connection_and_not_the_answer(more) -> None:
    """A second answer must not be taken for that of the next request."""
    incoming = Incoming()
    incoming.feed(ANSWERS["length"][0] + more)
    assert (incoming.whole, incoming.take(), incoming.spoiled) == (True, b"hello", True)
    assert incoming.status == 201


@pytest.mark.parametrize("farewell", [b"connection: close\r\n", b"Connection: Close, x\r\n"])
def test_a_connection_that_the_server_ends_is_spoiled(farewell) -> None:
    """It is said before it is done."""
    incoming = Incoming()
    incoming.feed(HEAD + farewell + b"content-length: 0\r\n\r\n")
    assert (incoming.whole, incoming.spoiled) == (True, True)


def test_http_1_0_is_read_and_its_connection_not_kept() -> None:
    """As old servers and some proxies speak it."""
    incoming = Incoming()
    incoming.feed(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok")
    assert (incoming.whole, incoming.spoiled, incoming.take()) == (True, True, b"ok")


def test_a_tunnel_must_be_open_and_empty() -> None:
    """What a proxy says behind its answer would be taken for the server's."""
    for raw, why in [
        (b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n", "407"),
        (b"HTTP/1.1 200 OK\r\n\r\nx", "asked for"),
    ]:
        answer = Incoming()
        answer.feed(raw)
        with pytest.raises(TransportFailure, match=why):
            http1.check_tunnel(answer)
