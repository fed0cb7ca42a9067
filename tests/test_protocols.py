"""The plain values through which rooms meet."""

from __future__ import annotations

import time
from typing import get_type_hints

import msgspec
import pytest

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.protocols import Attempt, Progress, Request, TimeBudget, TransportFailure

REQUEST = Request(
    "POST", "https://api.xoxzo.com/sms/messages/", (("authorization", "Basic c2VjcmV0"),), b"recipient=%2B818011112222"
)


def test_request_shows_no_header_and_no_body() -> None:
    """The repr of a request holds its method and address, and neither the token nor the form."""
    assert repr(REQUEST) == str(REQUEST) == "Request(POST https://api.xoxzo.com/sms/messages/)"


def test_request_is_a_value() -> None:
    """A request equals its like, can be hashed, cannot be changed, and has no body unless given one."""
    twin = msgspec.structs.replace(REQUEST)

    assert twin == REQUEST
    assert hash(twin) == hash(REQUEST)
    assert Request("GET", "https://api.xoxzo.com/", ()).body == b""
    with pytest.raises(AttributeError):
        REQUEST.method = "GET"  # type: ignore[misc]


def test_time_budget_counts_down() -> None:
    """What is left is the time until the instant at which everything must stop, by the monotonic clock."""
    left = TimeBudget(connect=5, read=30, expires_at=time.monotonic() + 100).remaining()

    assert 90 < left <= 100


def test_time_budget_is_never_negative() -> None:
    """Nothing is left of a time that has passed, and never less than nothing."""
    assert TimeBudget(connect=5, read=30, expires_at=time.monotonic() - 1).remaining() == 0.0


def test_time_budget_can_be_prolonged() -> None:
    """A stream moves the instant on while the caller works, so it can be set."""
    budget = TimeBudget(connect=5, read=30, expires_at=0)
    budget.expires_at = time.monotonic() + 100

    assert budget.remaining() > 90


def test_progress() -> None:
    """Nothing has write_started the server until a transport says so, and progress holds nothing else."""
    progress = Progress()
    assert progress.write_started is False

    progress.write_started = True
    assert progress.write_started is True
    with pytest.raises(AttributeError):
        progress.sent = True  # type: ignore[attr-defined]


def test_transport_failure() -> None:
    """A failure says what happened and, when time ran out, where."""
    broken, late = TransportFailure("connection reset"), TransportFailure("too slow", timeout="read")

    assert (str(broken), broken.reason, broken.timeout) == ("connection reset", "connection reset", None)
    assert (str(late), late.reason, late.timeout) == ("too slow", "too slow", "read")


def test_transport_failure_is_no_error_of_ours() -> None:
    """A transport's failure never reaches the user as it is, so it stands outside the tree of errors."""
    assert not issubclass(TransportFailure, errors.XoxzoError)


def test_attempt_needs_four_facts() -> None:
    """An event needs operation, request id, number and outcome; the rest has a quiet default."""
    event = Attempt(operation="sms.send", request_id="r1", number=1, outcome="ok")

    assert event.status is None
    assert event.seconds == 0.0
    assert event.retry_in is None
    assert event.maybe_sent is False
    assert event.reference is None
    with pytest.raises(TypeError):
        Attempt("sms.send", "r1", 1, "ok")  # type: ignore[call-arg]


def test_attempt_has_no_place_for_a_secret() -> None:
    """The fields of an event are exactly these: none could hold a number, a text or a token."""
    assert Attempt.__struct_fields__ == (
        "operation",
        "request_id",
        "number",
        "method",
        "url",
        "reference",
        "outcome",
        "status",
        "seconds",
        "retry_in",
        "maybe_sent",
    )


def test_attempt_encodes_as_json() -> None:
    """An event can be written to a log as it is."""
    event = Attempt(operation="sms.send", request_id="r1", number=2, outcome="ServerError", status=500, maybe_sent=True)

    assert msgspec.json.decode(msgspec.json.encode(event), type=Attempt) == event


def test_phases_are_those_of_the_errors() -> None:
    """A transport names the phases that ``TimedOut`` knows."""
    hint = get_type_hints(TransportFailure.__init__)["timeout"]

    assert hint == get_type_hints(errors.TimedOut)["phase"] | None
