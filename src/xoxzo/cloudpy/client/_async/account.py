"""The account, and look-ups."""

from __future__ import annotations

from xoxzo.cloudpy.client._async.driver import AsyncResource
from xoxzo.cloudpy.models import CarrierLookup, Credits
from xoxzo.cloudpy.operations import account


class AsyncAccount(AsyncResource):
    """The account: ``client.account`` (API section 9)."""

    async def credits(self) -> Credits:
        """Return the balance; 1 credit is 1 yen before tax (API section 9.1).

        Raises:
            AuthenticationFailed: the SID or the token is wrong.
            APIError: anything else went wrong.
        """
        return await self._driver.call(account.get_credits())


class AsyncLookup(AsyncResource):
    """Look-ups: ``client.lookup`` (API section 8)."""

    async def carrier(self, recipient: str) -> CarrierLookup:
        """Look up the carrier of a mobile number. It costs 5 credits, found or not (API sections 1.7 and 8.1).

        Args:
            recipient: the number in E.164. No call or message is made.

        Returns:
            The carrier; ``found`` is false for a landline or an unknown number.

        Raises:
            InvalidArgument: this is no number; nothing was charged.
            NotEnoughCredits: the balance is too low; nothing was charged.
            APIError: anything else went wrong; ``maybe_sent`` says whether it may have been charged.
        """
        return await self._driver.call(account.carrier(recipient))
