"""Header fields that a program or an event hook adds to requests."""

from __future__ import annotations

import re

from xoxzo.cloudpy.errors import ConfigurationError

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch

# Set by the client or its transport for each request: a second field of the same name would contradict the first.
_OWN = frozenset(
    {"accept", "accept-encoding", "authorization", "user-agent", "x-request-id"}
    | {"content-encoding", "content-length", "content-type", "transfer-encoding", "trailer", "te"}
    | {"connection", "expect", "host", "keep-alive", "proxy-authorization", "upgrade"}
)


def check_header(name: object, value: object) -> tuple[str, str]:
    """Check a header field and return it with its name in lower case.

    Raises:
        ConfigurationError: the name or value cannot be sent, or the client sets this field itself.
    """
    if not isinstance(name, str) or not _NAME(name):
        raise ConfigurationError("the name of a header must be letters, digits and hyphens, for instance X-Team")
    name = name.lower()
    if name in _OWN:
        raise ConfigurationError("the client sets the header {header} itself: it cannot be replaced", header=name)
    if not isinstance(value, str) or value != value.strip() or not value.isascii() or not value.isprintable():
        rule = "the header {header} must be printable ASCII text without line breaks or blanks at its ends"
        raise ConfigurationError(rule, header=name)
    return name, str.__str__(value)
