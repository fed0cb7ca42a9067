"""Try the reader of HTTP responses with what no server should send, guided by the branches of the code.

Run by ``make fuzz``. It ends with an error, and the input in a file, at the first exception that is not
`InvalidResponse`, at the first response that is read differently in two pieces or by h11, at the first input that takes
longer than ten seconds, or more than 1 GiB of memory.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

with atheris.instrument_imports(include=["xoxzo.cloudpy.transports", "h11", "response_oracle"]):
    from response_oracle import disagreement  # type: ignore[import-not-found]

from behaviour_table import BEHAVIOURS  # type: ignore[import-not-found]

MAX_BYTES = 20_000


def try_one(data: bytes) -> None:
    """Read one input as a response; its first three bytes say where it is cut, and whether the connection ends."""
    if len(data) < 3:
        return
    cut, ends, rest = data[0] << 8 | data[1], bool(data[2] & 1), data[3:]
    found = disagreement(rest, cut % (len(rest) + 1), ends=ends)
    if found:
        raise AssertionError(found)


def seeds() -> list[bytes]:
    """Return what the servers of the contract tests send."""
    sent = {b"".join(step for step in row.steps if isinstance(step, bytes)) for row in BEHAVIOURS}
    body = b'[{"msgid": "a"}]'
    filled = (
        data.replace(b"{length}", b"%d" % len(body))
        .replace(b"{body}", body)
        .replace(b"{chunk}", b"%x\r\n%s\r\n" % (len(body), body))
        for data in sorted(sent)
    )
    return [data for data in filled if 0 < len(data) < MAX_BYTES]


def main() -> None:
    """Fuzz for as long as ``-max_total_time`` says."""
    limits = ["-timeout=10", "-rss_limit_mb=1024", f"-max_len={MAX_BYTES}"]
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds()):
            Path(folder, f"{number}").write_bytes(b"\0\x14" + bytes([number % 2]) + seed)
        atheris.Setup([sys.argv[0], *limits, *sys.argv[1:], folder], try_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
