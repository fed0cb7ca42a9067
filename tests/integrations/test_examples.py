"""The examples of the documentation, each served as its reader would serve it, with a simulator in place of Xoxzo."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from users_environment import UsersEnvironment, free_port

from xoxzo.cloudpy import Client
from xoxzo.cloudpy.callbacks import Callbacks

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FORM = {"content-type": "application/x-www-form-urlencoded"}
SECRET = "a secret of the tests, long enough for Django, too: 50 characters"

# What serves each of them where it is in use.
SHOPS = {
    "FastAPI on uvicorn": "uvicorn --no-access-log --port {port} fastapi_shop:app",
    "Starlette on uvicorn": "uvicorn --no-access-log --port {port} starlette_shop:app",
    "Flask on gunicorn": "gunicorn --bind 127.0.0.1:{port} flask_shop:app",
    "Flask on waitress": "waitress --listen 127.0.0.1:{port} flask_shop:app",
    "Django on gunicorn": "gunicorn --bind 127.0.0.1:{port} django.core.wsgi:get_wsgi_application()",
}


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Make a request, and return the status and the body of the response."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def post_json(port: int, path: str, **fields: str) -> tuple[int, bytes]:
    """Post fields as JSON."""
    return ask(port, "POST", path, json.dumps(fields).encode(), **{"content-type": "application/json"})


def post_form(port: int, path: str, **fields: str) -> tuple[int, bytes]:
    """Post a form to the Django shop, with the CSRF token of its page with forms."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/login/")
        response = connection.getresponse()
        cookie = response.headers["set-cookie"].partition(";")[0]
        [token, _] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', response.read().decode())
    finally:
        connection.close()
    body = urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
    return ask(port, "POST", path, body, cookie=cookie, **FORM)


def until(found: Callable[[], Any]) -> Any:
    """Wait until something is found."""
    deadline = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


@pytest.mark.parametrize("name", ["classic", "fastapi_shop", "flask_shop", "reminder"])
def test_the_examples_own_tests(name: str, users_environment: UsersEnvironment, tmp_path: Path) -> None:
    """The tests that the documentation shows pass."""
    options = ["-W", "error", "--rootdir", str(tmp_path)]
    for plugin in ("cacheprovider", "anyio", "asyncio", "django", "hypothesispytest"):
        options += ["-p", f"no:{plugin}"]
    variables = {"PYTHONPATH": f"{users_environment.variables['PYTHONPATH']}{os.pathsep}{EXAMPLES}"}
    tests = EXAMPLES / "tests" / f"test_{name}.py"
    finished = users_environment.run("-m", "pytest", *options, str(tests), cwd=tmp_path, env=variables)
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize("name", SHOPS)
def test_shop(
    *,
    name: str,
    users_environment: UsersEnvironment,
    simulator_url: str,
    account: tuple[str, str],
    new_number: Callable[[], str],
    tmp_path: Path,
) -> None:
    """A reminder is sent, its report counts once, a forged one is rejected, and the dial-in number is answered."""
    port, output, django = free_port(), tmp_path / "shop.out", name.startswith("Django")
    url, folder = f"http://127.0.0.1:{port}", EXAMPLES / "django_shop" if django else EXAMPLES
    variables = {
        "XOXZO_API_HOST": simulator_url,
        "XOXZO_API_SID": account[0],
        "XOXZO_API_AUTH_TOKEN": account[1],
        "SHOP_SECRET": SECRET,
        "SHOP_URL": url,
        "SHOP_LOG": str(tmp_path / "shop.db"),
        "PYTHONUNBUFFERED": "1",
        **({"DJANGO_SETTINGS_MODULE": "shop.settings"} if django else {}),
    }
    for command in (["migrate", "-v", "0"], ["check", "--fail-level", "INFO"], ["test"]) if django else ():
        managed = users_environment.run("manage.py", *command, cwd=folder, env=variables)
        assert managed.returncode == 0, managed.stdout + managed.stderr
    booking, path = f"booking-{secrets.token_hex(4)}", "/bookings/{}/reminder"
    with users_environment.serve(
        "-m", *SHOPS[name].format(port=port).split(), port=port, output=output, cwd=folder, env=variables
    ):
        phone = "+818011112222"
        # Another site can make a browser post a form, or JSON that is not called JSON, but cannot read a token.
        forms = [(urlencode({"phone": phone}), FORM), (json.dumps({"phone": phone}), {"content-type": "text/plain"})]
        for text, headers in [*forms, (forms[1][0], {})]:
            status, _ = ask(port, "POST", path.format("other"), text.encode(), **headers)
            assert status in {403, 415, 422}, (text, headers)
        status, body = (post_form if django else post_json)(port, path.format(booking), phone=phone)
        assert (status, list(json.loads(body))) == (200, ["msgid"])
        forged = f"msgid={json.loads(body)['msgid']}&status=FAIL".encode()
        assert ask(port, "POST", f"/xoxzo/delivery-report/{secrets.token_urlsafe(60)}", forged)[0] == 403
        until(lambda: json.loads(ask(port, "GET", path.format(booking))[1])["status"] == "DELIVERED")
        # A repeat is ignored.
        callbacks = Callbacks(SECRET, f"{url}/xoxzo")
        again = forged.replace(b"FAIL", b"DELIVERED")
        target = callbacks.url("delivery-report", booking).removeprefix(url)
        assert ask(port, "POST", target, again, **FORM) == (200, b"")
        if django:
            log_in(port, simulator_url, account, new_number())
        assert answered(simulator_url, account, url) == "お電話ありがとうございます。"
        post_in_pieces(port, callbacks.url("delivery-report", "pieces").removeprefix(url), output)
    printed = output.read_text()
    assert [printed.count(f"booking {one}: DELIVERED") for one in (booking, "pieces")] == [1, 1], printed
    assert "Traceback" not in printed
    assert phone[3:] not in printed, printed


def log_in(port: int, simulator_url: str, account: tuple[str, str], number: str) -> None:
    """Log in to the shop with the code that arrived on a phone, and not with another code."""
    with Client(sid=account[0], auth_token=account[1], base_url=simulator_url) as client:
        client.otp.register_website(website="https://shop.example")
    assert post_form(port, "/login/request", phone=number)[0] == 200
    status, body = ask(int(simulator_url.rpartition(":")[2]), "GET", f"/_simulator/phones/{quote(number)}")
    assert status == 200
    [message] = json.loads(body)["messages"]
    code = "".join(filter(str.isdigit, message["text"]))
    wrong = str((int(code) + 1) % 10**6).zfill(6)
    for typed, welcome in ((wrong, False), (code, True)):
        status, body = post_form(port, "/login/verify", phone=number, code=typed)
        assert (status, json.loads(body)) == (200, {"welcome": welcome})


def answered(simulator_url: str, account: tuple[str, str], shop: str) -> str:
    """Subscribe a number, simulate a call to it, and return the text that was spoken."""
    callbacks = Callbacks(SECRET, f"{shop}/xoxzo")
    with Client(sid=account[0], auth_token=account[1], base_url=simulator_url) as client:
        number = next(iter(client.dins.search()))
        client.dins.subscribe(number.din_uid)
        client.dins.set_action_url(number.din_uid, callbacks=callbacks)
        port = int(simulator_url.rpartition(":")[2])
        asked = json.dumps({"din": number.din, "caller": "+818011112222", "sid": account[0]}).encode()
        status, body = ask(port, "POST", "/_simulator/calls", asked, **{"content-type": "application/json"})
        assert status == 201
        callid = json.loads(body)["id"]

        def logged() -> str | None:
            call = json.loads(ask(port, "GET", f"/_simulator/calls/{callid}")[1])
            assert call["status"] != "FAILED", call
            return next((step["text"] for step in call["steps"] if step["name"] == "say"), None)

        found: str = until(logged)
        client.dins.unsubscribe(number.din_uid)
    return found


def post_raw(port: int, path: str, framing: str, body: bytes, *, breaks_off: bool) -> int:
    """Post a form as it stands, or break off there, and return the status; 0 if there was none."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{framing}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"{head}Content-Type: {FORM['content-type']}\r\n\r\n".encode() + body)
        if breaks_off:
            connection.shutdown(socket.SHUT_WR)
        line = connection.makefile("rb").readline()
    return int(line.split()[1]) if line else 0


def post_in_pieces(port: int, path: str, output: Path) -> None:
    """Post a report that breaks off, however its length is announced, and then all of it, which is counted."""
    body = b"msgid=m1&status=DELIVERED&cost=100"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:9], body[9:]))
    length, chunked = f"Content-Length: {len(body)}", "Transfer-Encoding: chunked"
    for framing, sent in ((length, body[:-2]), (chunked, chunks), (chunked, chunks[:-9]), (chunked, b"")):
        # Some servers close the connection without an answer.
        assert post_raw(port, path, framing, sent, breaks_off=True) in {0, 400}, (framing, sent)
    assert "pieces" not in output.read_text()
    for framing, sent in ((chunked, chunks + b"0\r\n\r\n"), (length, body)):
        assert post_raw(port, path, framing, sent, breaks_off=False) == 200, (framing, sent, output.read_text())


def test_management_commands(
    *,
    users_environment: UsersEnvironment,
    simulator_url: str,
    account: tuple[str, str],
    new_number: Callable[[], str],
    tmp_path: Path,
) -> None:
    """The shop's command reminds each guest once, however often it is run; the outbox confirms a booking once.

    Each command closes its client: nothing is written to standard error, not even about what was left open.
    """
    variables = {
        "XOXZO_API_HOST": simulator_url,
        "XOXZO_API_SID": account[0],
        "XOXZO_API_AUTH_TOKEN": account[1],
        "XOXZO_CAMPAIGNS": str(tmp_path),
        "SHOP_SECRET": SECRET,
        "SHOP_URL": "http://127.0.0.1:1",
        "SHOP_LOG": str(tmp_path / "shop.db"),
    }

    def manage(*arguments: str) -> str:
        # Not `-X dev`: it makes asyncio report what is slow on a busy machine.
        words = ["-W", "error", "manage.py", *arguments]
        finished = users_environment.run(*words, cwd=EXAMPLES / "django_shop", env=variables)
        assert (finished.returncode, finished.stderr) == (0, ""), finished.stdout + finished.stderr
        return finished.stdout

    phones = [new_number() for _ in range(3)]
    manage("migrate", "-v", "0")
    assert manage("makemigrations", "--check", "--dry-run") == "No changes detected\n"
    manage("sendtestsms", new_number())
    made = "\n".join(f"Guest.objects.create(name='g', phone='{phone}', day='2026-11-30')" for phone in phones)
    manage("shell", "-v", "0", "-c", f"from shop.models import Guest\n{made}")
    assert "ended: 3 of 3, 3 guests in all\n" in manage("remind", "2026-11-30")
    assert "ended: 3 of 3, 3 guests in all\n" in manage("remind", "2026-11-30")
    port = int(simulator_url.rpartition(":")[2])
    for phone in phones:
        _, body = ask(port, "GET", f"/_simulator/phones/{quote(phone)}")
        assert [message["text"] for message in json.loads(body)["messages"]] == ["g様 ご来店をお待ちしております。"]
    fields = {"name": "Aiko", "phone": phones[0], "day": "2026-12-24"}
    browser = "from django.test import Client; browser = Client(headers={'host': '127.0.0.1'})"
    form = f"{browser}; print(browser.post('/bookings/', {fields}).status_code)"
    assert manage("shell", "-v", "0", "-c", form) == "200\n"
    assert [manage("xoxzo_outbox", "--once") for _ in range(2)] == ["1 tried\n", ""]
    _, body = ask(port, "GET", f"/_simulator/phones/{quote(phones[0])}")
    assert [message["text"] for message in json.loads(body)["messages"]][-1] == "Aiko様、12/24のご予約を承りました。"
    counted = "from shop.models import Guest; print(Guest.objects.filter(reminded=True).count())"
    assert manage("shell", "-v", "0", "-c", counted) == "3\n"
