"""The examples of the documentation, each served as its reader would serve it, with a simulator in place of Xoxzo."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from users_environment import UsersEnvironment

from xoxzo.cloudpy import Client
from xoxzo.cloudpy.callbacks import Callbacks

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
UVICORN = [sys.executable, "-m", "uvicorn", "--log-level", "warning", "--port", "{port}"]
FORM = {"content-type": "application/x-www-form-urlencoded"}
SECRET = "a secret of the tests, long enough for Django, too: 50 characters"

SHOPS = {
    "FastAPI": ([*UVICORN, "fastapi_shop:app"], EXAMPLES),
    "Starlette": ([*UVICORN, "starlette_shop:app"], EXAMPLES),
    "Flask": ([sys.executable, "-m", "flask", "--app", "flask_shop", "run", "--port", "{port}"], EXAMPLES),
    "Django": (
        [sys.executable, "manage.py", "runserver", "--noreload", "--nothreading", "{port}"],
        EXAMPLES / "django_shop",
    ),
}


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Make a request, and return the status and the body of the response."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
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
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
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
    deadline = time.monotonic() + 30
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


@contextmanager
def serve(command: list[str], folder: Path, environment: dict[str, str], port: int) -> Iterator[None]:
    """Serve an example while the block runs."""
    log = Path(environment["SHOP_LOG"]).with_suffix(".out")
    filled = [word.format(port=port) for word in command]
    with (
        log.open("wb") as file,
        subprocess.Popen(filled, cwd=folder, env=environment, stdout=file, stderr=file) as shop,
    ):
        try:
            until(lambda: _listens(port) or shop.poll() is not None)
            assert shop.poll() is None, log.read_text()
            yield
        finally:
            shop.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("name", ["classic", "fastapi_shop", "flask_shop"])
def test_the_examples_own_tests(name: str, tmp_path: Path) -> None:
    """The tests that the documentation shows pass."""
    environment = os.environ | {"PYTHONPATH": str(EXAMPLES), "PYTHONDONTWRITEBYTECODE": "1"}
    options = ["-W", "error", "--rootdir", str(tmp_path)]
    for plugin in ("cacheprovider", "anyio", "hypothesispytest", "pyreqwest", "requests_mock", "schemathesis"):
        options += ["-p", f"no:{plugin}"]
    command = [sys.executable, "-m", "pytest", *options, str(EXAMPLES / "tests" / f"test_{name}.py")]
    finished = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize("name", SHOPS)
def test_shop(
    name: str, simulator_url: str, account: tuple[str, str], new_number: Callable[[], str], tmp_path: Path
) -> None:
    """A reminder is sent, its report counts once, a forged one is rejected, and the dial-in number is answered."""
    command, folder = SHOPS[name]
    port = free_port()
    environment = os.environ | {
        "XOXZO_API_HOST": simulator_url,
        "XOXZO_API_SID": account[0],
        "XOXZO_API_AUTH_TOKEN": account[1],
        "SHOP_SECRET": SECRET,
        "SHOP_URL": f"http://127.0.0.1:{port}",
        "SHOP_LOG": str(tmp_path / "shop.db"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if name == "Django":
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=folder, env=environment, check=True)
        checked = subprocess.run(
            [sys.executable, "manage.py", "check"], cwd=folder, env=environment, check=True, capture_output=True
        )
        assert b"no issues" in checked.stdout
        subprocess.run(
            [sys.executable, "manage.py", "test"], cwd=folder, env=environment, check=True, capture_output=True
        )
    booking = f"booking-{secrets.token_hex(4)}"
    with serve(command, folder, environment, port):
        path, phone = f"/bookings/{booking}/reminder", "+818011112222"
        # Another site can make a browser post a form without the token, but neither read the token nor post JSON.
        assert ask(port, "POST", path, urlencode({"phone": phone}).encode(), **FORM)[0] in {403, 415, 422}
        status, body = (post_form if name == "Django" else post_json)(port, path, phone=phone)
        assert (status, list(json.loads(body))) == (200, ["msgid"])
        forged = f"msgid={json.loads(body)['msgid']}&status=FAIL".encode()
        assert ask(port, "POST", f"/xoxzo/delivery-report/{secrets.token_urlsafe(60)}", forged)[0] == 403
        until(lambda: json.loads(ask(port, "GET", f"/bookings/{booking}/reminder")[1])["status"] == "DELIVERED")
        # A repeat is ignored.
        url = Callbacks(SECRET, environment["SHOP_URL"] + "/xoxzo").url("delivery-report", booking)
        again = forged.replace(b"FAIL", b"DELIVERED")
        assert ask(port, "POST", url.removeprefix(environment["SHOP_URL"]), again) == (200, b"")
        if name == "Django":
            log_in(port, simulator_url, account, new_number())
        assert answered(simulator_url, account, environment["SHOP_URL"]) == "お電話ありがとうございます。"
    shown = (tmp_path / "shop.out").read_text()
    assert shown.count(f"booking {booking}: DELIVERED") == 1, shown


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


def post_raw(port: int, path: str, framing: str, body: bytes) -> int:
    """Post a form as it stands, close the sending side, and return the status; 0 if there was none."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{framing}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"{head}Content-Type: {FORM['content-type']}\r\n\r\n".encode() + body)
        connection.shutdown(socket.SHUT_WR)
        line = connection.makefile("rb").readline()
    return int(line.split()[1]) if line else 0


def test_bodies_behind_gunicorn(users_environment: UsersEnvironment, tmp_path: Path) -> None:
    """Behind gunicorn, a report in chunks counts, and one that breaks off does not, however its length is announced."""
    folder, port = EXAMPLES / "django_shop", free_port()
    url = f"http://127.0.0.1:{port}"
    variables = {"SHOP_SECRET": SECRET, "SHOP_URL": url, "SHOP_LOG": str(tmp_path / "shop.db")}
    variables |= {"DJANGO_SETTINGS_MODULE": "shop.settings", "SHOP_SMS": "console", "PYTHONUNBUFFERED": "1"}
    migrated = users_environment.run("manage.py", "migrate", "-v", "0", env=variables, cwd=folder)
    assert migrated.returncode == 0, migrated.stderr
    command = ["-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "django.core.wsgi:get_wsgi_application()"]
    output = tmp_path / "shop.out"
    body = b"msgid=m1&status=DELIVERED&cost=100"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:9], body[9:]))
    with users_environment.serve(*command, output=output, env=variables, cwd=folder) as process:
        until(lambda: _listens(port) or process.poll() is not None)
        path = Callbacks(SECRET, f"{url}/xoxzo").url("delivery-report", "booking-1").removeprefix(url)
        length, chunked = f"Content-Length: {len(body)}", "Transfer-Encoding: chunked"
        for framing, sent in ((length, body[:-2]), (chunked, chunks), (chunked, chunks[:-9]), (chunked, b"")):
            assert post_raw(port, path, framing, sent) == 400, output.read_text()
        assert "booking-1" not in output.read_text()
        for framing, sent in ((chunked, chunks + b"0\r\n\r\n"), (length, body)):
            assert post_raw(port, path, framing, sent) == 200, output.read_text()
        until(lambda: "booking booking-1: DELIVERED" in output.read_text())
    assert output.read_text().count("booking booking-1") == 1
    assert "Traceback" not in output.read_text()


def test_a_command_ends_cleanly(
    simulator_url: str, account: tuple[str, str], new_number: Callable[[], str], tmp_path: Path
) -> None:
    """`manage.py sendtestsms` closes its client: nothing is written to standard error, not even in development mode."""
    environment = os.environ | {
        "XOXZO_API_HOST": simulator_url,
        "XOXZO_API_SID": account[0],
        "XOXZO_API_AUTH_TOKEN": account[1],
        "SHOP_SECRET": SECRET,
        "SHOP_URL": "http://127.0.0.1:1",
        "SHOP_LOG": str(tmp_path / "shop.db"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for arguments in (["migrate", "-v", "0"], ["sendtestsms", new_number()]):
        result = subprocess.run(
            [sys.executable, "-X", "dev", "manage.py", *arguments],
            cwd=EXAMPLES / "django_shop",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert (result.returncode, result.stderr) == (0, "")


def test_a_campaign_and_an_outbox_from_management_commands(
    simulator_url: str, account: tuple[str, str], new_number: Callable[[], str], tmp_path: Path
) -> None:
    """The shop's command reminds each guest once, however often it is run; the outbox confirms a booking once."""
    folder = EXAMPLES / "django_shop"
    environment = os.environ | {
        "XOXZO_API_HOST": simulator_url,
        "XOXZO_API_SID": account[0],
        "XOXZO_API_AUTH_TOKEN": account[1],
        "XOXZO_CAMPAIGNS": str(tmp_path),
        "SHOP_SECRET": SECRET,
        "SHOP_URL": "http://127.0.0.1:1",
        "SHOP_LOG": str(tmp_path / "shop.db"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def manage(*arguments: str) -> str:
        command = [sys.executable, "-W", "error", "manage.py", *arguments]
        finished = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    phones = [new_number() for _ in range(3)]
    manage("migrate", "-v", "0")
    assert manage("makemigrations", "--check", "--dry-run") == "No changes detected\n"
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
