"""Why there was no answer, in plain words: what an operating system says of it is for programmers."""

from __future__ import annotations

from .words import reason, tr

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


def plain(why: str) -> str:
    """Say why there was no answer, in the reader's language.

    Args:
        why: the library's reason, with what the operating system or the TLS library has said.
    """
    meaning = next((words for sign, words in _MEANINGS.items() if sign in why), None)
    if meaning is None:
        return reason(why)
    return tr("no connection: {why}", why=tr(meaning)) if why.startswith(_NO_CONNECTION) else tr(meaning)


def outcome(kind: str) -> str:
    """Say what a try came to that is made again."""
    return tr(OUTCOMES.get(kind, kind))
