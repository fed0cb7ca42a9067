"""A shop that sends reminders by SMS and answers its dial-in number: FastAPI."""

import os
from typing import Annotated

from fastapi import Body, FastAPI

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


app = FastAPI()
app.mount("/xoxzo", CallbackApp(callbacks, handle, log=log))


@app.post("/bookings/{booking}/reminder")
async def remind(booking: str, phone: Annotated[str, Body(embed=True)]) -> dict[str, str]:
    """Send a reminder; its delivery report comes to /xoxzo."""
    async with AsyncClient() as client:
        sent = await client.sms.send(
            recipient=phone, sender="Shop", message="ご予約は明日18時です。", reference=booking, callbacks=callbacks
        )
    log.sent(sent)
    return {"msgid": sent.msgid}


@app.get("/bookings/{booking}/reminder")
def status(booking: str) -> dict[str, str]:
    """Return the status of a reminder."""
    entry = log.get(reference=booking)
    return {"status": entry.status if entry else "unknown"}
