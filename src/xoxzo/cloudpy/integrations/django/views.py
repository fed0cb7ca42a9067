"""Where callbacks arrive. Include ``xoxzo.cloudpy.integrations.django.urls`` in the project's URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from xoxzo.cloudpy.callbacks import CallEnded, DeliveryReport, IncomingCall, IncomingSMS, LinkClicked
from xoxzo.cloudpy.callbacks.desk import Answer, refusal, reply
from xoxzo.cloudpy.errors import CallbackRejected

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
    log = get_log()
    try:
        event = _event(request)
        recorded = log.begin(event)
    except CallbackRejected as error:
        return refusal(error)
    if recorded is None:
        return reply(event, _ask(event))
    if recorded.new:
        done = False
        try:
            _tell(event, recorded)
            done = True
        finally:
            log.finish(recorded, done=done)
    return Answer(200)


def _event(request: HttpRequest) -> Event:
    callbacks = conf.get_callbacks()
    try:
        body = request.body
    except RequestDataTooBig:
        raise CallbackRejected("the body is too large", 413) from None
    return callbacks.receive(
        request.method or "",
        request.get_full_path(),
        {"content-type": request.META.get("CONTENT_TYPE", "")},
        body,
        confirm=conf.get_client() if conf.get("CONFIRM") else None,
    )


def _ask(event: Event) -> Action | None:
    answers: list[tuple[Any, Any]] = signals.incoming_call.send(sender=IncomingCall, event=event)
    return next((answer for _receiver, answer in answers if answer is not None), None)


def _tell(event: Event, recorded: Recorded) -> None:
    entry = recorded.entry
    rows = Delivery.objects.filter(kind=entry.kind, ident=entry.ident)
    delivery = (rows if entry.ident else rows.filter(reference=entry.reference)).first()
    _SIGNALS[type(event)].send(sender=type(event), event=event, delivery=delivery)
