"""Real workers with PostgreSQL and Redis: killed, stopped, restarted, and with an emptied broker."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery_shop import CeleryShop, children, kill, objections
from database_servers import PostgresqlCluster, RedisServer

from xoxzo.cloudpy.campaigns import Limits, State
from xoxzo.cloudpy.simulator import Settings, Simulator

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Celery's workers fork")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator that delivers at once."""
    with Simulator(Settings(seed=1, sms_queued_seconds=0.01, sms_delivering_seconds=0.01)) as simulator:
        yield simulator


@pytest.fixture
def shop(database_url: str, redis: RedisServer, simulator: Simulator, tmp_path: Path) -> Iterator[CeleryShop]:
    """A shop with a database and an empty broker of its own."""
    flush(redis)
    with simulator.serve() as server:
        account = {"XOXZO_API_SID": "s", "XOXZO_API_AUTH_TOKEN": "t", "XOXZO_API_HOST": server.url}
        yield CeleryShop(tmp_path, database_url, redis.url, account)


def flush(redis: RedisServer) -> None:
    """Empty the broker."""
    import redis as client

    with client.Redis.from_url(redis.url) as connection:
        connection.flushall()


def received(simulator: Simulator) -> Counter[str]:
    """Return how many messages each phone has received."""
    return Counter({number: len(messages) for number, messages in simulator.engine.sms.by_phone.items()})


def test_disturbed_workers(
    shop: CeleryShop, simulator: Simulator, redis: RedisServer, postgresql: PostgresqlCluster
) -> None:
    """Killed workers, an emptied broker, a crashed database and a deployment: nobody is lost, nobody gets two."""
    total = 300
    shop.create(total)
    shop.dispatch(2, Limits(concurrency=5, settle=1.0, lease=3.0, rate=50))
    with shop.beat(), shop.worker() as first, shop.worker() as second:
        shop.wait(lambda campaign: campaign.tally().sent > 20)
        os.kill(children(second)[0], signal.SIGKILL)
        shop.wait(lambda campaign: campaign.tally().sent > 50)
        kill(first)
        flush(redis)
        postgresql.stop()
        postgresql.start()
        with shop.worker() as third:
            shop.wait(lambda campaign: campaign.tally().sent > 100)
            third.send_signal(signal.SIGTERM)
            assert third.wait(60) == 0
        shop.wait(lambda campaign: campaign.state == "finished")
    with shop.open() as campaign:
        assert objections(campaign, received(simulator)) == []
        assert campaign.tally()[State.UNKNOWN] == 0
        assert campaign.tally().sent == total
    assert "is wrong" not in shop.logs()
