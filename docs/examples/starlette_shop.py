"""A shop that reminds its guests by SMS and answers its dial-in number: Starlette, or any ASGI server."""

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
    """Act on what Xoxzo tells: once for each report, since the log absorbs repeats."""
    match event:
        case DeliveryReport():
            print(f"booking {event.reference}: {event.status}")
        case IncomingCall():
            return Say("ja", "お電話ありがとうございます。")
    return None


async def reminder(request: Request) -> JSONResponse:
    """Send a reminder, whose report comes to /xoxzo, or tell what became of it."""
    booking = request.path_params["booking"]
    if request.method == "POST":
        async with AsyncClient() as client:
            sent = await client.sms.send(
                recipient=request.query_params["phone"],
                sender="Shop",
                message="ご予約は明日18時です。",
                reference=booking,
                callbacks=callbacks,
            )
        log.sent(sent)
        return JSONResponse({"msgid": sent.msgid})
    entry = log.get(reference=booking)
    return JSONResponse({"status": entry.status if entry else "unknown"})


app = Starlette(
    routes=[
        Route("/bookings/{booking}/reminder", reminder, methods=["GET", "POST"]),
        Mount("/xoxzo", CallbackApp(callbacks, handle, log=log)),
    ]
)
