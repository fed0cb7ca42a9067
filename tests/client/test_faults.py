"""Both clients against a server that misbehaves: nothing that may have gone out is repeated, and each error is true."""

from __future__ import annotations

import logging
import pickle
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from faces import Face
from faulty import FaultyServer, close, drip, hang, raw, refusing, reply, reset

from xoxzo.cloudpy import Attempt, Template, TemplateStatus, errors
from xoxzo.cloudpy.transports.fast import AsyncFastTransport, FastTransport

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "s3cr3t-t0ken-of-mine"
NUMBER = "+818011112222"
# A letter keeps it from being found, by chance, in a time, an id or an address in memory.
CODE = "48q913"
TEXT = f"Your code is {CODE}"


WELCOME = Template(id=7, status=TemplateStatus.APPROVED, approved_content="{text}")


@pytest.fixture(params=["threads", "asyncio", "fast-threads", "fast-asyncio"])
def face(request) -> Iterator[Face]:
    """Both clients, by the default and by the fast transports."""
    kind = request.param.removeprefix("fast-")
    options = {"sid": "sid", "auth_token": TOKEN}
    if kind == request.param:
        yield Face(kind, options)
    elif kind == "threads":
        with closing(FastTransport()) as transport:
            yield Face(kind, options | {"transport": transport})
    else:
        yield Face(kind, options | {"transport": AsyncFastTransport()})


CREATING = {
    "sms.send": lambda c: c.sms.send(recipient=NUMBER, sender="Shop", message=TEXT, reference="order-7"),
    "calls.play": lambda c: c.calls.play(caller="818033334444", recipient=NUMBER, recording_url="http://a.test/b.mp3"),
    "calls.say": lambda c: c.calls.say(caller="818033334444", recipient=NUMBER, tts_message=TEXT, tts_lang="ja"),
    "dins.subscribe": lambda c: c.dins.subscribe("JPafr34rafic76tf"),
    "templates.create": lambda c: c.templates.create(name="Welcome", content=TEXT),
    "templates.send": lambda c: c.templates.send(
        WELCOME, recipient=NUMBER, sender="Shop", variables={"text": TEXT}, reference="order-7"
    ),
    "otp.register_website": lambda c: c.otp.register_website(website="https://a.test"),
    "otp.request": lambda c: c.otp.request(website="https://a.test", phone_number=NUMBER),
    "otp.verify": lambda c: c.otp.verify(website="https://a.test", phone_number=NUMBER, code=CODE, otp_id="m1"),
    "conferences.create": lambda c: c.conferences.create(caller="818033334444", participants=[NUMBER, "+818055556666"]),
    "lookup.carrier": lambda c: c.lookup.carrier(NUMBER),
    "sins.subscribe": lambda c: c.sins.subscribe("JPafr34rafic76tf"),
}
IDEMPOTENT = {
    "dins.set_action_url": lambda c: c.dins.set_action_url("JPafr34rafic76tf", action_url="https://a.test/"),
    "dins.unsubscribe": lambda c: c.dins.unsubscribe("JPafr34rafic76tf"),
    "templates.update": lambda c: c.templates.update(7, content=TEXT),
    "templates.delete": lambda c: c.templates.delete(7),
    "sins.set_action_url": lambda c: c.sins.set_action_url("JPafr34rafic76tf", action_url="https://a.test/"),
    "sins.unsubscribe": lambda c: c.sins.unsubscribe("JPafr34rafic76tf"),
}
READING = {
    "sms.get": lambda c: c.sms.get("abc"),
    "sms.list": lambda c: c.sms.list(since="2026-01-31"),
    "sms.find": lambda c: c.sms.find("order-7"),
    "calls.get": lambda c: c.calls.get("abc"),
    "dins.search": lambda c: c.dins.search(country="JP"),
    "dins.list": lambda c: c.dins.list(),
    "account.credits": lambda c: c.account.credits(),
    "templates.list": lambda c: c.templates.list(),
    "templates.get": lambda c: c.templates.get(7),
    "templates.render": lambda c: c.templates.render(7, {"text": TEXT}),
    "conferences.get": lambda c: c.conferences.get("abc"),
    "sins.search": lambda c: c.sins.search(country="JP"),
    "sins.list": lambda c: c.sins.list(),
}
LISTING = {"sms.list", "sms.find", "dins.search", "dins.list", "templates.list", "sins.search", "sins.list"}
# No source shows a body for these, so it does not matter what stands in it.
IGNORING = {"dins.subscribe", "sins.subscribe", *IDEMPOTENT} - {"templates.update"}
EVERY = CREATING | IDEMPOTENT | READING

# Whoever waits for nothing waits for a short time, and still long enough for a connection.
SOON = {"timeout": (10.0, 0.05)}
# The first answer may come after the work was done; the error, whether it is one of time.
UNKNOWN = {
    "500": (reply(500, "<h1>Server Error</h1>"), errors.ServerError),
    "408": (reply(408), errors.StatusError),
    "closed": (close, errors.ResponseLost),
    "reset": (reset, errors.ResponseLost),
    "not HTTP": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), errors.ResponseLost),
    "cut short": (raw(b"HTTP/1.1 201 Created\r\ncontent-length: 60\r\n\r\n[{"), errors.ResponseLost),
    "hanging": (hang, errors.TimedOut),
}
UNREADABLE = {
    "HTML": reply(201, "<html>Welcome to the hotel's network</html>", content_type="text/html"),
    "truncated JSON": reply(201, '[{"msgid": "abc'),
    "10 MB": reply(200, b"[" + b" " * 10_000_000 + b"]"),
    "nested": reply(201, b'[{"msgid":' * 20_000),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr("xoxzo.cloudpy.flow._FIRST_BACKOFF", 0.01)


@pytest.mark.parametrize("name", CREATING)
@pytest.mark.parametrize("fault", UNKNOWN)
def test_what_creates_is_posted_once_when_its_outcome_is_unknown(face, name, fault) -> None:
    """After a fault that leaves the outcome open there is one POST and an error that says so."""
    behaviour, kind = UNKNOWN[fault]
    with FaultyServer(behaviour) as server, pytest.raises(kind) as caught:
        face(server.url, CREATING[name], **(SOON if fault == "hanging" else {}))
    assert len(server.requests) == 1
    assert (caught.value.maybe_sent, caught.value.operation) == (True, name)
    assert caught.value.reference == ("order-7" if name in {"sms.send", "templates.send"} else None)


@pytest.mark.parametrize("name", [*IDEMPOTENT, *READING])
@pytest.mark.parametrize("fault", ["500", "closed", "cut short"])
def test_what_is_harmless_is_tried_again(face, name, fault) -> None:
    """Reads and idempotent calls are tried three times, and say whether they may have had an effect."""
    behaviour, kind = UNKNOWN[fault]
    # A list that breaks off has given its first records to the caller, so it is not begun again.
    tries = 1 if fault == "cut short" and name in LISTING else 3
    with FaultyServer(behaviour) as server, pytest.raises(kind) as caught:
        face(server.url, EVERY[name])
    assert len(server.requests) == tries
    assert caught.value.maybe_sent is (name in IDEMPOTENT)


@pytest.mark.parametrize("name", CREATING)
def test_a_throttled_send_is_sent_again_after_its_wait(face, name) -> None:
    """429 means that nothing was done: the call is made again and succeeds, once."""
    good = reply(
        201, '[{"msgid": "m1", "callid": "c1", "din_uid": "d1", "conferenceid": "f1", "carrier": "", "id": 7}]'
    )
    with FaultyServer(reply(429, retry_after="0"), good) as server:
        assert face(server.url, CREATING[name]) is not None
    assert len(server.requests) == 2
    ids = {line for request in server.requests for line in request.split(b"\r\n") if line.startswith(b"x-request-id")}
    assert len(ids) == 1


@pytest.mark.parametrize("name", EVERY)
def test_a_server_that_is_not_there_is_surely_unsent(face, name) -> None:
    """No connection is tried three times and promises that nothing was done."""
    with refusing() as url, pytest.raises(errors.ConnectionFailed) as caught:
        face(url, EVERY[name])
    assert (caught.value.attempts, caught.value.maybe_sent) == (3, False)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_success_that_cannot_be_read_is_told_from_a_failure(face, name, fault) -> None:
    """An unreadable success is one request and an UnexpectedResponse, in bounded time and memory."""
    began = time.monotonic()
    with FaultyServer(UNREADABLE[fault]) as server:
        if name in IGNORING and fault != "10 MB":
            face(server.url, EVERY[name])
        elif fault == "10 MB" and name in LISTING - {"sms.find"}:
            assert face(server.url, EVERY[name]) == []  # odd, but valid: an empty list after ten million blanks
        elif fault == "10 MB" and name == "sms.find":
            assert face(server.url, EVERY[name]).found is False
        else:
            with pytest.raises(errors.UnexpectedResponse) as caught:
                face(server.url, EVERY[name])
            assert caught.value.maybe_sent is (name not in READING)
    assert len(server.requests) == 1
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("name", ["sms.send", "sms.get", "sms.list"])
def test_a_dripping_server_is_left_at_the_deadline(face, name) -> None:
    """A byte at a time outlives every read time-out, but not the deadline."""
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n[" + b" " * 5000
    began = time.monotonic()
    with FaultyServer(drip(answer, 0.01)) as server, pytest.raises(errors.TimedOut) as caught:
        face(server.url, EVERY[name], deadline=1.0)
    took = time.monotonic() - began
    assert 0.9 < took < 20, "the whole answer would take fifty seconds"
    assert (caught.value.phase, caught.value.maybe_sent) == ("deadline", name == "sms.send")


@pytest.mark.parametrize(("status", "maybe_sent"), [(301, False), (302, True), (303, True), (307, False), (308, False)])
def test_a_redirect_is_not_followed(face, status, maybe_sent) -> None:
    """A redirect is an error that says whether the send may have been done; the token goes to no other host."""
    with (
        FaultyServer(reply(status, location="http://127.0.0.1:1/")) as server,
        pytest.raises(errors.StatusError) as caught,
    ):
        face(server.url, CREATING["sms.send"])
    assert (caught.value.status, caught.value.maybe_sent, len(server.requests)) == (status, maybe_sent, 1)


@pytest.mark.parametrize("name", ["dins.unsubscribe", "sins.unsubscribe", "templates.delete"])
def test_a_release_whose_answer_was_lost_is_done_when_the_number_is_gone(face, name) -> None:
    """The first DELETE worked and its answer was lost; the 404 of the second says that it is done."""
    with FaultyServer(reset, reply(404)) as server:
        assert face(server.url, IDEMPOTENT[name]) is None
    assert len(server.requests) == 2


def test_a_wrong_code_is_an_answer_and_is_asked_about_once(face) -> None:
    """A 400 with a sentence says that the code is wrong; a refused field stays an error, which hides the code."""
    with FaultyServer(reply(400, '{"message": "Invalid or expired OTP."}')) as server:
        answer = face(server.url, CREATING["otp.verify"])
    assert (answer.verified, answer.message, len(server.requests)) == (False, "Invalid or expired OTP.", 1)
    with (
        FaultyServer(reply(400, f'{{"otp": ["{CODE} is no code"]}}')) as server,
        pytest.raises(errors.BadRequest) as caught,
    ):
        face(server.url, CREATING["otp.verify"])
    assert caught.value.field_errors == {"otp": ("… is no code",)}


def test_a_mistyped_variable_costs_no_request(face) -> None:
    """A template at hand is held against its variables before anything is sent."""
    with FaultyServer(close) as server, pytest.raises(errors.InvalidArgument, match="missing text; unknown txet"):
        face(server.url, lambda c: c.templates.send(WELCOME, recipient=NUMBER, sender="Shop", variables={"txet": "x"}))
    assert server.requests == []


@pytest.mark.parametrize("status", [200, 204])
def test_a_deletion_may_be_answered_with_either_status(face, status) -> None:
    """What a deletion is answered with is not documented, and 200 and 204 are both a success."""
    with FaultyServer(reply(status)) as server:
        assert face(server.url, IDEMPOTENT["templates.delete"]) is None
    assert server.requests[0].startswith(b"DELETE /sms/templates/7/ ")


def test_rendering_a_template_at_hand_needs_no_network(face) -> None:
    """A template that was read before is rendered without a request; a number is asked for first."""
    with FaultyServer(reply(200, '{"id": 7, "status": "APPROVED", "approved_content": "Hi {text}"}')) as server:
        assert face(server.url, lambda c: c.templates.render(WELCOME, {"text": "x"})).text == "x"
        assert server.requests == []
        assert face(server.url, READING["templates.render"]).text == f"Hi {TEXT}"
    assert [request.partition(b" HTTP")[0] for request in server.requests] == [b"GET /sms/templates/7/"]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"recipient": ["Invalid recipient"]}', errors.BadRequest),
        (401, '{"detail": "Invalid sid/token"}', errors.AuthenticationFailed),
        (403, '{"non_field_errors": ["Not enough credits, required: 20"]}', errors.NotEnoughCredits),
        (403, '{"detail": "You do not have permission to perform this action."}', errors.PermissionDenied),
        (404, "", errors.NotFound),
        (500, "", errors.ServerError),
    ],
)
def test_errors_arrive_whole_and_survive_pickle(face, status, body, kind) -> None:
    """What a worker process raises arrives in its parent with everything that it says."""
    with FaultyServer(reply(status, body)) as server, pytest.raises(kind) as caught:
        face(server.url, CREATING["sms.send"], max_retries=0)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is kind
    assert (copy.__dict__, str(copy)) == (caught.value.__dict__, str(caught.value))
    assert f"status {status}" in str(copy)
    assert caught.value.request_id in str(copy)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("behaviour", [reply(400, f'{{"recipient": ["{NUMBER} \\"{TEXT}\\" is bad"]}}'), reset, hang])
def test_nothing_that_is_written_shows_a_number_a_text_or_the_token(face, name, behaviour, caplog) -> None:
    """At DEBUG for everything, the HTTP library included, no log line, event or error holds a secret or a person."""
    events: list[Attempt] = []
    caplog.set_level(logging.DEBUG)
    with FaultyServer(behaviour) as server, pytest.raises(errors.APIError) as caught:
        face(server.url, EVERY[name], on_event=events.append, **(SOON if behaviour is hang else {}))
    basic = next(line for line in server.requests[0].split(b"\r\n") if line.startswith(b"authorization"))
    shown = "\n".join([
        *(record.getMessage() for record in caplog.records),
        repr(events),
        str(caught.value),
        repr(caught.value),
    ])  # fmt: skip
    assert events
    for secret in (TOKEN, basic.decode().removeprefix("authorization: Basic "), NUMBER, NUMBER[1:], TEXT, CODE):
        assert secret not in shown
