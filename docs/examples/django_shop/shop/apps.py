"""The shop, as Django sees it."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """The shop."""

    name = "shop"

    def ready(self) -> None:
        """Begin to listen to Xoxzo."""
        from . import receivers  # noqa: F401 - importing connects them
