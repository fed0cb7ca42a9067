"""What two Celery workers send of a campaign in PostgreSQL, against the same sends by them without a ledger."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bench.campaigns import nginx
from xoxzo.cloudpy.campaigns import Campaign, Content, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

SUPPORT = Path(__file__).parent.parent / "tests" / "support"
WORKERS, ROUNDS, MESSAGES = 2, 3, 100_000
CONCURRENCY = Limits().concurrency
GOAL, GOAL_RATIO = 6_000, 0.65
CONTENT = Content(kind="text", sender="Shop", message="こんにちは")
PROGRAMS = {"nginx": "/usr/sbin", "initdb": "/usr/lib/postgresql", "redis-server": "/usr/bin"}
# The shop's own module: its workers have a task that sends without a ledger, too.
SHOP = f"""
import asyncio, json, os, time
from celery import Celery
from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns.sending.run_thread import fast_loop_factory
from xoxzo.cloudpy.integrations.celery import install

app = Celery("shop", broker=os.environ["SHOP_BROKER"])
app.conf.update(
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_transport_options={{"visibility_timeout": 120, "unacked_restore_throttle": 1}},
)
install(app, sender="Shop")

@app.task(name="send", ignore_result=True)
def send(path, first, count):
    async def main():
        numbers = iter(range(first, first + count))
        async with AsyncClient(max_connections={CONCURRENCY}) as client:
            async def work():
                for n in numbers:
                    await client.sms.send(
                        recipient=f"+8190{{10000000 + n}}", sender="Shop", message="こんにちは", reference=f"x-{{n}}"
                    )
            began = time.time()
            await asyncio.gather(*(work() for _ in range({CONCURRENCY})))
            return began, time.time()
    with asyncio.Runner(loop_factory=fast_loop_factory()) as runner:
        times = runner.run(main())
    with open(path + ".part", "w") as file:
        json.dump(times, file)
    os.rename(path + ".part", path)
"""


def measure() -> Iterator[str]:
    """Compare both in turns; rates are counted from the first request to the last response, without any start-up."""
    missing = [name for name in PROGRAMS if not _is_there(name)]
    if missing:
        yield f"campaign by Celery workers: {', '.join(missing)} not installed"
        return
    sys.path.insert(0, str(SUPPORT))
    from celery_shop import CeleryShop
    from database_servers import postgresql_cluster, redis_server

    with ExitStack() as stack:
        url = stack.enter_context(nginx())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(stack.enter_context(postgresql_cluster(durable=True)).new_database())
        broker = stack.enter_context(redis_server())
        account = {"XOXZO_API_SID": "a", "XOXZO_API_AUTH_TOKEN": "b", "XOXZO_API_HOST": url}
        shop = CeleryShop(folder, database, broker.url, account, SHOP)
        for _ in range(WORKERS):
            stack.enter_context(shop.worker())
        loose, durable = [], []
        for turn in range(ROUNDS):
            loose.append(_without_ledger(shop, turn))
            durable.append(_with_ledger(shop, turn))
    ratio = statistics.median(one / other for one, other in zip(durable, loose, strict=True))
    yield (
        f"campaign in PostgreSQL, {WORKERS} Celery workers, {CONCURRENCY} in flight each, through TLS to nginx: "
        f"{max(durable):,.0f} messages/s (goal: {GOAL:,} on a quiet machine), {ratio:.2f} × the same without a ledger "
        f"(goal: {GOAL_RATIO}), which did {max(loose):,.0f}"
    )


def _is_there(name: str) -> bool:
    return shutil.which(name) is not None or any(Path(PROGRAMS[name]).rglob(name))


def _without_ledger(shop, turn: int) -> float:
    paths = [shop.folder / f"{turn}-{worker}.json" for worker in range(WORKERS)]
    each = MESSAGES // WORKERS
    with shop.queue() as queue:
        for worker, path in enumerate(paths):
            queue.send_task("send", (str(path), worker * each, each))
    while not all(path.exists() for path in paths):
        time.sleep(0.05)
    times = [json.loads(path.read_text()) for path in paths]
    return each * WORKERS / (max(ended for _, ended in times) - min(began for began, _ in times))


def _with_ledger(shop, turn: int) -> float:
    rows = ({"tel": f"090{10000000 + n}"} for n in range(MESSAGES))
    with Campaign.create(f"c{turn}", rows, CONTENT, store=shop.database) as campaign, shop.queue() as queue:
        campaign.dispatch(queue, Limits(concurrency=CONCURRENCY), workers=WORKERS)
        while campaign.state != "finished":
            time.sleep(0.1)
        times = [(one.began, one.sent) for one in campaign.recipient_statuses()]
    assert all(sent for _, sent in times), campaign.tally()
    return MESSAGES / (max(sent for _, sent in times) - min(began for began, _ in times))


if __name__ == "__main__":
    for line in measure():
        print(line)
