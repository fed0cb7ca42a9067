"""Ways out: answers as they came, requests without a name, and recipients that are fenced in."""

from __future__ import annotations

import pytest
from client_runner import ClientRunner
from faulty_server import FaultyServer, reply
from hypothesis import given, strategies as st

from xoxzo.cloudpy import AsyncClient, Client, RawResponse, errors
from xoxzo.cloudpy.operations import raw
from xoxzo.cloudpy.operations.operation import Effect

MADE_UP = {"sid": "sid", "auth_token": "token"}
SENT = reply(201, '[{"msgid": "m1"}]', x_limit="9")
MESSAGE = {"recipient": "+818011112222", "sender": "Shop", "message": "やあ"}


@pytest.fixture(params=["threads", "asyncio"])
def run(request) -> ClientRunner:
    return ClientRunner(request.param, MADE_UP)


def test_an_answer_as_it_came(run) -> None:
    """Status, headers and body stand around the value that the call returns by itself."""
    with FaultyServer(reply(429, retry_after="0"), SENT) as server:
        answer = run(server.url, lambda c: c.with_raw_response(lambda client: client.sms.send(**MESSAGE)))
    assert isinstance(answer, RawResponse)
    assert (answer.value.msgid, answer.status, answer.headers["x-limit"]) == ("m1", 201, "9")
    assert (answer.body, answer.json(), answer.attempts) == (b'[{"msgid": "m1"}]', [{"msgid": "m1"}], 2)
    assert answer.request_id.encode() in server.requests[1]
    assert "m1" not in repr(answer)


def test_an_unrequested_response(run) -> None:
    """A listing makes its request at its first step, so there is nothing to show before."""

    async def nothing(client: AsyncClient) -> object:
        return client.sms.list()

    with FaultyServer(SENT) as server, pytest.raises(errors.ConfigurationError, match="no request"):
        run(
            server.url,
            lambda c: c.with_raw_response(nothing if isinstance(c, AsyncClient) else lambda client: client.sms.list()),
        )
    assert server.requests == []


def test_a_request_without_a_name(run) -> None:
    """What the library does not know yet can be asked for all the same."""
    with FaultyServer(reply(200, '{"a": 1}')) as server:
        answer = run(server.url, lambda c: c.request("GET", "/new/thing/", query={"a": "b c"}))
        assert (answer.value, answer.status) == ({"a": 1}, 200)
        run(server.url, lambda c: c.request("POST", "/new/", form={"text": "や"}))
        run(server.url, lambda c: c.request("PATCH", "/new/", json={"text": "や"}))
        run(server.url, lambda c: c.request("DELETE", "/new/1/"))
    first, second, third, fourth = server.requests
    assert first.startswith(b"GET /new/thing/?a=b+c HTTP/1.1")
    assert second.startswith(b"POST /new/ HTTP/1.1")
    assert second.endswith(b"text=%E3%82%84")
    assert b"content-type: application/json" in third
    assert third.endswith('{"text":"や"}'.encode())
    assert fourth.startswith(b"DELETE /new/1/ HTTP/1.1")


@pytest.mark.parametrize("body", ["", "<html>"])
def test_a_body_that_is_no_json_has_no_value(run, body) -> None:
    """An empty or another body gives the value None; the bytes are there."""
    with FaultyServer(reply(200, body)) as server:
        answer = run(server.url, lambda c: c.request("GET", "/x/"))
    assert (answer.value, answer.body) == (None, body.encode())


def test_an_unnamed_request_has_the_same_care(run) -> None:
    """A POST of one's own is not repeated when its outcome is unknown, a GET is."""
    with FaultyServer(reply(500)) as server:
        with pytest.raises(errors.ServerError) as caught:
            run(server.url, lambda c: c.request("POST", "/x/", form={}))
        assert (caught.value.maybe_sent, len(server.requests)) == (True, 1)
        with pytest.raises(errors.ServerError) as caught:
            run(server.url, lambda c: c.request("GET", "/x/"), max_retries=1)
        assert (caught.value.maybe_sent, len(server.requests)) == (False, 3)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"method": "get", "path": "/x/"}, "method"),
        ({"method": "TRACE", "path": "/x/"}, "method"),
        ({"method": "GET", "path": "x/"}, "path"),
        ({"method": "GET", "path": "https://host/"}, "path"),
        ({"method": "GET", "path": "/a/../b/"}, "path"),
        ({"method": "GET", "path": "/a?b=c"}, "path"),
        ({"method": "GET", "path": "/a b/"}, "path"),
        ({"method": "GET", "path": "/あ/"}, "path"),
        ({"method": "POST", "path": "/x/", "form": {}, "json": {}}, "json"),
        ({"method": "POST", "path": "/x/", "json": object()}, "json"),
    ],
)
def test_what_cannot_be_sent_is_refused(arguments, field) -> None:
    """Method, path and body keep to rules, so that the token reaches our host and the endpoint that was meant."""
    with pytest.raises(errors.InvalidArgument) as caught:
        raw.request(**arguments)
    assert caught.value.field == field


@given(st.text())
def test_no_path_of_ones_own_leaves_the_host(path: str) -> None:
    """Whatever the path, it is refused or goes below the base URL as it is."""
    try:
        operation = raw.request("GET", path)
    except errors.InvalidArgument:
        return
    assert operation.path == path
    assert path.startswith("/")
    assert ".." not in path.split("/")


ALLOWED = ["+818011112222", "+8150"]


@pytest.mark.parametrize(
    "verb",
    [
        lambda c, number: c.sms.send(recipient=number, sender="Shop", message="x"),
        lambda c, number: c.calls.play(caller="81", recipient=number, recording_url="http://a.test/b"),
        lambda c, number: c.calls.say(caller="81", recipient=number, tts_message="x", tts_lang="ja"),
        lambda c, number: c.request("POST", "/sms/messages/", form={"recipient": number}),
        lambda c, number: c.request("POST", "/otp/request/", json={"phone_number": number}),
        lambda c, number: c.request("POST", "/voice/simple/conferences/", form={"participants": f"+815011,{number}"}),
        lambda c, number: c.with_options(max_retries=1).sms.send(recipient=number, sender="Shop", message="x"),
    ],
)
def test_only_allowed_recipients_are_reached(run, verb) -> None:
    """In staging, a number that is not on the list is refused before any request, by every method."""
    good = reply(201, '[{"msgid": "m", "callid": "c"}]')
    with FaultyServer(good) as server:
        for number in ("+818011112222", "+815033334444"):
            run(server.url, lambda c, number=number: verb(c, number), allowed_recipients=ALLOWED)
        assert len(server.requests) == 2
        for number in ("+818011112223", "+18011112222"):
            with pytest.raises(errors.InvalidArgument, match="allowed_recipients") as caught:
                run(server.url, lambda c, number=number: verb(c, number), allowed_recipients=ALLOWED)
            assert caught.value.field == "recipient"
    assert len(server.requests) == 2


def test_where_recipients_are_limited_an_unnamed_request_must_name_one(run) -> None:
    """A POST of one's own whose recipient we cannot see is refused, a GET is not."""
    with FaultyServer(reply(200, "{}")) as server:
        for body in ({"form": {"to": "+818011112222"}}, {"json": ["+818011112222"]}, {}):
            with pytest.raises(errors.InvalidArgument):
                run(server.url, lambda c, body=body: c.request("POST", "/x/", **body), allowed_recipients=ALLOWED)
        run(server.url, lambda c: c.request("GET", "/x/"), allowed_recipients=ALLOWED)
    assert len(server.requests) == 1


@pytest.mark.parametrize("numbers", [[], [""], ["08011112222"], "+818011112222", ["+81 80"]])
def test_a_list_of_recipients_that_makes_no_sense_is_refused(numbers) -> None:
    """An empty list, a blank or a number without + would open or close everything by mistake."""
    with pytest.raises(errors.ConfigurationError, match="allowed_recipients"):
        Client(**MADE_UP, allowed_recipients=numbers)


def test_a_request_of_ones_own_is_taken_for_the_worst() -> None:
    """Only a GET counts as harmless."""
    effects = {method: raw.request(method, "/x/").effect for method in ("GET", "POST", "PUT", "PATCH", "DELETE")}
    assert effects == {"GET": Effect.READ} | dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), Effect.CREATE)
