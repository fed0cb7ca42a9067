"""A shop that sends reminders by SMS and answers its dial-in number: Starlette, or any ASGI server."""

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.callbacks import Action, Callbacks, DeliveryLog, DeliveryReport, Event, IncomingCall, Say
from xoxzo.cloudpy.integrations.asgi import CallbackApp

callbacks = Callbacks(os.environ["SHOP_SECRET"], os.environ["SHOP_URL"] + "/xoxzo")
log = DeliveryLog(os.environ.get("SHOP_LOG", "deliveries.db"))


async def handle(event: Event) -> Action | None:
    """Process an event. It is called once for each report, because the log ignores repeats."""
    match event:
        case DeliveryReport():
            print(f"booking {event.reference}: {event.status}")
        case IncomingCall():
            return Say("ja", "お電話ありがとうございます。")
    return None


async def remind(request: Request) -> JSONResponse:
    """Send a reminder; its delivery report comes to /xoxzo."""
    # A form of another site cannot send JSON, so this protects against CSRF.
    if request.headers.get("content-type") != "application/json":
        return JSONResponse({"detail": "send JSON"}, 415)
    async with AsyncClient() as client:
        sent = await client.sms.send(
            recipient=(await request.json())["phone"],
            sender="Shop",
            message="ご予約は明日18時です。",
            reference=request.path_params["booking"],
            callbacks=callbacks,
        )
    log.sent(sent)
    return JSONResponse({"msgid": sent.msgid})


async def status(request: Request) -> JSONResponse:
    """Return the status of a reminder."""
    entry = log.get(reference=request.path_params["booking"])
    return JSONResponse({"status": entry.status if entry else "unknown"})


app = Starlette(
    routes=[
        Route("/bookings/{booking}/reminder", remind, methods=["POST"]),
        Route("/bookings/{booking}/reminder", status),
        Mount("/xoxzo", CallbackApp(callbacks, handle, log=log)),
    ]
)
