# Written by scripts/unasync.py from ../_async: change it there.
"""The base of all resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xoxzo.cloudpy.client.drivers import Driver


class Resource:
    """Some of the client's methods, which make their calls through the client's driver."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
