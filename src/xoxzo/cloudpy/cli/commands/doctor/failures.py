"""Why there was no answer, in plain words, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xoxzo.cloudpy.cli.commands.doctor.finding import Finding
from xoxzo.cloudpy.cli.commands.doctor.network import proxy_of
from xoxzo.cloudpy.cli.core.connection_errors import describe
from xoxzo.cloudpy.cli.core.i18n import _

if TYPE_CHECKING:
    from xoxzo.cloudpy.protocols import TransportFailure


def no_answer(failure: TransportFailure, base_url: str, patience: float) -> Finding:
    """Say what a failure means.

    Args:
        failure: what the transport tells.
        base_url: where it wanted to go.
        patience: seconds that it had.
    """
    host, reason = urlsplit(base_url).hostname or "", failure.reason
    through = proxy_of(base_url)
    by_proxy = None if through is None else through.address
    facts = {"url": base_url, "reason": reason, "timeout": failure.timeout}
    if failure.timeout is not None:
        sentence, advice = (
            _("{url} does not answer within {seconds} s").format(url=base_url, seconds=f"{patience:g}"),
            _("Look at the network, the firewall and the proxy; --timeout waits longer."),
        )
    elif failure.code == "certificate_not_trusted":
        why = reason.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or reason
        sentence = _("the certificate of {host} is not trusted: {why}").format(host=host, why=why)
        advice = _("If your network checks traffic, type: {command}").format(
            command="export SSL_CERT_FILE=/path/to/its/ca.pem"
        )
    elif by_proxy is not None and failure.code != "connection_broke":
        sentence = _("the proxy {proxy} does not let through: {why}").format(
            proxy=by_proxy, why=describe(reason, failure.code)
        )
        advice = _("Is HTTPS_PROXY right? Without a proxy: {command}").format(command=f"export NO_PROXY={host}")
    elif failure.code == "name_not_found":
        sentence = _("there is no machine called {host}").format(host=host)
        advice = _("Is the address right? Does the network work?")
    elif base_url.startswith("http://"):
        sentence = _("nothing answers at {url}: {why}").format(url=base_url, why=describe(reason, failure.code))
        advice = _("Type: {command}").format(command="xoxzo simulator")
    else:
        sentence = _("nothing answers at {url}: {why}").format(url=base_url, why=describe(reason, failure.code))
        advice = _("Look at the network and the firewall.")
    return Finding("connection", "wrong", sentence, (advice,), facts)
