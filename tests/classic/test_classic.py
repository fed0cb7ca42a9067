"""The classic client: what programs written for xoxzo.cloudpy 0.5 rely on."""

from __future__ import annotations

import copy
import gc
import inspect
import json
import pickle
import ssl
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
import trustme
from faulty_server import FaultyServer, close, hang, raw, reply, reset
from hypothesis import given, strategies as st

import xoxzo.cloudpy
from xoxzo.cloudpy import XoxzoClient, XoxzoResponse
from xoxzo.cloudpy.cloudpy import _form, _segment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OK = reply(200, '{"ok": true}')
SIGNATURES = {
    "__init__": "(self, sid, auth_token, api_host=None)",
    "send_sms": "(self, message, recipient, sender, callbackurl=None, **kwargs)",
    "get_sms_delivery_status": "(self, msgid)",
    "get_sent_sms_list": "(self, sent_date=None)",
    "call_simple_playback": "(self, caller, recipient, recording_url, callbackurl=None)",
    "call_tts_playback": "(self, caller, recipient, tts_message, tts_lang, callbackurl=None)",
    "get_simple_playback_status": "(self, callid)",
    "get_din_list": "(self, search_string=None)",
    "subscribe_din": "(self, din_uid=None)",
    "unsubscribe_din": "(self, din_uid)",
    "get_subscription_list": "(self)",
    "get_subscription_list_din": "(self)",
    "set_action_url": "(self, din_uid, action_url)",
    "set_action_url_din": "(self, din_uid, action_url)",
    "get_sin_list": "(self, search_string=None)",
    "subscribe_sin": "(self, sin_uid=None)",
    "unsubscribe_sin": "(self, sin_uid)",
    "get_subscription_list_sin": "(self)",
    "set_action_url_sin": "(self, sin_uid, action_url)",
}


def as_published(method) -> str:
    signature = inspect.signature(method)
    bare = [each.replace(annotation=each.empty) for each in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def test_the_methods_are_those_of_0_5() -> None:
    """All 18 methods and the constructor have the published parameter names, order and defaults."""
    public = {name for name, _ in inspect.getmembers(XoxzoClient, inspect.isfunction) if not name.startswith("_")}
    assert public | {"__init__"} == set(SIGNATURES)
    assert {name: as_published(getattr(XoxzoClient, name)) for name in SIGNATURES} == SIGNATURES


def test_both_import_paths_give_the_same_classes() -> None:
    """Programs import from the package or, for 0.4.1, from the module in it."""
    from xoxzo.cloudpy.cloudpy import XoxzoClient as Client, XoxzoResponse as Response

    assert (Client, Response) == (xoxzo.cloudpy.XoxzoClient, xoxzo.cloudpy.XoxzoResponse)


CALLS = {
    "send_sms": (
        lambda c: c.send_sms("や", "+818011112222", "Shop", "http://a.test/", tags="a,b", x=True, none=None),
        b"POST /sms/messages/",
        b"message=%E3%82%84&recipient=%2B818011112222&sender=Shop&callbackurl=http%3A%2F%2Fa.test%2F&tags=a%2Cb&x=True",
    ),
    "send_sms unchecked": (lambda c: c.send_sms("", "x", ""), b"POST /sms/messages/", b"message=&recipient=x&sender="),
    "get_sms_delivery_status": (lambda c: c.get_sms_delivery_status("a b"), b"GET /sms/messages/a%20b/", b""),
    "an empty msgid": (lambda c: c.get_sms_delivery_status(""), b"GET /sms/messages//", b""),
    "an id that climbs": (lambda c: c.get_sms_delivery_status(".."), b"GET /sms/messages/%252E%252E/", b""),
    "an id with a query": (lambda c: c.get_sms_delivery_status("a?b#c/d"), b"GET /sms/messages/a%3Fb%23c%252Fd/", b""),
    "get_sent_sms_list": (lambda c: c.get_sent_sms_list(), b"GET /sms/messages/", b""),
    "from a day": (
        lambda c: c.get_sent_sms_list(">=2026-01-31"), b"GET /sms/messages/?sent_date%3E=2026-01-31", b"",
    ),
    "on a day": (lambda c: c.get_sent_sms_list("=2026-01-31"), b"GET /sms/messages/?sent_date=2026-01-31", b""),
    "before a day": (lambda c: c.get_sent_sms_list("<2026-01-31"), b"GET /sms/messages/?sent_date%3C2026-01-31", b""),
    "a bare day": (lambda c: c.get_sent_sms_list("2026-01-31"), b"GET /sms/messages/?sent_date2026-01-31", b""),
    "call_simple_playback": (
        lambda c: c.call_simple_playback("818011112222", "+818033334444", "http://a.test/b.mp3"),
        b"POST /voice/simple/playbacks/",
        b"caller=818011112222&recipient=%2B818033334444&recording_url=http%3A%2F%2Fa.test%2Fb.mp3",
    ),
    "call_tts_playback": (
        lambda c: c.call_tts_playback("818011112222", "+818033334444", "Hi", "en", "http://a.test/"),
        b"POST /voice/simple/playbacks/",
        b"caller=818011112222&recipient=%2B818033334444&tts_message=Hi&tts_lang=en&callbackurl=http%3A%2F%2Fa.test%2F",
    ),
    "get_simple_playback_status": (lambda c: c.get_simple_playback_status("x"), b"GET /voice/calls/x/", b""),
    "get_din_list": (lambda c: c.get_din_list(), b"GET /voice/dins/", b""),
    "get_din_list by country": (lambda c: c.get_din_list("country=JP"), b"GET /voice/dins/?country=JP", b""),
    "get_din_list by anything": (lambda c: c.get_din_list("a=é b%20"), b"GET /voice/dins/?a=%C3%A9%20b%20", b""),
    "subscribe_din": (lambda c: c.subscribe_din("JP1"), b"POST /voice/dins/subscriptions/", b"din_uid=JP1"),
    "subscribe_din without": (lambda c: c.subscribe_din(), b"POST /voice/dins/subscriptions/", b""),
    "unsubscribe_din": (lambda c: c.unsubscribe_din("JP1"), b"DELETE /voice/dins/subscriptions/JP1/", b""),
    "get_subscription_list": (lambda c: c.get_subscription_list(), b"GET /voice/dins/subscriptions/", b""),
    "get_subscription_list_din": (lambda c: c.get_subscription_list_din(), b"GET /voice/dins/subscriptions/", b""),
    "set_action_url": (
        lambda c: c.set_action_url("JP1", "https://a.test"),
        b"POST /voice/dins/subscriptions/JP1/",
        b"action_url=https%3A%2F%2Fa.test",
    ),
    "set_action_url_din": (
        lambda c: c.set_action_url_din("JP1", "x"), b"POST /voice/dins/subscriptions/JP1/", b"action_url=x",
    ),
    "get_sin_list": (lambda c: c.get_sin_list("country=JP"), b"GET /sms/sins/?country=JP", b""),
    "subscribe_sin": (lambda c: c.subscribe_sin("JP1"), b"POST /sms/sins/subscriptions/", b"sin_uid=JP1"),
    "unsubscribe_sin": (lambda c: c.unsubscribe_sin("JP1"), b"DELETE /sms/sins/subscriptions/JP1/", b""),
    "get_subscription_list_sin": (lambda c: c.get_subscription_list_sin(), b"GET /sms/sins/subscriptions/", b""),
    "set_action_url_sin": (
        lambda c: c.set_action_url_sin("JP1", "x"), b"POST /sms/sins/subscriptions/JP1/", b"action_url=x",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "line", "body"), CALLS.values(), ids=CALLS)
def test_what_goes_out(call, line, body) -> None:
    """Each method sends what the published one sends, ids encoded, nothing checked."""
    with FaultyServer(OK) as server:
        assert call(XoxzoClient("sid", "token", server.url)).errors is None
    head, _, sent = server.requests[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == line + b" HTTP/1.1"
    assert sent == body
    assert b"authorization: Basic c2lkOnRva2Vu" in head.split(b"\r\n")
    assert (b"content-type: application/x-www-form-urlencoded" in head.split(b"\r\n")) is line.startswith(b"POST")


@pytest.mark.parametrize(
    ("status", "body", "message", "messages", "errors"),
    [
        (200, '{"a": 1}', {"a": 1}, [], None),
        (201, '[{"a": 1.5}]', {}, [{"a": 1.5}], None),
        (200, "[]", {}, [], None),
        (200, "", None, [], None),
        (200, " \n", None, [], None),
        (201, '"text"', "text", [], None),
        (202, '{"a": 1}', {"a": 1}, [], 202),
        (204, "", None, [], 204),
        (400, '{"recipient": ["bad"]}', {"recipient": ["bad"]}, [], 400),
        (400, '["bad"]', ["bad"], [], 400),
        (401, '{"detail": "Invalid sid/token"}', {"detail": "Invalid sid/token"}, [], 401),
        (404, "", None, [], 404),
        (429, '{"detail": "throttled"}', {"detail": "throttled"}, [], 429),
        (500, "<h1>Server Error</h1>", None, [], 500),
        (304, "", None, [], 304),
        (500, b"\xff\xfe", None, [], 500),
    ],
)
def test_the_published_rules_of_the_result(status, body, message, messages, errors) -> None:
    """A list goes to `messages`, anything else to `message`, and any other status than 200 and 201 to `errors`."""
    with FaultyServer(reply(status, body)) as server:
        result = XoxzoClient("sid", "token", server.url).get_sms_delivery_status("x")
    assert (result.message, result.messages, result.errors) == (message, messages, errors)
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", ["<html>", b"[" * 100_000, b"\xff\xfe", b"\x1f\x8b\x08\x00 no JSON", '[{"msgid": '])
@pytest.mark.parametrize("status", [200, 201])
def test_a_success_that_cannot_be_read_is_499(status, body) -> None:
    """A success whose body is not JSON is no empty success: the result says that it may have been carried out."""
    with FaultyServer(reply(status, body)) as server:
        result = XoxzoClient("sid", "token", server.url).send_sms("x", "+818011112222", "Shop")
    assert (result.errors, result.messages, len(server.requests)) == (499, [], 1)
    assert result.message["http_error"].startswith(f"status {status}, but the body is not JSON")


CUT = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")


@pytest.mark.parametrize("behaviour", [close, reset, raw(b"nonsense"), CUT, reply(200, b"1" * 2_000_000)])
def test_without_an_answer_the_result_is_499(behaviour) -> None:
    """A failed exchange is made once, gives 499, and its `http_error` can be printed as JSON."""
    with FaultyServer(behaviour) as server:
        result = XoxzoClient("sid", "token", server.url).send_sms("x", "+818011112222", "Shop")
    assert result.errors == XoxzoClient.REQUESTS_EXCEPITON == 499
    assert list(result.message) == ["http_error"]
    assert result.message["http_error"] in json.loads(json.dumps(result.message))["http_error"]
    assert (result.messages, len(server.requests)) == ([], 1)


@pytest.mark.parametrize("host", ["http://127.0.0.1:1", "nonsense", "http://no-such-host.invalid", "", "http://["])
def test_a_host_that_cannot_be_reached_is_499(host) -> None:
    """Whatever is given as host, the caller gets a result and no exception, as published."""
    assert XoxzoClient("sid", "token", host).get_din_list().errors == 499


def test_a_hanging_server_does_not_hang_the_program(monkeypatch) -> None:
    """The published client waited for ever; this one has a time-out."""
    monkeypatch.setattr("xoxzo.cloudpy.cloudpy._READ_TIMEOUT_SECONDS", 0.1)
    with FaultyServer(hang) as server:
        assert XoxzoClient("sid", "token", server.url).get_subscription_list().errors == 499


def test_a_list_may_be_long() -> None:
    """A list has no limit of size: the caller asked for all of it in memory."""
    with FaultyServer(reply(200, json.dumps([{"tags": ["x" * 100]}] * 20_000))) as server:
        assert len(XoxzoClient("sid", "token", server.url).get_sent_sms_list().messages) == 20_000


def test_the_addresses_may_be_set() -> None:
    """Programs and tests set the URL attributes directly."""
    with FaultyServer(OK) as server:
        client = XoxzoClient("sid", "token")
        assert client.xoxzo_api_sms_url == "https://api.xoxzo.com/sms/messages/"
        client.xoxzo_api_sms_url = server.url + "/one/"
        client.xoxzo_api_call_url = server.url + "/two/"
        client.xoxzo_api_voice_simple_url = server.url + "/three/"
        client.xoxzo_api_dins_url = server.url + "/four/"
        client.xoxzo_api_sins_url = server.url + "/five/"
        client.send_sms("x", "+818011112222", "Shop")
        client.get_simple_playback_status("x")
        client.call_tts_playback("81", "+818011112222", "x", "ja")
        client.subscribe_din("x")
        client.get_sin_list()
    targets = [request.split(b" ")[1] for request in server.requests]
    assert targets == [b"/one/", b"/two/x/", b"/three/", b"/four/subscriptions/", b"/five/"]


def test_the_environment_names_the_host(monkeypatch) -> None:
    """Without api_host the client goes where XOXZO_API_HOST says, a client made before it was set, too."""
    early = XoxzoClient("sid", "token")
    with FaultyServer(OK) as server:
        monkeypatch.setenv("XOXZO_API_HOST", server.url + "/")
        assert early.xoxzo_api_sms_url == XoxzoClient("sid", "token").xoxzo_api_sms_url == server.url + "/sms/messages/"
        assert early.get_din_list().message == {"ok": True}
        assert pickle.loads(pickle.dumps(early)).get_din_list().message == {"ok": True}
    assert XoxzoClient("a", "b", "https://host.test").xoxzo_api_sins_url == "https://host.test/sms/sins/"
    monkeypatch.setenv("XOXZO_API_HOST", "")
    assert early.xoxzo_api_call_url == XoxzoClient.xoxzo_api_call_url == "https://api.xoxzo.com/voice/calls/"


def test_a_hundred_threads_send_at_once() -> None:
    """There is no limit of ten connections, which the published client did not have either."""
    together = threading.Barrier(100, timeout=60)

    def together_then_ok(peer) -> bool:
        together.wait()
        return OK(peer)

    with FaultyServer(together_then_ok) as server, ThreadPoolExecutor(100) as threads:
        client = XoxzoClient("sid", "token", server.url)
        results = list(threads.map(lambda _: client.subscribe_din("x").errors, range(100)))
    assert results == [None] * 100


@pytest.fixture
def tls_server(tmp_path) -> Iterator[tuple[FaultyServer, Path]]:
    """A server whose certificate is signed by an untrusted authority, and the authority's PEM file."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with FaultyServer(OK, tls=context) as server:
        yield server, tmp_path / "ca.pem"


@pytest.fixture
def no_bundles(monkeypatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_bundles")
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_bundles_of_the_environment_are_trusted(variable, tls_server, monkeypatch) -> None:
    """A company's authority that is configured for requests is trusted; without it nothing is sent."""
    server, authority = tls_server
    assert XoxzoClient("sid", "token", server.url).get_din_list().errors == 499
    assert server.requests == []
    monkeypatch.setenv(variable, str(authority))
    assert XoxzoClient("sid", "token", server.url).get_din_list().message == {"ok": True}


@pytest.mark.usefixtures("no_bundles")
def test_the_bundle_of_requests_counts_first(tls_server, monkeypatch, tmp_path) -> None:
    """Of both variables that requests read, its own one wins."""
    server, authority = tls_server
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(authority))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    assert XoxzoClient("sid", "token", server.url).get_din_list().errors == 499


@pytest.mark.usefixtures("no_bundles")
def test_a_bundle_that_is_missing_is_named(tls_server, monkeypatch, tmp_path) -> None:
    """A variable that names no file gives 499 with one line that names it."""
    server, _ = tls_server
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    result = XoxzoClient("sid", "token", server.url).get_din_list()
    assert result.errors == 499
    assert result.message["http_error"].startswith("REQUESTS_CA_BUNDLE names ")


def test_a_slash_after_the_host_does_no_harm() -> None:
    """`https://host/` is the same host as `https://host`."""
    assert XoxzoClient("a", "b", "https://host.test/").xoxzo_api_sms_url == "https://host.test/sms/messages/"


METHODS = {
    "GET": lambda c: c.get_din_list(),
    "POST": lambda c: c.subscribe_din("x"),
    "DELETE": lambda c: c.unsubscribe_din("x"),
}


@pytest.mark.parametrize(
    ("status", "method", "after"),
    [
        (301, "GET", "GET"),
        (301, "POST", "GET"),
        (301, "DELETE", "DELETE"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "DELETE", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
    ],
)
def test_redirects_are_followed_as_published(status, method, after) -> None:
    """A redirect is followed by the rules of requests: POST becomes GET except for 307 and 308."""
    with FaultyServer(reply(status, location="/else where?a=b"), OK) as server:
        result = METHODS[method](XoxzoClient("sid", "token", server.url))
    assert result.message == {"ok": True}
    assert server.requests[1].startswith(f"{after} /else%20where?a=b HTTP/1.1".encode())
    assert b"authorization: Basic" in server.requests[1]
    assert server.requests[1].endswith(b"din_uid=x") is (after == "POST")


def test_a_redirect_to_another_host_does_not_take_the_token_along() -> None:
    """The token is for the host that it was meant for."""
    with FaultyServer(OK) as other, FaultyServer(reply(302, location=f"{other.url}/x")) as server:
        assert XoxzoClient("sid", "token", server.url).get_din_list().message == {"ok": True}
    assert b"authorization" not in other.requests[0]


def test_redirects_end() -> None:
    """A loop of redirects is given up, and a redirect to nowhere is returned."""
    with FaultyServer(reply(302, location="/again")) as server:
        assert XoxzoClient("sid", "token", server.url).get_din_list().errors == 499
        assert len(server.requests) == 30
    with FaultyServer(reply(302)) as server:
        assert XoxzoClient("sid", "token", server.url).get_din_list().errors == 302


def test_connections_are_kept_and_without_warnings() -> None:
    """Calls share a connection, threads too, and a client that is dropped says nothing: there is no close."""
    with FaultyServer(OK) as server, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client = XoxzoClient("sid", "token", server.url)
        for _ in range(3):
            client.get_din_list()
        thread = threading.Thread(target=client.get_din_list)
        thread.start()
        thread.join()
        del client, thread
        gc.collect()
    assert server.connections == 1
    assert [str(warning.message) for warning in caught] == []


def test_sid_and_token_may_be_changed() -> None:
    """They are plain attributes, read at each call."""
    with FaultyServer(OK) as server:
        client = XoxzoClient("sid", "token", server.url)
        client.get_din_list()
        client.sid, client.auth_token = "other", "secret"
        client.get_din_list()
    assert b"authorization: Basic b3RoZXI6c2VjcmV0" in server.requests[1]


def test_a_client_may_be_copied_and_pickled() -> None:
    """Published clients were plain objects; a copy has connections of its own."""
    with FaultyServer(OK) as server:
        client = XoxzoClient("sid", "token", server.url)
        client.get_din_list()
        for twin in (copy.copy(client), copy.deepcopy(client), pickle.loads(pickle.dumps(client))):
            assert twin.get_din_list().message == {"ok": True}
    assert server.connections == 4


def test_a_subclass_need_not_call_our_constructor() -> None:
    """A class that sets the attributes itself works."""

    class Mine(XoxzoClient):
        def __init__(self, url: str) -> None:
            self.sid, self.auth_token, self.xoxzo_api_dins_url = "sid", "token", url + "/voice/dins/"

    with FaultyServer(OK) as server:
        assert Mine(server.url).get_din_list().message == {"ok": True}


def test_results_share_nothing() -> None:
    """The published defaults were one dict and one list for all results; these are new ones each time."""
    first, second = XoxzoResponse(), XoxzoResponse()
    first.message["a"] = first.messages.append(1)
    assert (second.message, second.messages, second.errors) == ({}, [], None)
    given = XoxzoResponse(None, [1], 400)
    assert (given.message, given.messages, given.errors) == (None, [1], 400)
    assert XoxzoResponse(message=1, messages=2, errors=3).__dict__ == {"message": 1, "messages": 2, "errors": 3}


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"a": None, "b": True, "c": 1.5, "d": b"x&"}, b"b=True&c=1.5&d=x%26"),
        ({"a": ["x", "y"]}, b"a=x&a=y"),
        ({"a": "x y+あ"}, b"a=x+y%2B%E3%81%82"),
    ],
)
def test_forms_are_encoded_as_requests_did(fields, body) -> None:
    """None is left out, a list repeats its field, everything else is its text."""
    assert _form(fields) == body


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_no_id_reaches_another_path(identifier: str) -> None:
    """Whatever an id holds, it stays one path segment that is neither `.` nor `..`."""
    segment = _segment(identifier)
    for seen in (segment, unquote(segment)):
        assert not {"/", "\\"} & set(seen)
        assert seen not in {".", ".."}
    assert not {"?", "#"} & set(segment)
