"""Why there was no answer, in plain words, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xoxzo.cloudpy.cli.outages import plain
from xoxzo.cloudpy.cli.words import tr
from xoxzo.cloudpy.transports.routes import environment_proxy

from .finding import Finding
from .way import without_secrets

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
    through = environment_proxy(base_url + "/")
    by_proxy = None if through is None else without_secrets(through)
    facts = {"url": base_url, "reason": reason, "timeout": failure.timeout}
    if failure.timeout is not None:
        said, advice = (
            tr("{url} does not answer within {seconds} s", url=base_url, seconds=f"{patience:g}"),
            tr("Look at the network, the firewall and the proxy; --timeout waits longer."),
        )
    elif "CERTIFICATE_VERIFY_FAILED" in reason:
        why = reason.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or reason
        said = tr("the certificate of {host} is not trusted: {why}", host=host, why=why)
        advice = tr(
            "If your network checks traffic, type: {command}", command="export SSL_CERT_FILE=/path/to/its/ca.pem"
        )
    elif by_proxy is not None and ("no connection" in reason or "proxy refused" in reason):
        said = tr("the proxy {proxy} does not let through: {why}", proxy=by_proxy, why=plain(reason))
        advice = tr("Is HTTPS_PROXY right? Without a proxy: {command}", command=f"export NO_PROXY={host}")
    elif "Name or service" in reason or "name resolution" in reason or "nodename" in reason:
        said = tr("there is no machine called {host}", host=host)
        advice = tr("Is the address right? Does the network work?")
    elif base_url.startswith("http://"):
        said = tr("nothing answers at {url}: {why}", url=base_url, why=plain(reason))
        advice = tr("Type: {command}", command="xoxzo simulator")
    else:
        said = tr("nothing answers at {url}: {why}", url=base_url, why=plain(reason))
        advice = tr("Look at the network and the firewall.")
    return Finding("connection", "wrong", said, (advice,), facts)
