"""Confirm a callback by asking the API about its message or call."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from xoxzo.cloudpy.callbacks.events import CallEnded, DeliveryReport, Event, IncomingCall, IncomingSMS, LinkClicked
from xoxzo.cloudpy.errors import APIError, CallbackRejected, InvalidArgument, NotFound
from xoxzo.cloudpy.models import Call, CallStatus, Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.client.async_client import AsyncClient
    from xoxzo.cloudpy.client.client import Client
    from xoxzo.cloudpy.models import Conference

_NOT_CONFIRMED = "the API does not confirm the callback"


def confirm(event: Event, client: Client) -> Event:
    """Return an event with the API's own status and cost in it.

    An incoming call or SMS is returned unchanged: the API knows nothing about it.

    Raises:
        CallbackRejected: the API does not confirm it (403), or could not be reached (503).
    """
    if isinstance(event, IncomingCall | IncomingSMS):
        return event
    with _rejecting():
        record: Message | Call | Conference = _request_record(event, client)
    return _confirmed(event, record)


async def confirm_async(event: Event, client: AsyncClient) -> Event:
    """Do what `confirm` does, with an asynchronous client."""
    if isinstance(event, IncomingCall | IncomingSMS):
        return event
    with _rejecting():
        record: Message | Call | Conference = await _request_record(event, client)
    return _confirmed(event, record)


def _request_record(event: DeliveryReport | LinkClicked | CallEnded, client: Client | AsyncClient) -> Any:  # noqa: ANN401 - a record, or an awaitable of one
    """Request the record of an event's message, call or conference."""
    if isinstance(event, DeliveryReport | LinkClicked):
        return client.sms.get(event.msgid)
    return client.conferences.get(event.conferenceid) if event.conferenceid else client.calls.get(event.callid)


@contextmanager
def _rejecting() -> Iterator[None]:
    try:
        yield
    except (NotFound, InvalidArgument):
        # InvalidArgument: the callback has no id, or an impossible one.
        raise CallbackRejected(_NOT_CONFIRMED, 403) from None
    except APIError as error:
        raise CallbackRejected("the API could not be asked to confirm the callback", 503) from error


def _confirmed(event: DeliveryReport | LinkClicked | CallEnded, record: Message | Call | Conference) -> Event:
    if isinstance(record, Message):
        _require(_has_tag(record.tags, event.reference))
        if isinstance(event, LinkClicked):
            tracking = record.link_tracking
            _require(tracking is not None and tracking.accessed)
            return event
        return replace(event, status=record.status, cost=record.cost, tags=record.tags)
    if isinstance(record, Call):
        _require(_has_tag(record.tags, event.reference))
        # The callback says that the call has ended.
        _require(record.status != CallStatus.IN_PROGRESS)
        return replace(event, status=record.status, cost=record.cost, duration=record.duration)
    _require(record.end_time is not None)
    return replace(event, cost=record.cost, duration=record.duration)


def _has_tag(tags: tuple[str, ...], reference: str | None) -> bool:
    """Check whether a record can belong to a reference: it is sent as one of the tags."""
    return reference is None or reference in tags


def _require(condition: bool) -> None:
    if not condition:
        raise CallbackRejected(_NOT_CONFIRMED, 403)
