"""Sending from a Django project: backends, settings, checks and commands."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils.translation import gettext_lazy

from xoxzo.cloudpy import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.callbacks import Callbacks
from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.backends.memory import outbox
from xoxzo.cloudpy.integrations.django.models import Delivery
from xoxzo.cloudpy.integrations.django.sms import SmsMessage, get_connection, send_sms
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock

PHONE = "+818011112222"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator in this process."""
    with Simulator(Settings(seed=3, templates_approved=True), clock=SteppedClock()) as simulator:
        yield simulator


@pytest.fixture
def live(xoxzo: Any, simulator: Simulator) -> Iterator[Simulator]:
    """The live backend, with the simulator as the service."""
    with xoxzo(SMS_BACKEND="live", SID="me", AUTH_TOKEN="secret", CLIENT={"transport": simulator.transport()}):
        yield simulator


def test_memory() -> None:
    """The memory backend appends messages to the outbox."""
    assert send_sms([PHONE, "+818011113333"], "こんにちは") == 2
    assert [(one.recipient, one.message, one.sender_or_default()) for one in outbox] == [
        (PHONE, "こんにちは", "Shop"),
        ("+818011113333", "こんにちは", "Shop"),
    ]
    assert all(one.sent and one.sent.reference == one.reference for one in outbox)
    assert len({one.reference for one in outbox}) == 2


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (SmsMessage(recipient="08011112222", message="Hi"), InvalidArgument),
        (SmsMessage(recipient=PHONE), InvalidArgument),
        (SmsMessage(recipient=PHONE, message="a" * 661), InvalidArgument),
        (SmsMessage(recipient=PHONE, message="Hi", sender="no sender"), InvalidArgument),
        (SmsMessage(recipient=PHONE, message="Hi", options={"tags": ["a,b"]}), InvalidArgument),
    ],
)
def test_memory_checks(message: SmsMessage, error: type[Exception]) -> None:
    """The memory backend refuses the same values as the live one."""
    with pytest.raises(error):
        message.send()
    assert outbox == []


def test_templates_in_memory() -> None:
    """A message with a template is in the outbox with its variables."""
    SmsMessage(recipient=PHONE, template=6, variables={"name": "Aiko"}).send()
    assert [(one.template, one.variables) for one in outbox] == [(6, {"name": "Aiko"})]


def test_console(capsys: pytest.CaptureFixture[str], xoxzo: Any) -> None:
    """The console backend writes messages with their parts."""
    with xoxzo(SMS_BACKEND="console"):
        send_sms(PHONE, "one\ntwo", reference="booking-1")
        SmsMessage(recipient=PHONE, template=6, variables={"name": "Aiko"}, reference="booking-2").send()
        send_sms(PHONE, "あ" * 71, reference="booking-3")
        send_sms(PHONE, "あ" * 661, reference="booking-4")
    out = capsys.readouterr().out
    assert f"SMS to {PHONE} from Shop, reference booking-1 (1 part)\n  one\n  two\n" in out
    assert "by template 6\n  name: Aiko\n" in out
    assert "booking-3 (2 parts)" in out
    assert "booking-4 (too long to be sent)" in out


def test_live(live: Simulator) -> None:
    """The live backend sends with a callback URL, and records the message in the log."""
    message = SmsMessage(recipient=PHONE, message="こんにちは", reference="booking-1", options={"tags": ["spring"]})
    message.send()
    assert message.sent is not None
    [received] = live.phone(PHONE).inbox
    assert (received.text, received.sender) == ("こんにちは", "Shop")
    row = Delivery.objects.get()
    assert (row.ident, row.reference, row.sent) == (message.sent.msgid, "booking-1", True)
    assert set(conf.get_client().sms.get(message.sent.msgid).tags) == {"spring", "booking-1"}


@pytest.mark.parametrize("backend", ["live", "memory", "console"])
def test_lazy_translations(backend: str, live: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    """Every backend sends lazy translations as text, wherever in a message they are."""
    connection = get_connection(backend)
    messages = [
        SmsMessage(recipient=PHONE, message=gettext_lazy("Ready"), options={"tags": [gettext_lazy("spring")]}),
        SmsMessage(recipient=PHONE, message=gettext_lazy("Set"), sender=gettext_lazy("Cafe"), options={"tags": ("a",)}),
    ]
    assert connection.send_messages(messages) == 2
    sent = {
        "live": [one.text for one in live.phone(PHONE).inbox],
        "memory": [one.message for one in outbox],
        "console": [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")],
    }
    assert sent[backend] == ["Ready", "Set"]
    assert [one.options["tags"] for one in messages] == [["spring"], ("a",)]


def test_lazy_variables(live: Simulator) -> None:
    """The variables of a template may be lazy translations."""
    template = conf.get_client().templates.create(name="Welcome", content="Hi {name}")
    SmsMessage(recipient=PHONE, template=template.id, variables={"name": gettext_lazy("Aiko")}).send()
    assert [one.text for one in live.phone(PHONE).inbox] == ["Hi Aiko"]


def test_live_without_callbacks(live: Simulator, xoxzo: Any) -> None:
    """Without PUBLIC_URL, or with a callback URL of your own, no other report is requested."""
    with xoxzo(
        PUBLIC_URL=None, SMS_BACKEND="live", SID="me", AUTH_TOKEN="secret", CLIENT={"transport": live.transport()}
    ):
        send_sms(PHONE, "Hi")
    SmsMessage(recipient=PHONE, message="Hi", options={"callback_url": "http://127.0.0.1:9/mine"}).send()
    live.advance(1)
    assert len(live.phone(PHONE).inbox) == 2


def test_live_template(live: Simulator) -> None:
    """A message with a template is sent with the template's endpoint."""
    template = conf.get_client().templates.create(name="Welcome", content="Hi {name}")
    message = SmsMessage(recipient=PHONE, template=template.id, variables={"name": "Aiko"})
    message.send()
    assert [one.text for one in live.phone(PHONE).inbox] == ["Hi Aiko"]


def test_repr() -> None:
    """The representation of a message masks the number and has no text."""
    message = SmsMessage(recipient=PHONE, message="secret", reference="booking-1")
    assert repr(message) == "SmsMessage(recipient='+81••••2222', reference='booking-1')"


def test_other_backends(xoxzo: Any) -> None:
    """A backend may be named by its path; other objects are refused."""
    path = "xoxzo.cloudpy.integrations.django.backends.memory.MemoryBackend"
    SmsMessage(recipient=PHONE, message="Hi").send(connection=get_connection(path))
    assert len(outbox) == 1
    for wrong in ("nowhere.Backend", "json.JSONDecoder"):
        with xoxzo(SMS_BACKEND=wrong), pytest.raises(ConfigurationError):
            send_sms(PHONE, "Hi")


def test_no_sender(xoxzo: Any) -> None:
    """A message without a sender is refused if the settings have none."""
    with xoxzo(SENDER=None), pytest.raises(ConfigurationError, match="sender"):
        send_sms(PHONE, "Hi")


def test_one_reference_for_one_message() -> None:
    """A reference for several messages is refused."""
    with pytest.raises(ConfigurationError, match="one message"):
        send_sms([PHONE, "+818011113333"], "Hi", reference="booking-1")


def test_secrets(xoxzo: Any) -> None:
    """URLs are signed with Django's key and verified with its fallbacks too; or with keys of the setting."""
    url = conf.get_callbacks().url("delivery-report", "a")
    key = conf.settings.SECRET_KEY
    with override_settings(SECRET_KEY="another key of this project, long enough", SECRET_KEY_FALLBACKS=[key]):
        assert conf.get_callbacks().receive("POST", url, {}, b"status=FAIL").reference == "a"
    for secrets in ("a secret of one's own", ["a secret of one's own"]):
        with xoxzo(SECRETS=secrets):
            other = Callbacks("a secret of one's own", "https://shop.example/xoxzo").url("delivery-report", "b")
            assert conf.get_callbacks().receive("POST", other, {}, b"status=FAIL").reference == "b"


def test_no_public_url(xoxzo: Any) -> None:
    """The error for missing PUBLIC_URL names the setting."""
    with xoxzo(PUBLIC_URL=None), pytest.raises(ConfigurationError, match="PUBLIC_URL"):
        conf.get_callbacks()


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({}, []),
        ({"SENDR": "Shop"}, ["xoxzo.E002"]),
        ({"SMS_BACKEND": "nowhere.Backend"}, ["xoxzo.E003"]),
        ({"SMS_BACKEND": "json.JSONDecoder"}, ["xoxzo.E003"]),
        ({"PUBLIC_URL": "shop.example"}, ["xoxzo.E004"]),
        ({"PUBLIC_URL": "http://shop.example/xoxzo"}, ["xoxzo.W001"]),
        ({"PUBLIC_URL": "http://127.0.0.1:8000/xoxzo"}, []),
        ({"PUBLIC_URL": None}, []),
        ({"SMS_BACKEND": "live", "SID": "me", "AUTH_TOKEN": "secret"}, []),
        ({"SMS_BACKEND": "live"}, ["xoxzo.W002"]),
        ({"SMS_BACKEND": "live", "SID": "me", "AUTH_TOKEN": "secret", "CLIENT": {"tmeout": 1}}, ["xoxzo.W002"]),
    ],
)
def test_checks(keys: dict[str, Any], found: list[str], xoxzo: Any) -> None:
    """The system checks report invalid settings."""
    with xoxzo(**keys):
        assert [problem.id for problem in run_checks(tags=["xoxzo"])] == found


def test_no_dictionary() -> None:
    """The system checks report a setting that is not a dictionary."""
    with override_settings(XOXZO="Shop"):
        assert [problem.id for problem in run_checks(tags=["xoxzo"])] == ["xoxzo.E001"]


def test_sendtestsms(live: Simulator) -> None:
    """The command sends one SMS and prints its id, or the error."""
    out = StringIO()
    call_command("sendtestsms", PHONE, "--message", "It works", stdout=out)
    assert [one.text for one in live.phone(PHONE).inbox] == ["It works"]
    assert Delivery.objects.get().ident in out.getvalue()
    with pytest.raises(CommandError, match="it was not sent"):
        call_command("sendtestsms", "08011112222")


def test_deliveries(live: Simulator, xoxzo: Any) -> None:
    """The command updates messages without a report, and deletes old rows."""
    send_sms(PHONE, "Hi")
    live.advance(60)
    out = StringIO()
    call_command("deliveries", "--catch-up", "-1", stdout=out)
    assert "DELIVERED" in out.getvalue()
    assert Delivery.objects.get().status == "DELIVERED"
    call_command("deliveries", "--purge", "1", stdout=out)
    call_command("deliveries", "--purge", "-1", stdout=out)
    assert out.getvalue().endswith("0 deleted\n1 deleted\n")
    send_sms(PHONE, "Hi")
    with xoxzo(
        SMS_BACKEND="live", SID="me", AUTH_TOKEN="secret", CLIENT={"max_retries": 0}, BASE_URL="http://127.0.0.1:9"
    ):
        with pytest.raises(CommandError):
            call_command("deliveries", "--catch-up", "-1")
        with pytest.raises(CommandError, match="it was not sent"):
            call_command("sendtestsms", PHONE)
