"""Kill the workers of an outbox: nothing is lost, and nobody gets a message twice."""

from __future__ import annotations

import os
from pathlib import Path

from django.db import connections
from outbox_kills import play

ROWS = int(os.environ.get("XOXZO_TESTS_OUTBOX_ROWS", "100"))
SEED = int(os.environ.get("XOXZO_TESTS_KILL_SEED", "1"))


def test_killed_workers_lose_and_double_nothing(database: str, tmp_path: Path) -> None:
    """Three workers are killed again and again while responses are lost: each message arrives once, or is unknown."""
    settings = connections[database].settings_dict
    names = ("ENGINE", "NAME", "USER", "HOST")
    counts = play({name: settings[name] for name in names}, database, tmp_path, rows=ROWS, kills=ROWS // 20, seed=SEED)
    print(f"{database}, seed {SEED}: {counts}")
    wrong = ("doubled", "lost", "wrong", "unknown", "rolled back and sent")
    assert {name: counts[name] for name in wrong} == dict.fromkeys(wrong, 0), (tmp_path / "output").read_text()
