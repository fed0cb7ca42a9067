"""The application, as Django sees it."""

from django.apps import AppConfig


class XoxzoConfig(AppConfig):
    """Xoxzo's telephony: delivery log, signals and SMS backends."""

    name = "xoxzo.cloudpy.integrations.django"
    label = "xoxzo"
    verbose_name = "Xoxzo"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from . import checks  # noqa: F401 - importing registers them
