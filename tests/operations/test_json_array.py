"""Splitting a JSON array that arrives in pieces."""

from __future__ import annotations

import json
import time
import tracemalloc
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.operations import bodies
from xoxzo.cloudpy.operations.bodies import DecodingError
from xoxzo.cloudpy.operations.streaming import ELEMENT_LIMIT, ArraySplitter

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TRICKY = st.text(st.sampled_from('{}[]",:\\ \n\t/uあ😀a')) | st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TRICKY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TRICKY, inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(st.dictionaries(TRICKY, JSON, max_size=4), max_size=5)
BLANK = st.text(st.sampled_from(" \t\r\n"), max_size=3)


@st.composite
def serialised(draw: st.DrawFn) -> tuple[list[dict[str, Any]], bytes]:
    """Draw a list of records with one of its many JSON texts."""
    records = draw(RECORDS)
    if draw(st.booleans()):
        text = json.dumps(
            records,
            ensure_ascii=draw(st.booleans()),
            indent=draw(st.sampled_from([None, 0, 2, "\t"])),
            separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\r\n", "\t: ")])),
        )
    else:
        inner = ",".join(draw(BLANK) + json.dumps(record) + draw(BLANK) for record in records)
        text = f"[{inner or draw(BLANK)}]"
    return records, (draw(BLANK) + text + draw(BLANK)).encode()


def cut(body: bytes, places: list[int]) -> list[bytes]:
    """Cut a body at some places."""
    at = sorted({0, len(body), *(place % (len(body) + 1) for place in places)})
    return [body[start:end] for start, end in pairwise(at)]


def split(pieces: list[bytes], **options: int) -> list[bytes]:
    """Feed pieces and finish."""
    splitter = ArraySplitter(**options)
    elements = [element for piece in pieces for element in splitter.feed(piece)]
    splitter.finish()
    return elements


def outcome(pieces: list[bytes]) -> list[Any] | None:
    """Split and decode as the drivers do; None for DecodingError, and anything else comes out as it is."""
    try:
        return [bodies.decode_record(element) for element in split(pieces)]
    except DecodingError:
        return None


@patient
@given(serialised(), st.lists(st.integers(0, 10**6)))
def test_pieces_give_back_the_records(made: tuple[list[dict[str, Any]], bytes], places: list[int]) -> None:
    """Any list of records, however written and wherever cut, comes out record by record."""
    records, body = made

    assert [json.loads(element) for element in split(cut(body, places))] == records


@patient
@given(serialised())
def test_single_bytes_give_back_the_records(made: tuple[list[dict[str, Any]], bytes]) -> None:
    """A body that drips a byte at a time comes out the same, and empty pieces do no harm."""
    records, body = made
    pieces = [piece for at in range(len(body)) for piece in (body[at : at + 1], b"")]

    assert [json.loads(element) for element in split(pieces)] == records


@patient
@given(serialised(), st.lists(st.integers(0, 10**6)), st.data())
def test_truncated_anywhere(made: tuple[list[dict[str, Any]], bytes], places: list[int], data: st.DataObject) -> None:
    """A body cut off at any byte before its end is DecodingError, and what was whole by then is part of the list."""
    records, body = made
    end = data.draw(st.integers(0, len(body.rstrip()) - 1), label="end")
    splitter = ArraySplitter()
    found = [element for piece in cut(body[:end], places) for element in splitter.feed(piece)]

    with pytest.raises(DecodingError, match=r"^the list ends in the middle$"):
        splitter.finish()
    assert [json.loads(element) for element in found] == records[: len(found)]


def test_truncated_at_every_byte() -> None:
    """One body with all that JSON has, cut off at each of its bytes in turn, never passes for whole."""
    body = json.dumps([{"a": 'x"\\{[', "b": [1, {"c": None}]}, {}, {"d": "あ"}], indent=1).encode()

    assert split([body])
    for end in range(len(body)):
        with pytest.raises(DecodingError):
            split([body[:end]])


def test_records_come_as_soon_as_they_are_complete() -> None:
    """A record is given with the byte that completes it, not later."""
    splitter = ArraySplitter()

    assert list(splitter.feed(b'[{"a": 1')) == []
    assert list(splitter.feed(b"}")) == [b'{"a": 1}']
    assert list(splitter.feed(b', {"b": 2}, {"c"')) == [b'{"b": 2}']
    assert list(splitter.feed(b": 3}]")) == [b'{"c": 3}']
    splitter.finish()


@pytest.mark.parametrize("body", [b"[]", b" [ ] ", b"\r\n[\t]\n"])
def test_empty_list(body: bytes) -> None:
    """An empty list has no records and is whole."""
    assert split([body]) == []


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"detail": "x"}',
        b"null",
        b"[null]",
        b"[1]",
        b'["a"]',
        b"[[]]",
        b"[[{}]]",
        b"[,]",
        b"[,{}]",
        b"[{},]",
        b"[{},,{}]",
        b"[{}{}]",
        b"[{}] x",
        b"[{}][{}]",
        b"[]]",
        b"[{}]]",
        b"]",
        b"<html>",
        b"\xef\xbb\xbf[]",
        b"\x00[]",
        b"[\x0b]",
        "[\u00a0]".encode(),
        "[]".encode("utf-16"),
    ],
)
@pytest.mark.parametrize("step", [1, 1000])
def test_what_is_no_list_of_records(body: bytes, step: int) -> None:
    """Anything but an array of records is refused at the byte that breaks it, in words that repeat nothing of it."""
    pieces = [body[at : at + step] for at in range(0, len(body), step)]

    with pytest.raises(DecodingError, match=r"^the body is not a list of records$"):
        split(pieces)


@pytest.mark.parametrize("body", [b"", b" ", b"[", b"[{}", b"[{},", b"[{", b'[{"', b'[{"\\', b'[{"a": "}]'])
def test_what_is_incomplete(body: bytes) -> None:
    """An array that does not end, and a body that does not begin, are refused at the end."""
    with pytest.raises(DecodingError, match=r"^the list ends in the middle$"):
        split([body])


@patient
@given(st.lists(st.binary() | st.text(st.sampled_from('[]{}",:\\a1 ')).map(str.encode)))
def test_garbage(pieces: list[bytes]) -> None:
    """Any bytes at all are split and decoded, or DecodingError, and nothing else is ever raised."""
    whole = b"".join(pieces)

    assert outcome(pieces) == outcome([whole])


@patient
@given(serialised(), st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from([*'[]{}",:\\ x1', ""])), max_size=3))
def test_damaged_lists(made: tuple[list[dict[str, Any]], bytes], damages: list[tuple[int, str]]) -> None:
    """A damaged list is DecodingError, or it is still JSON and what json makes of it comes out."""
    body = made[1]
    for place, damage in damages:
        at = place % (len(body) + 1)
        body = body[:at] + damage.encode() + body[at + 1 :]
    found = outcome([body])

    assert found is None or found == json.loads(body)


def test_limit() -> None:
    """A record may have as many bytes as the limit and not one more, in one piece or in many."""
    element = b'{"a": "' + b"x" * 91 + b'"}'
    assert len(element) == 100
    body = b"[" + element + b",  " + element + b"]"

    assert split([body], limit=100) == [element, element]
    for pieces in ([body], [body[at : at + 1] for at in range(len(body))], [body[:50], body[50:]]):
        with pytest.raises(DecodingError, match=r"^a record of the list is too long$"):
            split(pieces, limit=99)


def test_limit_holds_before_the_record_ends() -> None:
    """A record that never ends is refused as soon as it is too long, so it cannot fill the memory."""
    splitter = ArraySplitter(limit=1000)
    list(splitter.feed(b'[{"a": "' + b"x" * 993))

    with pytest.raises(DecodingError, match="too long"):
        list(splitter.feed(b"x"))


def test_limit_by_default() -> None:
    """The limit is a megabyte by default."""
    assert ELEMENT_LIMIT == 1_000_000
    assert split([b'[{"a": "' + b"x" * 999_000 + b'"}]'])
    with pytest.raises(DecodingError, match="too long"):
        split([b'[{"a": "' + b"x" * 1_000_000 + b'"}]'])


def test_memory_is_flat() -> None:
    """Of a list of 3 MB only the piece at hand is held."""
    piece = b",".join(
        b'{"msgid": "%032d", "tags": ["a", "b"], "sent_time": "2026-01-31 12:00:00"}' % n for n in range(700)
    )
    splitter = ArraySplitter()
    list(splitter.feed(b"[" + piece))
    following = b"," + piece
    count = 700
    tracemalloc.start()
    try:
        for _ in range(3_000_000 // len(following)):
            count += len(list(splitter.feed(following)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    list(splitter.feed(b"]"))
    splitter.finish()

    assert count * len(piece) / 700 > 2_900_000
    assert peak < 10 * len(piece)


def test_time_is_linear() -> None:
    """A large record that drips in small pieces costs time by its length and not by the square of it."""

    def seconds(length: int) -> float:
        splitter = ArraySplitter(limit=10**9)
        begun = time.process_time()
        list(splitter.feed(b'[{"a": "'))
        for _ in range(length // 100):
            list(splitter.feed(b"x" * 100))
        return time.process_time() - begun

    seconds(100_000)
    assert seconds(4_000_000) < 60 * max(seconds(400_000), 0.001)


def test_nothing_is_shared() -> None:
    """Two splitters know nothing of each other."""
    first, second = ArraySplitter(), ArraySplitter()
    list(first.feed(b'[{"a'))

    assert list(second.feed(b"[{}]")) == [b"{}"]
    assert list(first.feed(b'": 1}]')) == [b'{"a": 1}']
