"""The way to the server before anything is sent: the proxy that the environment names, the certificates that count."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xoxzo.cloudpy.cli.commands.doctor.finding import Finding
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.transports.routes import environment_proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_SCHEMES = {"http", "https"}
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def proxy(base_url: str) -> Iterator[Finding]:
    """Whether a proxy stands between, and whether its address can be one."""
    address = environment_proxy(base_url + "/")
    variable = next((name for name in _PROXIES if os.environ.get(name)), None)
    if address is None:
        said = _("none") if variable is None else _("none for this address, although {name} is set", name=variable)
        yield Finding("proxy", "fine", said, facts={"address": None, "variable": variable})
        return
    shown = without_secrets(address)
    facts = {"address": shown, "variable": variable}
    whence = variable or _("the system's settings")
    if shown is None or urlsplit(address).scheme not in _SCHEMES:
        said = _("{name} is no address of a proxy that can be used", name=whence)
        advice = _("Type: {command}", command=f"export {variable or _PROXIES[1]}=http://proxy.example.com:3128")
        yield Finding("proxy", "wrong", said, (advice,), facts)
        return
    yield Finding("proxy", "fine", _("{address}, from {name}", address=shown, name=whence), facts=facts)


def without_secrets(address: str) -> str | None:
    """Return a proxy's address without user name and password; ``None`` for what is none."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else None


def certificates(base_url: str) -> Iterator[Finding]:
    """Whose certificates are believed: found out in the way in which the transport does it."""
    if not base_url.startswith("https://"):
        yield Finding("certificates", "skipped", _("not needed: {url} is on this machine", url=base_url))
        return
    import ssl

    import httpcore2

    variable = next((name for name in _CERTIFICATES if os.environ.get(name)), None)
    facts: dict[str, object] = {"openssl": ssl.OPENSSL_VERSION, "variable": variable}
    try:
        context = httpcore2.default_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        why = error.strerror or type(error).__name__
        said = _("{name} cannot be read as certificates: {why}", name=variable or "OpenSSL", why=why)
        yield Finding("certificates", "wrong", said, _certificate_advice(variable), facts)
        return
    # On Windows and macOS it is truststore's, which asks the system during each handshake.
    own = type(context) is ssl.SSLContext
    where = _source(variable, own=own)
    facts |= {"source": where, "authorities": context.cert_store_stats()["x509_ca"] if own else None}
    if own and not facts["authorities"] and not _has_certificates(variable):
        said = _("no certificate authority is known to {source}", source=where)
        yield Finding("certificates", "wrong", said, _certificate_advice(variable), facts)
        return
    version = " ".join(ssl.OPENSSL_VERSION.split()[:2])
    yield Finding("certificates", "fine", _("{openssl}; trusted: {source}", openssl=version, source=where), facts=facts)


def _source(variable: str | None, *, own: bool) -> str:
    import ssl

    if variable is not None:
        return f"{variable}={os.environ[variable]}"
    return ssl.get_default_verify_paths().openssl_cafile if own else _("the operating system's store")


def _has_certificates(variable: str | None) -> bool:
    # OpenSSL looks into a folder during each handshake: nothing of it is loaded before.
    import ssl
    from pathlib import Path

    if variable == "SSL_CERT_FILE":
        return False
    folder = Path(os.environ.get("SSL_CERT_DIR") or ssl.get_default_verify_paths().openssl_capath)
    return folder.is_dir() and any(folder.iterdir())


def _certificate_advice(variable: str | None) -> tuple[str, ...]:
    if variable is not None:
        return (_("Type: {command}", command=f"unset {variable}"),)
    return (_("Install the system's certificates, on Debian and Ubuntu: apt-get install ca-certificates"),)
