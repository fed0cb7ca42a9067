"""SMS templates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Unpack

from xoxzo.cloudpy.client._async.driver import AsyncResource
from xoxzo.cloudpy.models import RenderedText, SentMessage, Template
from xoxzo.cloudpy.operations import templates
from xoxzo.cloudpy.protocols import SmsOptions


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
        return self._driver.stream(templates.list_templates())

    async def get(self, template_id: int) -> Template:
        """Return one template (API section 3.2).

        Args:
            template_id: its number.

        Raises:
            InvalidArgument: this is no number of a template.
            NotFound: you have no template with this number.
            APIError: anything else went wrong.
        """
        return await self._driver.call(templates.get_template(template_id))

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
        return await self._driver.call(templates.create_template(name=name, content=content))

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
        return await self._driver.call(templates.update_template(template_id, name=name, content=content))

    async def delete(self, template_id: int) -> None:
        """Delete a template (API section 3.2).

        Args:
            template_id: its number.

        Raises:
            InvalidArgument: this is no number of a template.
            NotFound: you have no template with this number.
            APIError: anything else went wrong.
        """
        await self._driver.call(templates.delete_template(template_id))

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
            templates.send_template(template, recipient=recipient, sender=sender, variables=variables, **options)
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
