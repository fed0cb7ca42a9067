"""The tasks of Celery in a Django project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

from xoxzo.cloudpy.integrations.celery import install, say, send_sms, settings
from xoxzo.cloudpy.integrations.django.backends.memory import outbox
from xoxzo.cloudpy.integrations.django.models import Delivery
from xoxzo.cloudpy.testing.simulated import SimulatedXoxzo

PHONE = "+818011112222"


@pytest.fixture(autouse=True)
def app() -> Iterator[None]:
    """An application whose tasks run where they are called."""
    app = Celery("shop", broker="memory://", backend="cache+memory://")
    app.conf.update(task_always_eager=True)
    install(app)
    app.set_current()
    yield
    settings.close()
    app.close()


def test_the_backend_of_the_settings_sends() -> None:
    """An SMS goes through the project's SMS backend, with the sender of its settings."""
    sent = send_sms.delay(PHONE, "hello", reference="booking-1").get()
    assert [(message.recipient, message.sender_or_default(), message.reference) for message in outbox] == [
        (PHONE, "Shop", "booking-1")
    ]
    assert sent == {"msgid": outbox[0].sent.msgid, "reference": "booking-1"}


def test_the_account_of_the_settings_calls(xoxzo: Any) -> None:
    """A call uses the project's account, and requests a report at its URL; an SMS is in the delivery log."""
    with SimulatedXoxzo() as simulator:
        account = {"SID": "me", "AUTH_TOKEN": "secret", "CLIENT": {"transport": simulator.transport()}}
        with xoxzo(SMS_BACKEND="live", **account):
            callid = say.delay(PHONE, "hello", "815011112222", language="en").get()["callid"]
            send_sms.delay(PHONE, "hello", reference="booking-2").get()
        [call] = simulator.phone(PHONE).calls
        assert call.callid == callid
    assert Delivery.objects.get().reference == "booking-2"
