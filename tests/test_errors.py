"""The tree of errors."""

from __future__ import annotations

import copy
import json
import pickle
import re
from decimal import Decimal
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.client.flow import _status_error as status_error
from xoxzo.cloudpy.errors import (
    APIError,
    AuthenticationFailed,
    BadRequest,
    CallbackRejected,
    CampaignError,
    CodedError,
    ConfigurationError,
    ConnectionFailed,
    InvalidArgument,
    NotEnoughCredits,
    NotFound,
    PermissionDenied,
    RateLimited,
    ResponseLost,
    ServerError,
    SimulatorError,
    StatusError,
    TimedOut,
    UnexpectedResponse,
    UnverifiedValueWarning,
    XoxzoError,
)
from xoxzo.cloudpy.protocols import Phase

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

FACTS: dict[str, Any] = {
    "operation": "sms.send",
    "request_id": "5f2a",
    "attempts": 3,
    "maybe_sent": True,
    "reference": "order-7",
}
SAID: dict[str, Any] = {
    "field_errors": {"recipient": ["Invalid recipient"], "sender": ("Invalid sender", "Too long")},
    "detail": "Some detail",
    "retry_after": 1.5,
}

STATUS_CLASSES = [
    (StatusError, 418),
    (BadRequest, 400),
    (AuthenticationFailed, 401),
    (NotEnoughCredits, 403),
    (PermissionDenied, 403),
    (NotFound, 404),
    (RateLimited, 429),
    (ServerError, 503),
]
EXAMPLES: list[XoxzoError] = [
    XoxzoError("anything"),
    ConfigurationError("no credentials"),
    InvalidArgument("recipient", "must be in E.164"),
    UnverifiedValueWarning("sender", "{value!r} is odd", value="a-b"),
    APIError("it broke", **FACTS),
    *(kind(status, **SAID, **FACTS) for kind, status in STATUS_CLASSES),
    ConnectionFailed("no route", **FACTS),
    ResponseLost("reset", **FACTS),
    TimedOut("read", **FACTS),
    UnexpectedResponse("not valid JSON", **FACTS),
    CallbackRejected("bad token"),
    CodedError("no_file", "there is no file {path}", path="a.csv"),
    CampaignError("no file"),
    SimulatorError("no such phone"),
    SimulatorError(
        "unknown_status", "there is no status {status!r}; there are {known}", status="foo", known="fail, ok"
    ),
]
WITH_FIELDS: list[XoxzoError] = [
    SimulatorError("fault_not_found", "there is no fault {id}", id=7),
    CampaignError("no_sheet", "{path} has no sheet {sheet!r}", path="list.xlsx", sheet="May"),
    CampaignError("columns", "the columns are {columns} of {kinds}", columns=["a", "b"], kinds={"a": None}),
    CampaignError("no_braces", "no column for {name}"),
    ConfigurationError("no credentials", code="no_credentials"),
    InvalidArgument("text", "has {count} digits", count=3, code="too_short"),
    CallbackRejected("the body has more than {limit} bytes", 413, limit=10),
]
NUMBERS = st.from_regex(r"\+[1-9][0-9]{8,14}", fullmatch=True)


def tree_of_docstring() -> list[tuple[str, str, str]]:
    """Read the tree drawn in the module's docstring as (class, its parent in the tree, what stands in parentheses)."""
    assert errors.__doc__ is not None
    drawing = errors.__doc__.split("::\n\n")[1].split("\n\n")[0]
    above: list[str] = []
    tree = []
    for line in drawing.splitlines():
        found = re.match(r"    ((?:[│ ]   )*)([├└]── )?(\w+)(?:\((\w+)\))?", line)
        assert found, line
        bars, branch, name, mixin = found.groups()
        depth = len(bars) // 4 + bool(branch)
        above[depth:] = [name]
        tree.append((name, above[depth - 1] if depth else "Exception", mixin or ""))
    return tree


def all_classes(root: type[XoxzoError]) -> set[type[XoxzoError]]:
    """Collect a class with everything that the module derives from it."""
    return {root}.union(*(all_classes(child) for child in root.__subclasses__()))


OURS = {kind for kind in all_classes(XoxzoError) if kind.__module__ == errors.__name__}


def test_tree_is_the_one_drawn() -> None:
    """The classes and their parents are exactly those of the drawing in the module's docstring."""
    drawn = {name: (parent, mixin) for name, parent, mixin in tree_of_docstring()}
    built = {
        kind.__name__: (kind.__bases__[0].__name__, "".join(base.__name__ for base in kind.__bases__[1:]))
        for kind in OURS
    }

    assert drawn == built


def test_drawn_statuses_are_those_of_the_table() -> None:
    """The statuses written beside the classes in the drawing are those that make these classes."""
    assert errors.__doc__ is not None
    beside = dict(re.findall(r"─ (\w+) +(\d{3})\b", errors.__doc__))

    assert len(beside) == 6
    for name, status in beside.items():
        poor = {"non_field_errors": ("Not enough credits",)} if name == "NotEnoughCredits" else {}
        assert status_error(int(status), poor).__name__ == name


def test_every_class_has_an_example_here() -> None:
    """No class of the tree is left out of the tests below, and each has a docstring."""
    assert {type(example) for example in EXAMPLES} == OURS
    assert [kind for kind in OURS if not kind.__doc__] == []


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_pickle(error: XoxzoError) -> None:
    """Every error survives every protocol of pickle with its class, text and attributes."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        twin = pickle.loads(pickle.dumps(error, protocol))
        assert (type(twin), str(twin), twin.args, vars(twin)) == (type(error), str(error), error.args, vars(error))


@pytest.mark.parametrize("error", EXAMPLES + WITH_FIELDS, ids=lambda error: type(error).__name__)
def test_json(error: XoxzoError) -> None:
    """Every error can be made again from its class and its JSON-encoded ``args``, which is how Celery restores it."""
    twin = type(error)(*json.loads(json.dumps(error.args)))

    assert str(twin) == str(error)
    assert vars(twin) == vars(error)
    assert json.dumps(twin.args) == json.dumps(error.args)


def test_json_keeps_text_of_what_it_cannot_carry() -> None:
    """A field that JSON has no type for becomes its text, so that the rest of the error survives."""
    error = CampaignError(
        "{path} costs {price}", path=PurePosixPath("/a/b"), price=Decimal("1.50"), prices=(Decimal(2),)
    )

    assert error.fields == {"path": "/a/b", "price": "1.50", "prices": ["2"]}
    assert str(error) == "/a/b costs 1.50"


def test_sentence_is_made_last() -> None:
    """The sentence is made from code and fields on demand, in the requested language."""
    error = SimulatorError("fault_not_found", "there is no fault {id}", id=7)
    japanese = {"there is no fault {id}": "障害 {id} はありません"}

    assert (error.code, error.fields, error.template) == ("fault_not_found", {"id": 7}, "there is no fault {id}")
    assert str(error) == "there is no fault 7"
    assert error.render(japanese.__getitem__) == "障害 7 はありません"
    assert repr(error) == "SimulatorError('there is no fault 7')"


@pytest.mark.parametrize("template", ["{absent}", "{0}", "{id", "{id.absent}", "{id:x?}"])
def test_a_sentence_that_cannot_be_made_is_shown_unfilled(template: str) -> None:
    """An error always has a text, even where another version of the library gave it other fields."""
    assert str(CampaignError("code", template, id="7")) == template


def test_braces_stand_for_themselves_without_fields() -> None:
    """A sentence that was given no fields is shown as it is."""
    assert str(CampaignError("no_column", "no column for {name}")) == "no column for {name}"


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_copy(error: XoxzoError, duplicate: Any) -> None:
    """Every error can be copied with its class, text and attributes."""
    twin = duplicate(error)

    assert twin is not error
    assert (type(twin), str(twin), twin.args, vars(twin)) == (type(error), str(error), error.args, vars(error))


def test_deep_copy_shares_nothing() -> None:
    """What is done to a deep copy does not reach the error it was made of."""
    error = BadRequest(400, **SAID, **FACTS)
    copy.deepcopy(error).field_errors.clear()

    assert "recipient" in error.field_errors


def test_notes_survive_pickle() -> None:
    """An added note is pickled with the error."""
    error = NotFound(404, operation="sms.get")
    error.add_note("while looking for order 7")

    assert pickle.loads(pickle.dumps(error)).__notes__ == ["while looking for order 7"]


def test_a_subclass_of_a_user_survives_pickle() -> None:
    """A subclass of our errors keeps its attributes too, whatever its constructor takes."""
    twin = pickle.loads(pickle.dumps(OwnError(code=7)))

    assert (type(twin), twin.code, str(twin)) == (OwnError, 7, "own 7")


class OwnError(XoxzoError):
    """What a user may derive."""

    def __init__(self, *, code: int) -> None:
        super().__init__(f"own {code}")
        self.code = code


def test_invalid_argument() -> None:
    """A refused argument is a ValueError that names the field and the rule."""
    error = InvalidArgument("recipient", "must be in E.164")

    assert isinstance(error, ValueError)
    assert (str(error), error.field, error.reason) == ("recipient: must be in E.164", "recipient", "must be in E.164")


def test_sentence_of_a_plain_failure() -> None:
    """The text of an error is operation, reason and request id."""
    error = ConnectionFailed("no route", operation="sms.send", request_id="5f2a")

    assert str(error) == "sms.send: no route (request 5f2a)."
    assert (error.attempts, error.maybe_sent, error.reference) == (1, False, None)


def test_sentence_with_everything() -> None:
    """Several attempts are counted in the text, and an unknown outcome has a sentence of its own."""
    assert str(ResponseLost("reset", **FACTS)) == (
        "sms.send: reset (request 5f2a, 3 attempts). It may have been carried out all the same."
    )


def test_sentence_without_a_request_id() -> None:
    """A request that never got an id is shown with a dash."""
    assert str(APIError("closed", operation="sms.get")) == "sms.get: closed (request -)."


@pytest.mark.parametrize(
    ("fields", "detail", "expected"),
    [
        ({"recipient": ["Invalid recipient"]}, None, ", recipient: Invalid recipient"),
        ({"recipient": ["One", "Two"], "sender": ["Three"]}, "Four", ", recipient: One"),
        ({"recipient": [], "sender": ["Three"]}, None, ", sender: Three"),
        ({"recipient": []}, "Four", ", Four"),
        ({}, "Invalid sid/token", ", Invalid sid/token"),
        (None, "Invalid sid/token", ", Invalid sid/token"),
        ({}, None, ""),
        (None, "", ""),
    ],
)
def test_sentence_of_a_status(fields: dict[str, list[str]] | None, detail: str | None, expected: str) -> None:
    """The text holds the status and the first objection to a field, else the detail, else nothing more."""
    error = StatusError(400, operation="sms.send", request_id="5f2a", field_errors=fields, detail=detail)

    assert str(error) == f"sms.send: status 400{expected} (request 5f2a)."


def test_status_error_keeps_what_the_server_said() -> None:
    """The attributes hold the server's own words, as tuples, and the facts of the call."""
    error = BadRequest(400, **SAID, **FACTS)

    assert error.status == 400
    assert error.field_errors == {"recipient": ("Invalid recipient",), "sender": ("Invalid sender", "Too long")}
    assert (error.detail, error.retry_after) == ("Some detail", 1.5)
    assert {name: getattr(error, name) for name in FACTS} == FACTS
    assert error.reason == "status 400, recipient: Invalid recipient"


def test_status_error_takes_no_hold_of_its_argument() -> None:
    """What is done to the mapping afterwards does not change the error."""
    fields = {"recipient": ["Invalid recipient"]}
    error = BadRequest(400, operation="sms.send", field_errors=fields)
    fields["recipient"].append("more")
    fields.clear()

    assert error.field_errors == {"recipient": ("Invalid recipient",)}


@pytest.mark.parametrize("phase", get_args(Phase))
def test_timed_out(phase: Phase) -> None:
    """A time-out knows its phase, and each phase reads differently."""
    error = TimedOut(phase, operation="sms.send")
    others = {str(TimedOut(other, operation="sms.send")) for other in get_args(Phase) if other != phase}

    assert error.phase == phase
    assert str(error) not in others


@patient
@given(
    number=NUMBERS,
    secret=st.text(st.characters(categories=["L"]), min_size=12, max_size=40).map(lambda text: f"geheim{text}"),
    template=st.sampled_from(
        ["{n} is invalid", '"{s}" is not a choice, {n} neither', '{n}{n} "{s}"', "x" * 190 + ' {n} "{s}"']
    ),
    place=st.sampled_from(["field", "name", "detail", "reason"]),
)
def test_text_never_shows_a_number_or_a_quoted_text(number: str, secret: str, template: str, place: str) -> None:
    """Wherever the server repeats a number or a quoted text, neither is in ``str``, ``repr`` or ``args``."""
    words = template.format(n=number, s=secret)
    error: APIError
    if place == "reason":
        error = ResponseLost(words, operation="sms.send", reference=secret)
    elif place == "detail":
        error = ServerError(500, operation="sms.send", detail=words, reference=secret)
    else:
        fields = {"recipient": [words]} if place == "field" else {words: ["x"]}
        error = BadRequest(400, operation="sms.send", field_errors=fields, reference=secret)

    for shown in (str(error), repr(error), str(error.args), str(StatusError.render(error)), error.reason):
        assert number not in shown
        assert not re.search(r"\d{5}", shown)
        assert secret not in shown


@patient
@given(fields=st.dictionaries(st.text(), st.lists(st.text())), detail=st.none() | st.text(), status=st.integers(0, 999))
def test_any_answer_makes_an_error_that_survives(fields: dict[str, list[str]], detail: str | None, status: int) -> None:
    """Whatever the server says becomes an error of the right class with a short text, and it survives pickle."""
    error = status_error(status, fields)(status, operation="sms.send", field_errors=fields, detail=detail)
    twin = pickle.loads(pickle.dumps(error))

    assert vars(twin) == vars(error)
    assert str(twin) == str(error)
    assert str(error).startswith(f"sms.send: status {status}")
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, AuthenticationFailed),
        (403, PermissionDenied),
        (404, NotFound),
        (429, RateLimited),
        (500, ServerError),
        (502, ServerError),
        (599, ServerError),
        (301, StatusError),
        (402, StatusError),
        (405, StatusError),
        (408, StatusError),
        (499, StatusError),
    ],
)
def test_status_error(status: int, kind: type[StatusError]) -> None:
    """Each status has its class, and one without a class of its own is a plain StatusError."""
    assert status_error(status, {}) is kind


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"non_field_errors": ("Not enough credits, required: 20",)}, NotEnoughCredits),
        ({"non_field_errors": ("Not enough credits",)}, NotEnoughCredits),
        ({"non_field_errors": ("Something", "Not enough credits")}, NotEnoughCredits),
        ({"non_field_errors": ("You do not have permission",)}, PermissionDenied),
        ({"recipient": ("Not enough credits",)}, PermissionDenied),
        ({"non_field_errors": ()}, PermissionDenied),
    ],
)
def test_403_is_money_or_permission(fields: dict[str, tuple[str, ...]], kind: type[StatusError]) -> None:
    """A 403 is for want of money where the server says so in its words about no field, else for another reason."""
    assert status_error(403, fields) is kind


@pytest.mark.parametrize(
    ("words", "required"),
    [
        (["Not enough credits, required: 20"], "20"),
        (["Not enough credits, required: 15.5"], "15.5"),
        (["Not enough credits, required:40 "], "40"),
        (["Something else", "Not enough credits, required: 20"], "20"),
        (["Not enough credits"], None),
        (["Not enough credits, required: "], None),
        (["Not enough credits, required: ."], None),
        (["Not enough credits, required: 1.2.3"], None),
        (["Not enough credits, required: -5"], None),
        (["Not enough credits, required: ²"], None),
        (["Not enough credits, required: many"], None),
        ([], None),
    ],
)
def test_required_credits(words: list[str], required: str | None) -> None:
    """The credits that a request needs are read from the server's sentence, and are None where it does not say."""
    error = NotEnoughCredits(403, operation="sms.send", field_errors={"non_field_errors": words})

    assert error.required == (None if required is None else Decimal(required))


@patient
@given(st.text())
def test_required_credits_never_raises(words: str) -> None:
    """Whatever follows ``required:`` gives a number or None."""
    error = NotEnoughCredits(403, operation="sms.send", field_errors={"non_field_errors": [f"required:{words}"]})

    assert error.required is None or error.required >= 0


def test_required_credits_without_field_errors() -> None:
    """Without the server's objections there is no number."""
    assert NotEnoughCredits(403, operation="sms.send").required is None


def test_specific_errors_come_before_general_ones_in_the_drawing() -> None:
    """The drawing is in the order in which it is read: a parent stands above its children."""
    names = [name for name, _, _ in tree_of_docstring()]

    assert len(set(names)) == len(names)
    assert all(parent == "Exception" or parent in names for _, parent, _ in tree_of_docstring())
    assert all(first != second for first, second in pairwise(names))


def test_coded_error_takes_its_fields_as_a_mapping_or_by_name() -> None:
    """Fields may be given as a mapping, by name, or both; without a template the code is the sentence."""
    error = SimulatorError("too_many", "there are {count:,} {kind} already", {"count": 1000}, kind="rules")

    assert (error.code, error.fields) == ("too_many", {"count": 1000, "kind": "rules"})
    assert str(error) == "there are 1,000 rules already"
    assert str(SimulatorError("too_many")) == "too_many"
