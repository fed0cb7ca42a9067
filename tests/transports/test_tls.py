"""Whose certificates are trusted."""

from __future__ import annotations

import asyncio
import platform
import signal
import ssl
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import truststore
from transport_runner import budget, post

from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import Progress
from xoxzo.cloudpy.transports import tls
from xoxzo.cloudpy.transports.aio import AsyncHttpTransport
from xoxzo.cloudpy.transports.threads import HttpTransport
from xoxzo.cloudpy.transports.tls import default_context, lazy_context

if TYPE_CHECKING:
    import trustme


@pytest.fixture(autouse=True)
def no_variables(monkeypatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bundle(tmp_path: Path, authority: trustme.CA) -> Path:
    """A PEM file with one authority."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def authorities(context: ssl.SSLContext) -> int:
    return context.cert_store_stats()["x509_ca"]


def test_a_context_checks_certificates_and_names() -> None:
    """By default every certificate is checked, and only HTTP/1.1 is offered."""
    context = default_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_file_that_the_environment_names_replaces_the_systems_store(monkeypatch, bundle) -> None:
    """Nobody else is trusted then."""
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert authorities(default_context()) == 1


def test_a_folder_that_the_environment_names_is_searched(monkeypatch, tmp_path, bundle) -> None:
    """Several may be named, and a file beside them."""
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path}:{tmp_path}")
    assert authorities(default_context()) == 0  # a folder is read during a handshake
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert authorities(default_context()) == 1


def test_variables_of_other_libraries_come_first_on_request(monkeypatch, bundle) -> None:
    """The first that is set counts."""
    monkeypatch.setenv("SSL_CERT_FILE", "/does/not/exist")
    monkeypatch.setenv("CURL_CA_BUNDLE", str(bundle))
    assert authorities(default_context(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))) == 1


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_what_is_missing_is_refused_with_the_variables_name(monkeypatch, tmp_path, variable) -> None:
    """OpenSSL itself would report nothing, and trust no certificate."""
    monkeypatch.setenv(variable, str(tmp_path / "missing"))
    with pytest.raises(ConfigurationError, match=f"{variable} names .*missing, which cannot be used .No such file"):
        default_context()


def test_a_file_without_certificates_is_refused(monkeypatch, tmp_path) -> None:
    """The line says so, and what to do."""
    path = tmp_path / "empty.pem"
    path.write_text("nothing")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(ConfigurationError, match=r"no certificate in it\): name a PEM file"):
        default_context()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSLKEYLOGFILE"])
def test_what_a_signal_handler_raises_is_not_taken_for_a_bad_file(monkeypatch, bundle, variable) -> None:
    """A program's own time limit may end the loading of authorities, too."""
    monkeypatch.setenv(variable, str(bundle))

    def interrupted(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(tls, "raised_by_signal_handler", lambda _: True)
    monkeypatch.setattr(tls, "_system_context", lambda: Unwilling(ssl.PROTOCOL_TLS_CLIENT))
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", interrupted)
    with pytest.raises(TimeoutError):
        default_context()


class Unwilling(ssl.SSLContext):
    """One that is interrupted while it opens the file for session keys."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "keylog_filename":
            raise TimeoutError
        super().__setattr__(name, value)


def test_session_keys_are_written_where_the_environment_says(monkeypatch, tmp_path) -> None:
    """And a file that cannot be written is refused with the variable's name."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert default_context().keylog_filename == str(tmp_path / "keys")
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "missing" / "keys"))
    with pytest.raises(ConfigurationError, match=r"SSLKEYLOGFILE names .* cannot be written"):
        default_context()


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_the_operating_system_verifies_where_openssl_cannot_read_its_store(monkeypatch, system) -> None:
    """On macOS and Windows truststore does that; a variable still replaces it."""
    monkeypatch.setattr(platform, "system", lambda: system)
    assert isinstance(default_context(), truststore.SSLContext)


class Paths:
    cafile = None
    capath = None


def test_a_python_that_was_built_elsewhere_finds_the_usual_bundles(monkeypatch, bundle, tmp_path) -> None:
    """Where OpenSSL's own paths lead nowhere, the places of the usual distributions are tried."""
    monkeypatch.setattr(ssl, "get_default_verify_paths", Paths)
    monkeypatch.setattr(ssl.SSLContext, "set_default_verify_paths", lambda _: None)
    monkeypatch.setattr(tls, "_USUAL_BUNDLES", (str(tmp_path / "missing"), str(bundle)))
    assert authorities(default_context()) == 1
    monkeypatch.setattr(tls, "_USUAL_BUNDLES", ())
    assert authorities(default_context()) == 0
    monkeypatch.setattr(Paths, "capath", str(tmp_path))
    (tmp_path / "0a1b2c3d.0").touch()
    monkeypatch.setattr(tls, "_USUAL_BUNDLES", (str(bundle),))
    assert authorities(default_context()) == 0


def test_a_context_is_made_once_and_one_that_is_given_is_used() -> None:
    """Loading authorities takes longer than a hundred requests."""
    kept = lazy_context(None)
    assert kept() is kept()
    given = ssl.create_default_context()
    assert lazy_context(given)() is given


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="this system has no alarm")
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSLKEYLOGFILE"])
def test_what_a_signal_handler_raises_is_no_fault_of_a_file(variable, monkeypatch, bundle) -> None:
    """A time limit that strikes while files are read passes through, even where its class is an OSError."""

    def strike(number: int, frame: object) -> None:
        raise TimeoutError("the handler's")

    class Interrupted(ssl.SSLContext):
        def load_verify_locations(self, *_: object, **__: object) -> None:
            signal.raise_signal(signal.SIGALRM)

        @property
        def keylog_filename(self) -> str:
            raise AssertionError

        @keylog_filename.setter
        def keylog_filename(self, path: str) -> None:
            signal.raise_signal(signal.SIGALRM)

    monkeypatch.setattr(ssl, "SSLContext", Interrupted)
    monkeypatch.setattr(tls, "_system_context", lambda: Interrupted(ssl.PROTOCOL_TLS_CLIENT))
    monkeypatch.setenv(variable, str(bundle))
    before = signal.signal(signal.SIGALRM, strike)
    try:
        with pytest.raises(TimeoutError, match="the handler's"):
            default_context()
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("tls_to", ["server", "proxy"])
def test_certificates_that_cannot_be_used_are_refused_before_a_connection_is_opened(monkeypatch, tls_to) -> None:
    """They are not the network's failure, so no name is looked up."""
    monkeypatch.setenv("SSL_CERT_FILE", "/does/not/exist")
    url = "https://api.example.test" if tls_to == "server" else "http://api.example.test"
    proxy = None if tls_to == "server" else "https://proxy.example.test"
    with closing(HttpTransport(proxy=proxy)) as transport, pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
        transport.send(post(url), budget(), Progress())

    async def program() -> None:
        with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
            await AsyncHttpTransport(proxy=proxy).send(post(url), budget(), Progress())

    asyncio.run(program())
