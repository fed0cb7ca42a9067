"""Sending from a Django project: backends, settings, checks and commands."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from io import StringIO
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import phonenumbers
import pytest
from django.core import mail
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.test import SimpleTestCase, override_settings
from django.utils import translation
from django.utils.functional import SimpleLazyObject, lazystr
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from xoxzo.cloudpy import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.callbacks import Callbacks
from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.backends.memory import outbox
from xoxzo.cloudpy.integrations.django.conf import checks
from xoxzo.cloudpy.integrations.django.models import Delivery
from xoxzo.cloudpy.integrations.django.sms import BaseBackend, CallMessage, SmsMessage, get_connection, send_sms
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock

PhoneNumber = pytest.importorskip("phonenumber_field.phonenumber").PhoneNumber
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


REFUSED: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"recipient": "08011112222"}, InvalidArgument),
    ({"recipient": phonenumbers.PhoneNumber(country_code=81, national_number=12)}, InvalidArgument),
    ({"recipient": PhoneNumber.from_string("12", region="JP")}, InvalidArgument),
    ({"message": ""}, InvalidArgument),
    ({"message": gettext_lazy("a" * 661)}, InvalidArgument),
    ({"message": 5}, InvalidArgument),
    ({"sender": "no sender"}, InvalidArgument),
    ({"template": 6}, InvalidArgument),
    ({"message": "", "template": "six"}, InvalidArgument),
    ({"message": "", "template": 6, "variables": {"name": 5}}, InvalidArgument),
    ({"options": {"tags": ["a,b"]}}, InvalidArgument),
    ({"options": {"tgs": ["a"]}}, TypeError),
    ({"options": {"callbacks": Callbacks("a" * 16, "https://a.example"), "callback_url": "http://a"}}, InvalidArgument),
]


@pytest.mark.parametrize("backend", ["live", "memory", "console"])
def test_refused(backend: str, live: Simulator, xoxzo: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """All backends refuse the same values, and nothing is sent, collected or shown."""
    connection = get_connection(backend)
    for values, error in REFUSED:
        with pytest.raises(error):
            SmsMessage(**{"recipient": PHONE, "message": "Hi", **values}).send(connection=connection)
    for values in (
        {"recipient": REFUSED[0][0]["recipient"]},
        {"recipient": REFUSED[1][0]["recipient"]},
        {"message": ""},
    ):
        with pytest.raises(InvalidArgument):
            CallMessage(**{"recipient": PHONE, "message": "Hi", "caller": "815011112222", **values}).send(
                connection=connection
            )
    with pytest.raises(ConfigurationError, match="CALLER"):
        CallMessage(recipient=PHONE, message="Hi").send(connection=connection)
    assert (list(outbox), list(live.phone(PHONE).inbox), capsys.readouterr().out) == ([], [], "")


NUMBER = PhoneNumber.from_string("080-1111-2222", region="JP")
ACCEPTED: list[tuple[object, object, str]] = [
    (NUMBER, gettext_lazy("Ready"), "Ready"),
    (phonenumbers.parse(PHONE), format_html("<b>{}</b>", "&"), "<b>&amp;</b>"),
    (mark_safe(PHONE), SimpleLazyObject(lambda: mark_safe("lazy")), "lazy"),
    # Not a number that is in use; it is judged by what was typed.
    (PhoneNumber.from_string("+8180111122223", region="JP"), lazystr("typed"), "typed"),
]


@pytest.mark.parametrize("backend", ["live", "memory", "console"])
@override_settings(PHONENUMBER_DEFAULT_FORMAT="NATIONAL")
def test_accepted(backend: str, live: Simulator, xoxzo: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """All backends take the texts and numbers that Django programs have, in SMS, templates and calls."""
    connection = get_connection(backend)
    template = conf.get_client().templates.create(name=gettext_lazy("Welcome"), content=mark_safe("Hi {name} {phone}"))
    for recipient, message, text in ACCEPTED:
        number = PHONE if "3" not in str(recipient) else "+8180111122223"
        variables = {mark_safe("name"): message, "phone": NUMBER}
        sms: list[Any] = [
            SmsMessage(recipient=recipient, message=message),  # type: ignore[arg-type]
            SmsMessage(recipient=recipient, template=template.id, variables=variables),  # type: ignore[arg-type, dict-item]
        ]
        assert connection.send_messages(sms) == 2
        call = CallMessage(recipient=recipient, message=message, caller="815011112222")  # type: ignore[arg-type]
        call.send(connection=connection)
        shown = {
            "live": [one.text for one in live.phone(number).inbox[-2:]],
            "memory": [outbox[-3].message, f"Hi {outbox[-2].variables['name']} {outbox[-2].variables['phone']}"]
            if outbox
            else [],
            "console": ["", ""],
        }
        if backend == "console":
            out = capsys.readouterr().out
            assert f"  {text}\n" in out
            assert f"  name: {text}\n  phone: {PHONE}\n" in out
            assert f"Call to {number} from 815011112222" in out
        else:
            assert shown[backend] == [text, f"Hi {text} {PHONE}"]
        assert {type(one.recipient) for one in [*sms, call]} == {str}
        assert call.sent is not None


def test_one_number_object(live: Simulator) -> None:
    """`send_sms` takes a number as an object, alone or in a list."""
    assert send_sms(NUMBER, gettext_lazy("one")) + send_sms([NUMBER, PHONE], "two") == 3
    assert [one.text for one in live.phone(PHONE).inbox] == ["one", "two", "two"]


def test_languages(live: Simulator) -> None:
    """A lazy text is in the language that is active when the message is made."""
    with translation.override("ja"):
        message = SmsMessage(recipient=PHONE, message=gettext_lazy("Yes"))
    message.send()
    assert [one.text for one in live.phone(PHONE).inbox] == ["はい"]


class Silent(BaseBackend):
    """A backend of a project, which knows nothing of calls."""

    def send_messages(self, messages: Any) -> int:
        return len(messages)


def test_no_calls() -> None:
    """A backend without calls refuses them by name."""
    with pytest.raises(ConfigurationError, match="Silent starts no calls"):
        CallMessage(recipient=PHONE, message="Hi", caller="815011112222").send(connection=Silent())


def test_the_outbox_follows_djangos(monkeypatch: pytest.MonkeyPatch) -> None:
    """When a test case of Django has replaced ``mail.outbox``, our outbox is empty again; it stays the same object."""
    monkeypatch.setattr(mail, "outbox", [], raising=False)
    send_sms(PHONE, "one")
    assert [one.message for one in outbox] == ["one"]
    monkeypatch.setattr(mail, "outbox", [])
    assert outbox == []
    send_sms(PHONE, "two")
    CallMessage(recipient=PHONE, message="three", caller="815011112222").send()
    assert [one.message for one in outbox] == ["two", "three"]
    assert [one.message for one in outbox[1:]] == ["three"]
    assert repr(outbox[1]).startswith("CallMessage(recipient='+81••••2222', reference=")
    SimpleTestCase("run")._pre_setup()
    assert len(outbox) == 0


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
        SmsMessage(recipient=PHONE, message="あ" * 661, reference="booking-4", options={"track_link": True}).send()
        CallMessage(recipient=PHONE, message="one\ntwo", reference="call-1", caller="815011112222").send()
    out = capsys.readouterr().out
    assert f"SMS to {PHONE} from Shop, reference booking-1 (1 part)\n  one\n  two\n" in out
    assert "by template 6\n  name: Aiko\n" in out
    assert "booking-3 (2 parts)" in out
    assert "booking-4 (of unknown length)" in out
    assert f"Call to {PHONE} from 815011112222, reference call-1 (ja)\n  one\n  two\n" in out


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
    assert [one.options["tags"] for one in messages] == [["spring"], ["a"]]


def test_lazy_variables(live: Simulator) -> None:
    """The variables of a template may be lazy translations."""
    template = conf.get_client().templates.create(name="Welcome", content="Hi {name}")
    SmsMessage(recipient=PHONE, template=template.id, variables={"name": gettext_lazy("Aiko")}).send()
    assert [one.text for one in live.phone(PHONE).inbox] == ["Hi Aiko"]


def test_failed_transaction(live: Simulator) -> None:
    """In a transaction that has failed, the error comes before anything is sent."""
    for message in (SmsMessage(recipient=PHONE, message="Hi"), CallMessage(recipient=PHONE, message="Hi", caller="81")):
        with transaction.atomic():
            transaction.set_rollback(True)
            with pytest.raises(transaction.TransactionManagementError):
                message.send()
        assert message.sent is None
    assert not live.phone(PHONE).inbox


def test_long_reference(live: Simulator) -> None:
    """A reference that is too long for the delivery log is refused before anything is sent."""
    for message in (SmsMessage(recipient=PHONE, message="Hi"), CallMessage(recipient=PHONE, message="Hi", caller="81")):
        message.reference = "r" * 256
        with pytest.raises(InvalidArgument, match="at most 255"):
            message.send()
    assert not live.phone(PHONE).inbox


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
        ({"SMS_BACKEND": 5}, ["xoxzo.E003"]),
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
    call_command("deliveries", "--catch-up", "0", stdout=out)
    assert "DELIVERED" in out.getvalue()
    assert Delivery.objects.get().status == "DELIVERED"
    call_command("deliveries", "--purge", "1", stdout=out)
    call_command("deliveries", "--purge", "0", stdout=out)
    assert out.getvalue().endswith("0 deleted\n1 deleted\n")
    send_sms(PHONE, "Hi")
    with xoxzo(
        SMS_BACKEND="live", SID="me", AUTH_TOKEN="secret", CLIENT={"max_retries": 0}, BASE_URL="http://127.0.0.1:9"
    ):
        with pytest.raises(CommandError):
            call_command("deliveries", "--catch-up", "0")
        with pytest.raises(CommandError, match="it was not sent"):
            call_command("sendtestsms", PHONE)


class Answering:
    """A server on loopback that answers with the project, or otherwise."""

    def __init__(self, application: Any) -> None:
        self._server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}/xoxzo"

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self.url

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


def elsewhere(_environ: Any, start_response: Any) -> list[bytes]:
    """Answer as a page in front of the project does."""
    start_response("302 Found", [("Location", "https://shop.example/login")])
    return []


def maintenance(_environ: Any, start_response: Any) -> list[bytes]:
    """Answer as a page during maintenance."""
    start_response("200 OK", [])
    return [b"back soon"]


def test_public_url_is_reached(xoxzo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check --deploy` posts a callback to the public URL, and says what is wrong; nothing is recorded."""

    def found() -> list[str]:
        problems = run_checks(tags=["xoxzo"], include_deployment_checks=True)
        return [f"{problem.id} {problem.msg}" for problem in problems]

    with Answering(get_wsgi_application()) as url:
        with xoxzo(PUBLIC_URL=url):
            assert found() == ['xoxzo.W003 XOXZO["PUBLIC_URL"] fails: its address 127.0.0.1 is not public.']
            with monkeypatch.context() as patch:
                patch.setattr(checks, "ip_address", lambda _: SimpleNamespace(is_global=True))
                assert found() == []
        with xoxzo(PUBLIC_URL=f"{url}/missing"):
            assert "the answer was 404" in found()[0]
        with xoxzo(PUBLIC_URL=url.replace("http:", "https:")):
            assert "SSLError" in found()[0]
    for application, reason in ((elsewhere, "a redirect to https://shop.example/login"), (maintenance, "'back soon'")):
        with Answering(application) as url, xoxzo(PUBLIC_URL=url):
            assert reason in found()[0]
    with xoxzo(PUBLIC_URL=url):
        assert "ConnectionRefusedError" in found()[0]
    with xoxzo(PUBLIC_URL="no URL"):
        assert [one[:10] for one in found()] == ["xoxzo.E004"]
    assert not Delivery.objects.exists()
