# Written by scripts/unasync.py from ../_async: change it there.
"""The account."""

from __future__ import annotations

from xoxzo.cloudpy.client._sync.driver import Resource
from xoxzo.cloudpy.models import Credits
from xoxzo.cloudpy.operations import account


class Account(Resource):
    """The account: ``client.account`` (API section 9)."""

    def credits(self) -> Credits:
        """Return the balance; 1 credit is 1 yen before tax (API section 9.1).

        Raises:
            AuthenticationFailed: the SID or the token is wrong.
            APIError: anything else went wrong.
        """
        return self._driver.call(account.get_credits())
