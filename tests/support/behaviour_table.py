"""The table of server behaviours: each way in which a server or a proxy may answer a request, and the result.

The contract suite plays every row by every kind of client, and `scripts/server_behaviours.py` writes the table into the
documentation. A row says what the server does with each request of one call. The call after it meets a good server,
and has to get its own answer.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from behaviour_steps import Act, Drip, Endless, Step


class Outcome(NamedTuple):
    """What comes of one call.

    Attributes:
        requests: how many requests the server gets.
        error: the name of the error's class; empty for a success.
        maybe_sent: what the error says.
        phase: where time ran out.
    """

    requests: int
    error: str = ""
    maybe_sent: bool = False
    phase: str = ""


class Outcomes(NamedTuple):
    """What comes of a call that creates something, and of one that only reads."""

    create: Outcome
    read: Outcome


def _same(outcome: Outcome) -> Outcomes:
    return Outcomes(outcome, outcome)


SUCCESS = _same(Outcome(1))
LOST = Outcomes(Outcome(1, "ResponseLost", maybe_sent=True), Outcome(3, "ResponseLost"))
HUNG = Outcomes(Outcome(1, "TimedOut", maybe_sent=True, phase="read"), Outcome(3, "TimedOut", phase="read"))
LATE = Outcomes(Outcome(1, "TimedOut", maybe_sent=True, phase="deadline"), Outcome(1, "TimedOut", phase="deadline"))
UNREADABLE = Outcomes(Outcome(1, "UnexpectedResponse", maybe_sent=True), Outcome(1, "UnexpectedResponse"))
NOT_CONNECTED = _same(Outcome(0, "ConnectionFailed"))
NOT_CONNECTED_IN_TIME = _same(Outcome(0, "TimedOut", phase="connect"))


def refused(error: str) -> Outcomes:
    """The server says no, and has done nothing."""
    return _same(Outcome(1, error))


def unknown(error: str, *, retried: bool = True) -> Outcomes:
    """The server answers with an error, and may have done the work before."""
    return Outcomes(Outcome(1, error, maybe_sent=True), Outcome(3 if retried else 1, error))


@dataclass(frozen=True)
class ServerBehaviour:
    """One row.

    Attributes:
        group: the heading it stands under.
        name: what the server does, as a sentence without its subject.
        steps: what is done with each request.
        outcomes: the results.
        reused: whether the next call goes over the same connection; ``None`` where there is none to be reused.
        on_connect: what is done with each connection before anything is read.
        options: with which time-outs the call is made, where the usual ones would take too long.
        tls: what TLS is spoken by: empty for none, ``good``, or what is wrong with it.
        proxy: whether it is a proxy on the way to a server that speaks TLS.
        listening: whether anything listens at all.
    """

    group: str
    name: str
    steps: tuple[Step, ...]
    outcomes: Outcomes
    reused: bool | None = None
    on_connect: tuple[Step, ...] = ()
    options: dict[str, object] = field(default_factory=dict)
    tls: str = ""
    proxy: bool = False
    listening: bool = True

    @property
    def acts_while_idle(self) -> bool:
        """Whether it does something after the call is over."""
        return Act.AWAIT_END_OF_CALL in self.steps


Row = tuple[str, tuple[Step, ...], Outcomes, bool | None]

# A wait for nothing is short, and still long enough for a connection on a busy machine.
_SHORT_READ: dict[str, object] = {"timeout": (10.0, 0.1)}
_SHORT_CONNECT: dict[str, object] = {"timeout": (0.1, 10.0), "max_retries": 0}
_SHORT_DEADLINE: dict[str, object] = {"deadline": 0.5}

HEAD = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n"
GOOD = HEAD + b"content-length: {length}\r\n\r\n{body}"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
EMPTY_400 = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"


def _with_status(status: bytes, extra: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\n%scontent-length: 4\r\n\r\nodd!" % (status, extra)


_FRAMING: list[Row] = [
    ("announces the length of the body", (GOOD,), SUCCESS, True),
    ("sends the body in chunks", (CHUNKED + b"{chunk}0\r\n\r\n",), SUCCESS, True),
    ("sends the answer one byte at a time", (Drip(GOOD),), SUCCESS, True),
    ("sends a chunked answer one byte at a time", (Drip(CHUNKED + b"{chunk}0\r\n\r\n"),), SUCCESS, True),
    (
        "puts chunk extensions",
        (CHUNKED.replace(b"{", b"{") + b'1;a=b;c="d"\r\n \r\n{chunk}0;e\r\n\r\n',),
        SUCCESS,
        True,
    ),
    ("sends trailers after the chunks", (CHUNKED + b"{chunk}0\r\nx-checksum: 1\r\nx-b: 2\r\n\r\n",), SUCCESS, True),
    ("writes the chunk size with zeros in front", (CHUNKED + b"0001\r\n \r\n{chunk}000\r\n\r\n",), SUCCESS, True),
    (
        "names chunked twice",
        (HEAD + b"transfer-encoding: chunked\r\n" + CHUNKED[len(HEAD) :] + b"{chunk}0\r\n\r\n",),
        SUCCESS,
        True,
    ),
    ("writes header names in capitals", (GOOD.replace(b"content-length", b"CONTENT-LENGTH"),), SUCCESS, True),
    ("puts blanks around header values", (GOOD.replace(b": {length}", b":  \t{length} \t"),), SUCCESS, True),
    ("sends no reason phrase", (GOOD.replace(b"201 Created", b"201"),), SUCCESS, True),
    ("sends an empty reason phrase", (GOOD.replace(b"201 Created", b"201 "),), SUCCESS, True),
    ("sends a reason phrase that is not ASCII", (GOOD.replace(b"Created", b"Cr\xe9\xe9"),), SUCCESS, True),
    (
        "sends a header value that is not ASCII",
        (GOOD.replace(b"content-type", b"x-a: caf\xe9\r\ncontent-type"),),
        SUCCESS,
        True,
    ),
    ("sends 500 header fields", (HEAD + b"x-a: b\r\n" * 500 + GOOD[len(HEAD) :],), SUCCESS, True),
    ("sends a header value of 60 KB", (HEAD + b"x-a: " + b"b" * 60_000 + b"\r\n" + GOOD[len(HEAD) :],), SUCCESS, True),
    ("repeats a header field", (HEAD + b"set-cookie: a=b\r\nset-cookie: c=d\r\n" + GOOD[len(HEAD) :],), SUCCESS, True),
    (
        "offers another protocol (`Upgrade: h2,h2c`)",
        (HEAD + b"upgrade: h2,h2c\r\nconnection: upgrade\r\n" + GOOD[len(HEAD) :],),
        SUCCESS,
        True,
    ),
    ("sends a blank line before the answer", (b"\r\n" + GOOD,), SUCCESS, True),
    (
        "announces that it will close, and does not",
        (HEAD + b"connection: close\r\n" + GOOD[len(HEAD) :],),
        SUCCESS,
        False,
    ),
    (
        "announces that it will close, and does",
        (HEAD + b"connection: close\r\n" + GOOD[len(HEAD) :], Act.CLOSE),
        SUCCESS,
        False,
    ),
    (
        "says both `keep-alive` and `close`",
        (HEAD + b"connection: keep-alive, close\r\n" + GOOD[len(HEAD) :],),
        SUCCESS,
        False,
    ),
    ("speaks HTTP/1.0", (GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"),), SUCCESS, False),
    (
        "speaks HTTP/1.0 with `keep-alive`",
        (GOOD.replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"content-type", b"connection: keep-alive\r\ncontent-type"),),
        SUCCESS,
        True,
    ),
    ("ends the body by closing", (HEAD + b"\r\n{body}", Act.CLOSE), SUCCESS, False),
    (
        "ends the body by closing, with HTTP/1.0",
        (HEAD.replace(b"1.1", b"1.0") + b"\r\n{body}", Act.CLOSE),
        SUCCESS,
        False,
    ),
]

_INFORMATIONAL: list[Row] = [
    ("sends 100 before the answer", (b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD,), SUCCESS, True),
    ("sends 102 three times, and then the answer", (*[b"HTTP/1.1 102 Processing\r\n\r\n"] * 3, GOOD), SUCCESS, True),
    (
        "sends 103 with header fields before the answer",
        (b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\ncontent-length: 9\r\n\r\n", GOOD),
        SUCCESS,
        True,
    ),
    ("sends the unknown status 199 before the answer", (b"HTTP/1.1 199 Odd\r\n\r\n" + GOOD,), SUCCESS, True),
    ("sends 100 a hundred times before the answer", (b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + GOOD,), SUCCESS, True),
    ("sends 100 without end", (Endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),), LOST, False),
    ("sends 100 and closes", (b"HTTP/1.1 100 Continue\r\n\r\n", Act.CLOSE), LOST, False),
    ("sends 100 and nothing more", (b"HTTP/1.1 100 Continue\r\n\r\n", Act.HANG), HUNG, False),
    ("sends 100 after the answer, in the same packet", (GOOD + b"HTTP/1.1 100 Continue\r\n\r\n",), SUCCESS, False),
    (
        "switches protocols (101)",
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n" + GOOD,),
        LOST,
        False,
    ),
]

_STRAYS = {
    "400": EMPTY_400,
    "408": b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    "429": b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n",
    "503": b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
    "201": b'HTTP/1.1 201 Created\r\ncontent-length: 21\r\n\r\n[{"msgid": "nobody\'s"}]',
    "half a 201": b"HTTP/1.1 201 Created\r\ncontent-le",
}
_SECOND_ANSWERS: list[Row] = [
    row
    for status, stray in _STRAYS.items()
    for row in (
        (f"sends a second answer, {status}, in the same packet", (GOOD + stray,), SUCCESS, False),
        (f"sends a second answer, {status}, in the next packet", (GOOD, stray), SUCCESS, False),
        (f"sends {status} while the connection is idle", (GOOD, Act.AWAIT_END_OF_CALL, stray), SUCCESS, False),
        (
            f"sends {status} while the connection is idle, and closes",
            (GOOD, Act.AWAIT_END_OF_CALL, stray, Act.CLOSE),
            SUCCESS,
            False,
        ),
    )
]

_LONG_BODIES: list[Row] = [
    ("sends one byte more than announced", (GOOD + b"]",), SUCCESS, False),
    ("sends one byte more than announced, later", (GOOD, Act.AWAIT_END_OF_CALL, b"]"), SUCCESS, False),
    ("sends a line end more than announced, later", (GOOD, Act.AWAIT_END_OF_CALL, b"\r\n"), SUCCESS, False),
    ("sends 100 KB more than announced", (GOOD + b"x" * 100_000,), SUCCESS, False),
    ("sends without end after the announced body", (GOOD, Endless(b"x" * 60_000)), SUCCESS, False),
    ("sends a last chunk after an announced body", (GOOD + b"0\r\n\r\n",), SUCCESS, False),
    ("sends a last chunk after an announced body, later", (GOOD, Act.AWAIT_END_OF_CALL, b"0\r\n\r\n"), SUCCESS, False),
    (
        "sends a second answer, 429, after the last chunk",
        (CHUNKED + b"{chunk}0\r\n\r\n" + _STRAYS["429"],),
        SUCCESS,
        False,
    ),
    (
        "sends a second answer, 429, after a compressed body",
        (HEAD + b"content-encoding: gzip\r\ncontent-length: {gzip length}\r\n\r\n{gzip}" + _STRAYS["429"],),
        SUCCESS,
        False,
    ),
    (
        "sends the last chunk of a 204, later",
        (b"HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n", Act.AWAIT_END_OF_CALL, b"0\r\n\r\n"),
        UNREADABLE,
        False,
    ),
    (
        "sends a chunked body with a 304",
        (b"HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n",),
        unknown("StatusError", retried=False),
        False,
    ),
    (
        "sends a chunked 205",
        (b"HTTP/1.1 205 Reset Content\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",),
        UNREADABLE,
        True,
    ),
    ("sends more after the last chunk", (CHUNKED + b"{chunk}0\r\n\r\nmore",), SUCCESS, False),
    (
        "announces no body, and sends one",
        (b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n{body}",),
        refused("BadRequest"),
        False,
    ),
    ("sends a body with a 204", (b"HTTP/1.1 204 No Content\r\n\r\n{body}",), UNREADABLE, False),
    (
        "sends a chunked body with a 204",
        (b"HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n",),
        UNREADABLE,
        False,
    ),
    (
        "sends a body with a 204, later",
        (b"HTTP/1.1 204 No Content\r\n\r\n", Act.AWAIT_END_OF_CALL, b"{body}"),
        UNREADABLE,
        False,
    ),
    (
        "announces a body with a 204, and sends none",
        (b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n",),
        UNREADABLE,
        None,
    ),
    (
        "sends more, and announces that it will close",
        (HEAD + b"connection: close\r\n" + GOOD[len(HEAD) :] + EMPTY_400,),
        SUCCESS,
        False,
    ),
]

_IDLE: list[Row] = [
    ("closes the idle connection", (GOOD, Act.AWAIT_END_OF_CALL, Act.CLOSE), SUCCESS, False),
    ("resets the idle connection", (GOOD, Act.AWAIT_END_OF_CALL, Act.RESET), SUCCESS, False),
    (
        "closes its half of the idle connection and reads on",
        (GOOD, Act.AWAIT_END_OF_CALL, Act.HALF_CLOSE),
        SUCCESS,
        False,
    ),
    ("closes at once after the answer", (GOOD, Act.CLOSE), SUCCESS, False),
    ("resets at once after the answer was read", (GOOD, Act.AWAIT_END_OF_CALL, Act.RESET), SUCCESS, False),
    ("closes its half at once after the answer and reads on", (GOOD, Act.HALF_CLOSE), SUCCESS, False),
    (
        "says farewell (408) on the idle connection and lingers",
        (GOOD, Act.AWAIT_END_OF_CALL, _STRAYS["408"], Act.HALF_CLOSE),
        SUCCESS,
        False,
    ),
    ("sends garbage while the connection is idle", (GOOD, Act.AWAIT_END_OF_CALL, b"\x00\xff" * 50), SUCCESS, False),
    (
        "sends without end while the connection is idle",
        (GOOD, Act.AWAIT_END_OF_CALL, Endless(EMPTY_400 * 100)),
        SUCCESS,
        False,
    ),
]

_BREAKS: list[Row] = [
    ("closes after the request", (Act.CLOSE,), LOST, False),
    ("resets after the request", (Act.RESET,), LOST, False),
    ("closes its half after the request and reads on", (Act.HALF_CLOSE,), LOST, False),
    ("closes within the status line", (HEAD[:10], Act.CLOSE), LOST, False),
    ("resets within the status line", (HEAD[:10], 0.01, Act.RESET), LOST, False),
    ("closes within the head", (HEAD, Act.CLOSE), LOST, False),
    ("resets within the head", (HEAD, 0.01, Act.RESET), LOST, False),
    ("closes after the head", (HEAD + b"content-length: {length}\r\n\r\n", Act.CLOSE), LOST, False),
    ("resets after the head", (HEAD + b"content-length: {length}\r\n\r\n", 0.01, Act.RESET), LOST, False),
    ("closes within the body", (GOOD[:-6].replace(b"{length}", b"99") + b"[{", Act.CLOSE), LOST, False),
    ("resets within the body", (GOOD[:-6].replace(b"{length}", b"99") + b"[{", 0.01, Act.RESET), LOST, False),
    ("closes within a chunk", (CHUNKED + b"50\r\n[{", Act.CLOSE), LOST, False),
    ("closes within a chunk's size", (CHUNKED + b"5", Act.CLOSE), LOST, False),
    ("closes before the last chunk", (CHUNKED + b"{chunk}", Act.CLOSE), LOST, False),
    ("closes within the last chunk", (CHUNKED + b"{chunk}0\r\n", Act.CLOSE), LOST, False),
    ("closes within the trailers", (CHUNKED + b"{chunk}0\r\nx-a: b\r\n", Act.CLOSE), LOST, False),
    ("resets before the last chunk", (CHUNKED + b"{chunk}", 0.01, Act.RESET), LOST, False),
    (
        "breaks off the body of a 400",
        (b"HTTP/1.1 400 Bad Request\r\ncontent-length: 50\r\n\r\n{", Act.CLOSE),
        refused("BadRequest"),
        False,
    ),
    (
        "breaks off the body of a 503",
        (b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 50\r\n\r\n{", Act.CLOSE),
        unknown("ServerError"),
        False,
    ),
    (
        "breaks off the body of a 429",
        (b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 50\r\n\r\n{", Act.CLOSE),
        _same(Outcome(3, "RateLimited")),
        False,
    ),
    ("ends a body without a length within the record", (HEAD + b"\r\n[{", Act.CLOSE), UNREADABLE, False),
]

_HANGS: list[Row] = [
    ("never answers", (Act.HANG,), HUNG, False),
    ("stops within the status line", (HEAD[:10], Act.HANG), HUNG, False),
    ("stops within the head", (HEAD, Act.HANG), HUNG, False),
    ("stops after the head", (HEAD + b"content-length: 20\r\n\r\n", Act.HANG), HUNG, False),
    ("stops within the body", (HEAD + b"content-length: 20\r\n\r\n[{", Act.HANG), HUNG, False),
    ("stops within a chunk", (CHUNKED + b"50\r\n[{", Act.HANG), HUNG, False),
    ("stops before the last chunk", (CHUNKED + b"{chunk}", Act.HANG), HUNG, False),
    ("stops within the last chunk", (CHUNKED + b"{chunk}0\r\n", Act.HANG), HUNG, False),
    ("never ends a body that has no length", (HEAD + b"\r\n{body}", Act.HANG), HUNG, False),
    (
        "stops within the body of a 400",
        (b"HTTP/1.1 400 Bad Request\r\ncontent-length: 50\r\n\r\n{", Act.HANG),
        refused("BadRequest"),
        False,
    ),
    (
        "stops within the body of a 503",
        (b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 50\r\n\r\n{", Act.HANG),
        unknown("ServerError"),
        False,
    ),
]

_DRIPS: list[Row] = [
    ("sends the head too slowly, byte by byte", (Drip(HEAD + b"x-a: b\r\n" * 500, 0.02),), LATE, False),
    (
        "sends the body too slowly, byte by byte",
        (Drip(HEAD + b"content-length: 5000\r\n\r\n" + b" " * 5000, 0.02),),
        LATE,
        False,
    ),
    ("sends chunks too slowly, byte by byte", (Drip(CHUNKED + b"1\r\n \r\n" * 500, 0.02),), LATE, False),
    ("sends 100 slowly again and again", (Drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 200, 0.02),), LATE, False),
]

_NOT_HTTP: list[Row] = [
    (name, (data, Act.CLOSE), LOST, False)
    for name, data in {
        "answers as SSH does": b"SSH-2.0-OpenSSH_9.2\r\n",
        "answers as SMTP does": b"220 mail.example ESMTP\r\n",
        "answers with a TLS record": b"\x16\x03\x01\x02\x00\x01\x00",
        "answers with zeros": b"\x00" * 100,
        "answers with a line end only": b"\r\n",
        "answers with the body alone (HTTP/0.9)": b"{body}",
        "answers with an HTTP/2 frame": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
        "answers as Shoutcast does": GOOD.replace(b"HTTP/1.1", b"ICY"),
        "answers with `http/1.1` in small letters": GOOD.replace(b"HTTP", b"http"),
        "answers with `HTTP/2`": GOOD.replace(b"HTTP/1.1", b"HTTP/2"),
        "answers with `HTTP/1.2`": GOOD.replace(b"HTTP/1.1", b"HTTP/1.2"),
        "answers with `HTTP/3.1`": GOOD.replace(b"HTTP/1.1", b"HTTP/3.1"),
        "answers with a byte order mark in front": b"\xef\xbb\xbf" + GOOD,
        "answers with a blank in front": b" " + GOOD,
        "answers with an HTTP request": b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
        "sends the status 99": GOOD.replace(b"201", b"99"),
        "sends the status 000": GOOD.replace(b"201", b"000"),
        "sends the status 000, and then an answer": GOOD.replace(b"201", b"000") + GOOD,
        "sends the status 1000": GOOD.replace(b"201", b"1000"),
        "sends a status that is not a number": GOOD.replace(b"201", b"abc"),
        "sends two blanks before the status": GOOD.replace(b" 201", b"  201"),
        "ends lines with LF alone": GOOD.replace(b"\r\n", b"\n"),
        "ends lines with CR alone": GOOD.replace(b"\r\n", b"\r"),
        "continues a header field on the next line": HEAD + b"x-a: b\r\n c\r\n" + GOOD[len(HEAD) :],
        "puts a blank before a colon": HEAD + b"x-a : b\r\n" + GOOD[len(HEAD) :],
        "sends a header line without a colon": HEAD + b"nonsense\r\n" + GOOD[len(HEAD) :],
        "sends a header line without a name": HEAD + b": b\r\n" + GOOD[len(HEAD) :],
        "sends a header name with a bracket": HEAD + b"x(a: b\r\n" + GOOD[len(HEAD) :],
        "sends a zero byte in a header value": HEAD + b"x-a: b\0c\r\n" + GOOD[len(HEAD) :],
        "sends a CR in a header value": HEAD + b"x-a: b\rc\r\n" + GOOD[len(HEAD) :],
        "sends 300 KB of garbage": b"\x07" * 300_000,
    }.items()
]

_BAD_LENGTHS: list[Row] = [
    (name, (data, Act.CLOSE), LOST, False)
    for name, data in {
        "announces two equal lengths": HEAD + b"content-length: {length}\r\n" + GOOD[len(HEAD) :],
        "announces two different lengths": HEAD + b"content-length: 3\r\n" + GOOD[len(HEAD) :],
        "announces a list of lengths": GOOD.replace(b"{length}", b"{length}, {length}"),
        "announces a negative length": GOOD.replace(b"{length}", b"-2"),
        "announces a length with a plus sign": GOOD.replace(b"{length}", b"+{length}"),
        "announces a hexadecimal length": GOOD.replace(b"{length}", b"0x10"),
        "announces an empty length": GOOD.replace(b"{length}", b""),
        "announces a length of 2^70": GOOD.replace(b"{length}", b"1180591620717411303424"),
        "announces a length that is not a number": GOOD.replace(b"{length}", b"many"),
        "announces a length and then chunks": HEAD
        + b"content-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n",
        "announces chunks and then a length": CHUNKED[:-2] + b"content-length: {length}\r\n\r\n{chunk}0\r\n\r\n",
        "announces an unknown transfer coding": HEAD + b"transfer-encoding: xchunked\r\n\r\n{body}",
        "announces the transfer coding identity": HEAD + b"transfer-encoding: identity\r\n\r\n{body}",
        "announces a transfer coding after chunked": HEAD + b"transfer-encoding: chunked, gzip\r\n\r\n{chunk}0\r\n\r\n",
        "sends a chunk size that is not a number": CHUNKED + b"zz\r\n{body}\r\n0\r\n\r\n",
        "sends a negative chunk size": CHUNKED + b"-5\r\n{body}\r\n0\r\n\r\n",
        "sends a chunk size with `0x`": CHUNKED + b"0x5\r\n{body}\r\n0\r\n\r\n",
        "sends an empty chunk size": CHUNKED + b"\r\n{body}\r\n0\r\n\r\n",
        "sends a chunk size of 2^68": CHUNKED + b"fffffffffffffffff\r\n{body}\r\n0\r\n\r\n",
        "sends a chunk size in a line ended by LF": CHUNKED + b"1\n \r\n{chunk}0\r\n\r\n",
        "sends a chunk longer than its size": CHUNKED + b"1\r\n  \r\n{chunk}0\r\n\r\n",
        "sends no line end after a chunk": CHUNKED + b"1\r\n {chunk}0\r\n\r\n",
        "sends a length in the trailers": CHUNKED + b"{chunk}0\r\ncontent-length: 3\r\n\r\n",
        "sends a chunk extension without end": CHUNKED + b"1;a=" + b"b" * 300_000,
        "sends trailers without end": CHUNKED + b"{chunk}0\r\n" + b"x-a: b\r\n" * 40_000,
    }.items()
]

_ENDLESS: list[Row] = [
    ("sends a status line without end", (b"HTTP/1.1 201 ", Endless(b"x" * 60_000)), LOST, False),
    ("sends a header value without end", (HEAD + b"x-a: ", Endless(b"x" * 60_000)), LOST, False),
    ("sends header fields without end", (HEAD, Endless(b"x-a: b\r\n" * 6_000)), LOST, False),
    ("sends a body without end", (HEAD + b"\r\n", Endless(b" " * 60_000)), UNREADABLE, False),
    ("sends chunks without end", (CHUNKED, Endless(b"1\r\n \r\n" * 6_000)), UNREADABLE, False),
    (
        "sends the body of a 400 without end",
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Endless(b" " * 60_000)),
        refused("BadRequest"),
        False,
    ),
    (
        "sends the body of a 503 without end",
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", Endless(b" " * 60_000)),
        unknown("ServerError"),
        False,
    ),
    ("sends garbage without end", (Endless(b"\x07" * 60_000),), LOST, False),
]


def _json(body: bytes) -> bytes:
    return HEAD + b"content-length: %d\r\n\r\n%s" % (len(body), body)


_CONTENT: list[Row] = [
    ("answers with an empty body", (_json(b""),), UNREADABLE, True),
    ("answers with a web page", (_json(b"<html>Welcome to the hotel's network</html>"),), UNREADABLE, True),
    ("answers with half a record", (_json(b'[{"msgid": "x'),), UNREADABLE, True),
    ("answers with a record without an id", (_json(b"[{}]"),), UNREADABLE, True),
    ("answers with an empty list", (_json(b"[]"),), UNREADABLE, True),
    ("answers with a number", (_json(b"7"),), UNREADABLE, True),
    ("answers with null", (_json(b"null"),), UNREADABLE, True),
    ("answers with two records one after the other", (_json(b'{"msgid": "x"}{"msgid": "y"}'),), UNREADABLE, True),
    ("answers with a record nested 20,000 times", (_json(b'[{"msgid":' * 20_000),), UNREADABLE, True),
    ("answers in UTF-16", (_json('[{"msgid": "x"}]'.encode("utf-16")),), UNREADABLE, True),
    ("answers with broken UTF-8", (_json(b'[{"msgid": "\xff\xfe"}]'),), UNREADABLE, True),
    ("answers with 2 MB", (_json(b" " * 2_000_000 + b'[{"msgid": "x"}]'),), UNREADABLE, False),
]


def _coded(coding: bytes, body: bytes, status: bytes = b"201 Created") -> bytes:
    length = b"%s length}" % body[:-1] if body.startswith(b"{") else b"%d" % len(body)
    return b"HTTP/1.1 %s\r\ncontent-encoding: %s\r\ncontent-length: %s\r\n\r\n%s" % (status, coding, length, body)


_BOMB = gzip.compress(bytes(10_000_000))
_COMPRESSED: list[Row] = [
    ("compresses with gzip", (_coded(b"gzip", b"{gzip}"),), SUCCESS, True),
    ("compresses with x-gzip", (_coded(b"X-GZIP", b"{gzip}"),), SUCCESS, True),
    ("compresses with deflate", (_coded(b"deflate", b"{zlib}"),), SUCCESS, True),
    ("compresses with deflate, without the header of zlib", (_coded(b"deflate", b"{deflate}"),), SUCCESS, True),
    ("names the coding identity", (_coded(b"identity", b"{body}"),), SUCCESS, True),
    ("compresses chunks", (CHUNKED[:-2] + b"content-encoding: gzip\r\n\r\n{gzip chunk}0\r\n\r\n",), SUCCESS, True),
    ("compresses with brotli", (_coded(b"br", b"\x8b\x07\x80[{}]\x03"),), LOST, True),
    ("compresses twice", (_coded(b"gzip, gzip", b"{gzip}"),), LOST, True),
    ("says gzip of a plain body", (_coded(b"gzip", b"{body}"),), LOST, True),
    ("breaks off a gzip body", (_coded(b"gzip", _BOMB[:500]),), LOST, True),
    ("damages a gzip body", (_coded(b"gzip", gzip.compress(b"[{}]")[:-8] + bytes(8)),), LOST, True),
    ("says gzip of an empty body", (_coded(b"gzip", b""),), UNREADABLE, True),
    ("compresses ten million bytes (a bomb)", (_coded(b"gzip", _BOMB),), UNREADABLE, True),
    ("compresses the body of a 400", (_coded(b"gzip", b"{gzip}", b"400 Bad Request"),), refused("BadRequest"), True),
    ("compresses the body of a 400 with brotli", (_coded(b"br", b"\x00", b"400 Bad"),), refused("BadRequest"), True),
    ("compresses the body of a 503 with brotli", (_coded(b"br", b"\x00", b"503 Busy"),), unknown("ServerError"), True),
]

_OTHER_NAMES = {400: "BadRequest", 401: "AuthenticationFailed", 403: "PermissionDenied", 404: "NotFound"}
_STATUSES: list[Row] = [
    *(
        (f"answers {status}", (GOOD.replace(b"201 Created", b"%d Odd" % status),), SUCCESS, True)
        for status in (200, 202, 203, 206, 207, 226, 299)
    ),
    ("answers 204", (b"HTTP/1.1 204 No Content\r\n\r\n",), UNREADABLE, True),
    ("answers 205", (b"HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n",), UNREADABLE, True),
    *(
        (
            f"redirects with {status}",
            (_with_status(b"%d Odd" % status, b"location: http://127.0.0.1:9/other\r\n"),),
            refused("StatusError"),
            True,
        )
        for status in (301, 307, 308)
    ),
    *(
        (
            f"redirects with {status}",
            (_with_status(b"%d Odd" % status, b"location: http://127.0.0.1:9/other\r\n"),),
            unknown("StatusError", retried=False),
            True,
        )
        for status in (300, 302, 303, 305, 306)
    ),
    ("answers 304", (b"HTTP/1.1 304 Not Modified\r\n\r\n",), unknown("StatusError", retried=False), True),
    *(
        (
            f"answers {status}",
            (_with_status(b"%d Odd" % status),),
            refused(_OTHER_NAMES.get(status, "StatusError")),
            True,
        )
        for status in (400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 417, 421, 422, 423)
    ),
    *(
        (f"answers {status}", (_with_status(b"%d Odd" % status),), refused("StatusError"), True)
        for status in (424, 425, 426, 428, 431, 451, 499)
    ),
    ("answers 408", (_with_status(b"408 Request Timeout"),), unknown("StatusError"), True),
    *(
        (f"answers {status}", (_with_status(b"%d Odd" % status),), unknown("ServerError"), True)
        for status in (500, 501, 502, 503, 504, 505, 507, 511, 520, 522, 524, 530, 599, 600, 999)
    ),
]

_THROTTLING: list[Row] = [
    (
        "answers 429 with `Retry-After: 0`",
        (_with_status(b"429 Too Many", b"retry-after: 0\r\n"),),
        _same(Outcome(3, "RateLimited")),
        True,
    ),
    ("answers 429 without a time", (_with_status(b"429 Too Many"),), _same(Outcome(3, "RateLimited")), True),
    (
        "answers 429 with a time that makes no sense",
        (_with_status(b"429 Too Many", b"retry-after: soon\r\n"),),
        _same(Outcome(3, "RateLimited")),
        True,
    ),
    (
        "answers 429 with a negative time",
        (_with_status(b"429 Too Many", b"retry-after: -5\r\n"),),
        _same(Outcome(3, "RateLimited")),
        True,
    ),
    (
        "answers 429 with a date that has passed",
        (_with_status(b"429 Too Many", b"retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n"),),
        _same(Outcome(3, "RateLimited")),
        True,
    ),
    (
        "answers 429 with a time after the deadline",
        (_with_status(b"429 Too Many", b"retry-after: 86400\r\n"),),
        refused("RateLimited"),
        True,
    ),
]

_EARLY: list[Row] = [
    (
        "answers 413 and closes without reading on",
        (_with_status(b"413 Too Large", b"connection: close\r\n"), Act.CLOSE),
        refused("StatusError"),
        False,
    ),
    (
        "answers 503 and resets",
        (_with_status(b"503 Busy", b"connection: close\r\n"), 0.02, Act.RESET),
        unknown("ServerError"),
        False,
    ),
    ("answers 400 and closes its half", (_with_status(b"400 Bad"), Act.HALF_CLOSE), refused("BadRequest"), False),
    ("pauses before the answer", (0.05, GOOD), SUCCESS, True),
    ("pauses within the answer", (GOOD[:40], 0.05, GOOD[40:]), SUCCESS, True),
]

_TLS: list[tuple[str, tuple[Step, ...], tuple[Step, ...], str, Outcomes, bool | None]] = [
    ("speaks TLS", (), (GOOD,), "good", SUCCESS, True),
    ("speaks TLS 1.2", (), (GOOD,), "TLS 1.2", SUCCESS, True),
    ("shares no cipher with the client", (), (GOOD,), "no cipher", NOT_CONNECTED, None),
    ("has a certificate of an authority that nobody knows", (), (GOOD,), "untrusted", NOT_CONNECTED, None),
    ("has a certificate that has expired", (), (GOOD,), "expired", NOT_CONNECTED, None),
    ("has a certificate for another host", (), (GOOD,), "other host", NOT_CONNECTED, None),
    ("speaks plain HTTP where TLS is due", (EMPTY_400, Act.CLOSE), (), "", NOT_CONNECTED, None),
    ("answers the TLS greeting with garbage", (Act.AWAIT_BYTES, b"\x07" * 500, Act.CLOSE), (), "", NOT_CONNECTED, None),
    ("closes instead of a TLS greeting", (Act.AWAIT_BYTES, Act.CLOSE), (), "", NOT_CONNECTED, None),
    ("resets instead of a TLS greeting", (Act.AWAIT_BYTES, Act.RESET), (), "", NOT_CONNECTED, None),
    (
        "answers the TLS greeting with an alert",
        (b"\x15\x03\x03\x00\x02\x02\x28", Act.CLOSE),
        (),
        "",
        NOT_CONNECTED,
        None,
    ),
    ("wants a client certificate", (), (GOOD,), "client certificate, TLS 1.2", NOT_CONNECTED, None),
    ("hangs in the TLS handshake", (Act.HANG,), (), "", NOT_CONNECTED_IN_TIME, None),
    ("closes without saying so in TLS, after the answer", (), (GOOD, Act.CLOSE_WITHOUT_NOTIFY), "good", SUCCESS, False),
    (
        "closes without saying so in TLS, within the body",
        (),
        (HEAD + b"content-length: 50\r\n\r\n[{", Act.CLOSE_WITHOUT_NOTIFY),
        "good",
        LOST,
        False,
    ),
    (
        "says in TLS that it closes, within the body",
        (),
        (HEAD + b"content-length: 50\r\n\r\n[{", Act.CLOSE),
        "good",
        LOST,
        False,
    ),
    ("closes without saying so in TLS, after the request", (), (Act.CLOSE_WITHOUT_NOTIFY,), "good", LOST, False),
]

TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"
_PROXY: list[tuple[str, tuple[Step, ...], Outcomes]] = [
    ("opens a tunnel", (TUNNEL, Act.TUNNEL), SUCCESS),
    ("opens a tunnel with HTTP/1.0", (b"HTTP/1.0 200 OK\r\n\r\n", Act.TUNNEL), SUCCESS),
    ("opens a tunnel with `Connection: close`", (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", Act.TUNNEL), SUCCESS),
    ("opens a tunnel byte by byte", (Drip(TUNNEL), Act.TUNNEL), SUCCESS),
    ("opens a tunnel with status 204", (b"HTTP/1.1 204 No Content\r\n\r\n", Act.TUNNEL), SUCCESS),
    ("opens a tunnel after 100", (b"HTTP/1.1 100 Continue\r\n\r\n" + TUNNEL, Act.TUNNEL), SUCCESS),
    ("refuses the tunnel: 403", (_with_status(b"403 Forbidden"),), NOT_CONNECTED),
    ("wants a password: 407", (_with_status(b"407 Auth", b"proxy-authenticate: Basic\r\n"),), NOT_CONNECTED),
    ("refuses the tunnel: 429", (_with_status(b"429 Too Many"),), NOT_CONNECTED),
    ("cannot reach the server: 502", (_with_status(b"502 Bad Gateway"), Act.CLOSE), NOT_CONNECTED),
    ("redirects the tunnel: 302", (_with_status(b"302 Found", b"location: /\r\n"),), NOT_CONNECTED),
    ("sends a body with the tunnel", (TUNNEL + b"hello", Act.HANG), NOT_CONNECTED),
    ("opens a tunnel and closes it", (TUNNEL, Act.CLOSE), NOT_CONNECTED),
    ("opens a tunnel and resets it", (TUNNEL, 0.01, Act.RESET), NOT_CONNECTED),
    ("closes instead of a tunnel", (Act.CLOSE,), NOT_CONNECTED),
    ("resets instead of a tunnel", (Act.RESET,), NOT_CONNECTED),
    ("answers with half a head", (TUNNEL[:20], Act.CLOSE), NOT_CONNECTED),
    ("answers as SSH does", (b"SSH-2.0\r\n", Act.CLOSE), NOT_CONNECTED),
    ("answers with a head without end", (b"HTTP/1.1 200 OK\r\n", Endless(b"x-a: b\r\n" * 6_000)), NOT_CONNECTED),
    ("never answers the request for a tunnel", (Act.HANG,), NOT_CONNECTED_IN_TIME),
    ("answers the request for a tunnel too slowly", (Drip(TUNNEL, 0.1),), NOT_CONNECTED_IN_TIME),
    ("opens a tunnel and hangs in the TLS handshake", (TUNNEL, Act.HANG), NOT_CONNECTED_IN_TIME),
]


def _rows(group: str, rows: Iterable[Row], options: dict[str, object] | None = None) -> list[ServerBehaviour]:
    return [
        ServerBehaviour(
            group,
            name,
            steps,
            outcomes,
            reused,
            options=options or (_SHORT_READ if outcomes is HUNG or Act.HANG in steps else {}),
        )
        for name, steps, outcomes, reused in rows
    ]


BEHAVIOURS: list[ServerBehaviour] = [
    *_rows("Correct answers in unusual forms", _FRAMING),
    *_rows("Informational answers", _INFORMATIONAL),
    *_rows("A second answer", _SECOND_ANSWERS),
    *_rows("More than was announced", _LONG_BODIES),
    *_rows("Idle connections", _IDLE),
    *_rows("Broken connections", _BREAKS),
    ServerBehaviour("Broken connections", "does not listen", (), NOT_CONNECTED, listening=False),
    *_rows("Silence", _HANGS),
    *_rows("Slowness", _DRIPS, _SHORT_DEADLINE),
    *_rows("Early and late answers", _EARLY),
    *_rows("Not HTTP/1.1", _NOT_HTTP),
    *_rows("Wrong lengths and chunks", _BAD_LENGTHS),
    *_rows("Without end", _ENDLESS),
    *_rows("Bodies that are no record", _CONTENT),
    *_rows("Compressed bodies that nobody asked for", _COMPRESSED),
    *_rows("Statuses", _STATUSES),
    *_rows("Throttling", _THROTTLING),
    *(
        ServerBehaviour(
            "TLS",
            name,
            steps,
            outcomes,
            reused,
            on_connect=on_connect,
            options=_SHORT_CONNECT if outcomes is NOT_CONNECTED_IN_TIME else {},
            tls=tls or "none",
        )
        for name, on_connect, steps, tls, outcomes, reused in _TLS
    ),
    *(
        ServerBehaviour(
            "Proxies",
            name,
            steps,
            outcomes,
            options=_SHORT_CONNECT if outcomes is NOT_CONNECTED_IN_TIME else {},
            proxy=True,
        )
        for name, steps, outcomes in _PROXY
    ),
]
"""The table."""

OVER_TLS = [
    row
    for row in BEHAVIOURS
    if row.group in {"A second answer", "More than was announced", "Idle connections", "Broken connections"}
    if row.listening and Act.HALF_CLOSE not in row.steps
]
"""The rows that have to come out the same over TLS."""
