"""Fuzz the parsing of callbacks with coverage-guided input.

Run by ``make fuzz-callbacks``. It stops with an error, and writes the input to a file, at the first exception that is
not `CallbackRejected`, or at the first input that takes more than ten seconds or 1 GiB of memory.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import atheris

with atheris.instrument_imports(include=["xoxzo.cloudpy.callbacks", "xoxzo.cloudpy.operations"]):
    from xoxzo.cloudpy.callbacks import Callbacks, IncomingCall, Purpose
    from xoxzo.cloudpy.callbacks.log import entries

from datetime import UTC, datetime

from xoxzo.cloudpy.errors import CallbackRejected

MAX_BODY_BYTES = 1_000_000
CALLBACKS = Callbacks("a secret of the fuzzer", "https://shop.example", max_body=MAX_BODY_BYTES)
PURPOSES = list(Purpose)
URLS = {purpose: CALLBACKS.url(purpose, "booking-1") for purpose in PURPOSES}
CONTENT_TYPES = ["", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=B"]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


SEEDS = [
    b"msgid=a&status=DELIVERED&cost=10.5&tags=a,b&parts=2&sent_time=2026-01-01 00:00:00&recipient=%2B818011112222",
    b'{"msgid": "a", "status": "FAIL", "cost": 1e3, "tags": ["a"], "link_tracking": {"accessed": true, "link": "x"}}',
    b"callid=a&status=NO ANSWER&duration=15&end_time=&caller=815011112222",
    b'[{"conferenceid": "a", "participants": [{"callid": "b"}], "duration": 5.0}]',
    b"msgid=a&link_tracking=%7B%22link%22%3A%22x%22%7D&accessed_on=2026-01-01T00:00:00%2B09:00",
    b"caller=+818011112222&recipient=815012345678",
    b'--B\r\nContent-Disposition: form-data; name="msgid"\r\n\r\nm9\r\n--B--\r\n',
    b"from=anonymous&to=815012345678&text=%E3%81%AF%E3%81%84&time=0001-01-01 00:00:00",
]


def try_one(data: bytes) -> None:
    """Receive one callback, and merge it into an empty log.

    The first three bytes select the purpose, the content type, and whether the rest is the body, the query or the path.
    """
    if len(data) < 3:
        return
    purpose, rest = PURPOSES[data[0] % len(PURPOSES)], data[3:]
    content_type = CONTENT_TYPES[data[1] % len(CONTENT_TYPES)]
    url, body = URLS[purpose], rest
    if data[2] % 3 == 1:
        url, body = f"{url}?{rest.decode('utf-8', 'surrogateescape')}", b""
    elif data[2] % 3 == 2:
        url = quote(rest[:200], safe="/?&=%")
    method = "GET" if purpose is Purpose.INCOMING_CALL else "POST"
    try:
        event = CALLBACKS.receive(method, url, {"content-type": content_type}, body)
        if not isinstance(event, IncomingCall):
            observation = entries.observe(event, NOW)
            entries.merge(entries.select_entry([], observation), observation)
    except CallbackRejected as error:
        repr(error)
    else:
        repr(event)


def main() -> None:
    """Fuzz for as long as ``-max_total_time`` says."""
    limits = ["-timeout=10", "-rss_limit_mb=1024", f"-max_len={MAX_BODY_BYTES}"]
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(SEEDS):
            for purpose in range(len(PURPOSES)):
                # An incoming call has its fields in the query.
                mode = 1 if PURPOSES[purpose] is Purpose.INCOMING_CALL else 0
                Path(folder, f"{number}-{purpose}").write_bytes(
                    bytes([purpose, 3 if seed.startswith(b"--B") else 0, mode]) + seed
                )
        atheris.Setup([sys.argv[0], *limits, *sys.argv[1:], folder], try_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
