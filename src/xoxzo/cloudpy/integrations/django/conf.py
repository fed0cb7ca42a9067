"""The project's setting ``XOXZO``, and what is made of it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.signals import setting_changed

from xoxzo.cloudpy.callbacks import Callbacks
from xoxzo.cloudpy.client import Client
from xoxzo.cloudpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULTS: dict[str, Any] = {
    # The account; by default XOXZO_API_SID, XOXZO_API_AUTH_TOKEN and XOXZO_API_HOST of the environment.
    "SID": None,
    "AUTH_TOKEN": None,
    "BASE_URL": None,
    # More for the client, by the names of its parameters: {"timeout": 10, "allowed_recipients": [...]}.
    "CLIENT": {},
    # Where the world reaches the URLs of this application: "https://shop.example/xoxzo".
    "PUBLIC_URL": None,
    # What callback URLs are signed with, the newest first; by default Django's SECRET_KEY and its fallbacks.
    "SECRETS": None,
    # Days for which the URL of a report is believed.
    "CALLBACK_DAYS": 30,
    # Ask the API before a callback is believed.
    "CONFIRM": False,
    # Which kind of backend sends: "live", "console", "memory", or the path of a class of your own.
    "SMS_BACKEND": "live",
    # The sender of an SMS that names none.
    "SENDER": None,
}
"""Every key of the setting ``XOXZO`` with its default."""

_lock = threading.Lock()
_made: dict[str, Any] = {}


def get(key: str) -> Any:  # noqa: ANN401 - each key has a type of its own
    """Return a value of the setting, or its default."""
    return getattr(settings, "XOXZO", {}).get(key, DEFAULTS[key])


def get_client() -> Client:
    """Return the project's client: one for the whole process, made when it is first asked for.

    Raises:
        ConfigurationError: there are no credentials, or a value is wrong.
    """
    with _lock:
        if "client" not in _made:
            _made["client"] = Client(
                sid=get("SID"), auth_token=get("AUTH_TOKEN"), base_url=get("BASE_URL"), **get("CLIENT")
            )
        client: Client = _made["client"]
        return client


def get_callbacks() -> Callbacks:
    """Return what makes and reads the project's callback URLs.

    Raises:
        ConfigurationError: ``PUBLIC_URL`` is not set, or a value is wrong.
    """
    with _lock:
        if "callbacks" not in _made:
            public_url = get("PUBLIC_URL")
            if public_url is None:
                raise ConfigurationError('the setting XOXZO["PUBLIC_URL"] is needed for callbacks')
            _made["callbacks"] = Callbacks(secrets(), public_url, lifetime=get("CALLBACK_DAYS") * 86_400)
        callbacks: Callbacks = _made["callbacks"]
        return callbacks


def secrets() -> Sequence[str]:
    """Return what callback URLs are signed with, the newest first."""
    given = get("SECRETS")
    if given is None:
        return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [given] if isinstance(given, str) else list(given)


def forget() -> None:
    """Close the client and forget what was made of the settings, so that it is made anew."""
    with _lock:
        client = _made.pop("client", None)
        _made.clear()
    if client is not None:
        client.close()


def _changed(*, setting: str, **_more: object) -> None:
    # Tests override settings; whatever was made of the old ones must not outlive them.
    if setting in {"XOXZO", "SECRET_KEY", "SECRET_KEY_FALLBACKS"}:
        forget()


setting_changed.connect(_changed)
