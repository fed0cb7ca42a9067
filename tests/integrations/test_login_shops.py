"""The example shops with two-factor authentication: with the wheel, served, and logged in to with a browser."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browsers import PATIENCE, chromium
from users_environment import UsersEnvironment, free_port

from xoxzo.cloudpy import Client
from xoxzo.cloudpy.simulator import Settings, Simulator
from xoxzo.cloudpy.simulator.server import Server

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
PHONES = {"aiko": "+818011112222", "ken": "+818011113333", "yui": "+818011114444"}
PHONE = PHONES["aiko"]
PASSWORD = "a password of the tests"
# What a developer does once: tables, checks, and users.
SET_UP = """
import django, sys
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("check", fail_level="WARNING")
call_command("makemigrations", check=True, dry_run=True, verbosity=0)
call_command("createcachetable")
from django.contrib.auth import get_user_model
def user(name):
    return get_user_model().objects.create_superuser(name, "", PASSWORD)
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all shops."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def server() -> Iterator[Server]:
    """A simulator whose SMS arrive at once."""
    settings = Settings(ring_seconds=0, sms_queued_seconds=0, sms_delivering_seconds=0)
    with Simulator(settings).serve() as serving:
        yield serving


@pytest.fixture
def open_shop(users_environment: UsersEnvironment, browser: Any, server: Server, tmp_path: Path) -> Any:
    """Serve a shop, and return a function that opens it in another browser window, in Japanese or English."""

    @contextmanager
    def opened(name: str, set_up: str = "") -> Iterator[Callable[[str], Any]]:
        folder = EXAMPLES / name
        variables = {
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "SHOP_SECRET": "a secret of the tests, long enough for Django, too: 50 characters",
            "SHOP_LOG": str(tmp_path / "shop.db"),
            "XOXZO_API_HOST": server.url,
            "XOXZO_API_SID": "shop",
            "XOXZO_API_AUTH_TOKEN": "token",
        }
        program = f"PASSWORD = {PASSWORD!r}{SET_UP}{set_up}"
        finished = users_environment.run("-W", "error", "-c", program, env=variables, cwd=folder)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        port, output, statuses, contexts = free_port(), tmp_path / "shop.out", [], []

        def new_page(locale: str) -> Any:
            context = browser.new_context(base_url=f"http://127.0.0.1:{port}", locale=locale)
            contexts.append(context)
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.on("response", lambda response: statuses.append((response.status, response.url)))
            return page

        serve = ["manage.py", "runserver", "--noreload", str(port)]
        with users_environment.serve(*serve, port=port, output=output, env=variables, cwd=folder):
            try:
                yield new_page
            finally:
                for number, context in enumerate(contexts):
                    if pictures := os.environ.get("XOXZO_TESTS_PICTURES"):
                        context.pages[0].screenshot(path=f"{pictures}/{name}-{number}.png")
                    context.close()
        printed = output.read_text()
        assert not [one for one in statuses if one[0] >= 500], printed
        assert "Traceback" not in printed
        # Neither a number nor a code was in a URL, and so not in the log either.
        urls = "".join(url for _, url in statuses)
        assert not re.search(r"11112222|1111-2222|(?:code|token)=", urls + printed), printed

    return opened


def texts(server: Server, phone: str = PHONE) -> list[str]:
    """Return the texts of all SMS that a phone has."""
    return [sms.text for sms in server.simulator.phone(phone).inbox]


def submit(page: Any, **fields: str) -> None:
    """Fill fields in, and click the main button of their form."""
    for name, value in fields.items():
        page.locator(f"[name='{name}']").fill(value)
    page.locator("button[type=submit]:not([name]):visible, input[type=submit]:not([name]):visible").last.click()


def log_in(page: Any, user: str) -> None:
    """Type user name and password at the log-in page of django-two-factor-auth."""
    page.context.clear_cookies()
    page.goto("/account/login/")
    submit(page, **{"auth-username": user, "auth-password": PASSWORD})


def spoken_code(server: Server, user: str, begin: str) -> str:
    """Return the code that a call spoke, twice and digit by digit."""
    steps = server.simulator.phone(PHONES[user]).wait_for_call().steps
    [text] = [step["text"] for step in steps if step["name"] == "say"]
    assert text.startswith(begin)
    codes = re.findall(r"(?:[0-9],, ){5}[0-9]", text)
    assert len(codes) == 2, text
    assert len(set(codes)) == 1, text
    found: str = codes[0].replace(",, ", "")
    return found


def sms_code(server: Server, user: str, begin: str) -> str:
    """Return the code in the last SMS."""
    [*_, text] = texts(server, PHONES[user])
    assert text.startswith(begin)
    return "".join(re.findall("[0-9]", text))


def test_two_factor(open_shop: Any, server: Server) -> None:
    """Customers set up a phone, and log in with a code by SMS or by a call, in the language of the browser.

    When Xoxzo refuses a code, the page says so, and the answer is no 500.
    """
    users = """
from two_factor.plugins.phonenumber.models import PhoneDevice
user("aiko"), user("ken")
PhoneDevice.objects.create(user=user("yui"), name="default", number="+818011114444", method="sms", key="ab" * 20)
"""
    ways = [("aiko", "sms", "ja-JP", sms_code, "認証コード: "), ("ken", "call", "en-GB", spoken_code, "Your code is")]
    with open_shop("two_factor_shop", users) as new_page:
        for user, method, locale, code, begin in ways:
            page = new_page(locale)
            log_in(page, user)
            page.goto("/account/two_factor/setup/")
            submit(page)
            page.locator(f"[name='method-method'][value='{method}']").check()
            submit(page)
            submit(page, **{f"{method}-number": PHONES[user].replace("+81", "0")})
            page.locator("[name='validation-token']").wait_for()
            submit(page, **{"validation-token": code(server, user, begin)})
            page.wait_for_url("**/setup/complete/")
            log_in(page, user)
            page.locator("[name='token-otp_token']").wait_for()
            # Within 30 seconds it is the same code, which is not sent again; the page says so.
            submit(page, **{"token-otp_token": code(server, user, begin)})
            page.get_by_text(f"Orders of {user}").wait_for()
        page = new_page("ja-JP")
        server.simulator.fail_next("throttled", "POST /sms/messages/", seconds=100)
        log_in(page, "yui")
        assert "送信できませんでした" in page.get_by_role("alert").inner_text()
        assert texts(server, PHONES["yui"]) == []


def test_otp(open_shop: Any, server: Server) -> None:
    """Staff log in to the admin with a password that Xoxzo sent; a wrong one is refused."""
    device = f"""
from xoxzo.cloudpy.integrations.django.login.otp.models import XoxzoDevice
XoxzoDevice.objects.create(user=user("aiko"), name="phone", number="{PHONE}")
"""
    with Client(sid="shop", auth_token="token", base_url=server.url) as client:
        client.otp.register_website(website="https://shop.example")
    with open_shop("otp_shop", device) as new_page:
        page = new_page("ja-JP")
        known = {"username": "aiko", "password": PASSWORD}

        def request_code(answer: str) -> None:
            page.locator("[name='password']").fill(PASSWORD)
            page.locator("[name='otp_device']").select_option(index=1)
            page.locator("[name='otp_challenge']").click()
            page.get_by_text(answer).wait_for()

        def try_code(code: str) -> None:
            page.locator("[name='otp_device']").select_option(index=1)
            submit(page, **known, otp_token=code)

        page.goto("/admin/")
        submit(page, **known)
        request_code("SMS で送信しました")
        code = server.simulator.phone(PHONE).otp_code()
        request_code("SMS は先ほど送信しました")
        assert len(texts(server)) == 1
        try_code(f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}")
        page.get_by_text("Invalid token").wait_for()
        time.sleep(1.1)  # one failure: django-otp takes the next try after a second
        try_code(code)
        page.locator("#user-tools").wait_for()
        page.goto("/admin/xoxzo_otp/xoxzodevice/")
        page.get_by_text("ワンタイムパスワード用の電話").first.wait_for()


def test_allauth(open_shop: Any, server: Server) -> None:
    """A customer signs up by phone number, typed as people type it, and logs in by a code."""
    with open_shop("allauth_shop") as new_page:
        page = new_page("ja-JP")

        def confirm() -> None:
            page.locator("[name='code']").wait_for()
            page.locator("[name='code']").fill(sms_code(server, "aiko", "認証コード: "))
            page.locator("[name='code']").press("Enter")
            page.get_by_text(f"Orders of {PHONE}").wait_for()
            page.context.clear_cookies()

        page.goto("/accounts/signup/")
        submit(page, phone="080-1111")
        page.get_by_text("電話番号を 1 つ入力してください").wait_for()
        submit(page, phone="０８０－１１１１－２２２２")
        confirm()
        page.goto("/accounts/login/code/")
        submit(page, phone="+81 80-1111-2222")
        confirm()
        # Another sign-up with the number sends nothing, and is no error 500, however often it is tried.
        for _ in range(2):
            page.goto("/accounts/signup/")
            submit(page, phone="080-1111-2222")
            page.wait_for_load_state()
        assert len(texts(server)) == 2
