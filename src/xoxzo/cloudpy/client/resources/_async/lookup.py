"""Look-ups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.operations import lookup

if TYPE_CHECKING:
    from xoxzo.cloudpy.client.drivers import AsyncDriver
    from xoxzo.cloudpy.models import CarrierLookup


class AsyncLookup:
    """Look-ups: ``client.lookup`` (API section 8)."""

    def __init__(self, driver: AsyncDriver) -> None:
        self._driver = driver

    async def carrier(self, recipient: str) -> CarrierLookup:
        """Look up the carrier of a mobile number. It costs 5 credits, found or not (API sections 1.7 and 8.1).

        Args:
            recipient: the number in E.164. Nobody is called or written to.

        Returns:
            The carrier; ``found`` is false for a landline or a number that nobody knows.

        Raises:
            InvalidArgument: this is no number; nothing was charged.
            NotEnoughCredits: the balance is too low; nothing was charged.
            APIError: anything else went wrong; ``maybe_sent`` says whether it may have been charged.
        """
        return await self._driver.call(lookup.carrier(recipient))
