"""Kill the workers of an outbox: nothing is lost, and nobody gets a message twice."""

from __future__ import annotations

import os
from pathlib import Path

from django.db import connections
from outbox_kills import play, play_first

ROWS = int(os.environ.get("XOXZO_TESTS_OUTBOX_ROWS", "100"))
SEED = int(os.environ.get("XOXZO_TESTS_KILL_SEED", "1"))


def settings_of(database: str) -> dict[str, object]:
    """Return the settings with which a worker opens the same database."""
    return {name: connections[database].settings_dict[name] for name in ("ENGINE", "NAME", "USER", "HOST")}


def test_killed_workers_lose_and_double_nothing(database: str, tmp_path: Path) -> None:
    """Three workers are killed again and again while responses are lost: each message arrives once, or is unknown."""
    counts = play(settings_of(database), database, tmp_path, rows=ROWS, kills=ROWS // 20, seed=SEED)
    print(f"{database}, seed {SEED}: {counts}")
    wrong = ("doubled", "lost", "wrong", "unknown", "rolled back and sent")
    assert {name: counts[name] for name in wrong} == dict.fromkeys(wrong, 0), (tmp_path / "output").read_text()


def test_the_very_first_message_goes_alone(database: str, tmp_path: Path) -> None:
    """Until one was sent, the sent list can settle no other: so a kill leaves one unknown."""
    others, counts = play_first(settings_of(database), database, tmp_path)
    # Without the rule they begin many seconds before; two readings of a database's clock may differ a little.
    assert min(others) > -1
    assert (counts["doubled"], counts["lost"], counts["unknown"]) == (0, 0, 1), (tmp_path / "output").read_text()
