"""SMS messages (API section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models import LinkTracking, Message, MessageStatus, SentMessage
from xoxzo.cloudpy.operations import checks, replies
from xoxzo.cloudpy.operations.operation import FORM, Effect, Listing, Operation, form

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from xoxzo.cloudpy.protocols import CallbackUrls

_PATH = "/sms/messages/"


def send_sms(
    *,
    recipient: str,
    sender: str,
    message: str,
    callback_url: str | None = None,
    callbacks: CallbackUrls | None = None,
    reference: str | None = None,
    tags: Sequence[str] = (),
    track_link: bool = False,
    lt_callback_url: str | None = None,
    jp_kp: bool = False,
    jp_kpl: bool = False,
    jp_kp_sender: str | None = None,
) -> Operation[SentMessage]:
    """Send one SMS (API section 2.1)."""
    fields = {
        "recipient": checks.recipient(recipient),
        "sender": checks.sender(sender),
        # A tracked link is replaced by a short one, so the length that counts is not known here (API section 15.26).
        "message": checks.message(message, measured=not track_link),
        **send_options(
            callback_url=callback_url,
            callbacks=callbacks,
            reference=reference,
            tags=tags,
            track_link=track_link,
            lt_callback_url=lt_callback_url,
            jp_kp=jp_kp,
            jp_kpl=jp_kpl,
            jp_kp_sender=jp_kp_sender,
        ),
    }
    return Operation(
        name="sms.send",
        method="POST",
        path=_PATH,
        effect=Effect.CREATE,
        read=read_sent(reference),
        body=form(fields),
        content_type=FORM,
        reference=reference,
        recipients=(recipient,),
    )


def send_options(
    *,
    callback_url: str | None,
    callbacks: CallbackUrls | None,
    reference: str | None,
    tags: Sequence[str],
    track_link: bool,
    lt_callback_url: str | None,
    jp_kp: bool,
    jp_kpl: bool,
    jp_kp_sender: str | None,
) -> dict[str, str | None]:
    """Check what every kind of sending takes, with its rules, and return it by its names on the wire (API section 2.1).

    What is not to be sent is ``None``.
    """
    nothing = callback_url is None and callbacks is None and lt_callback_url is None and jp_kp_sender is None
    if nothing and track_link is False and jp_kp is False and jp_kpl is False:
        # So are most sends, and then there is nothing more to check.
        return {"tags": checks.tags(tags, reference)}
    if lt_callback_url is not None and not track_link:
        raise InvalidArgument("lt_callback_url", "needs track_link=True: only a tracked link can be clicked")
    return {
        "callbackurl": checks.callback_url("callback_url", callback_url, callbacks, "delivery-report", reference),
        "tags": checks.tags(tags, reference),
        "track_link": checks.flag("track_link", track_link),
        "lt_callbackurl": checks.callback_url(
            "lt_callback_url", lt_callback_url, callbacks if track_link else None, "link-clicked", reference
        ),
        **_route(jp_kp=jp_kp, jp_kpl=jp_kpl, jp_kp_sender=jp_kp_sender),
    }


def read_sent(reference: str | None) -> Callable[[bytes], SentMessage]:
    """Return the reader of the answer to a send, which adds the reference to it."""

    def read(body: bytes) -> SentMessage:
        raw = replies.record(body)
        return SentMessage(msgid=replies.required(raw, "msgid"), reference=reference, raw=raw)

    return read


def _route(*, jp_kp: bool, jp_kpl: bool, jp_kp_sender: str | None) -> dict[str, str | None]:
    if jp_kp and jp_kpl:
        raise InvalidArgument("jp_kpl", "excludes jp_kp: choose K-premium or K-premium Lite")
    if (jp_kp or jp_kpl) and jp_kp_sender is None:
        raise InvalidArgument("jp_kp_sender", "is required with jp_kp and jp_kpl")
    if jp_kp_sender is not None and not (jp_kp or jp_kpl):
        raise InvalidArgument("jp_kp_sender", "needs jp_kp=True or jp_kpl=True")
    return {
        "jp_kp": checks.flag("jp_kp", jp_kp),
        "jp_kpl": checks.flag("jp_kpl", jp_kpl),
        "jp_kp_sender": None if jp_kp_sender is None else checks.registered_sender(jp_kp_sender),
    }


def get_sms(msgid: str) -> Operation[Message]:
    """Ask for the status of one SMS (API section 2.2)."""
    return Operation(
        name="sms.get",
        method="GET",
        path=f"{_PATH}{checks.path_id('msgid', msgid)}/",
        effect=Effect.READ,
        read=lambda body: read_message(replies.record(body)),
    )


def list_sms(
    *,
    on: date | str | None = None,
    since: date | str | None = None,
    until: date | str | None = None,
    after: date | str | None = None,
    before: date | str | None = None,
) -> Listing[Message]:
    """List what was sent in the last 90 days (API section 2.3).

    The operator is part of the query's text and not of a value: ``sent_date>=2026-01-31``, its ``<`` and ``>`` encoded.
    """
    days = (("=", "on", on), (">=", "since", since), ("<=", "until", until), (">", "after", after))
    conditions = [
        f"sent_date{quote(operator, safe='=')}{checks.day(field, value)}"
        for operator, field, value in (*days, ("<", "before", before))
        if value is not None
    ]
    return Listing(
        name="sms.list",
        method="GET",
        path=_PATH,
        effect=Effect.READ,
        read=lambda element: read_message(replies.record(element)),
        query="&".join(conditions),
    )


def read_message(raw: dict[str, Any]) -> Message:
    """Read a status record (API section 2.2)."""
    return Message(
        msgid=replies.required(raw, "msgid"),
        recipient=replies.text(raw, "recipient"),
        sender=replies.text(raw, "sender"),
        status=MessageStatus(replies.text(raw, "status")),
        sent_time=replies.stamp(raw, "sent_time"),
        cost=replies.amount(raw, "cost"),
        tags=replies.texts(raw, "tags"),
        parts=replies.whole(raw, "parts"),
        link_tracking=_read_tracking(raw.get("link_tracking")),
        url=replies.text(raw, "url"),
        raw=raw,
    )


def _read_tracking(raw: object) -> LinkTracking | None:
    # Absent, null or empty when the link was not tracked: which of them is unknown (API section 2.2).
    if not isinstance(raw, dict) or not raw:
        return None
    return LinkTracking(
        link=replies.text(raw, "link"),
        shortlink=replies.text(raw, "shortlink"),
        accessed=raw.get("accessed") is True,
        accessed_on=replies.stamp(raw, "accessed_on"),
        raw=raw,
    )
