"""Describes failed connections in plain words; the operating system's messages are for programmers."""

from __future__ import annotations

from xoxzo.cloudpy.cli.core.i18n import N_, _

_MEANINGS = {
    "connection_refused": N_("nothing listens there"),
    "name_not_found": N_("there is no machine of this name"),
    "network_unreachable": N_("the network does not lead there"),
    "certificate_not_trusted": N_("its certificate is not trusted"),
}
"""What the codes of a ``TransportFailure`` mean; any other is described by its reason."""
OUTCOMES = {
    "ConnectionFailed": N_("no connection"),
    "TimedOut": N_("no answer in time"),
    "ResponseLost": N_("the answer was lost"),
    "RateLimited": N_("too many requests"),
    "ServerError": N_("the server failed"),
}
"""The outcomes of attempts that are retried, by the class of the error."""


def describe(reason: str, code: str, proxy: str = "") -> str:
    """Return why there was no response, in the user's language.

    Args:
        reason: the library's reason, with the message of the operating system or the TLS library.
        code: the failure's code.
        proxy: the source of the proxy's address, for instance ``HTTPS_PROXY``; empty without one.
    """
    meaning = _MEANINGS.get(code)
    if meaning is None:
        return _(reason)
    if proxy:
        return _("no connection through the proxy that {name} names: {why}").format(name=proxy, why=_(meaning))
    return _("no connection: {why}").format(why=_(meaning))


def describe_outcome(kind: str) -> str:
    """Return the outcome of an attempt that is retried, in the user's language."""
    return _(OUTCOMES.get(kind, kind))
