"""Callbacks that arrive in a Django project."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.dispatch import Signal
from django.test import AsyncClient as AsyncBrowser, Client as Browser, override_settings

from xoxzo.cloudpy import Client, ConfigurationError
from xoxzo.cloudpy.callbacks import CallEnded, DeliveryReport, IncomingCall, IncomingSMS, LinkClicked, Say
from xoxzo.cloudpy.integrations.django import conf, signals
from xoxzo.cloudpy.integrations.django.models import Delivery
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock

FORM = "application/x-www-form-urlencoded"


@contextmanager
def listening(signal: Signal, answer: Any = None) -> Iterator[list[dict[str, Any]]]:
    """Record the arguments of a signal; return an answer, or raise it if it is an exception."""
    received: list[dict[str, Any]] = []

    def receiver(sender: type, **arguments: Any) -> Any:
        received.append({"sender": sender, **arguments})
        if isinstance(answer, Exception):
            raise answer
        return answer

    signal.connect(receiver)
    try:
        yield received
    finally:
        signal.disconnect(receiver)


def local(purpose: str, reference: str | None = "booking-1", prefix: str = "/xoxzo") -> str:
    """Return the path of a callback's URL."""
    return prefix + conf.get_callbacks().url(purpose, reference).removeprefix("https://shop.example/xoxzo")


@pytest.mark.parametrize(
    ("purpose", "signal", "body", "event"),
    [
        ("delivery-report", signals.message_status, "msgid=m1&status=DELIVERED", DeliveryReport),
        ("delivery-report", signals.message_status, "status=DELIVERED", DeliveryReport),
        ("call-ended", signals.call_ended, "callid=c1&status=ANSWERED", CallEnded),
        ("link-clicked", signals.link_clicked, "msgid=m1", LinkClicked),
        ("incoming-sms", signals.incoming_sms, "sender=%2B818011112222&message=Hi", IncomingSMS),
    ],
)
def test_signals(purpose: str, signal: Signal, body: str, event: type) -> None:
    """Each callback sends its signal once, with the event and its row; repeats and a slash at the end are ignored."""
    with listening(signal) as received:
        for end in ("", "", "/"):
            answer = Browser(enforce_csrf_checks=True).post(local(purpose) + end, body, content_type=FORM)
            assert (answer.status_code, answer.content) == (200, b"")
    [arguments] = received
    assert arguments["sender"] is event
    assert isinstance(arguments["event"], event)
    assert arguments["delivery"] == Delivery.objects.get()


def test_asynchronous_view() -> None:
    """The asynchronous view does the same, and rejects a body that did not come."""

    async def main() -> list[int]:
        url, browser = local("delivery-report", prefix="/async"), AsyncBrowser()
        whole = await browser.post(url, "msgid=m1&status=DELIVERED", content_type=FORM)
        missing = await browser.post(url, "", content_type=FORM, headers={"content-length": "9"})
        return [whole.status_code, missing.status_code]

    with listening(signals.message_status) as received:
        assert asyncio.run(main()) == [200, 400]
    assert [arguments["event"].msgid for arguments in received] == ["m1"]


def test_receivers_that_fail() -> None:
    """If a receiver raises, the response is 500, and the signal is sent again until it succeeds."""
    browser = Browser(raise_request_exception=False)
    with listening(signals.message_status, LookupError("no such booking")) as received:
        statuses = [
            browser.post(local("delivery-report"), "msgid=m1&status=FAIL", content_type=FORM).status_code
            for _ in range(2)
        ]
    assert (statuses, len(received)) == ([500, 500], 2)
    with listening(signals.message_status) as received:
        for _ in range(2):
            assert browser.post(local("delivery-report"), "msgid=m1&status=FAIL", content_type=FORM).status_code == 200
    assert len(received) == 1


def test_incoming_call() -> None:
    """The first receiver that returns an action answers a call, which is not logged."""
    with listening(signals.incoming_call), listening(signals.incoming_call, Say("ja", "はい")) as received:
        answer = Browser().get(local("incoming-call") + "?caller=818011112222&recipient=815012345678")
    assert (answer.status_code, answer.content.decode()) == (200, 'say ja "はい"')
    assert answer["content-type"] == "text/plain; charset=utf-8"
    assert [(type(arguments["event"]), arguments["event"].caller) for arguments in received] == [
        (IncomingCall, "+818011112222")
    ]
    assert not Delivery.objects.exists()


def test_no_action() -> None:
    """A call that no receiver answers is an error of the project."""
    with pytest.raises(ConfigurationError, match="action"):
        Browser().get(local("incoming-call"))


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("post", "/xoxzo/delivery-report/forged", "msgid=m1", 403),
        ("get", None, "", 405),
        ("post", None, "x" * 70_000, 413),
        ("post", None, "{", 400),
    ],
)
def test_refused(method: str, path: str | None, body: str, status: int) -> None:
    """An invalid callback is rejected with its status, and no signal is sent."""
    with listening(signals.message_status) as received:
        kind = "application/json" if body == "{" else FORM
        sent = getattr(Browser(), method)
        answer = (
            sent(path or local("delivery-report"), body, content_type=kind) if body else sent(local("delivery-report"))
        )
    assert (answer.status_code, received) == (status, [])


def wsgi_post(body: bytes, **environ: Any) -> int:
    """Post a report as a WSGI server hands it over, and return the status."""
    request = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": local("delivery-report"),
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "443",
        "CONTENT_TYPE": FORM,
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "https",
        **environ,
    }
    status: list[int] = []
    response = get_wsgi_application()(request, lambda line, _headers: status.append(int(line.split()[0])))
    response.close()
    return status[0]


def test_chunked_body() -> None:
    """A body without a Content-Length is read if the server ends it."""
    with listening(signals.message_status) as received:
        assert wsgi_post(b"msgid=m1&status=DELIVERED", **{"wsgi.input_terminated": True}) == 200
        assert wsgi_post(b"msgid=m1&status=DELIVERED") == 400
    assert [arguments["event"].msgid for arguments in received] == ["m1"]


class Broken(io.BytesIO):
    """A body that breaks off; servers raise what they have for that."""

    def read(self, size: int | None = -1, /) -> bytes:
        if found := super().read(size):
            return found
        raise OSError("no more data")


def test_cut_body() -> None:
    """A body that is shorter than its Content-Length is rejected, and no signal is sent."""
    with listening(signals.message_status) as received:
        assert wsgi_post(b"msgid=m1&status=DELIVERED&cost=1", CONTENT_LENGTH="34") == 400
        for announced in ({"CONTENT_LENGTH": "34"}, {"wsgi.input_terminated": True}):
            broken = Broken(b"msgid=m1&status=DELIVERED&cost=1")
            assert wsgi_post(b"", **{"wsgi.input": broken, **announced}) == 400
    assert received == []


def test_too_large_for_the_project() -> None:
    """A lower limit of the project applies."""
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10):
        answer = Browser().post(local("delivery-report"), "msgid=m1&status=DELIVERED", content_type=FORM)
    assert answer.status_code == 413


def test_replayed_for_another() -> None:
    """A report about one message to the URL of another is rejected."""
    browser = Browser()
    url = local("delivery-report", "booking-1")
    assert browser.post(url, "msgid=m1&status=DELIVERED", content_type=FORM).status_code == 200
    other = local("delivery-report", "booking-2")
    assert browser.post(other, "msgid=m1&status=DELIVERED", content_type=FORM).status_code == 403


def test_confirm(xoxzo: Any) -> None:
    """With CONFIRM, the API has to confirm each callback."""
    with Simulator(Settings(seed=3), clock=SteppedClock()) as simulator:
        given = {"CONFIRM": True, "SID": "me", "AUTH_TOKEN": "secret", "CLIENT": {"transport": simulator.transport()}}
        with xoxzo(**given), listening(signals.message_status) as received:
            client: Client = conf.get_client()
            sent = client.sms.send(recipient="+818011112222", sender="Shop", message="Hi", reference="booking-1")
            simulator.advance(60)
            lie = f"msgid={sent.msgid}&status=FAIL"
            assert Browser().post(local("delivery-report"), lie, content_type=FORM).status_code == 200
            made_up = Browser().post(local("delivery-report"), "msgid=other&status=FAIL", content_type=FORM)
            assert made_up.status_code == 403
    assert [arguments["event"].status for arguments in received] == ["DELIVERED"]
