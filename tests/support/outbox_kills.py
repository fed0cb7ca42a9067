"""Kill workers of an outbox at random, and compare its rows with what the phones have received."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from xoxzo.cloudpy.simulator import Settings, Simulator

WORKERS = 3
GIVE_UP_SECONDS = 300.0
# A worker as `manage.py xoxzo_outbox`, whose times are shortened: what is tested is what happens when they are over.
WORKER = """
import json, os, django
from django.conf import settings
settings.configure(**json.loads(os.environ["SHOP_SETTINGS"]))
django.setup()
from django.core.management import call_command
from xoxzo.cloudpy.integrations.django.outbox import worker
worker.SWEEP_SECONDS, worker._RECONCILE_SECONDS, worker.POLL_SECONDS = 0.5, 1.0, 0.05
worker._MAX_RETRY_SECONDS = 1.0
call_command("xoxzo_outbox")
"""


def play(database: dict[str, Any], alias: str, folder: Path, *, rows: int, kills: int, seed: int) -> dict[str, int]:
    """Send rows with three workers that are killed again and again; return what was counted.

    Args:
        database: the settings of the database.
        alias: its alias in this process; its outbox is empty.
        folder: for the output of the workers.
        rows: how many messages are committed; half as many are rolled back.
        kills: how often a worker is killed.
        seed: of all choices.
    """
    chance = random.Random(seed)
    # The list shows everything: what is behind its end can stay unknown.
    with Simulator(Settings(seed=seed, list_cap=10 * rows)) as simulator, simulator.serve() as server:

        def start() -> subprocess.Popen[bytes]:
            return _start(database, server.url, folder)

        # A message that was unknown before any was sent stays so: nothing proves then that the list shows its time.
        _enqueue(alias, range(1), roll_back=())
        workers = [start() for _ in range(WORKERS)]
        try:
            assert _wait(alias, lambda: _count(alias, 1) == 1), (folder / "output").read_text()
            for kind in ("lose_reply", "error_after", "drop"):
                simulator.faults.add(kind, "POST /sms/messages/", chance=0.01)
            _enqueue(alias, range(1, rows), roll_back=range(rows, rows + rows // 2))
            killed = _kill(workers, start, simulator, kills, chance)
            assert killed == kills, (folder / "output").read_text()
            assert _wait(alias, lambda: not _count(alias, 0)), (folder / "output").read_text()
            settled, extra = False, rows + rows // 2
            give_up = time.monotonic() + GIVE_UP_SECONDS
            while not settled and time.monotonic() < give_up:
                # What is sent later proves that the list shows what came before.
                _enqueue(alias, range(extra, extra + 1), roll_back=())
                extra += 1
                settled = _wait(alias, lambda: not _count(alias, 0) + _count(alias, 3), seconds=2.0)
        finally:
            for worker in workers:
                worker.terminate()
            try:
                codes = [worker.wait(GIVE_UP_SECONDS) for worker in workers]
            finally:
                for worker in workers:
                    worker.kill()
                    worker.wait()
        # One that was started a moment ago, on a slow machine, may not handle signals yet.
        assert 0 in codes, (folder / "output").read_text()
        assert set(codes) <= {0, -signal.SIGTERM}, (folder / "output").read_text()
        return {"kills": kills, **_compare(alias, simulator, range(rows, rows + rows // 2))}


def play_first(database: dict[str, Any], alias: str, folder: Path) -> tuple[list[float], dict[str, int]]:
    """Kill a worker during the very first message; return how long after its lease others began, and counts."""
    from xoxzo.cloudpy.integrations.django.models import OutboxMessage

    rows = OutboxMessage.objects.using(alias)
    with Simulator() as simulator, simulator.serve() as server:
        simulator.faults.add("hang", "POST /sms/messages/", times=1, seconds=30)
        _enqueue(alias, range(10), roll_back=())
        workers = [_start(database, server.url, folder, lease=14)]
        try:
            # It is on its way.
            assert _wait(alias, lambda: not simulator.faults.active), (folder / "output").read_text()
            workers[0].kill()
            workers[0].wait()
            first, *more = rows.filter(attempts__gt=0)
            assert not more, (folder / "output").read_text()
            workers = [_start(database, server.url, folder, lease=14)]
            assert _wait(alias, lambda: not _count(alias, 0)), (folder / "output").read_text()
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        began = rows.exclude(pk=first.pk).values_list("began", flat=True)
        return [one - first.lease_until for one in began], _compare(alias, simulator, range(0))


def _start(database: dict[str, Any], url: str, folder: Path, *, lease: int = 3) -> subprocess.Popen[bytes]:
    outbox = {"lease": lease, "settle": 1}
    xoxzo = {"SID": "s", "AUTH_TOKEN": "t", "BASE_URL": url, "SENDER": "Shop", "OUTBOX": outbox}
    shop = {
        "SECRET_KEY": "of the tests",
        "DATABASES": {"default": database},
        "INSTALLED_APPS": ["xoxzo.cloudpy.integrations.django"],
        "USE_TZ": True,
        "XOXZO": xoxzo,
    }
    with (folder / "output").open("ab") as output:
        environment = os.environ | {"SHOP_SETTINGS": json.dumps(shop)}
        return subprocess.Popen([sys.executable, "-c", WORKER], stdout=output, stderr=output, env=environment)


def _number(n: int) -> str:
    return f"+8190{10_000_000 + n}"


def _enqueue(alias: str, committed: Any, *, roll_back: Any) -> None:
    from django.db import transaction

    from xoxzo.cloudpy.integrations.django import sms

    with transaction.atomic(using=alias):
        for n in committed:
            sms.enqueue(_number(n), "hello", reference=f"row-{n}", using=alias)
    with transaction.atomic(using=alias):
        for n in roll_back:
            sms.enqueue(_number(n), "never", reference=f"row-{n}", using=alias)
        transaction.set_rollback(True, using=alias)


def _kill(
    workers: list[subprocess.Popen[bytes]], start: Any, simulator: Simulator, kills: int, chance: random.Random
) -> int:
    """Kill workers, each time when something was sent meanwhile, and start others."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    for done in range(kills):
        before = len(simulator.engine.sms.by_phone)
        while len(simulator.engine.sms.by_phone) < before + 3:
            if time.monotonic() > give_up or any(worker.poll() is not None for worker in workers):
                return done
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 0.05))
        place = chance.randrange(len(workers))
        workers[place].kill()
        workers[place].wait()
        workers[place] = start()
    return kills


def _count(alias: str, state: int) -> int:
    from xoxzo.cloudpy.integrations.django.models import OutboxMessage

    return OutboxMessage.objects.using(alias).filter(state=state).count()


def _wait(alias: str, condition: Any, seconds: float = GIVE_UP_SECONDS) -> bool:
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True


def _compare(alias: str, simulator: Simulator, rolled_back: range) -> dict[str, int]:
    from xoxzo.cloudpy.integrations.django.models import OutboxMessage

    counts: Counter[str] = Counter()
    for row in OutboxMessage.objects.using(alias).all():
        got = simulator.phone(row.recipient).inbox
        counts["rows"] += 1
        counts["doubled"] += len(got) > 1
        counts["unknown"] += row.state == 3
        counts["lost"] += not got and row.state != 3
        counts["wrong"] += bool(got) and row.state == 1 and got[0].msgid != row.ident
        counts["retried"] += row.attempts > 1
    counts["rolled back and sent"] = sum(bool(simulator.phone(_number(n)).inbox) for n in rolled_back)
    return dict(counts)
