"""Make one notification attempt, and ask how a call has ended."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.errors import APIError, ConnectionFailed, InvalidArgument, RateLimited, TimedOut
from xoxzo.cloudpy.integrations.alertmanager.config.settings import Settings
from xoxzo.cloudpy.integrations.alertmanager.event_log import EventLog
from xoxzo.cloudpy.integrations.alertmanager.incidents import Kind, NotificationAttempt, Outcome
from xoxzo.cloudpy.integrations.alertmanager.message_text import Rendered
from xoxzo.cloudpy.models import CallStatus


class Sender:
    """Sends with a client, which the caller closes, and logs each attempt; no error of the API is raised.

    Without a client, it only logs what it would send; then calls are not answered.
    """

    def __init__(self, client: AsyncClient | None, settings: Settings, log: EventLog) -> None:
        # No retries here: a person may acknowledge before the next try, so the escalation decides.
        self._client = client and client.with_options(max_retries=0)
        self._settings = settings
        self._log = log

    async def send(self, attempt: NotificationAttempt, content: Rendered) -> NotificationAttempt:
        """Send an SMS or place a call; an error becomes the outcome."""
        recipient = self._settings.people[attempt.person].number
        fields = {"incident": attempt.incident, "kind": attempt.kind, "to": attempt.person}
        fields["number"] = mask_number(recipient)
        if self._client is None:
            self._log.write("would-send", **fields, template=content.template, message=content.message)
            return replace(attempt, outcome=Outcome.UNANSWERED if attempt.kind is Kind.CALL else Outcome.SENT)
        target: dict[str, Any] = {"recipient": recipient, "reference": attempt.key}
        try:
            if attempt.kind is Kind.CALL:
                call = await self._client.calls.say(
                    caller=self._settings.caller,
                    tts_message=content.message,
                    tts_lang=self._settings.language,
                    **target,
                )
                self._log.write("calling", **fields, callid=call.callid)
                return replace(attempt, outcome=Outcome.RINGING, callid=call.callid)
            target["sender"] = self._settings.sender
            if content.template is None:
                sent = await self._client.sms.send(message=content.message, **target)
            else:
                sent = await self._client.templates.send(content.template, variables=content.variables, **target)
        except (InvalidArgument, APIError) as error:
            outcome = outcome_of(error)
            self._log.write(outcome, **fields, reference=attempt.key, error=error)
            return replace(attempt, outcome=outcome)
        self._log.write("sent", **fields, msgid=sent.msgid)
        return replace(attempt, outcome=Outcome.SENT)

    async def check_call(self, attempt: NotificationAttempt) -> NotificationAttempt:
        """Get the status of a call; after an error the outcome is still ``RINGING``."""
        assert self._client is not None  # noqa: S101 - without a client, no call rings
        try:
            call = await self._client.calls.get(attempt.callid)
        except APIError as error:
            self._log.write("call-status-failed", incident=attempt.incident, callid=attempt.callid, error=error)
            return attempt
        if not call.status.is_final:
            return attempt
        is_answered = call.status == CallStatus.ANSWERED and call.duration >= self._settings.talk
        outcome = Outcome.ANSWERED if is_answered else Outcome.UNANSWERED
        fields = {"to": attempt.person, "callid": attempt.callid, "status": call.status.value}
        self._log.write(outcome, incident=attempt.incident, **fields, seconds=call.duration)
        return replace(attempt, outcome=outcome)


def outcome_of(error: InvalidArgument | APIError) -> Outcome:
    """Return the outcome of an attempt that raised an error."""
    if isinstance(error, InvalidArgument):
        return Outcome.REFUSED
    if error.maybe_sent:
        return Outcome.UNKNOWN
    return Outcome.UNSENT if isinstance(error, ConnectionFailed | RateLimited | TimedOut) else Outcome.REFUSED
