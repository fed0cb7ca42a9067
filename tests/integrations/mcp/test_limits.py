"""The limits of a session: nobody but the allow-list, never over the budget, no reference twice."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import booleans, integers, none, sampled_from

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.integrations.mcp.limits import NotAllowed, SendLimits

ANNE, BERT = "+818011112222", "+818011113333"


def test_allow_list() -> None:
    """Recipients are allowed by name or by number, and nobody else is."""
    limits = SendLimits({"anne": ANNE}, Decimal(10))
    assert limits.number_of("anne") == limits.number_of(ANNE) == ANNE
    for other in (BERT, "bert", "", "+8180 1111 2222"):
        with pytest.raises(NotAllowed, match="allow-list"):
            limits.number_of(other)


@pytest.mark.parametrize(
    ("recipients", "budget"), [({}, 1), ({"a": "080"}, 1), ({"a": ANNE}, 0), ({"a": ANNE}, "NaN"), ({"a": ANNE}, -5)]
)
def test_invalid_limits(recipients: dict[str, str], budget: object) -> None:
    """An empty list, a wrong number and a budget that is not above 0 are refused."""
    with pytest.raises(InvalidArgument):
        SendLimits(recipients, Decimal(budget))


@pytest.mark.parametrize("maybe_sent", [True, False])
def test_a_refusal_survives_json(maybe_sent: bool) -> None:
    """A refusal is made again from its JSON-encoded arguments, as task queues do."""
    error = NotAllowed("wait for its answer", maybe_sent=maybe_sent)
    twin = NotAllowed(*json.loads(json.dumps(error.args)))
    assert (str(twin), twin.maybe_sent) == (str(error), maybe_sent)


def test_references() -> None:
    """A sent message is not sent again, nor is one with an unknown outcome; an unsent one may be."""
    limits = SendLimits({"anne": ANNE}, Decimal(25))
    assert limits.reserve("a", ("x",), Decimal(10)) is None
    with pytest.raises(NotAllowed, match="right now") as caught:
        limits.reserve("a", ("x",), Decimal(10))
    assert caught.value.maybe_sent
    limits.mark_sent("a", {"id": "m1"})
    assert limits.reserve("a", ("x",), Decimal(10)) == {"id": "m1", "repeated": True}
    with pytest.raises(NotAllowed, match="something else"):
        limits.reserve("a", ("y",), Decimal(10))
    assert limits.reserve("b", ("x",), Decimal(10)) is None
    with pytest.raises(NotAllowed, match="5 are left of the budget 25"):
        limits.reserve("c", ("x",), Decimal(10))
    limits.mark_failed("b", maybe_sent=False)
    assert limits.left == 15
    assert limits.reserve("b", ("y",), Decimal(15)) is None
    limits.mark_failed("b", maybe_sent=True)
    assert limits.left == 0
    with pytest.raises(NotAllowed, match="not sent again"):
        limits.reserve("b", ("y",), Decimal(15))
    with pytest.raises(NotAllowed, match="price is not known"):
        limits.reserve("d", ("y",), None)
    with pytest.raises(InvalidArgument):
        limits.reserve("a,b", ("y",), Decimal(0))


def test_correct_cost() -> None:
    """A higher cost corrects the charge; an unknown one, or one that reads 0 at first, does not."""
    limits = SendLimits({"anne": ANNE}, Decimal(20))
    limits.reserve("a", ("x",), Decimal(10))
    limits.mark_sent("a", {"id": "c1"})
    limits.mark_sent("a", {})
    for ident, cost in (
        ("c1", Decimal(0)),
        ("c1", None),
        ("other", Decimal(99)),
        ("c1", Decimal(30)),
        ("c1", Decimal(30)),
    ):
        limits.correct_cost(ident, cost)
    assert (limits.spent, limits.left) == (30, -10)


class Session(RuleBasedStateMachine):
    """Calls and outcomes in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.limits = SendLimits({"anne": ANNE}, Decimal(50))
        self.in_flight: list[tuple[str, int]] = []
        self.sent: dict[str, int] = {}
        self.unknown: dict[str, int] = {}

    @rule(reference=sampled_from("abcdef"), cost=integers(0, 20), known=booleans() | none())
    def reserve(self, reference: str, cost: int, known: bool | None) -> None:
        content = ("x", reference)
        try:
            found = self.limits.reserve(reference, content, None if known is None else Decimal(cost))
        except NotAllowed:
            return
        if found is None:
            assert reference not in self.sent
            assert reference not in self.unknown
            self.in_flight.append((reference, cost))
        else:
            assert found["repeated"]
            assert reference in self.sent

    @rule(outcome=sampled_from(["sent", "unknown", "unsent"]))
    def end(self, outcome: str) -> None:
        if self.in_flight:
            reference, cost = self.in_flight.pop(0)
            if outcome == "sent":
                self.limits.mark_sent(reference, {"id": reference})
                self.sent[reference] = cost
            elif outcome == "unknown":
                self.limits.mark_failed(reference, maybe_sent=True)
                self.unknown[reference] = cost
            else:
                self.limits.mark_failed(reference, maybe_sent=False)

    @invariant()
    def spent_is_charged(self) -> None:
        charged = sum(self.sent.values()) + sum(self.unknown.values()) + sum(cost for _, cost in self.in_flight)
        assert self.limits.spent == charged <= 50
        assert len({reference for reference, _ in self.in_flight}) == len(self.in_flight)


TestSession = Session.TestCase
TestSession.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
