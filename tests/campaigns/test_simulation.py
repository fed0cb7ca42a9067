"""Simulate campaigns with faults and crashes, and check by planted mistakes that the simulation finds mistakes.

Each commit runs a fifth of the seeds; ``make check`` sets ``XOXZO_TESTS_ALL_SEEDS`` and runs all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from campaign_simulation import SETTLE, CrashingLedger, Scenario, simulate
from rotation import selected_part

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.campaigns import Limits, State, reconciliation
from xoxzo.cloudpy.campaigns.ledger import statements
from xoxzo.cloudpy.campaigns.sending import sender
from xoxzo.cloudpy.campaigns.sending.campaign_run import CampaignRun
from xoxzo.cloudpy.campaigns.sending.rules import SendFailure, classify_error

CAMPAIGNS, BATCH, PARTS = 1000, 100, 5
SEEDS_TO_FIND_A_MISTAKE = 300


def _first_seeds() -> range:
    """Return the first seed of each batch: of all, or of the part that the commit selects."""
    part = selected_part(PARTS)
    if part is None:
        return range(0, CAMPAIGNS, BATCH)
    size = CAMPAIGNS // PARTS
    return range(part * size, (part + 1) * size, BATCH)


@pytest.mark.parametrize("first", _first_seeds())
def test_no_campaign_loses_doubles_or_misreports(first: int, tmp_path: Path) -> None:
    """Whatever fails and whenever the process crashes, the ledger is correct and nothing is sent twice."""
    crashes = unknown = 0
    for seed in range(first, first + BATCH):
        result = simulate(seed, tmp_path)
        assert result.is_clean, f"seed {seed}: {result}"
        crashes += result.crashes
        unknown += result.unknown
    assert crashes > BATCH, "hardly any process crashed: the test is worth little"


# A campaign that is larger than the sent list, and one that goes on for longer than a late acceptance can take.
_LARGE = Scenario(
    people=60,
    cap=20,
    fault_share=0.2,
    faults=("lost after", "error after", "truncated"),
    limits=Limits(concurrency=3, settle=SETTLE, stop_share=1.0),
)
_LONG = Scenario(
    people=120,
    cap=1000,
    fault_share=0.1,
    faults=("lost before", "lost after"),
    limits=Limits(rate=4.0, settle=10.0, canaries=0, stop_share=1.0),
    crashes=False,
)


@pytest.mark.parametrize(("scenario", "campaigns"), [(_LARGE, 15), (_LONG, 2)], ids=["large", "long"])
def test_unknown_messages_are_resolved_while_the_campaign_runs(
    scenario: Scenario, campaigns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read only at the end has left a list that is too small, or cannot be proven any more."""

    def unresolved() -> int:
        every = [simulate(seed, tmp_path, scenario=scenario) for seed in range(campaigns)]
        assert all(result.is_clean for result in every)
        return sum(result.unknown_but_accepted if scenario is _LARGE else result.unknown for result in every)

    async def never(_run: CampaignRun) -> None:
        pass

    running = unresolved()
    monkeypatch.setattr(CampaignRun, "_look_up_regularly", never)
    at_the_end = unresolved()
    assert running < at_the_end / 3, (running, at_the_end)


def _finds_mistake(folder: Path, ledger_class: type[CrashingLedger] = CrashingLedger, first: int = 0) -> bool:
    """Return whether a mistake is found; to be quick, the seeds begin a little before one that finds it."""
    seeds = range(first, first + SEEDS_TO_FIND_A_MISTAKE)
    return any(not simulate(seed, folder, ledger_class).is_clean for seed in seeds)


def test_finds_server_errors_classified_as_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that sends again after a 5xx duplicates messages."""

    def misclassify(error: BaseException) -> SendFailure:
        if isinstance(error, errors.ServerError):
            return SendFailure(State.WAITING, "5xx")
        return classify_error(error)

    monkeypatch.setattr(sender, "classify_error", misclassify)
    assert _finds_mistake(tmp_path)


def test_finds_claims_sent_again_after_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that treats what an earlier one has claimed as not sent duplicates messages."""
    mistake = (*statements.START, *statements.end_claims(0, "", "1 = 1", "c.at"), *statements.APPLY, statements.CHANGED)
    monkeypatch.setattr(statements, "SWEEP", mistake)
    assert _finds_mistake(tmp_path)


def test_finds_a_capped_list_treated_as_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sending again whatever a capped sent list does not show duplicates messages."""
    monkeypatch.setattr(
        reconciliation,
        "find_unsent",
        lambda unsettled, *, listed, **_: [one.n for one in unsettled if one.n not in listed],
    )
    assert _finds_mistake(tmp_path, first=106)


class _LateLedger(CrashingLedger):
    """A ledger whose claims are stored only with the outcomes."""

    def claim(self, request):
        before = self._fetch("SELECT next_n FROM progress")[0][0]
        claim = super().claim(request)
        self.__dict__.setdefault("undo", []).append((claim.ident, before))
        return claim

    def close(self) -> None:
        # As if the commit had not been made yet when the process crashed.
        recorded = {row[0] for row in self._connection.execute("SELECT DISTINCT claim FROM outcome")}
        for ident, before in reversed(self.__dict__.get("undo", [])):
            if ident not in recorded:
                self._connection.execute("DELETE FROM claim WHERE id = ?", (ident,))
                self._connection.execute("UPDATE progress SET next_n = ?", (before,))
        super().close()


def test_finds_claims_stored_after_the_send(tmp_path: Path) -> None:
    """A ledger that claims in memory alone duplicates messages after a crash."""
    assert _finds_mistake(tmp_path, _LateLedger)


class _VolatileLedger(CrashingLedger):
    """A ledger that does not wait for the disk, so that a power cut loses claims."""

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[object]:
        with super().transaction(durable=durable and not self.get("sealed")) as connection:
            yield connection


def test_finds_claims_lost_in_a_power_cut(tmp_path: Path) -> None:
    """A ledger whose claims are not on disk before the send duplicates messages."""
    assert _finds_mistake(tmp_path, _VolatileLedger)
