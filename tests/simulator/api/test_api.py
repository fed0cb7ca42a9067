"""What holds for all paths: credentials, methods, slashes, headers, and that nothing can break it."""

from __future__ import annotations

import json
import threading

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from simulator_callers import SMS, Caller, basic

UNAUTHORIZED = (401, {"detail": "Invalid sid/token"})


@pytest.mark.parametrize(
    "header",
    [b"", b"Bearer x", b"Basic", b"Basic !!!", b"Basic \xff", basic("", "x"), basic("x", ""), b"Basic eA==",
     b"Basic /////w=="],
)  # fmt: skip
def test_bad_credentials(caller: Caller, header: bytes) -> None:
    """Missing or broken credentials are 401 before anything else is looked at."""
    assert caller.post("/sms/messages/", {"recipient": "x"}, authorization=header) == UNAUTHORIZED
    reply = caller.raw("PATCH", "/you/credits/", authorization=header)
    assert reply.status == 401
    assert dict(reply.headers)[b"www-authenticate"] == b'Basic realm="api"'


def test_one_pair_alone() -> None:
    """With a pair in the settings no other gets in."""
    caller = Caller(sid="one", token="two")
    assert caller.get("/you/credits/") == UNAUTHORIZED
    assert caller.get("/you/credits/", authorization=basic("one", "twö")) == UNAUTHORIZED
    assert caller.get("/you/credits/", authorization=basic("one", "two")) == (200, {"credits": 100_000.0})


def test_every_pair_is_an_account(caller: Caller) -> None:
    """The same SID with another token is another account."""
    caller.send()
    assert caller.get("/you/credits/", authorization=basic("sid", "other")) == (200, {"credits": 100_000.0})
    assert caller.simulator.credits("sid", "token") == 99_990


@pytest.mark.parametrize(
    "path",
    ["/", "/sms/", "/sms/messages//", "/nothing/", "//sms/messages/", "/sms/messages/a/b/", "/voice/simple/playback/",
     "/sms/messages/a%2Fb/c/", "http://x/sms/messages/", "*", "/%ff/", "/voice/dins/x/", "/sms/../you/credits/"],
)  # fmt: skip
def test_unknown_paths(caller: Caller, path: str) -> None:
    """They are 404 without a body and without a type, for any caller."""
    reply = caller.raw("GET", path)
    assert (reply.status, reply.body) == (404, b"")
    assert b"content-type" not in dict(reply.headers)


def test_slashes(caller: Caller) -> None:
    """Reading without the final slash is redirected with its query; writing is 404."""
    reply = caller.raw("GET", "/sms/messages?sent_date%3E=2026-01-01")
    assert reply.status == 301
    assert dict(reply.headers)[b"location"] == b"/sms/messages/?sent_date%3E=2026-01-01"
    assert dict(caller.raw("HEAD", "/sms/messages/x").headers)[b"location"] == b"/sms/messages/x/"
    assert caller.raw("POST", "/sms/messages").status == 404
    assert caller.raw("DELETE", "/voice/dins/subscriptions/x").status == 404


def test_methods_and_headers(caller: Caller) -> None:
    """A wrong method is 405; each path names its methods; OPTIONS describes."""
    assert caller.raw("PUT", "/sms/messages/").status == 405
    reply = caller.raw("PATCH", "/sms/messages/")
    assert json.loads(reply.body) == {"detail": 'Method "PATCH" not allowed.'}
    assert dict(reply.headers) == {
        b"content-type": b"application/json",
        b"allow": b"GET, POST, HEAD, OPTIONS",
        b"vary": b"Accept",
    }
    assert caller.raw("GET", "/voice/simple/playbacks/").status == 405
    assert json.loads(caller.raw("OPTIONS", "/sms/messages/").body)["renders"] == ["application/json"]
    assert caller.raw("HEAD", "/you/credits/").status == 200


@pytest.mark.parametrize(
    ("host", "base"),
    [(b"127.0.0.1:80", "http://127.0.0.1:80"), (b"[::1]:80", "http://[::1]:80"), (b"a b", "http://localhost")],
)
def test_urls_follow_the_host(caller: Caller, host: bytes, base: str) -> None:
    """The `url` of a message begins with the Host header, if it is valid."""
    msgid = caller.send()
    assert caller.get(f"/sms/messages/{msgid}/", host=host)[1]["url"] == f"{base}/sms/messages/{msgid}/"


def test_nothing_is_lost_among_threads(caller: Caller) -> None:
    """64 threads send at once: every message is kept, the balance is exact to the credit."""
    ids: list[str] = []
    threads = [threading.Thread(target=lambda: ids.extend(caller.send() for _ in range(20))) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 1280
    assert len(caller.simulator.phone(SMS["recipient"]).inbox) == 1280
    assert caller.credits() == 100_000 - 12_800


WILD = st.text(max_size=30) | st.none() | st.booleans() | st.integers() | st.floats() | st.lists(st.text(), max_size=2)
NAMES = st.sampled_from(
    [*SMS, "tags", "callbackurl", "track_link", "jp_kp", "tts_message", "caller", "din_uid", "variables"]
)
PATHS = st.sampled_from(
    [
        "/sms/messages/",
        "/voice/simple/playbacks/",
        "/voice/dins/subscriptions/",
        "/voice/dins/subscriptions/x/",
        "/sms/templates/",
        "/sms/templates/1/",
        "/sms/templates/1/messages/",
        "/voice/simple/conferences/",
        "/otp/register-website/",
        "/otp/request/",
        "/otp/verify/",
        "/utilities/carrierlookup/",
    ]
)
ONE = Caller()


@given(PATHS, st.dictionaries(NAMES, WILD))
def test_no_json_breaks_it(path: str, fields: dict[str, object]) -> None:
    """Whatever a JSON body holds, it is done or refused, never an internal error."""
    body = json.dumps(fields).encode("utf-8", "surrogatepass")
    assert ONE.raw("POST", path, body, content_type=b"application/json").status < 500


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
    st.binary(max_size=60),
    st.sampled_from([b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"]),
    st.binary(max_size=30),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_request_breaks_it(method: str, rest: str, body: bytes, kind: bytes, query: bytes) -> None:
    """Whatever comes on whatever path, the answer is below 500."""
    for start in ("/", "/sms/messages/", "/voice/calls/", "/voice/dins/", "/sms/templates/", "/otp/", "/s/"):
        target = start + rest + "?" + query.decode("latin-1")
        assert ONE.raw(method, target, body, content_type=kind).status < 500
