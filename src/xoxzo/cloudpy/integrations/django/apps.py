"""The configuration of the Django application."""

from __future__ import annotations

from django.apps import AppConfig


class XoxzoConfig(AppConfig):
    """Xoxzo's SMS and calls: delivery log, signals and SMS backends."""

    name = "xoxzo.cloudpy.integrations.django"
    label = "xoxzo"
    verbose_name = "Xoxzo"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from xoxzo.cloudpy.integrations.django.conf import checks  # noqa: F401 - importing registers them
