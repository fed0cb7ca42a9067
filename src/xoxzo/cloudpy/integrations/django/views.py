"""Where callbacks arrive. Include ``xoxzo.cloudpy.integrations.django.urls`` in the project's URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from xoxzo.cloudpy.callbacks import CallEnded, DeliveryReport, IncomingCall, IncomingSMS, LinkClicked
from xoxzo.cloudpy.callbacks.desk import Answer, Desk

from . import conf, signals
from .models import Delivery
from .storage import get_log

if TYPE_CHECKING:
    from django.dispatch import Signal

    from xoxzo.cloudpy.callbacks import Action, Event, Recorded

_SIGNALS: dict[type, Signal] = {
    DeliveryReport: signals.message_status,
    CallEnded: signals.call_ended,
    LinkClicked: signals.link_clicked,
    IncomingSMS: signals.incoming_sms,
}


# No cookie counts here, so there is nothing that another site could use: the token in the path is what is believed. Not
# atomic, so that what was heard is on record even if a receiver fails.
@csrf_exempt
@transaction.non_atomic_requests
def receive(request: HttpRequest, **_path: str) -> HttpResponse:
    """Receive one callback: note it in the delivery log, send its signal, answer."""
    answer = _answer(request)
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


@csrf_exempt
@transaction.non_atomic_requests
async def receive_async(request: HttpRequest, **_path: str) -> HttpResponse:
    """Do what `receive` does under ASGI, with the database and the receivers in a thread."""
    answer = await sync_to_async(_answer)(request)
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


def _answer(request: HttpRequest) -> Answer:
    try:
        body = request.body
    except RequestDataTooBig:
        return Answer(413)
    headers = {"content-type": request.META.get("CONTENT_TYPE", "")}
    return _SignalDesk().answer(request.method or "", request.get_full_path(), headers, body)


class _SignalDesk(Desk):
    """Acts on a callback by sending its signal."""

    def __init__(self) -> None:
        confirm = conf.get_client() if conf.get("CONFIRM") else None
        super().__init__(conf.get_callbacks(), _ask, log=get_log(), confirm=confirm)

    def act(self, event: Event, recorded: Recorded | None) -> Action | None:
        """Send the signal, with the row of the log if it has one."""
        if recorded is None:
            return super().act(event, None)
        entry = recorded.entry
        rows = Delivery.objects.filter(kind=entry.kind, ident=entry.ident)
        delivery = (rows if entry.ident else rows.filter(reference=entry.reference)).first()
        _SIGNALS[type(event)].send(sender=type(event), event=event, delivery=delivery)
        return None


def _ask(event: Event) -> Action | None:
    answers: list[tuple[Any, Any]] = signals.incoming_call.send(sender=IncomingCall, event=event)
    return next((answer for _receiver, answer in answers if answer is not None), None)
