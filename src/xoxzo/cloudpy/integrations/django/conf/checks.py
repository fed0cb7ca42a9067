"""System checks of the setting ``XOXZO``."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from importlib import import_module
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning as CheckWarning, register

from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.errors import CallbackRejected, ConfigurationError
from xoxzo.cloudpy.integrations.django import conf, sms

_TIMEOUT_SECONDS = 10.0


@register("xoxzo")
def check_settings(**_given: object) -> list[CheckMessage]:
    """Return the errors and warnings about the setting ``XOXZO``, with hints."""
    given = getattr(settings, "XOXZO", {})
    if not isinstance(given, dict):
        return [Error("XOXZO must be a dictionary.", hint='XOXZO = {"SENDER": "Shop"}', id="xoxzo.E001")]
    if unknown := sorted(map(str, given.keys() - conf.DEFAULTS.keys())):
        hint = f"The known keys are {', '.join(conf.DEFAULTS)}."
        return [Error(f"XOXZO has unknown keys: {', '.join(unknown)}.", hint=hint, id="xoxzo.E002")]
    return [*_check_sending(), *_check_callbacks(), *_check_login()]


@register("xoxzo", deploy=True)
def check_public_url(**_given: object) -> list[CheckMessage]:
    """Post a callback without content to ``PUBLIC_URL``, which has to reach this project, and return what went wrong.

    Django runs it only with ``check --deploy``. The callback is rejected, so it is neither recorded nor signalled.
    """
    given = getattr(settings, "XOXZO", {})
    if not isinstance(given, dict) or conf.get("PUBLIC_URL") is None or list(_check_callbacks()):
        return []
    try:
        problem = _post_callback(conf.get_callbacks().url("delivery-report", "check"))
    except (OSError, http.client.HTTPException) as error:
        problem = f"{type(error).__name__}: {error}"
    hint = "Xoxzo posts delivery reports there; this check did so from this machine."
    return [CheckWarning(f'XOXZO["PUBLIC_URL"] fails: {problem}.', hint=hint, id="xoxzo.W003")] if problem else []


@register("xoxzo", deploy=True)
def check_cache(**_given: object) -> list[CheckMessage]:
    """Return a warning if the limits of login codes are counted by each process for itself."""
    names = ("TWO_FACTOR_SMS_GATEWAY", "TWO_FACTOR_CALL_GATEWAY", "ACCOUNT_ADAPTER")
    sends_codes = any(str(getattr(settings, name, "")).startswith("xoxzo.cloudpy.") for name in names)
    cache = settings.CACHES["default"]["BACKEND"].rpartition(".")[2]
    if not sends_codes or cache not in {"LocMemCache", "DummyCache"}:
        return []
    hint = 'XOXZO["CODES_PER_HOUR"] and django-allauth count there: use a cache that all processes share.'
    return [
        CheckWarning(f"The default cache is {cache}, which other processes do not see.", hint=hint, id="xoxzo.W004")
    ]


def _post_callback(url: str) -> str | None:
    """Post an empty callback, and return what is wrong with the answer, or with the address."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = {entry[4][0] for entry in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)}
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.hostname or "", port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("POST", parts.path, b"", {"Content-Type": "application/x-www-form-urlencoded"})
        response = connection.getresponse()
        status, body = response.status, response.read(200).decode(errors="replace")
    finally:
        connection.close()
    try:
        conf.get_callbacks().receive("POST", url, {})
    except CallbackRejected as error:
        if (status, body) != (error.status, error.reason):
            location = response.headers.get("Location")
            answer = f"a redirect to {location}, which Xoxzo does not follow" if location else repr(body)
            return f"the answer was {status} and {answer}, and not from this project with these keys"
    private = [address for address in sorted(map(str, addresses)) if not ip_address(address).is_global]
    return f"its address {private[0]} is not public" if private else None


def _check_sending() -> Iterator[CheckMessage]:
    try:
        sms.backend_class(conf.get("SMS_BACKEND"))
    except (ImportError, TypeError) as error:
        hint = 'Use "live", "console", "memory", or the path of a subclass of BaseBackend.'
        yield Error(f'XOXZO["SMS_BACKEND"] cannot be used: {error}.', hint=hint, id="xoxzo.E003")
    try:
        if conf.get("SMS_BACKEND") == "live":
            conf.get_client()
    except (ConfigurationError, TypeError) as error:
        hint = 'Set XOXZO["SID"] and XOXZO["AUTH_TOKEN"], or use the backend "console" for development.'
        yield CheckWarning(f"Nothing can be sent: {str(error).removesuffix('.')}.", hint=hint, id="xoxzo.W002")
    try:
        conf.campaigns_address()
    except ConfigurationError as error:
        yield Error(f"{error}.", id="xoxzo.E005")
    try:
        worker = conf.get_outbox().worker
        if worker != "command":
            import_module(conf.OUTBOX_TASKS[worker])
    except Exception as error:  # noqa: BLE001 - to import the task runs code of Celery, or of a backend of TASKS
        yield Error(f"The outbox cannot be sent: {error}.", id="xoxzo.E007")


def _check_callbacks() -> Iterator[CheckMessage]:
    url = conf.get("PUBLIC_URL")
    if url is None:
        return
    try:
        conf.get_callbacks()
    except (ConfigurationError, TypeError) as error:
        hint = 'The secrets are XOXZO["SECRETS"], or SECRET_KEY and SECRET_KEY_FALLBACKS.'
        yield Error(f"Callbacks cannot be received: {error}.", hint=hint, id="xoxzo.E004")
        return
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_this_machine(parts.hostname or ""):
        hint = "Anyone who can read a callback on its way can post it again."
        yield CheckWarning('XOXZO["PUBLIC_URL"] is not https.', hint=hint, id="xoxzo.W001")


def _check_login() -> Iterator[CheckMessage]:
    if not conf.get("OTP_WEBSITE") and apps.is_installed("xoxzo.cloudpy.integrations.django.login.otp"):
        hint = "Register it once: get_client().otp.register_website(website=…)."
        yield Error('XOXZO["OTP_WEBSITE"] is needed for one-time passwords.', hint=hint, id="xoxzo.E006")
    calls = str(getattr(settings, "TWO_FACTOR_CALL_GATEWAY", "")).startswith("xoxzo.cloudpy.")
    if calls and not conf.get("CALLER"):
        yield Error('XOXZO["CALLER"] is needed for TWO_FACTOR_CALL_GATEWAY.', id="xoxzo.E008")
