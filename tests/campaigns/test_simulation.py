"""Thousands of campaigns on a virtual clock, with faults and deaths; and that their judge sees what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from campaign_simulation import MortalLedger, play

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.campaigns import State
from xoxzo.cloudpy.campaigns.ledger import claims
from xoxzo.cloudpy.campaigns.reconciliation import reconciler
from xoxzo.cloudpy.campaigns.sending import sender
from xoxzo.cloudpy.campaigns.sending.send_errors import SendFailure, classify_error

CAMPAIGNS, BATCH, CAUGHT_WITHIN = 2000, 100, 300


@pytest.mark.parametrize("first", range(0, CAMPAIGNS, BATCH))
def test_no_campaign_loses_doubles_or_misreports(first: int, tmp_path: Path) -> None:
    """Whatever breaks and whenever the process dies, the ledger tells the truth and nobody is sent to twice."""
    deaths = unknown = 0
    for seed in range(first, first + BATCH):
        verdict = play(seed, tmp_path)
        assert verdict.is_clean, f"seed {seed}: {verdict}"
        deaths += verdict.deaths
        unknown += verdict.unknown
    assert deaths > BATCH, "hardly any process died: the test is worth little"


def _caught(folder: Path, ledger_class: type[MortalLedger] = MortalLedger) -> bool:
    return any(not play(seed, folder, ledger_class).is_clean for seed in range(CAUGHT_WITHIN))


def test_errors_of_the_server_taken_for_not_sent_are_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that sends again after a 5xx doubles messages, and the simulation sees it."""

    def hasty(error: BaseException) -> SendFailure:
        if isinstance(error, errors.ServerError):
            return SendFailure(State.WAITING, "5xx")
        return classify_error(error)

    monkeypatch.setattr(sender, "classify_error", hasty)
    assert _caught(tmp_path)


def test_claims_that_are_simply_sent_again_after_a_death_are_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that takes what an earlier one had claimed for not sent doubles messages, and the simulation sees it."""

    def forget(connection, n, claim, began, now):
        connection.execute("INSERT OR REPLACE INTO pending VALUES (?,?,0,?,?,'')", (n, State.WAITING, began, now))

    monkeypatch.setattr(claims, "_make_unknown", forget)
    assert _caught(tmp_path)


def test_a_list_believed_to_be_whole_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sending again whatever a capped sent list does not show doubles messages, and the simulation sees it."""
    monkeypatch.setattr(
        reconciler, "find_unsent", lambda unsettled, *, listed, **_: [one.n for one in unsettled if one.n not in listed]
    )
    assert _caught(tmp_path)


class _Late(MortalLedger):
    """A ledger whose claims are on disk only with the outcomes."""

    def claim(self, *args, **options):
        kept = self._connection.execute("SELECT value FROM meta WHERE name = 'cursor'").fetchone()
        claim = super().claim(*args, **options)
        self.__dict__.setdefault("undo", []).append((claim.ident, kept))
        return claim

    def close(self) -> None:
        # What stands for a commit that had not come yet when the process died.
        noted = {row[0] for row in self._connection.execute("SELECT DISTINCT claim FROM outcome")}
        for ident, kept in reversed(self.__dict__.get("undo", [])):
            if ident and ident not in noted:
                self._connection.execute("DELETE FROM claim WHERE ident = ?", (ident,))
                value = json.dumps(0) if kept is None else kept[0]
                self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('cursor', ?)", (value,))
        super().close()


def test_claims_that_reach_the_disk_after_the_send_are_caught(tmp_path: Path) -> None:
    """A ledger that claims in memory alone doubles messages after a death, and the simulation sees it."""
    assert _caught(tmp_path, _Late)


class _Hasty(MortalLedger):
    """A ledger that waits for no disk, so that a power cut takes claims that were sent to."""

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[object]:
        with super().transaction(durable=durable and not self.get("sealed")) as connection:
            yield connection


def test_claims_that_a_power_cut_takes_are_caught(tmp_path: Path) -> None:
    """A ledger whose claims are not on disk before the send doubles messages, and the simulation sees it."""
    assert _caught(tmp_path, _Hasty)
