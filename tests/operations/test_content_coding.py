"""Decoding what a server compressed unasked."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given, strategies as st

from xoxzo.cloudpy.operations.streaming import Decoder, decoded
from xoxzo.cloudpy.protocols import Response, TransportFailure

BODY = b'[{"msgid": "m"}]'


def bare(data: bytes) -> bytes:
    """DEFLATE without the header of zlib, as some servers send it."""
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def decode(coding: str, data: bytes, size: int = 1_000_000) -> bytes:
    decoder = Decoder({"content-encoding": coding})
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    body = b"".join(piece for each in pieces for piece in decoder.feed(each))
    decoder.finish()
    return body


CODINGS = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress, " GZIP ": gzip.compress}


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("coding", CODINGS)
def test_a_compressed_body_is_decoded_however_it_arrives(coding, size) -> None:
    """In pieces of any size."""
    assert decode(coding, CODINGS[coding](BODY), size) == BODY
    assert decode(coding, b"", size) == b""


@pytest.mark.parametrize("size", [2, 1000])
def test_deflate_without_its_header_is_decoded(size) -> None:
    """What some servers call deflate."""
    assert decode("deflate", bare(BODY), size) == BODY


def test_members_one_after_another_are_one_body() -> None:
    """A gzip file may have several."""
    assert decode("gzip", gzip.compress(b"ab") + gzip.compress(b"cd"), 5) == b"abcd"


@pytest.mark.parametrize("headers", [{}, {"content-encoding": ""}, {"content-encoding": "identity"}])
def test_a_body_that_is_not_compressed_stays_as_it_is(headers) -> None:
    """Nearly every one."""
    decoder = Decoder(headers)
    assert list(decoder.feed(BODY)) == [BODY]
    decoder.finish()
    response = Response(200, {}, BODY)
    assert decoded(response, 10) is response
    if headers:
        assert decoded(Response(200, headers, BODY), 1000).body == BODY


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "x"])
def test_a_coding_that_is_not_supported_is_reported(coding) -> None:
    """The body is not given to anybody as if it were text."""
    response = decoded(Response(201, {"content-encoding": coding}, b"x"), 1000)
    assert response.cut is not None
    assert "content coding" in response.cut.reason
    assert response.body == b""


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", b"no gzip"), ("gzip", gzip.compress(BODY)[:-4]), ("deflate", b"\xff\xff\xff"), ("gzip", bare(BODY))],
    ids=["not compressed", "cut short", "not deflate", "without a header"],
)
def test_a_body_that_cannot_be_decoded_is_reported(coding, body) -> None:
    """Also one whose end is missing."""
    response = decoded(Response(201, {"content-encoding": coding}, body), 1000)
    assert response.cut is not None
    assert response.body == b""


def test_a_small_body_that_decodes_to_a_huge_one_is_cut_off() -> None:
    """Memory is bounded, whatever a server sends."""
    bomb = gzip.compress(b"x" * 50_000_000)
    response = decoded(Response(200, {"content-encoding": "gzip"}, bomb), 1_000_000)
    assert (response.too_long, len(response.body) < 2_000_000) == (True, True)
    assert len(decoded(Response(200, {"content-encoding": "gzip"}, bomb), None).body) == 50_000_000


def test_an_incomplete_body_is_not_decoded() -> None:
    """It stays as it came, with its reason."""
    cut = Response(200, {"content-encoding": "gzip"}, b"x", TransportFailure("reset"))
    assert decoded(cut, 10) is cut


@given(st.binary(max_size=300), st.sampled_from(sorted(CODINGS)))
def test_any_bytes_are_decoded_or_refused(data, coding) -> None:
    """Nothing else is raised."""
    response = decoded(Response(200, {"content-encoding": coding}, data), 1000)
    assert response.cut is None or response.body == b""
