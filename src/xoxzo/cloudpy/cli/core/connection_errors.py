"""Why there was no answer, in plain words: what an operating system says of it is for programmers."""

from __future__ import annotations

from xoxzo.cloudpy.cli.core.i18n import _, reason

_NO_CONNECTION = "no connection: "
_MEANINGS = {
    "Connection refused": "nothing listens there",
    "actively refused": "nothing listens there",
    "Name or service not known": "there is no machine of this name",
    "name resolution": "there is no machine of this name",
    "nodename nor servname": "there is no machine of this name",
    "getaddrinfo failed": "there is no machine of this name",
    "Network is unreachable": "the network does not lead there",
    "No route to host": "the network does not lead there",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted",
}
"""What stands in an error of the system's, and what it means."""
OUTCOMES = {
    "ConnectionFailed": "no connection",
    "TimedOut": "no answer in time",
    "ResponseLost": "the answer was lost",
    "RateLimited": "too many requests",
    "ServerError": "the server failed",
}
"""What a try that is made again came to, by the class of its error."""


def describe(why: str) -> str:
    """Say why there was no answer, in the reader's language.

    Args:
        why: the library's reason, with what the operating system or the TLS library has said.
    """
    meaning = next((words for sign, words in _MEANINGS.items() if sign in why), None)
    if meaning is None:
        return reason(why)
    return _("no connection: {why}", why=_(meaning)) if why.startswith(_NO_CONNECTION) else _(meaning)


def describe_outcome(kind: str) -> str:
    """Say what a try came to that is made again."""
    return _(OUTCOMES.get(kind, kind))
