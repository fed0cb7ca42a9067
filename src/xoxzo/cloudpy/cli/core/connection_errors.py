"""Why there was no answer, in plain words: what an operating system says of it is for programmers."""

from __future__ import annotations

from xoxzo.cloudpy.cli.core.i18n import N_, _

_NO_CONNECTION = "no connection: "
_MEANINGS = {
    "Connection refused": N_("nothing listens there"),
    "actively refused": N_("nothing listens there"),
    "Name or service not known": N_("there is no machine of this name"),
    "name resolution": N_("there is no machine of this name"),
    "nodename nor servname": N_("there is no machine of this name"),
    "getaddrinfo failed": N_("there is no machine of this name"),
    "Network is unreachable": N_("the network does not lead there"),
    "No route to host": N_("the network does not lead there"),
    "CERTIFICATE_VERIFY_FAILED": N_("its certificate is not trusted"),
}
"""What stands in an error of the system's, and what it means."""
OUTCOMES = {
    "ConnectionFailed": N_("no connection"),
    "TimedOut": N_("no answer in time"),
    "ResponseLost": N_("the answer was lost"),
    "RateLimited": N_("too many requests"),
    "ServerError": N_("the server failed"),
}
"""What a try that is made again came to, by the class of its error."""


def describe(why: str) -> str:
    """Say why there was no answer, in the reader's language.

    Args:
        why: the library's reason, with what the operating system or the TLS library has said.
    """
    meaning = next((words for sign, words in _MEANINGS.items() if sign in why), None)
    if meaning is None:
        return _(why)
    return _("no connection: {why}").format(why=_(meaning)) if why.startswith(_NO_CONNECTION) else _(meaning)


def describe_outcome(kind: str) -> str:
    """Say what a try came to that is made again."""
    return _(OUTCOMES.get(kind, kind))
