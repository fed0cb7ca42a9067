"""Decide which certificates are trusted, and speak TLS within TLS. Only this module makes TLS contexts."""

from __future__ import annotations

import os
import platform
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.common.signals import raised_by_signal_handler
from xoxzo.cloudpy.errors import ConfigurationError

T = TypeVar("T")
_RECEIVE_BYTES = 65_536

# Where Linux distributions keep their authorities, for a Python that was built elsewhere.
_USUAL_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_UNUSABLE = N_(
    "{variable} names {path}, which cannot be used ({reason}): name a PEM file with authorities, or unset it"
)
_UNWRITABLE = N_("{variable} names {path}, which cannot be written ({reason}): name another file, or unset it")


def lazy_context(given: ssl.SSLContext | None) -> Callable[[], ssl.SSLContext]:
    """Return what returns the given context, or makes the default one at the first call, which takes milliseconds."""
    return cache(default_context) if given is None else lambda: given


def default_context(bundle_variables: tuple[str, ...] = ()) -> ssl.SSLContext:
    """Make a context that trusts the operating system's authorities, or those that the environment names instead.

    The first of the variables that is set names a file or folder. Then come ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, as
    OpenSSL reads them. On macOS and Windows the context asks the operating system itself, by ``truststore``: OpenSSL
    cannot read their stores. ``ConfigurationError`` if a variable, ``SSLKEYLOGFILE`` included, names an unusable file.
    """
    named = _named(bundle_variables)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if named else _system_context()
    for variable, path in named:
        with _blaming(variable, path, "certificates_unusable", _UNUSABLE):
            folder = Path(path).is_dir()
            context.load_verify_locations(cafile=None if folder else path, capath=path if folder else None)
    # As browsers and curl do: what a network analyst needs.
    if key_log := os.environ.get("SSLKEYLOGFILE"):
        with _blaming("SSLKEYLOGFILE", key_log, "key_log_unwritable", _UNWRITABLE):
            context.keylog_filename = key_log
    context.set_alpn_protocols(["http/1.1"])
    return context


@contextmanager
def _blaming(variable: str, path: str, code: str, template: str) -> Iterator[None]:
    """Raise ``ConfigurationError`` for the file that a variable of the environment names."""
    try:
        yield
    except OSError as error:
        if raised_by_signal_handler(error):
            raise
        # ssl.SSLError, for a file without certificates, is an OSError.
        reason = "no certificate in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigurationError(template, code=code, variable=variable, path=path, reason=reason) from error


def _named(bundle_variables: tuple[str, ...]) -> list[tuple[str, str]]:
    for variable in bundle_variables:
        if path := os.environ.get(variable):
            return [(variable, path)]
    named = [("SSL_CERT_FILE", os.environ.get("SSL_CERT_FILE", ""))]
    named += [("SSL_CERT_DIR", path) for path in os.environ.get("SSL_CERT_DIR", "").split(os.pathsep)]
    return [(variable, path) for variable, path in named if path]


def _system_context() -> ssl.SSLContext:
    if platform.system() in {"Darwin", "Windows"}:
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_default_verify_paths()
    paths = ssl.get_default_verify_paths()
    found = Path(paths.cafile or "/nowhere").is_file() or any(Path(paths.capath or "/nowhere").glob("*.0"))
    bundle = next((path for path in _USUAL_BUNDLES if Path(path).is_file()), None)
    if bundle is not None and not found:
        context.load_verify_locations(cafile=bundle)
    return context


class TlsOverTls:
    """TLS in a tunnel of a connection that speaks TLS itself: the ``ssl`` module wraps no TLS socket a second time."""

    def __init__(self, stream: socket.socket | TlsOverTls, context: ssl.SSLContext, host: str) -> None:
        self._stream = stream
        self._ends = time.monotonic() + (stream.gettimeout() or 0.0)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._run(self._tls.do_handshake)

    def fileno(self) -> int:
        """Return the descriptor of the socket underneath."""
        return self._stream.fileno()

    def pending(self) -> int:
        """Return how many bytes have come and were not read."""
        return self._tls.pending() + self._incoming.pending

    def gettimeout(self) -> float:
        """Return the seconds that are left for the step under way."""
        return max(0.001, self._ends - time.monotonic())

    def settimeout(self, seconds: float) -> None:
        """Limit the next step, however many waits for the network it takes."""
        self._ends = time.monotonic() + seconds

    def send(self, data: memoryview) -> int:
        """Encrypt and write the data, and return how many bytes of it."""
        return self._run(lambda: self._tls.write(data))

    def recv(self, limit: int) -> bytes:
        """Return what comes, ``b""`` at the end."""
        try:
            return self._run(lambda: self._tls.read(limit))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def close(self) -> None:
        """Close the socket underneath."""
        self._stream.close()

    def _run(self, step: Callable[[], T]) -> T:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        data = memoryview(self._outgoing.read())
        while data:
            self._stream.settimeout(self.gettimeout())
            data = data[self._stream.send(data) :]

    def _fill(self) -> None:
        self._stream.settimeout(self.gettimeout())
        data = self._stream.recv(_RECEIVE_BYTES)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
