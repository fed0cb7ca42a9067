"""SMS messages and SMS templates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import date
from typing import Any, Unpack

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.client._async.driver import AsyncDriver, AsyncResource, poll
from xoxzo.cloudpy.client.event_hooks import logger
from xoxzo.cloudpy.client.results import SendResult, SendResults
from xoxzo.cloudpy.models import FoundMessages, Message, MessageStatus, RenderedText, SentMessage, Template
from xoxzo.cloudpy.operations import checks, sms
from xoxzo.cloudpy.operations.sms import PreparedSms
from xoxzo.cloudpy.protocols import SmsFields, SmsOptions


class AsyncSms(AsyncResource):
    """SMS messages: ``client.sms`` (API section 2)."""

    async def send(self, *, recipient: str, sender: str, message: str, **options: Unpack[SmsOptions]) -> SentMessage:
        """Send one SMS. It costs credits and reaches a person; it is retried only if it was not sent.

        Args:
            recipient: the number in E.164, for instance ``+8180…``, without the national 0 (API section 1.8).
            sender: at most 10 ASCII letters and digits, or at most 15 digits. Carriers may replace it
                (API section 2.1).
            message: the text. Up to 660 characters; 140 of them, or 70 if any is not ASCII, make the first part, and
                each part is billed (API section 2.4).
            options: :class:`~xoxzo.cloudpy.SmsOptions`: ``callback_url``, ``callbacks``, ``reference``, ``tags``,
                ``extra``, ``track_link``, ``lt_callback_url``, ``jp_kp``, ``jp_kpl`` and ``jp_kp_sender``.

        Returns:
            The message's ``msgid``.

        Raises:
            InvalidArgument: a value breaks its rule; nothing was sent.
            NotEnoughCredits: the balance is too low; nothing was sent.
            APIError: anything else went wrong; ``maybe_sent`` says whether the message may be on its way.
        """
        return await self._driver.call(sms.send_sms(recipient=recipient, sender=sender, message=message, **options))

    async def send_many(
        self,
        messages: Iterable[str | Mapping[str, Any]],
        *,
        on_result: Callable[[SendResult], object] | None = None,
        **shared: Unpack[SmsFields],
    ) -> SendResults:
        """Send many SMS one after another, in order and no faster than the client's ``rate``.

        What happens to one message does not stop the others: it is in the results. Sending stops where no further
        message could be sent: at ``AuthenticationFailed`` and at ``NotEnoughCredits``. Every message is checked before
        the first one is sent. The results are in memory only: for very many recipients, or where the process may be
        interrupted, use a campaign.

        Args:
            messages: a number in E.164 for each message, or a mapping of the parameters of ``send``, for instance
                ``{"recipient": …, "message": …}``.
            on_result: called with each ``SendResult`` as soon as it is known, for those who must not lose any when the
                program is interrupted. What it raises is logged.
            shared: parameters of ``send`` for all messages that do not set their own. By default each message gets a
                unique reference (``reference="auto"``), so that ``settle`` can look it up.

        Returns:
            One ``SendResult`` for each message, in order, and the same apart: ``sent``, ``refused``, ``unknown`` and
            ``not_tried``.

        Raises:
            InvalidArgument: ``messages`` is no list, or all messages share one reference; nothing was sent.
            TypeError: a parameter is missing or does not exist; nothing was sent.
        """
        return await _send_prepared(self._driver, sms.prepare_many(messages, shared), on_result)

    async def get(self, msgid: str) -> Message:
        """Return the status of an SMS (API section 2.2).

        Args:
            msgid: the id that ``send`` returned.

        Raises:
            NotFound: no message has this id.
            APIError: anything else went wrong.
        """
        return await self._driver.call(sms.get_sms(msgid))

    async def wait(self, msgid: str, *, until: MessageStatus | None = None, timeout: float = 300.0) -> Message:
        """Poll an SMS until its status is final, with pauses that grow from 1 to 15 s (API section 2.2).

        Args:
            msgid: the id that ``send`` returned.
            until: another status to stop at, for instance ``DELIVERING``; by default only delivered and failed.
            timeout: the limit of all of it, in seconds; the client's deadline applies to each read.

        Raises:
            TimedOut: with phase ``deadline``: the status was another one. ``last_record`` is the last one read.
            NotFound: no message has this id.
            APIError: a read failed.
        """
        return await poll(
            self._driver,
            sms.get_sms(msgid),
            lambda message: message.status.is_final or message.status == until,
            name="sms.wait",
            timeout=timeout,
        )

    def list(
        self,
        *,
        on: date | str | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        after: date | str | None = None,
        before: date | str | None = None,
    ) -> AsyncIterator[Message]:
        """List the messages of the last 90 days, all of them or by day (API section 2.3).

        Records are yielded as they arrive, in constant memory; the request is made at the first record. The list has an
        undocumented size limit and a much lower rate limit than the other endpoints.

        Args:
            on: on this day. Days are UTC, a ``date`` or ``YYYY-MM-DD``, at most 90 days back.
            since: on this day or later.
            until: on this day or earlier.
            after: later than this day.
            before: earlier than this day. Several conditions at once are sent as they are; whether the server applies
                them all is not documented.

        Raises:
            InvalidArgument: a day is not one; raised at once.
            RateLimited: too often; ``retry_after`` may be longer than the deadline.
            APIError: anything else went wrong, perhaps after some records.
        """
        return self._driver.stream(sms.list_sms(on=on, since=since, until=until, after=after, before=before))

    async def find(self, reference: str, *, since: date | str | None = None) -> FoundMessages:
        """Find the messages with a reference in the list of sent messages.

        The list has a size limit and may lag behind, so *found* proves that a message was sent, and not found proves
        nothing: it is no reason to send again.

        Args:
            reference: what ``send`` was given.
            since: the first day to look at; a late one makes a short list.

        Returns:
            The messages found; ``found`` is false when there is none.

        Raises:
            InvalidArgument: this cannot have been a reference.
            APIError: as for ``list``.
        """
        reference = checks.reference(reference)
        messages = [message async for message in self.list(since=since) if reference in message.tags]
        return FoundMessages(reference=reference, messages=tuple(messages))

    async def settle(self, error: errors.XoxzoError, *, since: date | str | None = None) -> FoundMessages:
        """Look up whether a send whose outcome is unknown went out, in the list of sent messages.

        As for ``find``, *found* proves that the message was sent, and not found proves nothing.

        Args:
            error: what a send by ``client.sms`` or ``client.templates`` raised. It must have a reference.
            since: the first day of the list to read. For ``reference="auto"`` it is known.

        Returns:
            The messages found; ``found`` is false when there is none.

        Raises:
            XoxzoError: ``error`` itself, if the message was not sent: there is nothing to look up.
            InvalidArgument: the error is not of an SMS, or has no reference.
            APIError: as for ``list``.
        """
        if not getattr(error, "maybe_sent", False):
            raise error
        if not isinstance(error, errors.APIError) or error.operation not in {"sms.send", "templates.send"}:
            raise errors.InvalidArgument("error", "must be an error of sending an SMS: the list has only SMS")
        if error.reference is None:
            raise errors.InvalidArgument("error", 'has no reference to look up: send with reference="auto"')
        return await self.find(error.reference, since=since or checks.day_of_reference(error.reference))


async def _send_prepared(
    driver: AsyncDriver, prepared: list[PreparedSms], on_result: Callable[[SendResult], object] | None
) -> SendResults:
    """Send one message after another; stop at an error after which no message can be sent."""
    results: list[SendResult] = []
    stopped_by: errors.AuthenticationFailed | errors.NotEnoughCredits | errors.ConfigurationError | None = None
    for recipient, operation in prepared:
        result = SendResult(recipient=recipient, status="not_tried")
        if isinstance(operation, errors.InvalidArgument):
            result = SendResult(recipient=recipient, status="refused", error=operation)
        elif stopped_by is None:
            try:
                sent = await driver.call(operation)
                result = SendResult(recipient=recipient, status="sent", sent=sent)
            except errors.ConfigurationError as error:
                stopped_by = error
            except (errors.APIError, errors.InvalidArgument) as error:
                unknown = isinstance(error, errors.APIError) and error.maybe_sent
                result = SendResult(recipient=recipient, status="unknown" if unknown else "refused", error=error)
                if isinstance(error, errors.AuthenticationFailed | errors.NotEnoughCredits):
                    stopped_by = error
        results.append(result)
        if on_result is not None:
            try:
                on_result(result)
            except Exception:  # noqa: BLE001 - whatever it is, what was sent has to be reported
                logger.exception("on_result failed")
    return SendResults(results=tuple(results), stopped_by=stopped_by)


class AsyncTemplates(AsyncResource):
    """SMS templates: ``client.templates`` (API section 3). New accounts must send by template.

    A template is a text with placeholders such as ``{name}`` that Xoxzo's staff have approved. Listing and sending are
    documented; the paths and replies of the other calls are inferred (API sections 3.2 and 15.31 to 15.37).
    """

    def list(self) -> AsyncIterator[Template]:
        """List your templates; the request is made at the first record (API section 3.1).

        Raises:
            APIError: something went wrong.
        """
        return self._driver.stream(sms.list_templates())

    async def get(self, template_id: int) -> Template:
        """Return one template (API section 3.2).

        Args:
            template_id: its number.

        Raises:
            InvalidArgument: this is no number of a template.
            NotFound: you have no template with this number.
            APIError: anything else went wrong.
        """
        return await self._driver.call(sms.get_template(template_id))

    async def create(self, *, name: str, content: str) -> Template:
        """Create a template. It cannot be sent until Xoxzo's staff have approved it (API section 3.2).

        Args:
            name: how you call it.
            content: its text, with placeholders such as ``{name}``.

        Returns:
            The template, pending.

        Raises:
            InvalidArgument: a value is empty; nothing was created.
            BadRequest: the server refused a value; ``field_errors`` says which.
            APIError: anything else went wrong; ``maybe_sent`` says whether it may exist: see ``list``.
        """
        return await self._driver.call(sms.create_template(name=name, content=content))

    async def update(self, template_id: int, *, name: str | None = None, content: str | None = None) -> Template:
        """Change a template. It is pending again until Xoxzo's staff have approved the change (API section 3.2).

        Args:
            template_id: its number.
            name: how it is called from now on; ``None`` leaves that as it is.
            content: its new text; ``None`` leaves that as it is.

        Returns:
            The template, pending.

        Raises:
            InvalidArgument: a value is empty, or there is nothing to change.
            NotFound: you have no template with this number.
            APIError: anything else went wrong; ``maybe_sent`` says whether it may be changed.
        """
        return await self._driver.call(sms.update_template(template_id, name=name, content=content))

    async def delete(self, template_id: int) -> None:
        """Delete a template (API section 3.2).

        Args:
            template_id: its number.

        Raises:
            InvalidArgument: this is no number of a template.
            NotFound: you have no template with this number.
            APIError: anything else went wrong.
        """
        await self._driver.call(sms.delete_template(template_id))

    async def send(
        self,
        template: Template | int,
        *,
        recipient: str,
        sender: str,
        variables: Mapping[str, str] | None = None,
        **options: Unpack[SmsOptions],
    ) -> SentMessage:
        """Send one SMS by template. It costs credits and reaches a person; it is retried only if it was not sent.

        Args:
            template: the template's number, or a ``Template`` that was read before: then the variables are held against
                the placeholders of its text, and the length of what comes of it is checked, before anything is sent.
            recipient: the number in E.164, for instance ``+8180…``, without the national 0 (API section 1.8).
            sender: at most 10 ASCII letters and digits, or at most 15 digits. Carriers may replace it
                (API section 2.1).
            variables: a text for each placeholder (API section 3.6).
            options: :class:`~xoxzo.cloudpy.SmsOptions`, as for ``client.sms.send``.

        Returns:
            The message's ``msgid``, for ``client.sms.get``.

        Raises:
            InvalidArgument: a value breaks its rule, or a variable is missing or unknown; nothing was sent.
            BadRequest: the template is pending, or the server misses a variable; nothing was sent.
            NotFound: you have no template with this number; nothing was sent.
            NotEnoughCredits: the balance is too low; nothing was sent.
            APIError: anything else went wrong; ``maybe_sent`` says whether the message may be on its way.
        """
        return await self._driver.call(
            sms.send_template(template, recipient=recipient, sender=sender, variables=variables, **options)
        )

    async def render(self, template: Template | int, variables: Mapping[str, str]) -> RenderedText:
        """Return the text of a template with its parts and estimated cost in Japan, without sending it.

        Args:
            template: a ``Template``, which needs no network, or a template's number, which is read first.
            variables: a text for each placeholder, and for nothing else.

        Returns:
            The text, its SMS parts by Xoxzo's table (API section 2.4), and 10 credits for each (API section 1.7).

        Raises:
            InvalidArgument: a variable is missing, unknown or no text, or the template was never approved.
            NotFound: you have no template with this number.
            APIError: the template could not be read.
        """
        if not isinstance(template, Template):
            template = await self.get(template)
        return template.render(variables)
