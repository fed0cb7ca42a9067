"""Which addresses the service takes for callbacks, actions and recordings (API sections 5.1, 15.41 and 15.49)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# API section 5.1 names letters, digits, underscore, slash and hyphen; a dot and a port are in its own examples.
_RECORDING = re.compile(r"http://[A-Za-z0-9_/.:-]+")
_PLAIN = re.compile(r"[!-~]{1,2000}")


def is_url(text: str) -> bool:
    """Say whether a text is an absolute http or https URL in plain ASCII, at most 2,000 characters."""
    if not _PLAIN.fullmatch(text) or "\\" in text:
        return False
    try:
        url = urlsplit(text)
        return url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        return False


def is_recording(text: str, *, strict: bool) -> bool:
    """Say whether a text can be the address of an mp3: http alone, with few characters, when `strict`."""
    return is_url(text) and (not strict or _RECORDING.fullmatch(text) is not None)


def add_query(url: str, query: str, *, keep: bool) -> str:
    """Append a query to a URL, after the one it has when `keep` is true (API section 15.71)."""
    parts = urlsplit(url)
    joined = f"{parts.query}&{query}" if keep and parts.query else query
    return parts._replace(query=joined, fragment="").geturl()
