"""Asking the API before believing a callback."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from xoxzo.cloudpy.callbacks.events import CallEnded, DeliveryReport, Event, IncomingCall, IncomingSMS, LinkClicked
from xoxzo.cloudpy.errors import APIError, CallbackRejected, InvalidArgument, NotFound
from xoxzo.cloudpy.models import Call, CallStatus, Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.client import Client
    from xoxzo.cloudpy.models import Conference

_UNKNOWN = "the API does not bear the callback out"


def confirm(event: Event, client: Client) -> Event:
    """Return a callback with what the API says of its subject in it.

    There is nothing to ask about an incoming call or SMS: it is returned as it is.

    Args:
        event: what was received.
        client: whom to ask.

    Raises:
        CallbackRejected: the API does not bear it out (403), or cannot be asked now (503).
    """
    if isinstance(event, IncomingCall | IncomingSMS):
        return event
    answer: Message | Call | Conference
    with _refusing():
        if isinstance(event, DeliveryReport | LinkClicked):
            answer = client.sms.get(event.msgid)
        elif event.conferenceid:
            answer = client.conferences.get(event.conferenceid)
        else:
            answer = client.calls.get(event.callid)
    return _agreed(event, answer)


async def confirm_async(event: Event, client: AsyncClient) -> Event:
    """Do what `confirm` does with an asynchronous client."""
    if isinstance(event, IncomingCall | IncomingSMS):
        return event
    answer: Message | Call | Conference
    with _refusing():
        if isinstance(event, DeliveryReport | LinkClicked):
            answer = await client.sms.get(event.msgid)
        elif event.conferenceid:
            answer = await client.conferences.get(event.conferenceid)
        else:
            answer = await client.calls.get(event.callid)
    return _agreed(event, answer)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (NotFound, InvalidArgument):
        # The second: a callback that names no id, or one that can be none.
        raise CallbackRejected(_UNKNOWN, 403) from None
    except APIError as error:
        raise CallbackRejected("the API could not be asked whether it is true", 503) from error


def _agreed(event: DeliveryReport | LinkClicked | CallEnded, answer: Message | Call | Conference) -> Event:
    if isinstance(answer, Message):
        _require(_carries(event.reference, answer.tags))
        if isinstance(event, LinkClicked):
            tracking = answer.link_tracking
            _require(tracking is not None and tracking.accessed)
            return event
        return replace(event, status=answer.status, cost=answer.cost, tags=answer.tags)
    if isinstance(answer, Call):
        _require(_carries(event.reference, answer.tags))
        # A callback tells the end of a call; what goes on has not come there.
        _require(answer.status != CallStatus.IN_PROGRESS)
        return replace(event, status=answer.status, cost=answer.cost, duration=answer.duration)
    _require(answer.end_time is not None)
    return replace(event, cost=answer.cost, duration=answer.duration)


def _carries(reference: str | None, tags: tuple[str, ...]) -> bool:
    """Say whether a record can be of this reference: what was sent with it has it among its tags."""
    return reference is None or reference in tags


def _require(holds: bool) -> None:
    if not holds:
        raise CallbackRejected(_UNKNOWN, 403)
