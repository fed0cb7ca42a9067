"""Checks of the network without a request: the proxy of the environment, the trusted certificates."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from xoxzo.cloudpy.cli.commands.doctor.finding import Finding
from xoxzo.cloudpy.cli.core.i18n import _, render_error
from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.transports.routes import environment_proxy, parse_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.transports.routes import Proxy

_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def proxy(base_url: str) -> Iterator[Finding]:
    """Whether a proxy is used, and whether its address is valid."""
    variable = next((name for name in _PROXIES if os.environ.get(name)), None)
    try:
        found = proxy_of(base_url)
    except ConfigurationError as error:
        advice = _("Type: {command}").format(command=f"export {variable or _PROXIES[1]}=http://proxy.example.com:3128")
        facts = {"address": None, "variable": variable}
        yield Finding("proxy", "wrong", render_error(error), (advice,), facts)
        return
    if found is None:
        sentence = (
            _("none") if variable is None else _("none for this address, although {name} is set").format(name=variable)
        )
        yield Finding("proxy", "fine", sentence, facts={"address": None, "variable": variable})
        return
    facts = {"address": found.address, "variable": variable}
    whence = variable or _("the system's settings")
    yield Finding("proxy", "fine", _("{address}, from {name}").format(address=found.address, name=whence), facts=facts)


def proxy_of(base_url: str) -> Proxy | None:
    """Return the proxy that the environment names for an address; raise ``ConfigurationError`` for a bad one."""
    target = parse_target(base_url)
    return None if is_this_machine(target.host) else environment_proxy(target)


def certificates(base_url: str) -> Iterator[Finding]:
    """Which certificates are trusted, determined as the transport does it."""
    if not base_url.startswith("https://"):
        yield Finding("certificates", "skipped", _("not needed: {url} is on this machine").format(url=base_url))
        return
    import ssl

    from xoxzo.cloudpy.transports.trust import default_context

    variable = next((name for name in _CERTIFICATES if os.environ.get(name)), None)
    facts: dict[str, object] = {"openssl": ssl.OPENSSL_VERSION, "variable": variable}
    try:
        context = default_context()
    except ConfigurationError as error:
        facts["variable"] = blamed = str(error.fields["variable"])
        yield Finding(
            "certificates", "wrong", render_error(error), _certificate_advice(blamed), facts | {"variable": blamed}
        )
        return
    # On Windows and macOS it is truststore's, which queries the system during each handshake.
    own = type(context) is ssl.SSLContext
    where = _source(variable, own=own)
    facts |= {"source": where, "authorities": context.cert_store_stats()["x509_ca"] if own else None}
    if own and not facts["authorities"] and not _has_certificates(variable):
        sentence = _("no certificate authority is known to {source}").format(source=where)
        yield Finding("certificates", "wrong", sentence, _certificate_advice(variable), facts)
        return
    version = " ".join(ssl.OPENSSL_VERSION.split()[:2])
    yield Finding(
        "certificates", "fine", _("{openssl}; trusted: {source}").format(openssl=version, source=where), facts=facts
    )


def _source(variable: str | None, *, own: bool) -> str:
    import ssl

    if variable is not None:
        return f"{variable}={os.environ[variable]}"
    return ssl.get_default_verify_paths().openssl_cafile if own else _("the operating system's store")


def _has_certificates(variable: str | None) -> bool:
    # OpenSSL reads a folder during each handshake, not before.
    import ssl
    from pathlib import Path

    if variable == "SSL_CERT_FILE":
        return False
    folder = Path(os.environ.get("SSL_CERT_DIR") or ssl.get_default_verify_paths().openssl_capath)
    return folder.is_dir() and any(folder.iterdir())


def _certificate_advice(variable: str | None) -> tuple[str, ...]:
    if variable is not None:
        return (_("Type: {command}").format(command=f"unset {variable}"),)
    return (_("Install the system's certificates, on Debian and Ubuntu: apt-get install ca-certificates"),)
