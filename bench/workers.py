"""Disturb a campaign that real Celery workers send, for a long time: a part of `make soak`."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

REPOSITORY = Path(__file__).parent.parent
WORKERS = 3
LEASE_SECONDS = 4.0


def disturb(seed: int, messages: int, disturbances: dict[str, int]) -> list[str]:
    """Send a campaign while workers are killed and stopped, and servers restarted; return what was wrong.

    Args:
        seed: of the order and the times of the disturbances.
        messages: how many recipients there are.
        disturbances: how many of each kind: ``child_kills``, ``worker_kills``, ``worker_stops`` (longer than a lease),
            ``broker_restarts`` (which empty it), ``broker_flushes``, ``database_crashes``.
    """
    sys.path.insert(0, str(REPOSITORY / "tests" / "support"))
    from celery_shop import CeleryShop, objections, unknown_numbers
    from database_servers import postgresql_cluster, redis_server

    from xoxzo.cloudpy.campaigns import Limits, State
    from xoxzo.cloudpy.simulator import Settings, Simulator

    chance = random.Random(seed)
    plan = [kind for kind, count in disturbances.items() for _ in range(count)]
    chance.shuffle(plan)
    settings = Settings(
        seed=seed,
        sms_queued_seconds=0.01,
        sms_delivering_seconds=0.01,
        credits=10**9,
        max_messages=messages + 1000,
        list_cap=messages + 1000,
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = stack.enter_context(postgresql_cluster())
        broker = stack.enter_context(redis_server())
        simulator = stack.enter_context(Simulator(settings))
        for kind, share in (("lose_reply", 0.001), ("error_after", 0.001), ("throttled", 0.001), ("drop", 0.001)):
            simulator.faults.add(kind, "POST /sms/messages/", chance=share)
        server = stack.enter_context(simulator.serve())
        database = stack.enter_context(cluster.new_database())
        account = {"XOXZO_API_SID": "s", "XOXZO_API_AUTH_TOKEN": "t", "XOXZO_API_HOST": server.url}
        shop = CeleryShop(folder, database, broker.url, account)
        shop.create(messages)
        limits = Limits(concurrency=10, settle=2.0, lease=LEASE_SECONDS, rate=200, stop_share=1.0)
        shop.dispatch(WORKERS, limits)
        stack.enter_context(shop.beat())
        workers = [stack.enter_context(Worker(shop)) for _ in range(WORKERS)]
        for kind in plan:
            time.sleep(chance.uniform(0.2, 1.5))
            {
                "child_kills": lambda: chance.choice(workers).kill_child(),
                "worker_kills": lambda: chance.choice(workers).restart(),
                "worker_stops": lambda: chance.choice(workers).stop(1.5 * LEASE_SECONDS),
                "broker_restarts": lambda: (broker.stop(signal.SIGKILL), broker.start()),
                "broker_flushes": lambda: flush(broker.url),
                "database_crashes": lambda: (cluster.stop(), cluster.start()),
            }[kind]()
        # The machine may reach a small part of the rate only.
        shop.wait(lambda campaign: campaign.state == "finished", 600 + messages / 20)
        received = Counter({number: len(texts) for number, texts in simulator.engine.sms.by_phone.items()})
        # The list can be read, so beat's sweeps find all that were sent.
        shop.wait(lambda campaign: not any(received[number] for number in unknown_numbers(campaign)))
        with shop.open() as campaign:
            tally = campaign.tally()
            print(f"{messages:,} messages by {WORKERS} Celery workers, seed {seed}, {disturbances}:")
            print(f"  {tally.sent:,} sent, {tally[State.UNKNOWN]} unknown, {sum(received.values()):,} received")
            return objections(campaign, received)


def flush(url: str) -> None:
    """Empty a broker."""
    import redis

    with redis.Redis.from_url(url) as connection:
        connection.flushall()


class Worker:
    """A worker that is started again when it was killed."""

    def __init__(self, shop: object) -> None:
        self._shop = shop
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._process = self._stack.enter_context(self._shop.worker())
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def kill_child(self) -> None:
        """Kill the process that runs tasks; the worker starts another one."""
        self._signal_children(signal.SIGKILL)

    def restart(self) -> None:
        """Kill the whole worker, and start another one."""
        self._stack.close()
        self.__enter__()

    def stop(self, seconds: float) -> None:
        """Stop the process that runs tasks, and let it go on after some seconds."""
        self._signal_children(signal.SIGSTOP)
        time.sleep(seconds)
        self._signal_children(signal.SIGCONT)

    def _signal_children(self, number: int) -> None:
        from celery_shop import children

        with suppress(OSError):
            for child in children(self._process):
                os.kill(child, number)
