"""Simulate several workers of one campaign, and check by planted mistakes that the simulation finds mistakes.

Each commit runs a part of the seeds; ``make check`` sets ``XOXZO_TESTS_ALL_SEEDS`` and runs all of them.
"""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest
from rotation import selected_part
from worker_simulation import simulate_workers

from xoxzo.cloudpy.campaigns import reconciliation
from xoxzo.cloudpy.campaigns.ledger import statements
from xoxzo.cloudpy.campaigns.reconciliation import find_unsent
from xoxzo.cloudpy.campaigns.sending.rules import Lease

CAMPAIGNS, PARTS = 100, 5
SEEDS_TO_FIND_A_MISTAKE = 200


@pytest.mark.parametrize("part", range(PARTS) if selected_part(PARTS) is None else [selected_part(PARTS)])
def test_workers_that_are_killed_and_stopped_double_nothing(part: int, tmp_path: Path) -> None:
    """Kills, stops longer than the lease and clocks that jump: nothing is lost, doubled or misreported."""
    size = CAMPAIGNS // PARTS
    killed = 0
    for seed in range(part * size, (part + 1) * size):
        result = simulate_workers(seed, tmp_path)
        assert result.is_clean, f"seed {seed}: {result}"
        killed += result.crashes
    assert killed > size / 3, "hardly any worker was killed: the test is worth little"


def _finds_mistake(folder: Path, first: int = 0) -> bool:
    """Return whether a mistake is found; to be quick, the seeds begin a little before one that finds it."""
    return any(not simulate_workers(first + n, folder).is_clean for n in range(SEEDS_TO_FIND_A_MISTAKE))


def test_finds_a_lease_that_is_not_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that was stopped for long sends what others have sent meanwhile."""
    monkeypatch.setattr(Lease, "may_write", lambda _: True)
    assert _finds_mistake(tmp_path, 121)


def _sweep(state: int, which: str, at: str) -> tuple[str, ...]:
    ended = statements.end_claims(state, "process_ended", which, at)
    return (*statements.START, *ended, *statements.APPLY, statements.CHANGED)


def test_finds_an_epoch_in_place_of_leases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a new worker ends the claims of all others, and these do not look at the time, they send what it sends."""
    monkeypatch.setattr(Lease, "may_write", lambda _: True)
    monkeypatch.setattr(statements, "SWEEP", _sweep(3, "1 = 1", "(SELECT now FROM progress)"))
    monkeypatch.setattr("worker_simulation.SharedLedger.sweep", _sweep_always)
    assert _finds_mistake(tmp_path, 22)


def _sweep_always(ledger) -> int:
    return len(ledger._change([(statement, None) for statement in statements.SWEEP])[-1])


def test_finds_what_is_sent_again_after_a_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was claimed by a worker that died may have been sent to: sending again doubles messages."""
    lapsed = "c.lease_until < (SELECT now FROM progress)"
    monkeypatch.setattr(statements, "SWEEP", _sweep(0, lapsed, "c.lease_until"))
    assert _finds_mistake(tmp_path)


def test_finds_a_proof_without_a_canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that lags behind shows nothing late: without a message from after the settling time it proves nothing."""

    def without_canary(unsettled, *, listed, confirmed, **rest):
        known = list(confirmed)
        after = [(n, inf) for n, _ in known if n in listed][:1]
        return find_unsent(unsettled, listed=listed, confirmed=[*known, *after], **rest)

    monkeypatch.setattr(reconciliation, "find_unsent", without_canary)
    condition = "AND next_n < total THEN next_n + 1"
    claim = tuple(statement.replace(condition, "AND 1 = 0 THEN next_n") for statement in statements.CLAIM)
    assert claim != statements.CLAIM
    monkeypatch.setattr(statements, "CLAIM", claim)
    assert _finds_mistake(tmp_path, 185)
