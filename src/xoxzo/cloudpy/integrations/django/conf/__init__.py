"""The project's setting ``XOXZO``, the client and the callbacks that are made from it, and texts in its language."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal
from urllib.parse import quote, urlencode

import msgspec
from django.apps import apps
from django.conf import settings
from django.core.signals import setting_changed
from django.db import connections, router
from django.utils.functional import lazy
from django.utils.translation import get_language

from xoxzo.cloudpy.callbacks import Callbacks
from xoxzo.cloudpy.campaigns import Limits, OptOutLinks
from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.common.locale import N_, translations
from xoxzo.cloudpy.errors import ConfigurationError

DEFAULTS: dict[str, Any] = {
    # The account; by default XOXZO_API_SID, XOXZO_API_AUTH_TOKEN and XOXZO_API_HOST of the environment.
    "SID": None,
    "AUTH_TOKEN": None,
    "BASE_URL": None,
    # More arguments of Client: {"timeout": 10, "allowed_recipients": [...]}.
    "CLIENT": {},
    # The public URL of this application's URLs: "https://shop.example/xoxzo".
    "PUBLIC_URL": None,
    # The keys that sign callback URLs, newest first; by default Django's SECRET_KEY and its fallbacks.
    "SECRETS": None,
    # Days until the URL of a report expires.
    "CALLBACK_DAYS": 30,
    # Whether to confirm each callback with the API.
    "CONFIRM": False,
    # The SMS backend: "live", "console", "memory", or the path of a class.
    "SMS_BACKEND": "live",
    # The default sender of an SMS.
    "SENDER": None,
    # The default number that a call shows.
    "CALLER": None,
    # Login codes: an approved template with the variable {code}, or else a message with {code}; what a call speaks.
    "CODE_TEMPLATE": None,
    "CODE_MESSAGE": None,
    "CODE_CALL_MESSAGE": None,
    # Seconds in which the same code is not sent again to a number, and how many codes a number gets in an hour.
    "CODE_INTERVAL": 30,
    "CODES_PER_HOUR": 6,
    # One-time passwords of Xoxzo: the registered website, and seconds until another one can be requested.
    "OTP_WEBSITE": None,
    "OTP_SECONDS": 300,
    # The public URL of the pages on which people opt out; by default /o below PUBLIC_URL.
    "OPT_OUT_URL": None,
    # Who sends campaigns, as recipients know them; by default the sender of the campaign.
    "OPT_OUT_NAME": "",
    # The store of campaigns: the alias of a PostgreSQL database of DATABASES, or an address as in XOXZO_CAMPAIGNS.
    "CAMPAIGNS": None,
    # How the outbox is sent: the fields of OutboxSettings.
    "OUTBOX": {},
}
"""Every key of the setting ``XOXZO`` with its default."""

OUTBOX_TASKS = {
    "celery": "xoxzo.cloudpy.integrations.celery.chunks",
    "tasks": "xoxzo.cloudpy.integrations.django.outbox.django_task",
}
"""The modules with the tasks of the outbox: only what is chosen is imported, since it needs more to be installed."""
# What a connection's address can hold; the other parameters are objects of Django and psycopg.
_LIBPQ_PARAMETERS = (
    *("dbname", "user", "password", "host", "port", "service", "passfile", "options", "connect_timeout"),
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs"),
)
_lock = threading.Lock()
_instances: dict[str, Any] = {}


class OutboxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the outbox is sent."""

    worker: Literal["celery", "tasks", "command"] = "command"
    """What sends after a commit: ``celery``, ``tasks`` (Django's tasks framework), or ``command``, which is ``manage.py
    xoxzo_outbox``."""
    databases: tuple[str, ...] = ()
    """The aliases of the databases with an outbox; by default the one that the routers choose."""
    rate: float | None = None
    """Messages a second of all workers, or ``None`` for no limit."""
    lease: float = 60.0
    """Seconds for which a worker may send what it has claimed. Half of them is the most for a message."""
    settle: float = 600.0
    """Seconds after which a message whose response was lost is no longer accepted; then the sent list can prove that it
    was not sent."""
    days: float | None = None
    """After how many days what has ended is deleted; ``None`` for never."""
    backend: str = "default"
    """The backend of ``TASKS``, for ``tasks``."""
    queue: str = "default"
    """The queue of the tasks, for ``tasks``."""

    def __post_init__(self) -> None:
        if unknown := ", ".join(alias for alias in self.databases if alias not in settings.DATABASES):
            raise ValueError(f"databases: {unknown} is not in DATABASES")
        _ = self.limits

    @property
    def limits(self) -> Limits:
        """The same as limits of a campaign that sends one message at a time."""
        return Limits(concurrency=1, rate=self.rate, lease=self.lease, settle=self.settle)


def get(key: str) -> Any:  # noqa: ANN401 - each key has a type of its own
    """Return a value of the setting, or its default."""
    return getattr(settings, "XOXZO", {}).get(key, DEFAULTS[key])


def account() -> dict[str, Any]:
    """Return the arguments of the project's client."""
    return {"sid": get("SID"), "auth_token": get("AUTH_TOKEN"), "base_url": get("BASE_URL"), **get("CLIENT")}


def get_client() -> Client:
    """Return the project's client: one for each process, created at the first call.

    Raises:
        ConfigurationError: there are no credentials, or a value is invalid.
    """
    client: Client = _instance("client", lambda: Client(**account()))
    return client


def get_callbacks() -> Callbacks:
    """Return the project's `Callbacks`.

    Raises:
        ConfigurationError: ``PUBLIC_URL`` is not set, or a value is invalid.
    """
    public_url = get("PUBLIC_URL")
    if public_url is None:
        raise ConfigurationError('the setting XOXZO["PUBLIC_URL"] is needed for callbacks')
    lifetime = get("CALLBACK_DAYS") * 86_400
    callbacks: Callbacks = _instance("callbacks", lambda: Callbacks(secrets(), public_url, lifetime=lifetime))
    return callbacks


def _instance(name: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - what is made
    with _lock:
        if name not in _instances:
            _instances[name] = make()
        return _instances[name]


def get_opt_out_links() -> OptOutLinks:
    """Return what makes and verifies the links to opt out of campaigns.

    Raises:
        ConfigurationError: neither ``OPT_OUT_URL`` nor ``PUBLIC_URL`` is set, or a value is invalid.
    """
    url = get("OPT_OUT_URL") or (f"{get('PUBLIC_URL')}/o" if get("PUBLIC_URL") else None)
    if url is None:
        raise ConfigurationError('the setting XOXZO["OPT_OUT_URL"] or XOXZO["PUBLIC_URL"] is needed for opt-out links')
    return OptOutLinks(secrets(), url)


def campaigns_address() -> str | None:
    """Return the address of the store of campaigns, or ``None``; refuse a database that is not PostgreSQL."""
    given: str | None = get("CAMPAIGNS")
    if given is None or given not in settings.DATABASES:
        return given
    connection = connections[given]
    if connection.vendor != "postgresql":
        rule = N_(
            'XOXZO["CAMPAIGNS"] is the database "{alias}", and that is {vendor}: name a PostgreSQL database, which '
            "many machines can use, or a folder on this machine"
        )
        raise ConfigurationError(rule, alias=given, vendor=connection.display_name)
    parameters = connection.get_connection_params()
    known = {name: parameters[name] for name in _LIBPQ_PARAMETERS if name in parameters}
    # libpq does not read + as a blank.
    return f"postgresql:///?{urlencode(known, quote_via=quote, safe='')}"


def secrets() -> Sequence[str]:
    """Return the keys that sign callback URLs, newest first."""
    given = get("SECRETS")
    if given is None:
        return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [given] if isinstance(given, str) else list(given)


def get_outbox() -> OutboxSettings:
    """Return how the outbox is sent; raise `ConfigurationError` if it is invalid."""
    try:
        return msgspec.convert(get("OUTBOX"), OutboxSettings)
    except msgspec.ValidationError as error:
        raise ConfigurationError('XOXZO["OUTBOX"] is invalid: {why}', why=error) from error


def outbox_databases(only: str | None = None) -> tuple[str, ...]:
    """Return the aliases of the databases with an outbox, or `only` this one; raise `ConfigurationError` without."""
    known = get_outbox().databases or (router.db_for_write(apps.get_model("xoxzo.OutboxMessage")),)
    if only is None:
        return known
    if only not in known:
        rule = N_('the database "{alias}" has no outbox: add it to "databases" of XOXZO["OUTBOX"]')
        raise ConfigurationError(rule, alias=only)
    return (only,)


def active_language() -> str:
    """Return the active language by its ISO 639 code."""
    return (get_language() or "en").partition("-")[0]


def translate(message: str) -> str:
    """Return a message in the active language."""
    return translations(active_language()).gettext(message)


_ = lazy(translate, str)
"""Return a text that is translated where it is shown."""


def reset() -> None:
    """Close the client, so that it and the callbacks are created again from the current settings."""
    with _lock:
        client = _instances.pop("client", None)
        _instances.clear()
    if client is not None:
        client.close()


def _reset_after_change(*, setting: str, **_more: object) -> None:
    # override_settings in tests sends this signal.
    if setting in {"XOXZO", "SECRET_KEY", "SECRET_KEY_FALLBACKS"}:
        reset()


setting_changed.connect(_reset_after_change)
# Management commands end without closing it; a garbage collector that runs after the modules are gone cannot.
atexit.register(reset)
