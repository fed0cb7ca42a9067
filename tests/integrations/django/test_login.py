"""Login codes: the limit for each number, texts and languages, failures of Xoxzo, and the device of django-otp."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.cache import cache
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.test import RequestFactory, override_settings
from django.utils import translation

pytest.importorskip("django_otp")

from django_otp.forms import OTPAuthenticationForm
from django_otp.models import Device

from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.backends.memory import outbox
from xoxzo.cloudpy.integrations.django.login.codes import send_code
from xoxzo.cloudpy.integrations.django.login.otp.admin import XoxzoDeviceAdmin
from xoxzo.cloudpy.integrations.django.login.otp.models import CodeNotSentError, XoxzoDevice
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock

PHONE = "+818011112222"
SITE = "https://shop.example"
CALLER = {"CALLER": "815012345678"}


@pytest.fixture(autouse=True)
def no_codes_yet() -> None:
    """Forget the codes of other tests."""
    cache.clear()
    XoxzoDevice.objects.all().delete()
    User.objects.all().delete()


@pytest.fixture
def simulator(xoxzo: Any) -> Iterator[Simulator]:
    """The live backend, with a simulator in this process."""
    settings = Settings(seed=3)
    with (
        Simulator(settings, clock=SteppedClock()) as simulator,
        xoxzo(SMS_BACKEND="live", SID="me", AUTH_TOKEN="x", CLIENT={"transport": simulator.transport()}, **CALLER),
    ):
        conf.get_client().otp.register_website(website=SITE)
        yield simulator


def test_the_same_code_is_sent_once(xoxzo: Any) -> None:
    """A repeat with the same code is not sent again for a while, but may be spoken; another code always goes out."""
    with xoxzo(**CALLER):
        assert send_code(PHONE, "123456", same_code=True) is None
        assert "a moment ago" in (send_code(PHONE, "123456", same_code=True) or "")
        assert send_code(PHONE, "123456", same_code=True, by_call=True) is None
        assert send_code("+818011113333", "123456", same_code=True) is None
        assert send_code(PHONE, "654321") is None
        with xoxzo(CODE_INTERVAL=0, **CALLER):
            assert [send_code("+818011114444", "123456", same_code=True) for _ in range(2)] == [None, None]
    assert [type(one).__name__ for one in outbox] == ["SmsMessage", "CallMessage", *["SmsMessage"] * 4]


def test_codes_per_hour(xoxzo: Any) -> None:
    """A number gets few codes in an hour, by SMS and calls together, and other numbers get theirs."""
    with xoxzo(CODES_PER_HOUR=3, **CALLER):
        answers = [send_code(PHONE, f"{number:06}", by_call=number == 1) for number in range(5)]
        assert answers[:3] == [None, None, None]
        assert all("Too many codes" in (answer or "") for answer in answers[3:])
        assert send_code("+818011113333", "123456") is None
    assert len(outbox) == 4
    keys = repr(list(cache._cache)) if hasattr(cache, "_cache") else ""  # type: ignore[attr-defined]
    assert keys
    assert "11112222" not in keys


def test_texts(xoxzo: Any) -> None:
    """Codes have texts in Japanese and English, a text of the project, or an approved template."""
    with xoxzo(**CALLER):
        for language in ("ja", "en", "de"):
            with translation.override(language):
                send_code(PHONE, "123456")
                send_code("+818011113333", "12-34", by_call=True)
    assert [one.message for one in outbox[::2]] == [
        "認証コード: 123456 (他の人に教えないでください)",
        *["Your code is 123456. Do not give it to anybody."] * 2,
    ]
    calls: list[Any] = list(outbox[1::2])
    assert [(one.language, one.message.count("1,, 2,, 3,, 4")) for one in calls] == [("ja", 2), ("en", 2), ("en", 2)]
    outbox.clear()
    with xoxzo(CODE_MESSAGE="Shop: {code}", CODE_CALL_MESSAGE="It is {code}", **CALLER):
        send_code("+818011114444", "123456")
        send_code("+818011114444", "123", by_call=True)
    with xoxzo(CODE_TEMPLATE=7):
        send_code("+818011114444", "123456")
    assert [one.message for one in outbox] == ["Shop: 123456", "It is 1,, 2,, 3", ""]
    assert (outbox[2].template, outbox[2].variables) == (7, {"code": "123456"})  # type: ignore[union-attr]


def test_codes_when_xoxzo_fails(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is raised. What was not sent may be requested again at once; what may have been sent may not."""
    simulator.fail_next("throttled", "POST /sms/messages/", seconds=100)
    with translation.override("ja"):
        assert "送信できませんでした" in (send_code(PHONE, "123456", same_code=True) or "")
    assert send_code(PHONE, "123456", same_code=True) is None
    simulator.fail_next("lose_reply", "POST /voice/simple/playbacks/")
    assert send_code(PHONE, "123456", same_code=True, by_call=True) is None
    assert "a moment ago" in (send_code(PHONE, "123456", same_code=True, by_call=True) or "")
    assert send_code("0801", "123456") is not None
    assert (len(simulator.phone(PHONE).inbox), len(simulator.phone(PHONE).calls)) == (1, 1)
    assert "may have been sent" in caplog.text
    assert "was not sent" in caplog.text
    assert "11112222" not in caplog.text
    with override_settings(XOXZO={"SMS_BACKEND": "live"}):
        assert send_code("+818011113333", "123456") is not None


def test_two_factor_gateway(xoxzo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway sends the device's code, and shows what went wrong as a message of the request, if it is known."""
    local = pytest.importorskip("two_factor.middleware.threadlocals")
    from xoxzo.cloudpy.integrations.django.login.two_factor import Gateway

    request = RequestFactory().get("/")
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    device = SimpleNamespace(number=PHONE)
    with xoxzo(**CALLER):
        Gateway().send_sms(device, "123456")
        Gateway().make_call(device, "123456")
        Gateway().send_sms(device, "123456")
        monkeypatch.setattr(local._thread_locals, "request", request, raising=False)
        Gateway().send_sms(device, "123456")
    assert [one.message.count("123456") for one in outbox] == [1, 0]
    [message] = get_messages(request)
    assert "a moment ago" in str(message)


def test_allauth_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter sends codes, reads typed numbers, and keeps a number in two fields of the user."""
    pytest.importorskip("allauth")
    base = ModuleType("allauth.account.adapter")  # the real one wants its application, which the example shop has

    class DefaultAccountAdapter:
        def clean_phone(self, phone: str) -> str:
            return phone

    base.DefaultAccountAdapter = DefaultAccountAdapter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "allauth.account.adapter", base)
    from xoxzo.cloudpy.integrations.django.login.allauth import PhoneAccountAdapter

    class Adapter(PhoneAccountAdapter):
        phone_field = "email"
        phone_verified_field = "is_staff"

    adapter = Adapter()
    others = User.objects.create(username="ken", email=PHONE)
    user = User.objects.create(username="aiko")
    assert adapter.get_phone(user) is None
    adapter.set_phone(user, PHONE, False)
    assert adapter.get_phone(user) == (PHONE, False)
    adapter.set_phone_verified(user, "+818011113333")
    assert adapter.get_user_by_phone("+818011113333") == user
    adapter.set_phone_verified(user, PHONE)
    assert adapter.get_user_by_phone(PHONE) == user != others
    assert adapter.get_user_by_phone("+818011119999") is None
    adapter.send_verification_code_sms(user, PHONE, "123456", reauthentication=False)
    assert [one.recipient for one in outbox] == [PHONE]
    field = adapter.phone_form_field(required=False, label="Tel")
    for typed in ("090-1234-5678", "０９０ー１２３４ー５６７８", " +81 (0)90 1234 5678 "):
        assert field.clean(typed) == "+819012345678"
    assert field.clean("") == ""
    for wrong in ("12", "090-1234-5678, 090-1234-5679", "aiko", "9012345678", "x" * 200):
        with pytest.raises(ValidationError):
            field.clean(wrong)


def device_of(name: str = "aiko", number: str = PHONE) -> XoxzoDevice:
    """Make a user with a device."""
    return XoxzoDevice.objects.create(user=User.objects.create_user(name, password="p"), name="phone", number=number)


def saved(device: XoxzoDevice) -> XoxzoDevice:
    """Return a device as it is in the database."""
    found: XoxzoDevice = XoxzoDevice.objects.get(pk=device.pk)
    return found


def test_otp_device(simulator: Simulator) -> None:
    """A password is requested once in its lifetime, verified once, and tried only so often."""
    device = device_of()
    assert device.verify_token("123456") is False
    assert device.generate_challenge() == "sent by SMS"
    assert saved(device).generate_challenge() == "a code was sent by SMS a moment ago"
    code = simulator.phone(PHONE).otp_code()
    device = saved(device)
    assert device.otp_id
    wrong = f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
    for token in (wrong, "", "\ud800"):
        assert device.verify_token(token) is False
        assert saved(device).throttling_failure_count > 0
        assert saved(device).verify_token(code) is False  # too soon
        device.throttle_reset()
    assert device.verify_token(" ".join(code)) is True
    device = saved(device)
    assert (device.otp_id, device.throttling_failure_count, device.last_used_at is not None) == ("", 0, True)
    assert device.verify_token(code) is False
    assert device.generate_challenge() == "sent by SMS"
    assert len(simulator.phone(PHONE).inbox) == 2


def test_otp_device_when_xoxzo_fails(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    """What was not sent can be requested at once, what may have been sent cannot; a failed check is none."""
    device = device_of()
    simulator.fail_next("throttled", "POST /otp/request/")
    with pytest.raises(CodeNotSentError, match=r"^the SMS could not be sent, try again later$"):
        device.generate_challenge()
    simulator.fail_next("lose_reply", "POST /otp/request/")
    assert saved(device).generate_challenge().startswith("a code may arrive")
    assert saved(device).generate_challenge().startswith("a code was sent")
    code = simulator.phone(PHONE).otp_code()
    assert len(simulator.phone(PHONE).inbox) == 1
    for fault in ("error", "drop", "truncate"):
        simulator.fail_next(fault, "POST /otp/verify/")
        assert saved(device).verify_token(code) is False
        assert saved(device).throttling_failure_count == 0
        if fault == "drop":
            break
    assert saved(device).verify_token(code) is True
    other = device_of("ken")
    conf.get_client().otp.request(website=SITE, phone_number=PHONE)
    assert other.generate_challenge() == "a code was sent by SMS a moment ago"
    assert "11112222" not in caplog.text


def test_otp_after_its_lifetime(simulator: Simulator) -> None:
    """When the lifetime has passed, another password can be requested."""
    device = device_of()
    device.generate_challenge()
    simulator.advance(301)
    assert device.last_generated_timestamp is not None
    device.last_generated_timestamp -= timedelta(seconds=301)
    device.save()
    assert saved(device).generate_challenge() == "sent by SMS"


def test_otp_in_the_form_of_django_otp(simulator: Simulator) -> None:
    """The form of django-otp requests and takes a password, and shows no number in an error."""
    device = device_of()

    def form(**fields: str) -> OTPAuthenticationForm:
        data = {"username": "aiko", "password": "p", "otp_device": device.persistent_id, **fields}
        return OTPAuthenticationForm(None, data)

    simulator.fail_next("error", "POST /otp/request/")
    assert "a code may arrive" in str(form(otp_challenge="1").errors)
    XoxzoDevice.objects.update(last_generated_timestamp=None)
    simulator.fail_next("throttled", "POST /otp/request/")
    assert "the SMS could not be sent" in str(form(otp_challenge="1").errors)
    assert "sent by SMS" in str(form(otp_challenge="1").errors)
    simulator.fail_next("error", "POST /otp/verify/")
    code = simulator.phone(PHONE).otp_code()
    assert "Invalid token" in str(form(otp_token=code).errors)
    assert form(otp_token=code).is_valid()


def test_otp_settings(xoxzo: Any) -> None:
    """The number of a device is checked, the admin shows it, and the system check wants the website."""
    device = device_of()
    device.number = "08011112222"
    with pytest.raises(ValidationError, match=r"E\.164"):
        device.full_clean()
    device.number = "+818011113333"
    device.full_clean()
    assert XoxzoDeviceAdmin.search_fields == ["user__username"]
    assert device.is_interactive()
    assert issubclass(XoxzoDevice, Device)
    with xoxzo(OTP_WEBSITE=None):
        assert [problem.id for problem in run_checks(tags=["xoxzo"])] == ["xoxzo.E006"]
    gateway = "xoxzo.cloudpy.integrations.django.login.two_factor.Gateway"
    with override_settings(TWO_FACTOR_CALL_GATEWAY=gateway), xoxzo(PUBLIC_URL=None):
        problems = run_checks(tags=["xoxzo"], include_deployment_checks=True)
        assert [problem.id for problem in problems] == ["xoxzo.E008", "xoxzo.W004"]
        shared = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
        with override_settings(CACHES=shared), xoxzo(PUBLIC_URL=None, **CALLER):
            assert run_checks(tags=["xoxzo"], include_deployment_checks=True) == []
