"""Conference calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from xoxzo.cloudpy.client.resources._async.resource import AsyncResource
from xoxzo.cloudpy.operations import conferences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.models import Conference, StartedConference
    from xoxzo.cloudpy.protocols import SendOptions


class AsyncConferences(AsyncResource):
    """Conference calls: ``client.conferences`` (API sections 5.3 and 5.4)."""

    async def create(
        self, *, caller: str, participants: Sequence[str], lang: str | None = None, **options: Unpack[SendOptions]
    ) -> StartedConference:
        """Call two or three phones and connect them. Each is charged as a call (API sections 1.7 and 5.3).

        Args:
            caller: the number to show: digits, with or without ``+``. Carriers may replace it (API section 5.1).
            participants: two or three numbers in E.164.
            lang: the language of the voice guide, two small letters such as ``ja``. That it can be chosen is known; the
                parameter's name is not, so the server may ignore it (API section 15.44).
            options: :class:`~xoxzo.cloudpy.SendOptions`: ``callback_url`` (called when the conference has ended),
                ``callbacks``, ``reference``, ``tags`` and ``extra``. That a conference takes them is not documented.

        Returns:
            The conference's ``conferenceid`` and the ``callid`` of each participant's call.

        Raises:
            InvalidArgument: a value breaks its rule; nobody was called.
            NotEnoughCredits: the balance is below the minimum for calls; nobody was called.
            APIError: anything else went wrong; ``maybe_sent`` says whether the phones may ring.
        """
        return await self._driver.call(
            conferences.create_conference(caller=caller, participants=participants, lang=lang, **options)
        )

    async def get(self, conferenceid: str) -> Conference:
        """Return a conference: each participant's call, duration and cost (API section 5.4).

        Args:
            conferenceid: the id that ``create`` returned.

        Raises:
            NotFound: no conference has this id.
            APIError: anything else went wrong.
        """
        return await self._driver.call(conferences.get_conference(conferenceid))
