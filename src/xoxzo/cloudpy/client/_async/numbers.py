"""Dial-in numbers, and the retired SMS-in numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator

from xoxzo.cloudpy.client._async.driver import AsyncResource
from xoxzo.cloudpy.models import DialInNumber, DialInSubscription, SmsInNumber, SmsInSubscription
from xoxzo.cloudpy.operations.numbers import DINS, SINS
from xoxzo.cloudpy.protocols import CallbackUrls


class AsyncDins(AsyncResource):
    """Dial-in numbers: ``client.dins`` (API section 6)."""

    def search(self, *, country: str | None = None, prefix: str | None = None) -> AsyncIterator[DialInNumber]:
        """List the numbers that can be subscribed; the request is made at the first record (API section 6.1).

        Args:
            country: only in this country, for instance ``JP``.
            prefix: only with this country code and prefix, for instance ``8150``.

        Raises:
            InvalidArgument: a value breaks its rule; raised at once.
            APIError: anything else went wrong.
        """
        return self._driver.stream(DINS.search(country=country, prefix=prefix))

    async def subscribe(self, din_uid: str) -> DialInSubscription:
        """Subscribe a number. The first 30 days are charged at once, and so are the next ones (API section 6.2).

        Args:
            din_uid: the key that ``search`` found.

        Raises:
            BadRequest: no free number has this key.
            NotEnoughCredits: the balance is too low.
            APIError: anything else went wrong; ``maybe_sent`` says whether you may have the number: see ``list``.
        """
        return await self._driver.call(DINS.subscribe(din_uid))

    def list(self) -> AsyncIterator[DialInSubscription]:
        """List the numbers that you subscribe; the request is made at the first record (API section 6.3).

        Raises:
            APIError: something went wrong.
        """
        return self._driver.stream(DINS.list())

    async def set_action_url(
        self, din_uid: str, *, action_url: str | None = None, callbacks: CallbackUrls | None = None
    ) -> None:
        """Set the URL that answers incoming calls; it replaces the former one (API section 6.4).

        Args:
            din_uid: the number's key.
            action_url: answers a GET with one line of plain text, such as ``say ja "…"`` (API section 11).
            callbacks: makes that address instead, bound to ``din_uid``: a ``Callbacks`` of yours.

        Raises:
            InvalidArgument: the address is not a URL, or neither or both of it and ``callbacks`` were given.
            NotFound: you do not subscribe this number.
            APIError: anything else went wrong.
        """
        await self._driver.call(DINS.set_action_url(din_uid, action_url=action_url, callbacks=callbacks))

    async def unsubscribe(self, din_uid: str) -> None:
        """Release a number. Within 24 hours part of the first fee is refunded (API section 6.5).

        Args:
            din_uid: the number's key.

        Raises:
            NotFound: you do not subscribe this number.
            APIError: anything else went wrong.
        """
        await self._driver.call(DINS.unsubscribe(din_uid))


class AsyncSins(AsyncResource):
    """Numbers that took SMS: ``client.sins`` (API section 4). Retired: the service ended on 2024-04-30.

    It is here for programs that still store such numbers. What its paths answer now is unknown; be ready
    for ``NotFound`` from each of them. The methods are those of ``client.dins``, and raise the same errors.
    """

    def search(self, *, country: str | None = None, prefix: str | None = None) -> AsyncIterator[SmsInNumber]:
        """List the numbers that can be subscribed, as ``client.dins.search`` does (API section 4).

        Args:
            country: only in this country, for instance ``JP``.
            prefix: only with this country code and prefix, for instance ``8150``.
        """
        return self._driver.stream(SINS.search(country=country, prefix=prefix))

    async def subscribe(self, sin_uid: str) -> SmsInSubscription:
        """Subscribe a number. What that would charge now is unknown (API section 4).

        Args:
            sin_uid: the key that ``search`` found.
        """
        return await self._driver.call(SINS.subscribe(sin_uid))

    def list(self) -> AsyncIterator[SmsInSubscription]:
        """List the numbers that you subscribe, as ``client.dins.list`` does."""
        return self._driver.stream(SINS.list())

    async def set_action_url(
        self, sin_uid: str, *, action_url: str | None = None, callbacks: CallbackUrls | None = None
    ) -> None:
        """Set the URL that incoming SMS are posted to; it replaces the former one.

        Args:
            sin_uid: the number's key.
            action_url: takes a POST with sender, receiving number, text and time (API section 10).
            callbacks: makes that address instead, bound to ``sin_uid``: a ``Callbacks`` of yours.
        """
        await self._driver.call(SINS.set_action_url(sin_uid, action_url=action_url, callbacks=callbacks))

    async def unsubscribe(self, sin_uid: str) -> None:
        """Release a number, as ``client.dins.unsubscribe`` does (API section 4).

        Args:
            sin_uid: the number's key.
        """
        await self._driver.call(SINS.unsubscribe(sin_uid))
