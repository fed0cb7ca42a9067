"""The views that receive callbacks, and answer links to opt out."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from xoxzo.cloudpy import callbacks
from xoxzo.cloudpy.callbacks.endpoint import CallbackEndpoint
from xoxzo.cloudpy.campaigns import OptOutEndpoint
from xoxzo.cloudpy.integrations.django import campaigns, conf, models, signals
from xoxzo.cloudpy.integrations.django.callbacks.storage import get_log
from xoxzo.cloudpy.integrations.django.outbox import rows as outbox
from xoxzo.cloudpy.integrations.wsgi import UNREADABLE, UnreadableBodyError, body_headers, read_body

_SIGNALS: dict[type, Signal] = {
    callbacks.DeliveryReport: signals.message_status,
    callbacks.CallEnded: signals.call_ended,
    callbacks.LinkClicked: signals.link_clicked,
    callbacks.IncomingSMS: signals.incoming_sms,
}


# CSRF protection does not apply: no cookie is used, and the signed token in the path authenticates the request. Not
# atomic, so that the delivery log keeps its entry when a receiver fails.
@csrf_exempt
@transaction.non_atomic_requests
def receive(request: HttpRequest, **_path: str) -> HttpResponse:
    """Receive one callback: record it in the delivery log, send its signal, respond."""
    endpoint = _SignalEndpoint()
    try:
        body = request.body
        if not body and "wsgi.input" in request.META:
            # Django takes a chunked body, which has no Content-Length, for an empty one.
            body = read_body(request.META, endpoint.callbacks.max_body)
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except (UnreadablePostError, UnreadableBodyError):
        response = UNREADABLE
    else:
        response = endpoint.handle(request.method or "", request.get_full_path(), body_headers(request.META), body)
    return HttpResponse(response.body, status=response.status, content_type=response.content_type)


# As above: only who has the message knows the signed token in the path.
@csrf_exempt
@transaction.non_atomic_requests
def opt_out(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a link to opt out of campaigns."""
    endpoint = OptOutEndpoint(conf.get_opt_out_links(), conf.campaigns_address(), name=conf.get("OPT_OUT_NAME"))
    languages = request.headers.get("accept-language", "")
    page = endpoint.handle(request.method or "", token, request.META.get("QUERY_STRING", ""), languages)
    return HttpResponse(page.body, status=page.status, headers=page.headers)


class _SignalEndpoint(CallbackEndpoint):
    """Processes an event by sending its signal."""

    def __init__(self) -> None:
        confirm = conf.get_client() if conf.get("CONFIRM") else None
        super().__init__(conf.get_callbacks(), _request_action, log=get_log(), confirm=confirm)

    def process(self, event: callbacks.Event, recorded: callbacks.Recorded | None) -> callbacks.Action | None:
        """Record it in its campaign and in the outbox, and send the signal with its row of the delivery log."""
        campaigns.record_report(event)
        outbox.record_report(event)
        if recorded is None:
            return super().process(event, None)
        entry = recorded.entry
        rows = models.Delivery.objects.filter(kind=entry.kind, ident=entry.ident or None)
        delivery = (rows if entry.ident else rows.filter(reference=entry.reference)).first()
        _SIGNALS[type(event)].send(sender=type(event), event=event, delivery=delivery)
        return None


def _request_action(event: callbacks.Event) -> callbacks.Action | None:
    """Return the action of the first receiver that returns one."""
    results: list[tuple[Any, Any]] = signals.incoming_call.send(sender=callbacks.IncomingCall, event=event)
    return next((action for _receiver, action in results if action is not None), None)
