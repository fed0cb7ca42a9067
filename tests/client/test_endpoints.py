"""The table of endpoints: complete, requested by both clients, and shown in the documentation."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from endpoint_calls import CALLS, make

from xoxzo.cloudpy import AsyncClient, Client, XoxzoClient
from xoxzo.cloudpy.errors import ConnectionFailed
from xoxzo.cloudpy.operations.endpoints import COMPOSED_CALLS, ENDPOINTS
from xoxzo.cloudpy.protocols import Request, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
SETTINGS = {"sid": "s", "auth_token": "t", "base_url": "http://127.0.0.1", "max_retries": 0}
EACH = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)


class Collector:
    """A transport that keeps each request and sends none."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []

    def collect(self, request: Request) -> TransportFailure:
        self.requests.append((request.method, request.url.removeprefix("http://127.0.0.1").partition("?")[0]))
        return TransportFailure("collected")

    def send(self, request: Request, budget: object, progress: object) -> Any:
        raise self.collect(request)

    def close(self) -> None:
        pass


class AsyncCollector(Collector):
    """The same for asyncio."""

    async def send(self, request: Request, budget: object, progress: object) -> Any:
        raise self.collect(request)


def requested(name: str) -> list[tuple[str, str]]:
    """Return the requests of a call with `Client`."""
    collector = Collector()
    with Client(**SETTINGS, transport=collector) as client, pytest.raises(ConnectionFailed):
        next(make(CALLS[name][1])(client))
    return collector.requests


def requested_async(name: str) -> list[tuple[str, str]]:
    """Return the requests of a call with `AsyncClient`."""
    collector = AsyncCollector()

    async def main() -> None:
        async with AsyncClient(**SETTINGS, transport=collector) as client:
            result = make(CALLS[name][1])(client)
            await (anext(result) if hasattr(result, "__anext__") else result)

    with pytest.raises(ConnectionFailed):
        asyncio.run(main())
    return collector.requests


def resource_methods(client: Client) -> Iterator[str]:
    """Yield the public methods of a client's resources, for instance ``sms.send``."""
    for name, resource in vars(client).items():
        if not name.startswith("_"):
            for method, value in vars(type(resource)).items():
                if inspect.isfunction(value) and not method.startswith("_"):
                    yield f"{name}.{method}"


def test_every_client_method_is_in_the_table() -> None:
    """No method of a resource is missing from the table, from which the fault matrix and the other tests derive."""
    with Client(**SETTINGS, transport=Collector()) as client:
        methods = set(resource_methods(client))
    missing, unknown = sorted(methods - CALLS.keys() - COMPOSED_CALLS), sorted(CALLS.keys() - methods)
    assert methods >= COMPOSED_CALLS
    assert not missing, (
        f"client.{', client.'.join(missing)}: no endpoint names it. Add it with example arguments to `calls` of its "
        "row in src/xoxzo/cloudpy/operations/endpoints.json; docs/contributing/adding-an-endpoint.md has all steps."
    )
    assert not unknown, (
        f"src/xoxzo/cloudpy/operations/endpoints.json names client.{', client.'.join(unknown)}, which does not exist. "
        "Write it in src/xoxzo/cloudpy/client/_async, and run scripts/unasync.py."
    )


def test_every_endpoint_has_one_row() -> None:
    """No endpoint and no client method stands in the table twice."""
    assert len({endpoint.name for endpoint in ENDPOINTS}) == len(ENDPOINTS)
    assert len(CALLS) == sum(len(endpoint.calls) for endpoint in ENDPOINTS)


@pytest.mark.parametrize("name", CALLS)
def test_both_clients_request_it(name) -> None:
    """Each call of the table makes one request, to its endpoint, by either client."""
    endpoint, call = CALLS[name]
    expected = [(endpoint.method, endpoint.path_of(call))]
    reported = f"client.{name} does not request what its row in src/xoxzo/cloudpy/operations/endpoints.json says"
    assert requested(name) == expected, reported
    assert requested_async(name) == expected, reported


def test_the_classic_methods_are_in_the_table() -> None:
    """The methods of `XoxzoClient` that the table names are all that it has."""
    methods = {name for name, value in vars(XoxzoClient).items() if inspect.isfunction(value)}
    public = {name for name in methods if not name.startswith("_")}
    assert {name for endpoint in ENDPOINTS for name in endpoint.classic} == public


@pytest.fixture(scope="module")
def url(start_simulator):
    """A simulator with the retired paths as well."""
    with start_simulator("--legacy-sin") as url:
        yield url


@EACH
def test_the_simulator_serves_it(endpoint, url, account) -> None:
    """The simulator answers that it accepts the method at the path."""
    answer = httpx2.request("OPTIONS", url + endpoint.path_of(endpoint.calls[0]), auth=account, trust_env=False)
    allowed = answer.headers.get("allow", "").split(", ")
    assert endpoint.method in allowed, f"add {endpoint.name} to src/xoxzo/cloudpy/simulator/api/routes.py"


def test_the_page_of_all_endpoints_is_up_to_date() -> None:
    """The page is what the script writes: every endpoint has a command, and a program in the documentation."""
    command = [sys.executable, str(REPOSITORY / "scripts" / "endpoints.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
