"""Tracked links: a short address in the text, where it leads, and who opened it (API sections 2.5 and 10.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.engine.records.sms import LinkTracking
from xoxzo.cloudpy.simulator.engine.rules.retention import DAY_SECONDS
from xoxzo.cloudpy.simulator.engine.rules.sms_text import replace_link
from xoxzo.cloudpy.simulator.engine.rules.timestamps import format_time

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.engine.context import EngineContext
    from xoxzo.cloudpy.simulator.engine.records.sms import Message, SmsRequest
    from xoxzo.cloudpy.simulator.engine.services.callbacks import CallbackService

_MAX_ACCESSES = 1000


class LinkService:
    """Shortens links, and knows where each short one leads."""

    def __init__(self, context: EngineContext, callbacks: CallbackService) -> None:
        self._context = context
        self._callbacks = callbacks
        self.messages: dict[str, Message] = {}

    def shorten(self, request: SmsRequest) -> tuple[str, str, LinkTracking | None]:
        """Put a short link in place of the first one.

        Returns:
            The text, the text by which its length is measured, and the link, if there was one. The two texts differ
            by the length of the short address alone: parts and cost are those of the real service, whose address is
            shorter than one of this machine (API section 15.26).
        """
        path = self._free_path()
        shortlink = f"{request.base_url}/s/{path}"
        replaced = replace_link(request.text, shortlink)
        if replaced is None:
            return request.text, request.text, None
        text, link = replaced
        measured, _ = replace_link(request.text, f"https://xoz.so/{path}") or replaced
        return text, measured, LinkTracking(link=link, path=path, shortlink=shortlink)

    def open(self, path: str) -> str | None:
        """Follow a short link and record the click; the first one is reported to the sender.

        Returns:
            The address it leads to, or ``None`` when there is no such link or it has expired.
        """
        message = self.messages.get(path)
        if message is None or message.tracking is None:
            return None
        context, tracking = self._context, message.tracking
        if context.now() - message.sent >= context.settings.link_days * DAY_SECONDS:
            return None
        first = not tracking.accesses
        if len(tracking.accesses) < _MAX_ACCESSES:
            tracking.accesses.append(context.now())
            context.mark_changed(message)
        context.publish("click", message.msgid, numbers={"by": message.request.recipient}, first=first)
        if first and message.request.click_callback_url:
            self._callbacks.post("click", message.msgid, message.request.click_callback_url, _report(message, tracking))
        link = tracking.link
        return link if link.startswith(("http://", "https://")) else f"http://{link}"

    def _free_path(self) -> str:
        path = self._context.short_path()
        while path in self.messages:
            path = self._context.short_path()
        return path


def _report(message: Message, tracking: LinkTracking) -> dict[str, object]:
    """Return the fields of the callback (API section 15.62)."""
    return {
        "msgid": message.msgid,
        "recipient": message.request.recipient,
        "link": tracking.link,
        "shortlink": tracking.shortlink,
        "accessed_on": format_time(tracking.accesses[0]),
        "tags": list(message.request.tags),
    }
