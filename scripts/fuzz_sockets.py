"""Send invalid bytes to the simulator's port: ``scripts/fuzz_sockets.py``, ``--help`` for its options.

Broken and hostile HTTP goes to a running `xoxzo simulator`, many connections at a time: garbage, huge heads, slow and
truncated requests, odd hosts and paths, bodies that are no form and no JSON. Each is made from the seed and its number
alone, so a case can be repeated. All the while the simulator must answer others, no answer may be a 5xx, nothing may be
written to standard error, and what one account had before must be there afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import random
import re
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AT_ONCE = 24
CASES_BETWEEN_LOOKS = 100
PATIENCE = 0.3
"""Seconds that an answer is waited for; a request that is not whole gets none."""

PATHS = (
    *("/", "/sms/messages/", "/sms/messages", "/sms/templates/1/", "/voice/simple/playbacks/", "/otp/request/"),
    *("/voice/dins/subscriptions/x/", "/utilities/carrierlookup/", "/you/credits/", "/s/abcde", "/openapi.json"),
    *("/_simulator/health", "/_simulator/faults", "/_simulator/calls", "/_simulator/phones/+819000000000"),
    *("/_simulator/clock/advance", "/_simulator/callbacks", "/_simulator/metrics", "/_simulator/search?q=%22"),
    *("/console/events?topics=sms", "/console/phones/%2B818011110000", "/console/messages?q=to%3A", "/console/reset"),
    *("/console/calls/x", "/console/faults", "/console/clock", "/console/overview", "/console/preferences"),
)
ODD_PATHS = (
    *("//", "/../../etc/passwd", "/%00", "/%ff%fe", "/sms%2fmessages/", "/sms/messages/%0d%0aX: y/", "/_simulator"),
    *("/_simulator/%2e%2e/sms/", "/_simulator//", "/_simulator/phones/%F0%28%8C%28", "/%", "/%zz", "/?", "/?&&==&%"),
    *("*", "http://evil.example/", "/sms/messages/?sent_date>=2020-99-99", "/s/%E3%81%82", "/;", "/\\", "/console/%00"),
    *("/sms/messages/" + "a" * 9_000 + "/", "/" * 3_000, "/_simulator/callbacks?id=" + "%41" * 3_000),
)
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PRI", "get", "P\x00ST", "")
HOSTS = ("127.0.0.1", "localhost", "evil.example", "", "[::1", "[::1]:99999", "a b", "127.0.0.1:x", "\xe9", "a" * 3_000)
JSON, FORM, PARTS = "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
KINDS = (JSON, FORM, PARTS, "multipart/form-data", "text/xml", "", JSON + "; charset=utf-99", "a" * 3_000, "\xff/\xff")

_SERVER_ERROR = re.compile(rb"HTTP/1\.[01] 5\d\d ")


def bodies(chance: random.Random) -> bytes:
    """Return a body that is wrong in one way or another."""
    deep = chance.choice((10, 1_000, 100_000))
    return chance.choice(
        (
            *(b"[" * deep, b'{"a":' * deep, b"[" * deep + b"]" * deep, b'{"recipient": ' + b"9" * 5_000 + b"}"),
            *(b"{", b"null", b"1e999", b'{"a": NaN}', b'"\\ud800"', b'{"recipient": "\\ud800"}', b"\xff\xfe", b""),
            *(b'{"a": 1, "a": 2}', b'{"seconds": 1e308}', b'{"seconds": -1}', b'{"din": []}', b'{"kind": {"a": 1}}'),
            *(
                b"a=%",
                b"a=%ff%fe&b=%zz",
                b"&" * 5_000,
                b"=" * 5_000,
                b"a=1&" * 5_000,
                b"recipient=%00&message=%ED%A0%80",
            ),
            *(
                b"--b\r\n\r\n\r\n--b--",
                b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n",
                b"--b--",
                b"--b" * 999,
            ),
            urlencode({"recipient": "+818011112222", "sender": "Shop", "message": "Hi"}).encode(),
            urlencode(
                {"recipient": "+81801111" + "0" * 500, "sender": "\u202e", "message": "\x00\u2028" * 50}
            ).encode(),
            chance.randbytes(chance.randrange(3_000)),
        )
    )


def request(chance: random.Random) -> bytes:
    """Return a request; what may change the simulator itself never comes with all that it asks for."""
    method = chance.choice((*METHODS[:3] * 4, *METHODS))
    path = chance.choice((*PATHS, *PATHS, *ODD_PATHS))
    body = bodies(chance) if method not in {"GET", "HEAD"} or chance.random() < 0.1 else b""
    kind, host = chance.choice(KINDS), chance.choice((*HOSTS[:2] * 5, *HOSTS))
    account = base64.b64encode(chance.choice((b"fuzzer:secret", b":", b"no colon", b"\xff:\xff", b"a" * 999))).decode()
    headers = [f"Host: {host}", f"Authorization: {chance.choice(('Basic', 'basic', 'Bearer', ''))} {account}"]
    headers += [f"Content-Type: {kind}"] if kind else []
    length = chance.choice((*[str(len(body))] * 9, str(len(body) + 9), "-1", "1" * 30, "0x5", "5, 5", ""))
    if chance.random() < 0.1:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (chance.choice((len(body), len(body) + 3, 2**70)), body)
        headers.append("Transfer-Encoding: chunked")
    if body or chance.random() < 0.3:
        headers.append(f"Content-Length: {length}")
    headers += chance.sample(
        [
            *(
                "Expect: 100-continue",
                "Connection: close",
                "Connection: upgrade\r\nUpgrade: websocket",
                "Cookie: a=\xe9",
            ),
            *("X: " + "y" * 70_000, " folded: a", "no colon", ": no name", "A\x00: b", "Host: second", "X:y\n\nZ: a"),
            *(
                "Accept-Language: " + "ja," * 2_000,
                "Last-Event-ID: \x01",
                "Range: bytes=0-",
                "X-Request-Id: " + "i" * 999,
            ),
            "\r\n".join(f"H{number}: v" for number in range(3_000)),
        ],
        chance.choice((0, 0, 0, 1, 1, 2)),
    )
    version = chance.choice(("1.1",) * 8 + ("1.0", "0.9", "2.0", "9.9", "x"))
    head = "\r\n".join((f"{method} {path} HTTP/{version}", *headers)).encode("latin-1", "replace")
    return head + b"\r\n\r\n" + body


def mutated(chance: random.Random) -> bytes:
    """Return a request in which some bytes were changed, left out or doubled."""
    data = bytearray(request(chance))
    for _ in range(chance.randrange(1, 8)):
        at = chance.randrange(len(data))
        data[at : at + chance.choice((0, 1, 1, 9))] = chance.choice((b"", b"\x00", b"\r\n", b" ", chance.randbytes(3)))
        data = data or bytearray(b"\n")
    return bytes(data)


def foreign(chance: random.Random) -> bytes:
    """Return what is no HTTP, or that of another version."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(400)
    two = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + chance.randbytes(40)
    return chance.choice(
        (hello, two, chance.randbytes(chance.randrange(1, 9_000)), b"\r\n" * 3_000, b"GET /\r\n\r\n", b"\n")
    )


def together(chance: random.Random) -> bytes:
    """Return several requests in one piece."""
    return b"".join(request(chance) for _ in range(chance.randrange(2, 12)))


MAKERS: tuple[Callable[[random.Random], bytes], ...] = (request, request, request, mutated, mutated, foreign, together)


async def attack(port: int, seed: int, number: int) -> str | None:
    """Send one case, in one piece or several, whole or not; return what is wrong with the answer."""
    chance = random.Random(f"{seed} {number}")  # noqa: S311 - it must be repeatable
    data = chance.choice(MAKERS)(chance)
    if chance.random() < 0.2:
        data = data[: chance.randrange(len(data) + 1)]
    pieces = chance.choice((1, 1, 1, 2, 5))
    answer = b""
    with suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    for piece in range(pieces):
                        writer.write(data[len(data) * piece // pieces : len(data) * (piece + 1) // pieces])
                        await writer.drain()
                        await asyncio.sleep(chance.choice((0, 0.01, 0.07)) if pieces > 1 else 0)
                    if chance.random() < 0.1:
                        writer.transport.abort()
                    while more := await reader.read(65_536):
                        answer += more
        finally:
            writer.transport.abort()
    if _SERVER_ERROR.search(answer):
        return f"seed {seed}, case {number}: {data[:300]!r} was answered with {answer[:300]!r}"
    return None


class Keeper:
    """An account that has something, and looks after it.

    Args:
        url: Where the simulator is.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._ask("/sms/messages/", {"recipient": "+818011110000", "sender": "Shop", "message": "Hi"})
        self._ask("/sms/templates/", {"name": "a", "content": "b"})
        din = self._ask("/voice/dins/")[0]
        self._ask("/voice/dins/subscriptions/", {"din_uid": din["din_uid"]})
        time.sleep(1.1)  # the message has arrived, and changes no more
        self._before = self._all()

    def objection(self) -> str | None:
        """Return what is wrong with how things stand."""
        with urlopen(f"{self._url}/_simulator/health", timeout=20) as answer:
            if json.load(answer)["status"] != "ok":
                return "the simulator is not in health"
        after = self._all()
        return None if after == self._before else f"{self._before} became {after}"

    def _all(self) -> list[object]:
        paths = ("/sms/messages/", "/sms/templates/", "/voice/dins/subscriptions/", "/you/credits/")
        return [*map(self._ask, paths), self._ask("/_simulator/faults")["faults"]]

    def _ask(self, path: str, form: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
        pair = base64.b64encode(b"keeper:secret").decode()
        body = urlencode(form).encode() if form else None
        with urlopen(Request(self._url + path, body, {"Authorization": f"Basic {pair}"}), timeout=20) as answer:
            return json.load(answer)


@contextmanager
def simulator(log: IO[bytes], complaints: IO[bytes]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run the command, which writes its log and its complaints into files; give its port and the process."""
    command = [sys.executable, "-m", "xoxzo.cloudpy.cli", "simulator", "--port", "0", "--seed", "1"]
    with subprocess.Popen(command, stdout=log, stderr=complaints) as process:
        try:
            while not (line := os.pread(log.fileno(), 200, 0).partition(b"\n"))[1] and process.poll() is None:
                time.sleep(0.01)
            yield int(line[0].rpartition(b":")[2]), process
        finally:
            process.terminate()


async def storm(port: int, seed: int, numbers: range) -> list[str]:
    """Make so many attacks, several at once; return what was wrong."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> str | None:
        async with room:
            return await attack(port, seed, number)

    return [wrong for wrong in await asyncio.gather(*map(one, numbers)) if wrong]


def run(seed: int, cases: int, seconds: float) -> tuple[int, list[str]]:
    """Attack until so many cases were tried or so much time is spent; return how many, and what was wrong."""
    give_up, tried = time.monotonic() + seconds, 0
    wrong: list[str] = []
    with tempfile.TemporaryFile() as log, tempfile.TemporaryFile() as complaints:
        with simulator(log, complaints) as (port, process):
            keeper = Keeper(f"http://127.0.0.1:{port}")
            while tried < cases and time.monotonic() < give_up and not wrong:
                numbers = range(tried, min(tried + CASES_BETWEEN_LOOKS, cases))
                wrong += asyncio.run(storm(port, seed, numbers))
                tried = numbers.stop
                if process.poll() is not None:
                    wrong.append(f"seed {seed}, after {numbers}: the simulator ended with {process.returncode}")
                elif objection := keeper.objection():
                    wrong.append(f"seed {seed}, after {numbers}: {objection}")
            process.terminate()
            if process.wait(20) != 0:
                wrong.append(f"it ended with {process.returncode}")
        complaints.seek(0)
        if written := complaints.read():
            wrong.append(f"seed {seed}: on standard error stood {written[:500]!r} … {written[-1_500:]!r}")
    return tried, wrong


def main() -> int:
    """Attack, and say what was wrong; 0 when nothing was."""
    parser = argparse.ArgumentParser(description="Send invalid bytes to the simulator's port.")
    parser.add_argument("--seed", type=int, default=None, help="makes the run repeatable; by default another each time")
    parser.add_argument("--cases", type=int, default=sys.maxsize, help="the most cases")
    parser.add_argument("--seconds", type=float, default=600, help="the most time")
    options = parser.parse_args()
    seed = secrets.randbelow(10**9) if options.seed is None else options.seed
    tried, wrong = run(seed, options.cases, options.seconds)
    print(f"{tried} cases from seed {seed}: {len(wrong)} times something was wrong", *wrong, sep="\n  ")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
