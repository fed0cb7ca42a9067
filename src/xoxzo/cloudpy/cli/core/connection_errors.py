"""Why there was no answer, in plain words: what an operating system says of it is for programmers."""

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
"""What a try that is made again came to, by the class of its error."""


def describe(reason: str, code: str, proxy: str = "") -> str:
    """Say why there was no answer, in the reader's language.

    Args:
        reason: the library's reason, with what the operating system or the TLS library has said.
        code: the failure's code.
        proxy: what named the proxy in between, for instance ``HTTPS_PROXY``; empty without one.
    """
    meaning = _MEANINGS.get(code)
    if meaning is None:
        return _(reason)
    if proxy:
        return _("no connection through the proxy that {name} names: {why}").format(name=proxy, why=_(meaning))
    return _("no connection: {why}").format(why=_(meaning))


def describe_outcome(kind: str) -> str:
    """Say what a try came to that is made again."""
    return _(OUTCOMES.get(kind, kind))
