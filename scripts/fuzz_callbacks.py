"""Try the reading of callbacks with what nobody would send, guided by the code's own branches.

Run by ``make fuzz-callbacks``. It ends with an error, and the input in a file, at the first exception that is not
`CallbackRejected`, at the first input that takes longer than ten seconds, or more than 1 GiB of memory.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import atheris

with atheris.instrument_imports(include=["xoxzo.cloudpy.callbacks", "xoxzo.cloudpy.operations"]):
    from xoxzo.cloudpy.callbacks import Callbacks, Purpose
    from xoxzo.cloudpy.callbacks.log import observations

from datetime import UTC, datetime

from xoxzo.cloudpy.errors import CallbackRejected

MOST = 1_000_000
CALLBACKS = Callbacks("a secret of the fuzzer", "https://shop.example", max_body=MOST)
PURPOSES = list(Purpose)
URLS = {purpose: CALLBACKS.url(purpose, "booking-1") for purpose in PURPOSES}
KINDS = ["", "application/json", "application/x-www-form-urlencoded"]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


SEEDS = [
    b"msgid=a&status=DELIVERED&cost=10.5&tags=a,b&parts=2&sent_time=2026-01-01 00:00:00&recipient=%2B818011112222",
    b'{"msgid": "a", "status": "FAIL", "cost": 1e3, "tags": ["a"], "link_tracking": {"accessed": true, "link": "x"}}',
    b"callid=a&status=NO ANSWER&duration=15&end_time=&caller=815011112222",
    b'[{"conferenceid": "a", "participants": [{"callid": "b"}], "duration": 5.0}]',
    b"msgid=a&link_tracking=%7B%22link%22%3A%22x%22%7D&accessed_on=2026-01-01T00:00:00%2B09:00",
    b"caller=+818011112222&recipient=815012345678",
    b"from=anonymous&to=815012345678&text=%E3%81%AF%E3%81%84&time=0001-01-01 00:00:00",
]


def try_one(data: bytes) -> None:
    """Let one callback come in, to a URL of ours or to none, and into an empty log.

    The first three bytes choose its purpose, what its body says it is, and where the rest goes.
    """
    if len(data) < 3:
        return
    purpose, kind, rest = PURPOSES[data[0] % len(PURPOSES)], KINDS[data[1] % len(KINDS)], data[3:]
    url, body = URLS[purpose], rest
    if data[2] % 3 == 1:
        url, body = f"{url}?{rest.decode('utf-8', 'surrogateescape')}", b""
    elif data[2] % 3 == 2:
        url = quote(rest[:200], safe="/?&=%")
    method = "GET" if purpose is Purpose.INCOMING_CALL else "POST"
    try:
        event = CALLBACKS.receive(method, url, {"content-type": kind}, body)
        observation = observations.from_event(event, NOW)
        if observation is not None:
            observations.merge(observations.select_entry([], observation), observation)
    except CallbackRejected as error:
        repr(error)
    else:
        repr(event)


def main() -> None:
    """Fuzz for as long as ``-max_total_time`` says."""
    limits = ["-timeout=10", "-rss_limit_mb=1024", f"-max_len={MOST}"]
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(SEEDS):
            for purpose in range(len(PURPOSES)):
                # What asks for an incoming call has its fields in the query.
                mode = 1 if PURPOSES[purpose] is Purpose.INCOMING_CALL else 0
                Path(folder, f"{number}-{purpose}").write_bytes(bytes([purpose, 0, mode]) + seed)
        atheris.Setup([sys.argv[0], *limits, *sys.argv[1:], folder], try_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
