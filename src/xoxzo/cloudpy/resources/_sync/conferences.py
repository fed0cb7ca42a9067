# Written by scripts/unasync.py from ../_async: change it there.
"""Conference calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.operations import conferences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.drivers import Driver
    from xoxzo.cloudpy.models import Conference, StartedConference
    from xoxzo.cloudpy.protocols import CallbackUrls


class Conferences:
    """Conference calls: ``client.conferences`` (API sections 5.3 and 5.4)."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def create(
        self,
        *,
        caller: str,
        participants: Sequence[str],
        callback_url: str | None = None,
        callbacks: CallbackUrls | None = None,
        reference: str | None = None,
        tags: Sequence[str] = (),
        lang: str | None = None,
    ) -> StartedConference:
        """Ring two or three phones and join them. Each is charged as a call (API sections 1.7 and 5.3).

        Args:
            caller: the number to show: digits, with or without ``+``. Carriers may replace it (API section 5.1).
            participants: two or three numbers in E.164.
            callback_url: told when the conference has ended. That there is such a callback is not documented.
            callbacks: makes that address instead, bound to ``reference``: a ``Callbacks`` of yours.
            reference: your own key for this conference. It travels as a tag. No comma, no blanks around it.
            tags: tags without commas. That a conference takes them is not documented.
            lang: the language of the voice guide, two small letters such as ``ja``. That it can be chosen is known; the
                parameter's name is not, so a server may heed it or not (API section 15.44).

        Returns:
            The conference's ``conferenceid`` and the ``callid`` of each participant's call.

        Raises:
            InvalidArgument: a value breaks its rule; nobody was called.
            NotEnoughCredits: the balance is below the minimum for calls; nobody was called.
            APIError: anything else went wrong; ``maybe_sent`` says whether the phones may ring.
        """
        return self._driver.call(
            conferences.create_conference(
                caller=caller,
                participants=participants,
                callback_url=callback_url,
                callbacks=callbacks,
                reference=reference,
                tags=tags,
                lang=lang,
            )
        )

    def get(self, conferenceid: str) -> Conference:
        """Ask how a conference went: each participant's call, duration and cost (API section 5.4).

        Args:
            conferenceid: the id that ``create`` returned.

        Raises:
            NotFound: no conference has this id.
            APIError: anything else went wrong.
        """
        return self._driver.call(conferences.get_conference(conferenceid))
