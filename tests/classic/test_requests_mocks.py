"""Programs of 0.5 were tested by replacing ``requests``: none of these tests may send when the package is upgraded."""

from __future__ import annotations

import functools
import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from faulty_server import FaultyServer, reply

from xoxzo.cloudpy import ConfigurationError, XoxzoClient
from xoxzo.cloudpy.client.requests_mocks import find_requests_mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

FIXTURE = "xoxzo_simulator_server"
SENT = reply(201, '[{"msgid": "m"}]')


def by_responses(_folder: Path) -> AbstractContextManager[object]:
    import responses

    return responses.RequestsMock()


def by_requests_mock(_folder: Path) -> AbstractContextManager[object]:
    import requests_mock

    return requests_mock.Mocker()


def by_vcrpy(folder: Path) -> AbstractContextManager[object]:
    import vcr

    return vcr.use_cassette(str(folder / "cassette.yaml"))


def by_mock(target: str, **options: Any) -> Callable[[Path], AbstractContextManager[object]]:
    def replace(_folder: Path) -> AbstractContextManager[object]:
        import requests

        assert requests
        return mock.patch(target, **options)

    return replace


def by_a_mocked_module(_folder: Path) -> AbstractContextManager[object]:
    return mock.patch.dict(sys.modules, {"requests": mock.MagicMock()})


def fake(*_arguments: object, **_named: object) -> None:
    raise AssertionError


class Fake:
    def post(self, *_arguments: object) -> None:
        raise AssertionError


MOCKS: dict[str, tuple[Callable[[Path], AbstractContextManager[object]], str]] = {
    "responses": (by_responses, "responses"),
    "requests_mock": (by_requests_mock, "requests_mock"),
    "vcrpy": (by_vcrpy, "vcr"),
    "post": (by_mock("requests.post"), "unittest.mock"),
    "post with a signature": (by_mock("requests.post", autospec=True), "unittest.mock"),
    "api.request": (by_mock("requests.api.request"), "unittest.mock"),
    "Session": (by_mock("requests.Session"), "unittest.mock"),
    "sessions.Session": (by_mock("requests.sessions.Session"), "unittest.mock"),
    "Session.send": (by_mock("requests.Session.send"), "unittest.mock"),
    "Session.send with a signature": (by_mock("requests.Session.send", autospec=True), "unittest.mock"),
    "HTTPAdapter.send": (by_mock("requests.adapters.HTTPAdapter.send"), "unittest.mock"),
    "the module": (by_a_mocked_module, "unittest.mock"),
    "a function": (by_mock("requests.post", new=fake), "fake"),
    "a lambda": (by_mock("requests.get", new=lambda: None), "lambda"),
    "a method": (by_mock("requests.post", new=Fake().post), "Fake.post"),
    "a function in a class": (by_mock("requests.Session.send", new=fake), "fake"),
}


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer(SENT) as running:
        yield running


def send(url: str | None) -> object:
    return XoxzoClient("sid", "token", url).send_sms("hi", "+818011112222", "Shop").messages


@pytest.mark.parametrize(("replace", "library"), MOCKS.values(), ids=MOCKS)
def test_a_test_that_replaces_requests_sends_nothing(replace, library, server, tmp_path) -> None:
    """Whatever has replaced requests, the refusal is one line that names it and the fixture to use instead."""
    with replace(tmp_path), pytest.raises(ConfigurationError) as caught:
        send(server.url)
    assert library in caught.value.fields["library"]
    assert caught.value.code == "requests_mocked"
    assert FIXTURE in str(caught.value)
    assert "\n" not in str(caught.value)
    assert server.requests == []
    assert send(server.url) == [{"msgid": "m"}], "after the test it sends again"


def test_every_method_refuses(server) -> None:
    """A mocked read is refused like a mocked send."""
    with mock.patch("requests.get"), pytest.raises(ConfigurationError):
        XoxzoClient("sid", "token", server.url).get_din_list()
    assert server.requests == []


def test_the_fixture_that_the_refusal_names_exists() -> None:
    """The remedy is a fixture of the plugin that comes with the package."""
    from xoxzo.cloudpy.testing.plugin import FIXTURES

    assert FIXTURE in FIXTURES


def test_a_simulator_beside_a_mock_of_other_services_is_used(server, monkeypatch, tmp_path) -> None:
    """Where XOXZO_API_HOST names a simulator on this machine, what goes there is no accident."""
    monkeypatch.setenv("XOXZO_API_HOST", server.url)
    with by_responses(tmp_path):
        assert send(None) == [{"msgid": "m"}]
        with pytest.raises(ConfigurationError):
            send("http://127.0.0.1:1")


@pytest.mark.parametrize("host", ["https://api.example.com", "http://["])
def test_another_host_in_the_environment_is_no_simulator(host, monkeypatch) -> None:
    """Only this machine is safe to send to while requests is replaced."""
    monkeypatch.setenv("XOXZO_API_HOST", host)
    with mock.patch("requests.post"), pytest.raises(ConfigurationError):
        send(None)


def test_a_tracer_is_no_mock(monkeypatch) -> None:
    """What wraps a function of requests to observe it does not stop a program, in its tests neither."""
    import requests

    post = requests.post

    @functools.wraps(post)
    def traced(*arguments: Any, **named: Any) -> Any:
        return post(*arguments, **named)

    monkeypatch.setattr(requests, "post", traced)
    assert find_requests_mock() is None


def test_an_installed_function_is_no_mock(monkeypatch) -> None:
    """A library that replaces a function of requests, such as a cache, does not stop the client."""
    import requests

    code = fake.__code__.replace(co_filename="/opt/site-packages/cache/patch.py")
    monkeypatch.setattr(requests.Session, "send", FunctionType(code, {"__name__": "cache.patch"}))
    assert find_requests_mock() is None


def test_a_plain_function_counts_only_in_a_test(monkeypatch) -> None:
    """A program that has replaced a function of requests by its own goes on sending."""
    import requests

    monkeypatch.setattr(requests, "post", fake)
    assert find_requests_mock() is not None
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    assert find_requests_mock() is None


def test_without_requests_nothing_is_looked_at(monkeypatch) -> None:
    """A program that has not loaded requests pays nothing, and requests is not loaded for it."""
    with mock.patch("requests.post"):
        monkeypatch.delitem(sys.modules, "requests")
        assert find_requests_mock() is None
        assert "requests" not in sys.modules


def test_nothing_replaced_nothing_found() -> None:
    """Libraries that are only imported replace nothing, so nothing is refused."""
    import requests
    import requests_mock
    import responses
    import vcr

    assert all((requests, requests_mock, responses, vcr))
    assert find_requests_mock() is None
