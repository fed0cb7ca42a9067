"""Make one notification attempt, and follow a call until it has ended."""

from __future__ import annotations

import msgspec

from xoxzo.cloudpy.client.async_client import AsyncClient
from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.errors import APIError, ConnectionFailed, InvalidArgument, RateLimited, TimedOut
from xoxzo.cloudpy.integrations.alertmanager.config.settings import Settings
from xoxzo.cloudpy.integrations.alertmanager.event_log import EventLog
from xoxzo.cloudpy.integrations.alertmanager.incidents import Kind, NotificationAttempt, Outcome
from xoxzo.cloudpy.integrations.alertmanager.message_text import Rendered
from xoxzo.cloudpy.models import CallStatus, SentMessage


class LiveSender:
    """Sends with a client, which the caller closes, and logs each attempt."""

    def __init__(self, client: AsyncClient, settings: Settings, log: EventLog) -> None:
        # No retries here: a person may acknowledge before the next try, so the escalation decides.
        self._client = client.with_options(max_retries=0)
        self._settings = settings
        self._log = log

    async def send(self, attempt: NotificationAttempt, content: Rendered) -> NotificationAttempt:
        """Send an SMS or place a call; an error becomes the outcome."""
        number = self._settings.people[attempt.person].number
        fields = _log_fields(attempt, number)
        try:
            if attempt.kind is Kind.CALL:
                call = await self._client.calls.say(
                    caller=self._settings.caller,
                    recipient=number,
                    tts_message=content.message,
                    tts_lang=self._settings.language,
                    reference=attempt.key,
                )
                self._log.write("calling", **fields, callid=call.callid)
                return _with(attempt, Outcome.RINGING, call.callid)
            sent = await self._send_sms(number, content, attempt.key)
        except (InvalidArgument, APIError) as error:
            outcome = outcome_of(error)
            self._log.write(outcome, **fields, reference=attempt.key, error=error)
            return _with(attempt, outcome)
        self._log.write("sent", **fields, msgid=sent.msgid)
        return _with(attempt, Outcome.SENT)

    async def _send_sms(self, number: str, content: Rendered, reference: str) -> SentMessage:
        sender = self._settings.sender
        if content.template is None:
            return await self._client.sms.send(
                recipient=number, sender=sender, message=content.message, reference=reference
            )
        return await self._client.templates.send(
            content.template, recipient=number, sender=sender, variables=content.variables, reference=reference
        )

    async def check_call(self, attempt: NotificationAttempt) -> NotificationAttempt:
        """Get the status of a call; after an error the outcome is still ``RINGING``."""
        try:
            call = await self._client.calls.get(attempt.callid)
        except APIError as error:
            self._log.write("call-status-failed", incident=attempt.incident, callid=attempt.callid, error=error)
            return attempt
        if not call.status.is_final:
            return attempt
        answered = call.status == CallStatus.ANSWERED and call.duration >= self._settings.talk
        self._log.write(
            "answered" if answered else "unanswered",
            incident=attempt.incident,
            to=attempt.person,
            callid=attempt.callid,
            status=call.status.value,
            seconds=call.duration,
        )
        return _with(attempt, Outcome.ANSWERED if answered else Outcome.UNANSWERED)


class DryRunSender:
    """Sends nothing, and logs what it would send. Its calls are not answered."""

    def __init__(self, settings: Settings, log: EventLog) -> None:
        self._settings = settings
        self._log = log

    async def send(self, attempt: NotificationAttempt, content: Rendered) -> NotificationAttempt:
        """Log the attempt, with its message."""
        fields = _log_fields(attempt, self._settings.people[attempt.person].number)
        self._log.write("would-send", **fields, template=content.template, message=content.message)
        return _with(attempt, Outcome.UNANSWERED if attempt.kind is Kind.CALL else Outcome.SENT)

    async def check_call(self, attempt: NotificationAttempt) -> NotificationAttempt:
        """Return the attempt as unanswered."""
        return _with(attempt, Outcome.UNANSWERED)


Sender = LiveSender | DryRunSender
"""Makes notification attempts; no error of the API is raised."""


def outcome_of(error: InvalidArgument | APIError) -> Outcome:
    """Return the outcome of an attempt that raised an error."""
    if isinstance(error, InvalidArgument):
        return Outcome.REFUSED
    if error.maybe_sent:
        return Outcome.UNKNOWN
    return Outcome.UNSENT if isinstance(error, ConnectionFailed | RateLimited | TimedOut) else Outcome.REFUSED


def _log_fields(attempt: NotificationAttempt, number: str) -> dict[str, str]:
    return {"incident": attempt.incident, "kind": attempt.kind, "to": attempt.person, "number": mask_number(number)}


def _with(attempt: NotificationAttempt, outcome: Outcome, callid: str = "") -> NotificationAttempt:
    return msgspec.structs.replace(attempt, outcome=outcome, callid=callid or attempt.callid)
