"""All 28 endpoints of the API: asked for by both clients, served by the simulator, shown in the documentation."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from xoxzo.cloudpy import AsyncClient, Client, XoxzoClient
from xoxzo.cloudpy.errors import ConnectionFailed
from xoxzo.cloudpy.protocols import Request, TransportFailure

REPOSITORY = Path(__file__).parents[2]
SCRIPT = REPOSITORY / "scripts" / "endpoints.py"
NUMBER = "+818011112222"


def table() -> list[Any]:
    spec = importlib.util.spec_from_file_location("endpoints", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["endpoints"] = module
    spec.loader.exec_module(module)
    return module.ENDPOINTS


ENDPOINTS = table()
EACH = [pytest.param(endpoint, id=f"{endpoint.method} {endpoint.path}") for endpoint in ENDPOINTS]
CALLS = {
    "sms.send": lambda c: c.sms.send(recipient=NUMBER, sender="Shop", message="x"),
    "sms.get": lambda c: c.sms.get("1"),
    "sms.wait": lambda c: c.sms.wait("1"),
    "sms.list": lambda c: c.sms.list(),
    "sms.find": lambda c: c.sms.find("x"),
    "templates.list": lambda c: c.templates.list(),
    "templates.create": lambda c: c.templates.create(name="x", content="Hi {name}"),
    "templates.get": lambda c: c.templates.get(1),
    "templates.update": lambda c: c.templates.update(1, content="Hello {name}"),
    "templates.delete": lambda c: c.templates.delete(1),
    "templates.send": lambda c: c.templates.send(1, recipient=NUMBER, sender="Shop", variables={"name": "x"}),
    "calls.play": lambda c: c.calls.play(caller="81", recipient=NUMBER, recording_url="http://a.test/b.mp3"),
    "calls.say": lambda c: c.calls.say(caller="81", recipient=NUMBER, tts_message="x", tts_lang="ja"),
    "calls.get": lambda c: c.calls.get("1"),
    "calls.wait": lambda c: c.calls.wait("1"),
    "conferences.create": lambda c: c.conferences.create(caller="81", participants=[NUMBER, "+818033334444"]),
    "conferences.get": lambda c: c.conferences.get("1"),
    "otp.register_website": lambda c: c.otp.register_website(website="https://a.test"),
    "otp.request": lambda c: c.otp.request(website="https://a.test", phone_number=NUMBER),
    "otp.verify": lambda c: c.otp.verify(website="https://a.test", phone_number=NUMBER, code="123456"),
    "lookup.carrier": lambda c: c.lookup.carrier(NUMBER),
    "account.credits": lambda c: c.account.credits(),
    **{
        f"{numbers}.{name}": lambda c, numbers=numbers, verb=verb: verb(getattr(c, numbers))
        for numbers in ("dins", "sins")
        for name, verb in {
            "search": lambda n: n.search(),
            "subscribe": lambda n: n.subscribe("1"),
            "list": lambda n: n.list(),
            "set_action_url": lambda n: n.set_action_url("1", action_url="http://127.0.0.1/"),
            "unsubscribe": lambda n: n.unsubscribe("1"),
        }.items()
    },
}


class Collector:
    """A transport that notes each request and carries none."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []

    def note(self, request: Request) -> TransportFailure:
        self.requests.append((request.method, request.url.removeprefix("http://127.0.0.1").partition("?")[0]))
        return TransportFailure("noted")

    def send(self, request: Request, budget: object, progress: object) -> Any:
        raise self.note(request)

    def close(self) -> None:
        pass


class AsyncCollector(Collector):
    """The same, awaited."""

    async def send(self, request: Request, budget: object, progress: object) -> Any:
        raise self.note(request)


SETTINGS = {"sid": "s", "auth_token": "t", "base_url": "http://127.0.0.1", "max_retries": 0}


def asked(call: str) -> list[tuple[str, str]]:
    collector = Collector()
    client = Client(**SETTINGS, transport=collector)
    with client, pytest.raises(ConnectionFailed):
        next(CALLS[call](client))
    return collector.requests


def asked_asynchronously(call: str) -> list[tuple[str, str]]:
    collector = AsyncCollector()

    async def main() -> None:
        async with AsyncClient(**SETTINGS, transport=collector) as client:
            result = CALLS[call](client)
            await (anext(result) if hasattr(result, "__anext__") else result)

    with pytest.raises(ConnectionFailed):
        asyncio.run(main())
    return collector.requests


def test_the_table_has_all_28_endpoints() -> None:
    """The API's description has 28 endpoints; none is in the table twice."""
    assert len({(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}) == len(ENDPOINTS) == 28
    assert {call for endpoint in ENDPOINTS for call in endpoint.calls} == set(CALLS)


@pytest.mark.parametrize("endpoint", EACH)
def test_both_clients_ask_for_it(endpoint) -> None:
    """Each call of the table makes a request to its endpoint, by either client."""
    path = re.sub("<.*>", "1", endpoint.path)
    for call in endpoint.calls:
        assert asked(call) == asked_asynchronously(call) == [(endpoint.method, path)], call


@pytest.mark.parametrize("endpoint", EACH)
def test_the_classic_methods_are_there(endpoint) -> None:
    """The classic methods that the table names exist, and together they are all that there are."""
    assert all(callable(getattr(XoxzoClient, name)) for name in endpoint.classic)
    public = {name for name in vars(XoxzoClient) if not name.startswith("_") and name.islower()}
    assert {name for each in ENDPOINTS for name in each.classic} == public


@pytest.fixture(scope="module")
def url(start_simulator):
    """A simulator with the retired paths as well."""
    with start_simulator("--legacy-sin") as url:
        yield url


@pytest.mark.parametrize("endpoint", EACH)
def test_the_simulator_serves_it(endpoint, url, account) -> None:
    """The simulator knows the path and says that it takes the method there."""
    path = re.sub("<.*>", "1", endpoint.path)
    answer = httpx2.request("OPTIONS", url + path, auth=account, trust_env=False)
    assert endpoint.method in answer.headers["allow"].split(", ")


def test_the_documentation_shows_each() -> None:
    """The page in the documentation is up to date, and every endpoint has a program that shows it."""
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
