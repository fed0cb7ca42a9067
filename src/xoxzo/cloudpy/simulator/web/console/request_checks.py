"""What keeps other web sites away from the console, and keeps what is shown from acting.

The console needs no password, so a web page elsewhere must neither read it nor post to it. Its own page cannot be
named by another host (`is_allowed_host`), framed, or given a script; a post has to carry a token that only its pages
know.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.web.origin_check import is_foreign

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a recording may be loaded from is what the API takes for one: any http address, and only once it is played.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "media-src http: https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Headers of every answer."""


def objection(headers: Mapping[bytes, bytes], given: str, token: str) -> str | None:
    """Say why a post cannot have come from a page of the console, or return ``None``.

    Args:
        headers: The request's headers, their names in lower case.
        given: The token that came with it.
        token: The token that this process gives out.
    """
    if is_foreign(headers):
        return N_("The request comes from another site.")
    if not hmac.compare_digest(given.encode(), token.encode()):
        return N_("The page is out of date: the simulator was started again since. Load it anew.")
    return None
