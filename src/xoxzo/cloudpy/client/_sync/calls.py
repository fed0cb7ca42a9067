# Written by scripts/unasync.py from ../_async: change it there.
"""Voice calls and conference calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from xoxzo.cloudpy.client._sync.driver import Resource, poll
from xoxzo.cloudpy.models import Call, Conference, StartedCall, StartedConference
from xoxzo.cloudpy.operations import calls
from xoxzo.cloudpy.protocols import SendOptions


class Calls(Resource):
    """Voice calls: ``client.calls`` (API section 5)."""

    def play(
        self,
        *,
        caller: str,
        recipient: str,
        recording_url: str,
        jp_din_caller: bool = False,
        **options: Unpack[SendOptions],
    ) -> StartedCall:
        """Call a phone and play an mp3. The first minute is charged whether it is answered or not (API section 1.7).

        Args:
            caller: the number to show: digits, with or without ``+``. Carriers may replace it (API section 5.1).
            recipient: the number to call, in E.164.
            recording_url: a public mp3, ``http://`` only, with ASCII letters, digits and ``_ / - . :`` only.
            jp_din_caller: show a dial-in number that you subscribe; ``caller`` must be that number. It costs more.
            options: :class:`~xoxzo.cloudpy.SendOptions`: ``callback_url`` (called when the call has ended, API section
                10.2), ``callbacks``, ``reference``, ``tags`` and ``extra``.

        Returns:
            The call's ``callid``.

        Raises:
            InvalidArgument: a value breaks its rule; nobody was called.
            NotEnoughCredits: the balance is below the minimum for calls; nobody was called.
            APIError: anything else went wrong; ``maybe_sent`` says whether the phone may ring.
        """
        return self._driver.call(
            calls.play(
                caller=caller, recipient=recipient, recording_url=recording_url, jp_din_caller=jp_din_caller, **options
            )
        )

    def say(
        self,
        *,
        caller: str,
        recipient: str,
        tts_message: str,
        tts_lang: str,
        jp_din_caller: bool = False,
        **options: Unpack[SendOptions],
    ) -> StartedCall:
        """Call a phone and speak a text. The first minute is charged whether it is answered or not (API section 1.7).

        Args:
            caller: the number to show: digits, with or without ``+``. Carriers may replace it (API section 5.1).
            recipient: the number to call, in E.164.
            tts_message: the text; commas make pauses, as in ``1,,2,,3``.
            tts_lang: its language, ``ja`` or ``en``.
            jp_din_caller: show a dial-in number that you subscribe; ``caller`` must be that number. It costs more.
            options: :class:`~xoxzo.cloudpy.SendOptions`: ``callback_url`` (called when the call has ended, API section
                10.2), ``callbacks``, ``reference``, ``tags`` and ``extra``.

        Returns:
            The call's ``callid``.

        Raises:
            InvalidArgument: a value breaks its rule; nobody was called.
            NotEnoughCredits: the balance is below the minimum for calls; nobody was called.
            APIError: anything else went wrong; ``maybe_sent`` says whether the phone may ring.
        """
        return self._driver.call(
            calls.say(
                caller=caller,
                recipient=recipient,
                tts_message=tts_message,
                tts_lang=tts_lang,
                jp_din_caller=jp_din_caller,
                **options,
            )
        )

    def get(self, callid: str) -> Call:
        """Return the status of a call (API section 5.2).

        Args:
            callid: the id that ``play`` or ``say`` returned.

        Raises:
            NotFound: no call has this id.
            APIError: anything else went wrong.
        """
        return self._driver.call(calls.get_call(callid))

    def wait(self, callid: str, *, timeout: float = 300.0) -> Call:
        """Poll a call until it is over, with pauses that grow from 1 to 15 s (API section 5.2).

        Args:
            callid: the id that ``play`` or ``say`` returned.
            timeout: the limit of all of it, in seconds; the client's deadline applies to each read.

        Raises:
            TimedOut: with phase ``deadline``: it was not over. ``last_record`` is the last one read.
            NotFound: no call has this id.
            APIError: a read failed.
        """
        return poll(
            self._driver, calls.get_call(callid), lambda call: call.status.is_final, name="calls.wait", timeout=timeout
        )


class Conferences(Resource):
    """Conference calls: ``client.conferences`` (API sections 5.3 and 5.4)."""

    def create(
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
        return self._driver.call(
            calls.create_conference(caller=caller, participants=participants, lang=lang, **options)
        )

    def get(self, conferenceid: str) -> Conference:
        """Return a conference: each participant's call, duration and cost (API section 5.4).

        Args:
            conferenceid: the id that ``create`` returned.

        Raises:
            NotFound: no conference has this id.
            APIError: anything else went wrong.
        """
        return self._driver.call(calls.get_conference(conferenceid))
