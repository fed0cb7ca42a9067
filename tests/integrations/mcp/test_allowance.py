"""The book-keeping of a session: nobody else, never over the budget, no reference twice."""

from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import booleans, integers, none, sampled_from

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.integrations.mcp.allowance import Allowance, NotAllowed

ANNE, BERT = "+818011112222", "+818011113333"


def test_who() -> None:
    """People are reached by name or number, and nobody else is."""
    allowance = Allowance({"anne": ANNE}, Decimal(10))
    assert allowance.number_of("anne") == allowance.number_of(ANNE) == ANNE
    for other in (BERT, "bert", "", "+8180 1111 2222"):
        with pytest.raises(NotAllowed, match="allow-list"):
            allowance.number_of(other)


@pytest.mark.parametrize(
    ("people", "budget"), [({}, 1), ({"a": "080"}, 1), ({"a": ANNE}, 0), ({"a": ANNE}, "NaN"), ({"a": ANNE}, -5)]
)
def test_no_limits(people: dict[str, str], budget: object) -> None:
    """Limits that limit nothing, or make no sense, are refused."""
    with pytest.raises(InvalidArgument):
        Allowance(people, Decimal(budget))


def test_references() -> None:
    """What went out is told again and not sent again; what is in doubt is not either; what surely did not may be."""
    allowance = Allowance({"anne": ANNE}, Decimal(25))
    assert allowance.reserve("a", ("x",), Decimal(10)) is None
    with pytest.raises(NotAllowed, match="right now") as caught:
        allowance.reserve("a", ("x",), Decimal(10))
    assert caught.value.maybe_sent
    allowance.done("a", {"id": "m1"})
    assert allowance.reserve("a", ("x",), Decimal(10)) == {"id": "m1", "repeated": True}
    with pytest.raises(NotAllowed, match="something else"):
        allowance.reserve("a", ("y",), Decimal(10))
    assert allowance.reserve("b", ("x",), Decimal(10)) is None
    with pytest.raises(NotAllowed, match="5 are left of the budget 25"):
        allowance.reserve("c", ("x",), Decimal(10))
    allowance.unsent("b")
    assert allowance.left == 15
    assert allowance.reserve("b", ("y",), Decimal(15)) is None
    allowance.doubt("b")
    assert allowance.left == 0
    with pytest.raises(NotAllowed, match="not sent again"):
        allowance.reserve("b", ("y",), Decimal(15))
    with pytest.raises(NotAllowed, match="price is not known"):
        allowance.reserve("d", ("y",), None)
    with pytest.raises(InvalidArgument):
        allowance.reserve("a,b", ("y",), Decimal(0))


def test_the_real_cost() -> None:
    """What turns out dearer is corrected, what is unknown or reads 0 at first is not."""
    allowance = Allowance({"anne": ANNE}, Decimal(20))
    allowance.reserve("a", ("x",), Decimal(10))
    allowance.done("a", {"id": "c1"})
    allowance.done("a", {})
    for ident, cost in (
        ("c1", Decimal(0)),
        ("c1", None),
        ("other", Decimal(99)),
        ("c1", Decimal(30)),
        ("c1", Decimal(30)),
    ):
        allowance.settle(ident, cost)
    assert (allowance.spent, allowance.left) == (30, -10)


class Session(RuleBasedStateMachine):
    """Any order of calls and outcomes."""

    def __init__(self) -> None:
        super().__init__()
        self.allowance = Allowance({"anne": ANNE}, Decimal(50))
        self.open: list[tuple[str, int]] = []
        self.sent: dict[str, int] = {}
        self.doubted: dict[str, int] = {}

    @rule(reference=sampled_from("abcdef"), cost=integers(0, 20), known=booleans() | none())
    def ask(self, reference: str, cost: int, known: bool | None) -> None:
        what = ("x", reference)
        try:
            found = self.allowance.reserve(reference, what, None if known is None else Decimal(cost))
        except NotAllowed:
            return
        if found is None:
            assert reference not in self.sent
            assert reference not in self.doubted
            self.open.append((reference, cost))
        else:
            assert found["repeated"]
            assert reference in self.sent

    @rule(how=sampled_from(["done", "doubt", "unsent"]))
    def end(self, how: str) -> None:
        if self.open:
            reference, cost = self.open.pop(0)
            if how == "done":
                self.allowance.done(reference, {"id": reference})
                self.sent[reference] = cost
            elif how == "doubt":
                self.allowance.doubt(reference)
                self.doubted[reference] = cost
            else:
                self.allowance.unsent(reference)

    @invariant()
    def holds(self) -> None:
        due = sum(self.sent.values()) + sum(self.doubted.values()) + sum(cost for _, cost in self.open)
        assert self.allowance.spent == due <= 50
        assert len({reference for reference, _ in self.open}) == len(self.open)


TestSession = Session.TestCase
TestSession.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
