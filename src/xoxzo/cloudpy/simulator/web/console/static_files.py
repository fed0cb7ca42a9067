"""The console's own style sheet and scripts, read once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PATH = "/console/static/"

_HOME = Path(__file__).parent / "static"
_TYPES = {".css": b"text/css; charset=utf-8", ".js": b"text/javascript; charset=utf-8", ".svg": b"image/svg+xml"}


def answer(path: str, headers: Mapping[bytes, bytes]) -> tuple[int, bytes, tuple[tuple[bytes, bytes], ...]]:
    """Return status, body and headers for a file; a browser that has it is caching so."""
    found = _files().get(path.removeprefix(PATH))
    if found is None:
        return 404, b"", ()
    body, kind, tag = found
    caching = ((b"etag", tag), (b"cache-control", b"no-cache"))
    if headers.get(b"if-none-match") == tag:
        return 304, b"", caching
    return 200, body, (*caching, (b"content-type", kind))


@cache
def _files() -> dict[str, tuple[bytes, bytes, bytes]]:
    found = {}
    for path in _HOME.iterdir():
        body = path.read_bytes()
        tag = b'"' + hashlib.sha256(body).hexdigest()[:20].encode() + b'"'
        found[path.name] = body, _TYPES[path.suffix], tag
    return found
