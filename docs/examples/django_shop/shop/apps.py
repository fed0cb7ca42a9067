"""The configuration of the shop's application."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """The shop."""

    name = "shop"

    def ready(self) -> None:
        """Connect the receivers."""
        from . import receivers  # noqa: F401 - importing connects them
