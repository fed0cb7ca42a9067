"""Both clients against a server that misbehaves: nothing that may have gone out is repeated, and each error is true.

The matrix has a row for each client method of the table of endpoints and a column for each fault. `make test` plays all
faults against one method of each class of operation, and two faults against each method; with
`XOXZO_TESTS_ALL_FAULTS=1`, as in `make soak`, the whole matrix.
"""

from __future__ import annotations

import base64
import logging
import os
import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from client_runner import ClientRunner
from endpoint_calls import CALLS, CODE, MESSAGE, OTHER_RECIPIENT, RECIPIENT, make
from faulty_server import FaultyServer, close, drip, hang, raw, refusing, reply, reset

from xoxzo.cloudpy import Attempt, Template, TemplateStatus, errors
from xoxzo.cloudpy.operations.operation import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faulty_server import Behaviour

    from xoxzo.cloudpy.operations.endpoints import Endpoint

TOKEN = "s3cr3t-t0ken-of-mine"
BASIC = base64.b64encode(f"sid:{TOKEN}".encode()).decode()
SECRETS = (TOKEN, BASIC, RECIPIENT, RECIPIENT[1:], OTHER_RECIPIENT, OTHER_RECIPIENT[1:], MESSAGE, CODE)
APPROVED = Template(id=7, status=TemplateStatus.APPROVED, approved_content="{text}")
MAX_TRIES = 3


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A way in which the first request fails, or all of them.

    Attributes:
        script: how the server treats each request, the last one repeatedly; nothing: no server is there.
        error: the error of an operation that fails by it; `None` when the second request succeeds.
        outcome: what the client can know: `not done`, `unknown`, or `done` with a body that cannot be read.
        is_retried: whether what may be repeated is tried again.
        options: options of the client.
    """

    script: tuple[Any, ...] = ()
    error: type[errors.APIError] | None
    outcome: str
    is_retried: bool
    options: dict[str, Any] = {}


def _refusal(status: int, error: type[errors.APIError], body: str = "", **headers: str) -> Fault:
    return Fault(script=(reply(status, body, **headers),), error=error, outcome="not done", is_retried=False)


def _unknown(behaviour: Behaviour, error: type[errors.APIError], **options: Any) -> Fault:
    return Fault(script=(behaviour,), error=error, outcome="unknown", is_retried=True, options=options)


def _unreadable(behaviour: Behaviour) -> Fault:
    return Fault(script=(behaviour,), error=errors.UnexpectedResponse, outcome="done", is_retried=False)


FAULTS = {
    "no server": Fault(error=errors.ConnectionFailed, outcome="not done", is_retried=True),
    "429 once": Fault(script=(reply(429, retry_after="0"),), error=None, outcome="not done", is_retried=True),
    "429 for an hour": _refusal(429, errors.RateLimited, retry_after="3600"),
    "301": _refusal(301, errors.StatusError, location="http://127.0.0.1:1/"),
    "302": Fault(
        script=(reply(302, location="http://127.0.0.1:1/"),),
        error=errors.StatusError,
        outcome="unknown",
        is_retried=False,
    ),
    "400": _refusal(400, errors.BadRequest, f'{{"recipient": ["{RECIPIENT} \\"{MESSAGE}\\" is bad"]}}'),
    "404": _refusal(404, errors.NotFound),
    "500": _unknown(reply(500, "<h1>Server Error</h1>"), errors.ServerError),
    "408": _unknown(reply(408), errors.StatusError),
    "closed": _unknown(close, errors.ResponseLost),
    "reset": _unknown(reset, errors.ResponseLost),
    "not HTTP": _unknown(raw(b"SSH-2.0-OpenSSH_9.2\r\n"), errors.ResponseLost),
    "cut short": _unknown(raw(b"HTTP/1.1 201 Created\r\ncontent-length: 60\r\n\r\n[{"), errors.ResponseLost),
    # Short, and still long enough for a connection on a busy machine.
    "no reply": _unknown(hang, errors.TimedOut, timeout=(10.0, 0.05)),
    "HTML": _unreadable(reply(201, "<html>Welcome to the hotel's network</html>", content_type="text/html")),
    "truncated JSON": _unreadable(reply(201, '[{"msgid": "abc')),
    "10 MB": _unreadable(reply(200, b"[" + b" " * 10_000_000 + b"]")),
    "nested JSON": _unreadable(reply(201, b'[{"msgid":' * 20_000)),
}
AGAINST_EACH = {"429 once", "closed"}


def operation_class(endpoint: Endpoint) -> tuple[object, ...]:
    """Return what decides how a client treats a fault: the effect, and how a reply is read."""
    return endpoint.effect, endpoint.method == "DELETE", endpoint.reply is None, endpoint.is_listing


def cases() -> Iterator[Any]:
    """Yield the client methods and faults to play."""
    every = os.environ.get("XOXZO_TESTS_ALL_FAULTS") == "1"
    seen: set[tuple[object, ...]] = set()
    for name, (endpoint, _) in CALLS.items():
        is_first = operation_class(endpoint) not in seen
        seen.add(operation_class(endpoint))
        for fault in FAULTS:
            if every or is_first or fault in AGAINST_EACH:
                yield pytest.param(name, fault, id=f"{name}-{fault}")


def expected_requests(endpoint: Endpoint, fault: str) -> int:
    """Return how many requests the server gets from a client that is as careful as it must be."""
    if fault == "429 once":
        return 2
    # A list that breaks off has given its first records to the caller, so it is not requested again.
    if fault == "cut short" and endpoint.is_listing:
        return 1
    may_repeat = FAULTS[fault].outcome == "not done" or endpoint.effect is not Effect.CREATE
    return MAX_TRIES if FAULTS[fault].is_retried and may_repeat else 1


def succeeds(endpoint: Endpoint, fault: str) -> bool:
    """Return whether a call succeeds all the same."""
    if fault == "10 MB":
        return endpoint.is_listing  # odd, but valid: an empty list after ten million blanks
    if FAULTS[fault].outcome == "done":
        return endpoint.reply is None  # what stands in the body does not matter
    return FAULTS[fault].error is None


def expected_error(name: str, fault: str) -> type[errors.APIError]:
    """Return the class of the error that a call raises when it does not succeed."""
    if name.endswith(".wait") and fault == "429 for an hour":
        return errors.TimedOut  # waiting includes waiting for a throttled server, as long as its time-out allows
    return FAULTS[fault].error


def may_be_sent(endpoint: Endpoint, fault: str) -> bool:
    """Return what the error must say of whether the request may have had an effect."""
    return FAULTS[fault].outcome != "not done" and endpoint.effect is not Effect.READ


@pytest.fixture(params=["threads", "asyncio"])
def run(request) -> ClientRunner:
    """Both clients."""
    return ClientRunner(request.param, {"sid": "sid", "auth_token": TOKEN})


@pytest.mark.parametrize(("name", "fault"), list(cases()))
def test_a_fault_is_survived_or_reported_truly(run, name, fault, caplog) -> None:
    """After a fault the client has sent as often as it may, its error is true, and nothing written shows a secret."""
    endpoint, call = CALLS[name]
    planned = FAULTS[fault]
    script = (*planned.script, *([reply(200, endpoint.reply or b"")] if planned.error is None else []))
    events: list[Attempt] = []
    caplog.set_level(logging.DEBUG)
    began = time.monotonic()
    error = None
    with FaultyServer(*script or (close,)) as server, refusing() as closed_port:
        try:
            run(server.url if script else closed_port, make(call), on_event=events.append, **planned.options)
        except errors.APIError as caught:
            error = caught
    assert time.monotonic() - began < 60
    assert len(events) == expected_requests(endpoint, fault)
    assert len(server.requests) == (len(events) if script else 0)
    assert len({_header(request, b"x-request-id") for request in server.requests}) == bool(script)
    if succeeds(endpoint, fault):
        assert error is None
    else:
        creates = endpoint.effect is Effect.CREATE
        assert isinstance(error, expected_error(name, fault))
        assert error.maybe_sent is may_be_sent(endpoint, fault)
        assert error.attempts == len(events)
        assert error.operation in {name, *([] if creates else [events[0].operation])}
        assert error.reference == (call.arguments.get("reference") if creates else None)
    shown = "\n".join([*(record.getMessage() for record in caplog.records), repr(events), str(error), repr(error)])
    assert [secret for secret in SECRETS if secret in shown] == []


def _header(request: bytes, name: bytes) -> bytes:
    return next(line for line in request.split(b"\r\n") if line.startswith(name))


def test_every_class_of_operation_meets_every_fault() -> None:
    """The matrix of `make test` has each fault for each class of operation, and each client method."""
    played = [case.values for case in cases()]
    classes = {operation_class(endpoint) for endpoint, _ in CALLS.values()}
    assert {(operation_class(CALLS[name][0]), fault) for name, fault in played} == {
        (each, fault) for each in classes for fault in FAULTS
    }
    assert {name for name, _ in played} == CALLS.keys()


def test_a_dripping_server_is_left_at_the_deadline(run) -> None:
    """A byte at a time outlives every read time-out, but not the deadline."""
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n[" + b" " * 5000

    def play(name: str) -> tuple[str, bool, bool]:
        began = time.monotonic()
        with FaultyServer(drip(answer, 0.01)) as server, pytest.raises(errors.TimedOut) as caught:
            run(server.url, make(CALLS[name][1]), deadline=1.0)
        # The complete answer would take fifty seconds.
        return caught.value.phase, caught.value.maybe_sent, 0.9 < time.monotonic() - began < 20

    names = ["sms.send", "sms.get", "sms.list"]
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(play, names)) == [("deadline", name == "sms.send", True) for name in names]


@pytest.mark.parametrize(("status", "maybe_sent"), [(301, False), (302, True), (303, True), (307, False), (308, False)])
def test_a_redirect_is_not_followed(run, status, maybe_sent) -> None:
    """A redirect is an error that says whether the send may have been done; the token goes to no other host."""
    with (
        FaultyServer(reply(status, location="http://127.0.0.1:1/")) as server,
        pytest.raises(errors.StatusError) as caught,
    ):
        run(server.url, make(CALLS["sms.send"][1]))
    assert (caught.value.status, caught.value.maybe_sent, len(server.requests)) == (status, maybe_sent, 1)


@pytest.mark.parametrize("name", ["dins.unsubscribe", "sins.unsubscribe", "templates.delete"])
def test_a_release_whose_answer_was_lost_is_done_when_the_number_is_gone(run, name) -> None:
    """The first DELETE worked and its answer was lost; the 404 of the second says that it is done."""
    with FaultyServer(reset, reply(404)) as server:
        assert run(server.url, make(CALLS[name][1])) is None
    assert len(server.requests) == 2


def test_a_wrong_code_is_an_answer_and_is_verified_once(run) -> None:
    """A 400 with a sentence says that the code is wrong; a refused field stays an error, which hides the code."""
    with FaultyServer(reply(400, '{"message": "Invalid or expired OTP."}')) as server:
        answer = run(server.url, make(CALLS["otp.verify"][1]))
    assert (answer.verified, answer.message, len(server.requests)) == (False, "Invalid or expired OTP.", 1)
    with (
        FaultyServer(reply(400, f'{{"otp": ["{CODE} is no code"]}}')) as server,
        pytest.raises(errors.BadRequest) as caught,
    ):
        run(server.url, make(CALLS["otp.verify"][1]))
    assert caught.value.field_errors == {"otp": ("… is no code",)}


def test_a_mistyped_variable_costs_no_request(run) -> None:
    """A template at hand is held against its variables before anything is sent."""
    with FaultyServer(close) as server, pytest.raises(errors.InvalidArgument, match="missing text; unknown txet"):
        run(
            server.url,
            lambda c: c.templates.send(APPROVED, recipient=RECIPIENT, sender="Shop", variables={"txet": "x"}),
        )
    assert server.requests == []


@pytest.mark.parametrize("status", [200, 204])
def test_a_deletion_may_be_answered_with_either_status(run, status) -> None:
    """What a deletion is answered with is not documented, and 200 and 204 are both a success."""
    with FaultyServer(reply(status)) as server:
        assert run(server.url, make(CALLS["templates.delete"][1])) is None
    assert server.requests[0].startswith(b"DELETE /sms/templates/7/ ")


def test_rendering_a_template_at_hand_needs_no_network(run) -> None:
    """A `Template` is rendered without a request; an id is fetched first."""
    with FaultyServer(reply(200, '{"id": 7, "status": "APPROVED", "approved_content": "Hi {text}"}')) as server:
        assert run(server.url, lambda c: c.templates.render(APPROVED, {"text": "x"})).text == "x"
        assert server.requests == []
        assert run(server.url, make(CALLS["templates.render"][1])).text == f"Hi {MESSAGE}"
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
def test_errors_arrive_complete_and_survive_pickle(run, status, body, kind) -> None:
    """What a worker process raises arrives in its parent with everything that it says."""
    with FaultyServer(reply(status, body)) as server, pytest.raises(kind) as caught:
        run(server.url, make(CALLS["sms.send"][1]), max_retries=0)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is kind
    assert (copy.__dict__, str(copy)) == (caught.value.__dict__, str(caught.value))
    assert f"status {status}" in str(copy)
    assert caught.value.request_id in str(copy)
