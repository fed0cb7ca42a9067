"""The account."""

from __future__ import annotations

from xoxzo.cloudpy.client._async.driver import AsyncResource
from xoxzo.cloudpy.models import Credits
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
