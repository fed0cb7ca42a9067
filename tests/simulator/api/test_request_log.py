"""The request log: every request with its answer, bounded, credentials masked, and a command that makes it again."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from simulator_callers import SMS, Caller, web

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator import Simulator
from xoxzo.cloudpy.simulator.api import request_log
from xoxzo.cloudpy.simulator.api.http import ApiRequest
from xoxzo.cloudpy.simulator.engine.engine import Engine
from xoxzo.cloudpy.simulator.engine.rules import ItemNotFound, NotSaved

ORIGIN = "http://127.0.0.1:8080"
FORM = {b"content-type": b"application/x-www-form-urlencoded"}


@pytest.fixture
def caller() -> Caller:
    """A caller whose simulator keeps three requests of either sort."""
    return Caller(max_requests=3)


def found(caller: Caller, status: str = "", text: str = "", **more: Any) -> list[tuple[str, int | None]]:
    """Return method and path, and status, of what fits."""
    page = caller.simulator.requests(status=status, text=text, **more)
    return [(f"{one.method} {one.path}", one.status) for one in page.items]


def test_every_request_is_logged_with_its_answer(caller: Caller) -> None:
    """Accepted, redirected, refused and interrupted requests all have an entry, each with its status."""
    msgid = caller.send(message="こんにちは")
    caller.raw("GET", "/sms/messages")
    caller.post("/sms/messages/", {"recipient": "080"})
    caller.simulator.fail_next("lose_reply")
    caller.raw("GET", "/sms/messages/?a=b")
    caller.simulator.fail_next("error_after")
    caller.raw("HEAD", "/sms/messages/")
    page = caller.simulator.requests()
    assert [(one.status, one.fault) for one in page.items][-1] == (201, None)
    assert {one.status for one in page.items} >= {201, 400, 500, None}
    lost = next(one for one in page.items if one.status is None)
    assert (lost.fault, lost.path, lost.answer, lost.answer_headers) == ("lose_reply", "/sms/messages/?a=b", "", [])
    assert page.items[0].answer == ""
    [sent] = [one for one in page.items if one.status == 201]
    assert (sent.method, sent.path, sent.sid, sent.fault) == ("POST", "/sms/messages/", "sid", None)
    assert msgid in sent.answer
    assert ("authorization", "Basic ••••") in sent.headers
    assert caller.simulator.api.log.answered_with(msgid) == sent.id
    assert caller.simulator.api.log.answered_with("nothing") is None
    caller.simulator.reset()
    assert caller.simulator.requests().items == ()


def test_failures_are_not_pushed_out(caller: Caller) -> None:
    """The log keeps the latest of either sort, so that a rare failure is found among many successes."""
    caller.post("/sms/messages/", {"recipient": "080"})
    for _ in range(9):
        caller.send()
    assert found(caller) == [("POST /sms/messages/", 201)] * 3 + [("POST /sms/messages/", 400)]


def test_it_is_filtered_and_goes_on_page_by_page() -> None:
    """Statuses, their classes and texts of path, body and answer limit it; counts are of all classes."""
    caller = Caller()
    caller.send(message="はい", tags="x y")
    caller.raw("GET", "/nothing/")
    caller.post("/sms/messages/", {"recipient": "080"})
    for status, expected in (("2xx", [201]), ("404", [404]), ("4xx", [400, 404]), ("failed", [400, 404]), ("none", [])):
        assert [answered for _, answered in found(caller, status)] == expected, status
    for text, expected in (
        ("はい", [201]),
        ("X Y", [201]),
        ("get /noth", [404]),
        ("invalid", [400]),
        ("sms", [400, 201]),
    ):
        assert [answered for _, answered in found(caller, text=text)] == expected, text
    page = caller.simulator.requests(limit=2)
    assert (page.counts, page.next) == ({"2xx": 1, "4xx": 2}, 2)
    assert found(caller, before=2) == [("POST /sms/messages/", 201)]
    with pytest.raises(SimulatorError, match="there is no status '9xx'"):
        caller.simulator.requests(status="9xx")
    with pytest.raises(ItemNotFound):
        caller.simulator.api.log.get(99, ORIGIN)


def test_long_bodies_are_cut(caller: Caller) -> None:
    """Of a long body its beginning is kept, its size is reported, and no command is offered."""
    caller.post("/sms/messages/", {**SMS, "message": "x" * 100_000})
    [sent] = caller.simulator.requests().items
    assert (len(sent.body), sent.size, sent.curl) == (request_log.MAX_BODY_BYTES, 100_047, "")


def test_what_could_not_be_saved_is_logged_as_answered(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a transaction fails, its requests are logged with the 503 that they got."""
    leave = Engine.__exit__

    def fail(engine: Engine, *exc: object) -> None:
        leave(engine, *exc)
        if not engine._depth:
            raise NotSaved("not_saved")

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "__exit__", fail)
        caller.simulator.api.handle_together([ApiRequest("GET", b"/x", b"", {})] * 2)
    assert [one.status for one in caller.simulator.requests().items] == [503, 503]


def test_credentials_are_masked(caller: Caller) -> None:
    """No header that authenticates is shown; a scheme is, and of Basic the SID."""
    for value in (b"Bearer top-secret", b"top-secret", b"Basic %%%"):
        caller.raw("GET", "/sms/messages/", authorization=value, cookie=b"a top-secret", proxy_authorization=value)
    for one in caller.simulator.requests(origin=ORIGIN).items:
        assert "top-secret" not in repr(one)
        assert one.sid == ""
        assert " -u " not in one.curl


def test_requests_that_never_reached_the_api_are_logged() -> None:
    """A body that is too large, a page of another site, and what is no HTTP are in the log as well."""
    with Simulator().serve() as server:
        with web(server.url) as page:
            assert page("POST", "/sms/messages/", b"x" * 1_000_001)[0] == 413
            assert page("POST", "/sms/messages/", b"", Origin="http://other.example")[0] == 403
        server.simulator.api.report_malformed_request("Invalid HTTP request received.")
        logged = server.simulator.requests(origin=server.url).items
    assert [(one.method, one.status, bool(one.curl)) for one in logged] == [
        ("", 400, False),
        ("POST", 403, True),
        ("POST", 413, True),
    ]


@pytest.mark.parametrize(
    ("method", "target", "body", "headers"),
    [
        ("GET", b"/sms/messages/?sent_date%3E=2026-01-01", b"", {}),
        ("GET", b"/x/[1-3]{a,b}?q='$(date)`\"", b"", {}),
        ("DELETE", b"/x/", b"", {}),
        ("POST", b"/sms/messages/", "recipient=%2B81&message=it's+日本\n語&x=$HOME".encode(), FORM),
        ("POST", b"/sms/messages/", b'@file {"a": "!"}', {b"content-type": b"application/json"}),
        ("PUT", b"/x/", bytes(range(256)), {b"content-type": b"application/octet-stream"}),
        ("POST", b"/x/\x80\xff", b"\x1b[2J\x03;exit\t", {b"content-type": b"text/plain; charset=utf-8"}),
    ],
)
def test_the_command_makes_the_same_request(
    tmp_path: Path, method: str, target: bytes, body: bytes, headers: dict[bytes, bytes]
) -> None:
    """A shell that runs it sends the method, path and body that were logged, whatever they hold."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    first = Simulator()
    path, _, query = target.partition(b"?")
    given = {b"authorization": b"Basic bWU6c2VjcmV0", **headers}
    first.api.handle(ApiRequest(method, path, query, given, body))
    with Simulator().serve() as server:
        [logged] = first.requests(origin=server.url).items
        assert logged.curl.replace("\n", "").isprintable()
        assert " -u me " in logged.curl
        command = logged.curl.replace("-u me", "-u me:secret", 1)
        environment = {"PATH": str(Path(curl).parent), "HOME": str(tmp_path)}
        subprocess.run(["/bin/sh", "-c", command], check=True, capture_output=True, timeout=60, env=environment)
        [again] = server.simulator.requests().items
    assert (again.method, again.body, again.size) == (method, logged.body, len(body))
    assert again.path == "".join(f"%{byte:02X}" if byte > 126 else chr(byte) for byte in target)
    assert dict(again.headers).get("content-type") == dict(logged.headers).get("content-type")


@given(st.binary(max_size=200), st.text(max_size=20), st.sampled_from(["", "application/json", "text/\x07x"]))
def test_no_command_holds_control_characters(body: bytes, sid: str, content_type: str) -> None:
    """Pasted into a terminal, a command stays text: neither body, SID nor header can act."""
    import base64

    authorization = b"Basic " + base64.b64encode(f"{sid}:t".encode("utf-8", "replace"))
    headers = {b"authorization": authorization, b"content-type": content_type.encode()}
    simulator = Simulator()
    simulator.api.handle(ApiRequest("POST", b"/x/\x01 \xe2\x80\xae", b"", headers, body))
    [logged] = simulator.requests(origin=ORIGIN).items
    assert logged.curl.replace("\n", "").isprintable()


def test_its_answer_lists_are_plain(caller: Caller) -> None:
    """Adding costs no reading: what is kept is the very request that was answered."""
    request = ApiRequest("POST", b"/sms/messages/", b"", FORM, b"&".join(f"{n}={v}".encode() for n, v in SMS.items()))
    response = caller.simulator.api.handle(request)
    [entry] = caller.simulator.api.log._bad
    assert entry[2] is request
    assert entry[3] is response
