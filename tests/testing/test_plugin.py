"""The pytest plugin, in a project as a user would have it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from users_environment import UsersEnvironment

from xoxzo.cloudpy import SimulatorError
from xoxzo.cloudpy.testing.simulated import SimulatedServer, SimulatedXoxzo

PASSING = """
import asyncio
import os

from xoxzo.cloudpy import Client


def test_in_process(xoxzo_simulator):
    with xoxzo_simulator.client() as client:
        client.sms.send(recipient="+818011112222", sender="Shop", message="18:00, table 4", reference="b-1")
        assert client.sms.find("b-1").found
    assert xoxzo_simulator.phone("+818011112222").wait_for_sms(contains="table").sender == "Shop"
    xoxzo_simulator.assert_delivered_once("+818011112222", "18:00")


def test_asynchronous(xoxzo_simulator):
    async def main():
        async with xoxzo_simulator.async_client() as client:
            await client.sms.send(recipient="+818011112222", sender="Shop", message="Hi")

    asyncio.run(main())
    assert len(xoxzo_simulator.phone("+818011112222").inbox) == 1


def test_served(xoxzo_simulator_server):
    assert os.environ["XOXZO_API_HOST"] == xoxzo_simulator_server.url
    with Client() as client:
        client.otp.register_website(website="https://shop.example")
        client.otp.request(website="https://shop.example", phone_number="+818011112222")
        code = xoxzo_simulator_server.simulator.phone("+818011112222").otp_code()
        assert client.otp.verify(website="https://shop.example", phone_number="+818011112222", code=code).verified


def test_two_side_by_side(xoxzo_simulator, xoxzo_simulator_server):
    with xoxzo_simulator.client() as here, xoxzo_simulator_server.client() as there:
        here.sms.send(recipient="+818011112222", sender="Shop", message="here")
        there.sms.send(recipient="+818011112222", sender="Shop", message="there")
    assert [sms.text for sms in xoxzo_simulator.phone("+818011112222").inbox] == ["here"]
    assert [sms.text for sms in xoxzo_simulator_server.simulator.phone("+818011112222").inbox] == ["there"]
"""

FAILING = """
def test_failing(xoxzo_simulator):
    with xoxzo_simulator.client() as client:
        client.sms.send(recipient="+818011112222", sender="Shop", message="table 4")
    assert False, "on purpose"


def test_failing_before_anything(xoxzo_simulator_server):
    assert False, "on purpose"
"""


def run(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a project that has one file and no configuration."""
    (folder / "test_shop.py").write_text(text)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        # Others' plugins take longer to load than these tests to run.
        *(word for name in ("anyio", "hypothesispytest", "pyreqwest", "schemathesis") for word in ("-p", f"no:{name}")),
        "-W",
        "error",
        *options,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "in parallel"])
def test_fixtures(tmp_path: Path, options: list[str]) -> None:
    """Both fixtures work without any configuration, in one process and in several."""
    finished = run(tmp_path, PASSING, *options)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "4 passed" in finished.stdout


def test_timeline(tmp_path: Path) -> None:
    """A test that fails shows what happened in its simulator."""
    finished = run(tmp_path, FAILING)
    assert finished.returncode == 1
    assert "what happened in xoxzo_simulator " in finished.stdout
    assert "to +818011112222" in finished.stdout
    assert '"table 4"' in finished.stdout
    assert "what happened in xoxzo_simulator_server" in finished.stdout
    assert "nothing happened" in finished.stdout


def test_costs_nothing() -> None:
    """A test run that uses no fixture loads neither the simulator nor any HTTP library."""
    script = (
        "import sys, pytest, xoxzo.cloudpy.testing.plugin\n"
        "heavy = {'xoxzo.cloudpy.simulator', 'starlette', 'uvicorn', 'httptools', 'msgspec'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == ""


def test_what_did_not_come() -> None:
    """A wait that fails reports what arrived instead, and uses the simulator's clock."""
    with SimulatedXoxzo(sms_delivering_seconds=60.0) as simulator, simulator.client() as client:
        phone = simulator.phone("+818011112222")
        with pytest.raises(SimulatorError, match="its inbox is empty"):
            phone.wait_for_sms()
        client.sms.send(recipient=phone.number, sender="Shop", message="table 4")
        with pytest.raises(SimulatorError, match=r"'table 4' \(DELIVERING\)"):
            phone.wait_for_sms("booking", timeout=10)
        with pytest.raises(SimulatorError, match="no SMS with a code"):
            phone.otp_code(timeout=10)
        with pytest.raises(AssertionError, match=r"one SMS; it received 'table 4' \(DELIVERING\)"):
            simulator.assert_delivered_once(phone.number)
        assert phone.wait_for_sms("table", timeout=61).text == "table 4"
        assert simulator.assert_delivered_once(phone.number, "table").sender == "Shop"
        client.sms.send(recipient=phone.number, sender="Shop", message="table 5")
        with pytest.raises(AssertionError, match="table 5"):
            simulator.assert_delivered_once(phone.number, "table")
        with pytest.raises(AssertionError, match="one SMS; it received nothing"):
            simulator.assert_delivered_once("+818011113333")
        assert repr(phone) == "Phone('+818011112222')"


def test_calls() -> None:
    """Waiting for a call ends when the call has ended; a phone can call a dial-in number."""
    with SimulatedXoxzo() as simulator, simulator.client() as client:
        phone = simulator.phone("+818011112222")
        with pytest.raises(SimulatorError, match="no call has ended"):
            phone.wait_for_call()
        client.calls.say(caller="815011112222", recipient=phone.number, tts_message="Hello", tts_lang="en")
        assert phone.wait_for_call().status == "ANSWERED"
        number = next(client.dins.search())
        client.dins.subscribe(number.din_uid)
        client.dins.set_action_url(number.din_uid, action_url="http://127.0.0.1:9/")
        assert phone.call(number.din).status == "FAILED"


def test_real_time() -> None:
    """With the system clock, a wait ends after its timeout."""
    from xoxzo.cloudpy import Client
    from xoxzo.cloudpy.simulator import Settings, Simulator

    settings = Settings(sms_queued_seconds=0.05, sms_delivering_seconds=0.05)
    with Simulator(settings) as simulator, Client(sid="a", auth_token="b", transport=simulator.transport()) as client:
        client.sms.send(recipient="+818011112222", sender="Shop", message="Hi")
        assert simulator.phone("+818011112222").wait_for_sms().text == "Hi"
        with pytest.raises(SimulatorError):
            simulator.phone("+818011113333").wait_for_sms(timeout=0.05)


def test_time_advances_in_any_unit() -> None:
    """A clock is advanced by the sum of seconds, minutes, hours and days."""
    with SimulatedXoxzo() as simulator:
        before = simulator.now
        simulator.advance(1, minutes=1, hours=1, days=1)
        assert (simulator.now - before).total_seconds() == 1 + 60 + 3600 + 86_400


def test_served_clients() -> None:
    """A served simulator creates synchronous and asynchronous clients that use HTTP."""
    import asyncio

    with SimulatedServer(SimulatedXoxzo()) as server:
        with server.client() as client:
            client.sms.send(recipient="+818011112222", sender="Shop", message="Hi")

        async def main() -> None:
            async with server.async_client() as other:
                await other.sms.send(recipient="+818011112222", sender="Shop", message="Ho")

        asyncio.run(main())
        assert [sms.text for sms in server.simulator.phone("+818011112222").inbox] == ["Hi", "Ho"]
        assert "Ho" in server.transcript


AMONG_OTHERS = """
import pytest
from django.test import TestCase

from xoxzo.cloudpy import Client
from xoxzo.cloudpy.integrations.django.backends.memory import outbox
from xoxzo.cloudpy.integrations.django.sms import send_sms

PHONE = "+818011112222"


def test_in_process(xoxzo_simulator):
    with xoxzo_simulator.client() as client:
        client.sms.send(recipient=PHONE, sender="Shop", message="Hi")
    xoxzo_simulator.assert_delivered_once(PHONE, "Hi")


async def test_asynchronous(xoxzo_simulator):
    async with xoxzo_simulator.async_client() as client:
        await client.sms.send(recipient=PHONE, sender="Shop", message="Hi")
    xoxzo_simulator.assert_delivered_once(PHONE, "Hi")


def test_served(xoxzo_simulator_server):
    with Client() as client:
        client.sms.send(recipient=PHONE, sender="Shop", message="Hi")


@pytest.mark.parametrize("number", range(3))
def test_outbox(number):
    assert outbox == []
    send_sms(PHONE, "Hi")
    assert [one.recipient for one in outbox] == [PHONE]


class OutboxTest(TestCase):
    def test_one(self):
        send_sms(PHONE, "Hi")
        assert len(outbox) == 1

    test_two = test_three = test_one
"""
REASON = "SocketBlockedError"


@pytest.mark.parametrize(
    ("options", "passing", "failing"),
    [
        (["--disable-socket"], 6, {"test_in_process", "test_asynchronous", "test_served"}),
        (["--disable-socket", "--allow-unix-socket", "-n", "2"], 8, {"test_served"}),
        (["--disable-socket", "--allow-hosts=127.0.0.1"], 9, set()),
    ],
)
def test_among_other_plugins(
    users_environment: UsersEnvironment, tmp_path: Path, options: list[str], passing: int, failing: set[str]
) -> None:
    """Among pytest-django, pytest-asyncio, pytest-socket and xdist, nothing hangs; what needs a socket fails at once.

    The simulator in the process needs no network, but an event loop, which needs a socket of Unix.
    """
    (tmp_path / "test_shop.py").write_text(AMONG_OTHERS)
    shop = Path(__file__).parents[2] / "docs" / "examples" / "django_shop"
    settings = ["asyncio_mode=auto", "asyncio_default_fixture_loop_scope=function", f"pythonpath={shop}"]
    settings.append("DJANGO_SETTINGS_MODULE=shop.settings")
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), *options]
    words += [word for setting in settings for word in ("-o", setting)]
    variables = {"SHOP_SECRET": "x" * 50, "SHOP_URL": "https://shop.example", "SHOP_SMS": "memory"}
    finished = users_environment.run(*words, cwd=tmp_path, env=variables)
    assert f"{passing} passed" in finished.stdout, finished.stdout + finished.stderr
    found = set(re.findall(r"^(?:ERROR|FAILED) test_shop.py::(\w+).*" + REASON, finished.stdout, re.MULTILINE))
    assert found == failing, finished.stdout
    assert finished.returncode == bool(failing)
