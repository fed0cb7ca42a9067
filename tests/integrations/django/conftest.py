"""Set up Django once for the process, with a temporary database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
import pytest
from django.conf import settings

import translations

SECRET_KEY = "a secret of the tests, long enough for Django, too: 50 characters"
_FOLDER = tempfile.TemporaryDirectory(prefix="xoxzo-django-", ignore_cleanup_errors=True)

if not settings.configured:
    settings.configure(
        SECRET_KEY=SECRET_KEY,
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(_FOLDER.name) / "django.db")}},
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
            "xoxzo.cloudpy.integrations.django",
            *(["django_otp", "xoxzo.cloudpy.integrations.django.login.otp"] if find_spec("django_otp") else []),
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        ROOT_URLCONF="project_urls",
        USE_TZ=True,
        STATIC_URL="/static/",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        XOXZO={
            "SENDER": "Shop",
            "SMS_BACKEND": "memory",
            "PUBLIC_URL": "https://shop.example/xoxzo",
            "OTP_WEBSITE": "https://shop.example",
        },
    )
    django.setup()


@pytest.fixture(scope="session", autouse=True)
def tables() -> Iterator[None]:
    """Create the tables with the migrations."""
    from django.core.management import call_command
    from django.db import connections

    translations.ensure_compiled()
    call_command("migrate", verbosity=0)
    yield
    connections.close_all()


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    """Empty the log and the outbox, and reset what was made from other settings."""
    from django.db import connections

    from xoxzo.cloudpy.integrations.django import conf
    from xoxzo.cloudpy.integrations.django.backends.memory import outbox
    from xoxzo.cloudpy.integrations.django.models import Delivery, OutboxAccount, OutboxMessage, Turn

    _empty(Delivery, Turn, OutboxMessage, OutboxAccount)
    outbox.clear()
    conf.reset()
    yield
    conf.reset()
    connections.close_all()


def _empty(*models: Any) -> None:
    for model in models:
        model.objects.all().delete()


class OneDatabase:
    """A router that has everything in one database."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    def db_for_write(self, model: Any, **_hints: Any) -> str:
        """Return the database."""
        del model
        return self._alias

    db_for_read = db_for_write


@pytest.fixture(scope="session", params=["sqlite", "postgresql", "mariadb"])
def migrated(request: pytest.FixtureRequest, tables: None) -> Iterator[str]:
    """The alias of a database of each kind, one after another, with its tables."""
    from django.core.management import call_command
    from django.db import connections

    if request.param == "sqlite":
        yield "default"
        return
    server = request.getfixturevalue(request.param)
    with server.new_database() as name:
        values = {"ENGINE": "django.db.backends.mysql", "NAME": name, "USER": "root"}
        if request.param == "mariadb":
            values["HOST"] = server.socket
        else:
            found = urlsplit(name)
            values |= {"ENGINE": "django.db.backends.postgresql", "NAME": found.path[1:], "USER": "xoxzo"}
            values["HOST"] = found.query.removeprefix("host=")
        alias = request.param
        connections.settings[alias] = connections.configure_settings({"default": {}, alias: values})[alias]
        try:
            call_command("migrate", database=alias, verbosity=0)
            yield alias
        finally:
            connections[alias].close()
            del connections[alias], connections.settings[alias]


@pytest.fixture
def database(migrated: str) -> Iterator[str]:
    """The same, empty, for one test whose models are in it."""
    from django.test import override_settings

    from xoxzo.cloudpy.integrations.django.models import Delivery, OutboxAccount, OutboxMessage, Turn

    with override_settings(DATABASE_ROUTERS=[OneDatabase(migrated)]):
        _empty(Delivery, Turn, OutboxMessage, OutboxAccount)
        yield migrated


@pytest.fixture
def xoxzo() -> Any:
    """Return a context manager that changes keys of the setting XOXZO."""
    from django.test import override_settings

    return lambda **keys: override_settings(XOXZO={**settings.XOXZO, **keys})
