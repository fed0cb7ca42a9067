"""Reasons with values in them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from xoxzo.cloudpy.simulator.engine.rules import Reason


def test_a_reason_is_its_english_text() -> None:
    """It equals the finished sentence and keeps the parts; braces in a value are left alone."""
    reason = Reason("{host} is not on this machine", host="{n}.example")
    assert reason == "{n}.example is not on this machine"
    assert (reason.template, reason.values) == ("{host} is not on this machine", {"host": "{n}.example"})


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda reason: pickle.loads(pickle.dumps(reason))])
def test_a_copy_of_a_reason_can_be_translated(copied: Callable[[Reason], Reason]) -> None:
    """A copy has the text and the parts of the original."""
    reason = copied(Reason("{host} is not on this machine", host="{n}.example"))
    assert reason == "{n}.example is not on this machine"
    assert (reason.template, reason.values) == ("{host} is not on this machine", {"host": "{n}.example"})
