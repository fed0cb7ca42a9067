"""What comes back, as plain values."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import re
import typing
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings, strategies as st
from pydantic import TypeAdapter, ValidationError

from xoxzo.cloudpy import models
from xoxzo.cloudpy.client.results import RawResponse
from xoxzo.cloudpy.models import (
    Call,
    CallStatus,
    CarrierLookup,
    Conference,
    ConferenceParticipant,
    Credits,
    DialInNumber,
    DialInSubscription,
    FoundMessages,
    LinkTracking,
    Message,
    MessageStatus,
    OtpRequest,
    OtpVerification,
    OtpWebsite,
    RenderedText,
    SentMessage,
    SmsInNumber,
    SmsInSubscription,
    StartedCall,
    StartedConference,
    Template,
    TemplateStatus,
)
from xoxzo.cloudpy.models.base import Model
from xoxzo.cloudpy.protocols import Attempt

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
RAW = {"msgid": "VncyEuDbojkz", "recipient": "+818011112222", "novelty": [1, {"deep": None}]}
TRACKING = LinkTracking(link="http://example.com/", shortlink="https://xoz.so/aaaaa", accessed=True, accessed_on=NOON)
MESSAGE = Message(
    msgid="VncyEuDbojkz",
    recipient="+818011112222",
    sender="818033334444",
    status=MessageStatus.DELIVERED,
    sent_time=NOON,
    cost=Decimal("15.0"),
    tags=("a", "b"),
    parts=1,
    link_tracking=TRACKING,
    url="https://api.xoxzo.com/sms/messages/VncyEuDbojkz/",
    raw=RAW,
)
CALL = Call(
    callid="41c181b6", caller="818033334444", recipient="+818011112222", status=CallStatus.ANSWERED, duration=15
)
VALUES: list[Model] = [
    SentMessage(msgid="m", reference="r", raw=RAW),
    TRACKING,
    MESSAGE,
    Message(msgid="m", status=MessageStatus("LOST IN SPACE")),
    FoundMessages(reference="r", messages=(MESSAGE,)),
    StartedCall(callid="c"),
    CALL,
    Call(callid="c", status=CallStatus("BUSY")),
    DialInNumber(din_uid="JPafr34rafic76tf", din="815012345678", minute_cost=Decimal(1), monthly_cost=Decimal("650.0")),
    DialInSubscription(din_uid="JPafr34rafic76tf", din="815012345678", action_url="https://example.com/"),
    Credits(credits=Decimal("-3.5"), raw={"credits": -3.5}),
    ConferenceParticipant(participant="+818011112222", callid="c"),
    StartedConference(
        conferenceid="f", participants=(ConferenceParticipant(participant="+818011112222", callid="c"),), raw=RAW
    ),
    Conference(conferenceid="f", participants=(CALL,), start_time=NOON, duration=52, cost=Decimal(32)),
    CarrierLookup(found=True, recipient="+818011112222", carrier="KDDI", mccmnc="44054", cost=Decimal(5), id="x"),
    SmsInNumber(sin_uid="JPs", sin="818011112222"),
    SmsInSubscription(sin_uid="JPs", sin="818011112222", action_url="https://example.com/"),
    OtpWebsite(website="https://example.com", message="Website registered successfully."),
    OtpRequest(msgid="m", otp_id="m", raw=RAW),
    OtpVerification(verified=False, message="8011112222 is not the code", raw=RAW),
    RenderedText(text="8011112222", units=10, parts=1, cost=Decimal(10)),
    Template(
        id=7,
        name="Welcome",
        status=TemplateStatus.PENDING,
        approved_content="Call 8011112222",
        pending_content="Ring 8011112222",
        api_usage_example="curl 8011112222",
        raw=RAW,
    ),
]

STRANGERS = st.text().filter(
    lambda text: text not in {*MessageStatus, *CallStatus, "OK", "FAILED"} and text.isprintable()
)


def test_every_model_is_tried_here() -> None:
    """No model is left out of the tests below, and every field is described where it stands."""
    kinds = {kind for _, kind in inspect.getmembers(models, inspect.isclass) if issubclass(kind, Model)} - {Model}

    assert {type(value) for value in VALUES} == kinds
    for kind in kinds:
        source = "".join(inspect.getsource(base) for base in kind.__mro__ if base.__module__.startswith("xoxzo."))
        described = set(re.findall(r'^    (\w+): .*\n    """[A-Z`]', source, re.MULTILINE))
        undescribed = set(kind.__struct_fields__) - described
        assert undescribed == set(), kind


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_models_survive_pickle_and_copy(value: Model) -> None:
    """Every value equals its pickled and its copied twin, ``raw`` included."""
    for twin in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert type(twin) is type(value)
        assert twin == value
        assert twin.raw == value.raw


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_models_are_frozen(value: Model) -> None:
    """No field of a value can be set."""
    with pytest.raises(AttributeError):
        value.raw = {}  # type: ignore[misc]


@pytest.mark.parametrize("kind", sorted({type(value) for value in VALUES}, key=lambda kind: kind.__name__))
def test_the_types_of_all_fields_can_be_resolved(kind: type[Model]) -> None:
    """What reads annotations at run time finds the type of every field."""
    assert set(typing.get_type_hints(kind)) == set(kind.__struct_fields__)


def test_the_types_of_a_raw_response_can_be_resolved() -> None:
    """An answer with everything around it has types that can be resolved, too."""
    assert set(typing.get_type_hints(RawResponse)) == set(RawResponse.__struct_fields__)
    assert set(typing.get_type_hints(Attempt)) == set(Attempt.__struct_fields__)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_models_can_be_read_back(value: Model) -> None:
    """A record kept as JSON or as a dict is read back as an equal one, by msgspec and by pydantic."""
    kind = type(value)
    plain = value.to_dict()

    assert json.loads(json.dumps(plain)) == plain
    assert msgspec.convert(plain, kind) == value
    assert msgspec.json.decode(msgspec.json.encode(value), type=kind) == value
    adapter = TypeAdapter(kind)
    assert adapter.validate_python(value) is value
    assert adapter.validate_python(plain) == value
    assert adapter.validate_json(adapter.dump_json(value)) == value


def test_to_dict_holds_plain_values() -> None:
    """Credits are text without loss, times are in ISO 8601 and UTC, records in records are dicts."""
    assert MESSAGE.to_dict() == {
        "msgid": "VncyEuDbojkz",
        "recipient": "+818011112222",
        "sender": "818033334444",
        "status": "DELIVERED",
        "sent_time": "2026-01-31T12:00:00Z",
        "cost": "15.0",
        "tags": ["a", "b"],
        "parts": 1,
        "link_tracking": {
            "link": "http://example.com/",
            "shortlink": "https://xoz.so/aaaaa",
            "accessed": True,
            "accessed_on": "2026-01-31T12:00:00Z",
            "raw": {},
        },
        "url": "https://api.xoxzo.com/sms/messages/VncyEuDbojkz/",
        "raw": RAW,
    }


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_models_are_hashable(value: Model) -> None:
    """Equal values are one key of a dictionary, whatever their ``raw``, and a value of another kind is another."""
    twin = msgspec.structs.replace(value)

    assert hash(value) == hash(twin)
    assert {value: 1}[twin] == 1
    assert len({*VALUES, *map(msgspec.structs.replace, VALUES)}) == len(VALUES)


def test_a_record_that_is_none_is_refused_by_pydantic() -> None:
    """Pydantic tells what a record lacks, and in which place."""
    with pytest.raises(ValidationError, match="missing required field `status`"):
        TypeAdapter(Message).validate_python({"msgid": "m"})


def test_fastapi_returns_models() -> None:
    """An endpoint of FastAPI may be annotated with a model, and its OpenAPI document describes the fields."""
    app = FastAPI()

    @app.get("/message")
    def message() -> Message:
        return MESSAGE

    @app.get("/conferences")
    def conferences() -> list[Conference]:
        return [Conference(conferenceid="f", participants=(CALL,))]

    browser = TestClient(app)
    assert browser.get("/message").json() == MESSAGE.to_dict()
    assert browser.get("/conferences").json()[0]["participants"][0]["callid"] == "41c181b6"
    responses = browser.get("/openapi.json").json()["paths"]["/message"]["get"]["responses"]
    schema = responses["200"]["content"]["application/json"]["schema"]
    assert schema["properties"]["sent_time"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert schema["properties"]["link_tracking"]["anyOf"][0]["properties"]["accessed"]["type"] == "boolean"
    assert schema["properties"]["status"]["type"] == "string", "an unknown status is allowed"
    assert schema["required"] == ["msgid", "status"]
    assert "$ref" not in json.dumps(schema)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_repr_leaves_raw_out_and_masks_numbers(value: Model) -> None:
    """A value may be logged: its repr has its fields but not ``raw``, and no number in full."""
    shown = repr(value)

    assert shown.startswith(f"{type(value).__name__}(")
    assert "raw" not in shown
    assert "novelty" not in shown
    assert not re.search(r"\d{10}", shown)


def test_repr_of_a_message() -> None:
    """Recipient and a numeric sender are masked, the rest is shown."""
    assert repr(Message(msgid="m1", recipient="+818011112222", sender="818033334444", status=MessageStatus.FAIL)) == (
        "Message(msgid='m1', recipient='+81••••2222', sender='81••••4444', status=<MessageStatus.FAIL: 'FAIL'>, "
        "sent_time=None, cost=None, tags=(), parts=None, link_tracking=None, url='')"
    )


def test_repr_shows_a_sender_of_letters() -> None:
    """A name that is no number is shown, and so is an empty number."""
    shown = repr(Message(msgid="m1", sender="Xoxzo1", status=MessageStatus.QUEUED))

    assert "sender='Xoxzo1'" in shown
    assert "recipient=''" in shown


def test_repr_of_calls_and_numbers() -> None:
    """Callers and dial-in numbers are masked too."""
    assert "caller='81••••4444', recipient='+81••••2222'" in repr(CALL)
    assert repr(StartedCall(callid="c1", raw=RAW)) == "StartedCall(callid='c1', reference=None)"
    assert "din='81••••5678'" in repr(VALUES[8])


def test_rich_repr_is_the_same() -> None:
    """What rich shows is what repr shows, masked alike."""
    assert dict(CALL.__rich_repr__())["caller"] == "81••••4444"
    assert "raw" not in dict(CALL.__rich_repr__())


@pytest.mark.parametrize("number", ["+81 80 1111 2222", "+81-80-1111-2222", "080-1111-2222"])
def test_repr_masks_numbers_with_separators(number: str) -> None:
    """A number that the server writes with blanks or hyphens is masked as well."""
    assert "1111" not in repr(Call(callid="c", caller=number, recipient=number, status=CallStatus.ANSWERED))


def test_two_values_do_not_share_raw() -> None:
    """Each value made without a record has an empty one of its own."""
    first, second = StartedCall(callid="a"), StartedCall(callid="b")
    first.raw["x"] = 1

    assert second.raw == {}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("QUEUED", MessageStatus.QUEUED),
        ("DELIVERING", MessageStatus.DELIVERING),
        ("DELIVERED", MessageStatus.DELIVERED),
        ("OK", MessageStatus.DELIVERED),
        ("FAIL", MessageStatus.FAIL),
        ("FAILED", MessageStatus.FAIL),
    ],
)
def test_both_vocabularies(word: str, status: MessageStatus) -> None:
    """The API's words and the help centre's read as the same statuses."""
    assert MessageStatus(word) is status
    assert MessageStatus(word).is_known


@pytest.mark.parametrize(
    "status", [MessageStatus("QUEUED"), MessageStatus("DELIVERING"), MessageStatus("NEW"), CallStatus("IN PROGRESS")]
)
def test_open_statuses(status: MessageStatus | CallStatus) -> None:
    """What is under way, or not known, is not final."""
    assert not status.is_final


@pytest.mark.parametrize(
    "status",
    [MessageStatus("OK"), MessageStatus("FAIL"), CallStatus("ANSWERED"), CallStatus("NO ANSWER"), CallStatus("FAILED")],
)
def test_final_statuses(status: MessageStatus | CallStatus) -> None:
    """A message that arrived or failed, and a call that is over, are final."""
    assert status.is_final


@pytest.mark.parametrize("kind", [MessageStatus, CallStatus])
@patient
@given(word=STRANGERS)
def test_unknown_status_is_text(kind: type[MessageStatus | CallStatus], word: str) -> None:
    """An unknown status equals its text, survives pickle and copy, and is neither known nor final."""
    status = kind(word)

    assert isinstance(status, kind)
    assert (status, str(status), status.value, status.name) == (word, word, word, word)
    assert hash(status) == hash(word)
    assert {status: 1}[word] == 1  # type: ignore[index]
    assert not status.is_known
    assert not status.is_final
    for twin in (pickle.loads(pickle.dumps(status)), copy.copy(status), copy.deepcopy(status), kind(status)):
        assert type(twin) is kind
        assert twin == status
    assert json.dumps(status) == json.dumps(word)
    assert word in repr(status) or repr(word)[1:-1] in repr(status)


def test_unknown_status_leaves_no_trace() -> None:
    """A stranger does not become a member, so memory does not grow with what a server makes up."""
    before = list(MessageStatus)
    MessageStatus("MADE UP")

    assert list(MessageStatus) == before
    assert not MessageStatus("MADE UP").is_known


@pytest.mark.parametrize("value", [1, None, b"QUEUED", ["QUEUED"]])
def test_status_must_be_text(value: object) -> None:
    """What is not text is no status."""
    with pytest.raises(ValueError, match="is not a valid"):
        MessageStatus(value)  # type: ignore[arg-type]


def test_known_status_hashes_as_its_text() -> None:
    """A status finds its place in a dictionary keyed by plain text."""
    assert {"IN PROGRESS": 1}[CallStatus.IN_PROGRESS] == 1
    assert CallStatus("NO ANSWER") is CallStatus.NO_ANSWER


@pytest.mark.parametrize("status", [MessageStatus.DELIVERED, MessageStatus("MADE UP"), CallStatus("NO ANSWER")])
def test_statuses_survive_json(status: MessageStatus | CallStatus) -> None:
    """A status is written to JSON as its text and read again, known or not."""
    twin = msgspec.json.decode(msgspec.json.encode(status), type=type(status))

    assert type(twin) is type(status)
    assert twin == status


def test_found() -> None:
    """A reference is found where the list has a message, and unproven where it has none."""
    assert FoundMessages(reference="r", messages=(MESSAGE,)).found
    assert not FoundMessages(reference="r").found


def test_what_a_status_record_may_leave_out() -> None:
    """Everything but the id and the status has a default that reads as unknown."""
    message = Message(msgid="m", status=MessageStatus.QUEUED)
    call = Call(callid="c", status=CallStatus.IN_PROGRESS)

    assert (message.sent_time, message.cost, message.parts, message.link_tracking, message.tags) == (
        None,
        None,
        None,
        None,
        (),
    )
    assert (call.start_time, call.end_time, call.duration, call.cost, call.tags) == (None, None, 0, None, ())
