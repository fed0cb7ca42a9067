"""One message or call to one person, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from xoxzo.cloudpy.errors import APIError, ConnectionFailed, InvalidArgument, RateLimited, TimedOut
from xoxzo.cloudpy.integrations.alertmanager.records import Deed, Kind, Outcome
from xoxzo.cloudpy.masking import mask_number
from xoxzo.cloudpy.models import CallStatus

if TYPE_CHECKING:
    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.integrations.alertmanager.settings import Settings
    from xoxzo.cloudpy.integrations.alertmanager.telling import Teller
    from xoxzo.cloudpy.integrations.alertmanager.wording import Said
    from xoxzo.cloudpy.models import SentMessage


class Sender(Protocol):
    """What sends."""

    async def send(self, deed: Deed, said: Said) -> Deed:
        """Send a message or place a call; a call that was placed is ``RINGING`` and has its ``callid``."""

    async def ask(self, deed: Deed) -> Deed:
        """Ask what became of a call; it stays ``RINGING`` while that is not known."""


class LiveSender:
    """Sends by a client.

    Args:
        client: makes the requests; it is not closed here.
        settings: who is who.
        teller: is told of everything.
    """

    def __init__(self, client: AsyncClient, settings: Settings, teller: Teller) -> None:
        # Whether a second try is still wanted is for the rules to say: somebody may have acknowledged in between.
        self._client = client.with_options(max_retries=0)
        self._settings = settings
        self._teller = teller

    async def send(self, deed: Deed, said: Said) -> Deed:
        """Send; errors become outcomes."""
        number = self._settings.people[deed.person].number
        facts = {"incident": deed.incident, "kind": deed.kind, "to": deed.person, "number": mask_number(number)}
        try:
            if deed.kind is Kind.CALL:
                call = await self._client.calls.say(
                    caller=self._settings.caller,
                    recipient=number,
                    tts_message=said.text,
                    tts_lang=self._settings.language,
                    reference=deed.key,
                )
                self._teller.tell("calling", **facts, callid=call.callid)
                return _with(deed, Outcome.RINGING, call.callid)
            sent = await self._text(number, said, deed.key)
        except (InvalidArgument, APIError) as error:
            outcome = judge(error)
            self._teller.tell(outcome, **facts, reference=deed.key, error=error)
            return _with(deed, outcome)
        self._teller.tell("sent", **facts, msgid=sent.msgid)
        return _with(deed, Outcome.SENT)

    async def _text(self, number: str, said: Said, reference: str) -> SentMessage:
        sender = self._settings.sender
        if said.template is None:
            return await self._client.sms.send(recipient=number, sender=sender, message=said.text, reference=reference)
        return await self._client.templates.send(
            said.template, recipient=number, sender=sender, variables=said.variables, reference=reference
        )

    async def ask(self, deed: Deed) -> Deed:
        """Ask; an error means that it is not known yet."""
        try:
            call = await self._client.calls.get(deed.callid)
        except APIError as error:
            self._teller.tell("asking-failed", incident=deed.incident, callid=deed.callid, error=error)
            return deed
        if not call.status.is_final:
            return deed
        answered = call.status == CallStatus.ANSWERED and call.duration >= self._settings.talk
        self._teller.tell(
            "answered" if answered else "unanswered",
            incident=deed.incident,
            to=deed.person,
            callid=deed.callid,
            status=call.status.value,
            seconds=call.duration,
        )
        return _with(deed, Outcome.ANSWERED if answered else Outcome.UNANSWERED)


class DrySender:
    """Sends nothing and tells what it would have sent. Nobody answers its calls."""

    def __init__(self, settings: Settings, teller: Teller) -> None:
        self._settings = settings
        self._teller = teller

    async def send(self, deed: Deed, said: Said) -> Deed:
        """Tell, with the text, since there is no other way to see it."""
        number = mask_number(self._settings.people[deed.person].number)
        self._teller.tell(
            "would-send",
            incident=deed.incident,
            kind=deed.kind,
            to=deed.person,
            number=number,
            template=said.template,
            text=said.text,
        )
        return _with(deed, Outcome.UNANSWERED if deed.kind is Kind.CALL else Outcome.SENT)

    async def ask(self, deed: Deed) -> Deed:
        """Say that nobody answered."""
        return _with(deed, Outcome.UNANSWERED)


def judge(error: InvalidArgument | APIError) -> Outcome:
    """Say what an error leaves of a message: in doubt, to be tried again, or refused for good."""
    if isinstance(error, InvalidArgument):
        return Outcome.REFUSED
    if error.maybe_sent:
        return Outcome.DOUBT
    return Outcome.UNSENT if isinstance(error, ConnectionFailed | RateLimited | TimedOut) else Outcome.REFUSED


def _with(deed: Deed, outcome: Outcome, callid: str = "") -> Deed:
    return msgspec.structs.replace(deed, outcome=outcome, callid=callid or deed.callid)
