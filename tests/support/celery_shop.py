"""A shop with PostgreSQL, Redis and real Celery workers, for the tests and for `make soak`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from campaign_makers import people

from xoxzo.cloudpy.campaigns import Campaign, Content, Limits

if TYPE_CHECKING:
    from celery import Celery

# The times of a campaign, shortened: what is tested is what happens when they are over.
SHOP = """
import os
from celery import Celery
from xoxzo.cloudpy.campaigns import campaign as campaigns
from xoxzo.cloudpy.integrations.celery import chunks, install

chunks.CHUNK_SECONDS, chunks.SWEEP_SECONDS, chunks.RETRY_SECONDS, campaigns._REPEAT_SECONDS = 3.0, 1.0, 0.5, 2.0
chunks._RECONCILE_SECONDS = 1.0
app = Celery("shop", broker=os.environ["SHOP_BROKER"])
app.conf.update(
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": 40, "unacked_restore_interval": 1, "unacked_restore_throttle": 1},
)
install(app, sender="Shop")
"""
LIMITS = Limits(concurrency=5, settle=1.0, lease=4.0)
GIVE_UP_SECONDS = 120.0


class CeleryShop:
    """The shop's folder, servers, campaign and workers.

    Args:
        folder: for its files.
        database: the address of the store.
        broker: the address of Redis.
        account: ``XOXZO_API_SID``, ``XOXZO_API_AUTH_TOKEN`` and ``XOXZO_API_HOST``.
        module: the module that makes its application.
    """

    def __init__(self, folder: Path, database: str, broker: str, account: dict[str, str], module: str = SHOP) -> None:
        self.folder = folder
        self.database = database
        (folder / "shop.py").write_text(module)
        self.environment = (
            os.environ
            | account
            | {
                "XOXZO_CAMPAIGNS": database,
                "SHOP_BROKER": broker,
                # Celery refuses nothing to root, but warns.
                "C_FORCE_ROOT": "1",
            }
        )
        self._count = 0

    def create(self, count: int) -> str:
        """Create the campaign ``spring``, and return the beginning of its references."""
        content = Content(kind="text", sender="Shop", message="{name}様")
        with Campaign.create("spring", people(count), content, store=self.database) as campaign:
            return campaign.reference_prefix

    def open(self) -> Campaign:
        """Open the campaign."""
        return Campaign.open("spring", store=self.database)

    def dispatch(self, workers: int, limits: Limits = LIMITS) -> None:
        """Dispatch the campaign."""
        with self.queue() as queue, self.open() as campaign:
            campaign.dispatch(queue, limits, workers=workers)

    def queue(self) -> Celery:
        """Return an application that publishes tasks."""
        from celery import Celery

        return Celery(broker=self.environment["SHOP_BROKER"], set_as_current=False)

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Start a worker with one process for its tasks; kill what is left of both at the end."""
        options = ("--concurrency", "1", "--without-gossip", "--without-mingle", "--hostname", f"w{self._count}@shop")
        with self._celery("worker", *options, ready="ready.") as process:
            yield process

    @contextmanager
    def beat(self) -> Iterator[None]:
        """Start the process that publishes a sweep every few seconds."""
        with self._celery("beat", ready="Starting"):
            yield

    @contextmanager
    def _celery(self, *command: str, ready: str) -> Iterator[subprocess.Popen[bytes]]:
        self._count += 1
        output = self.folder / f"celery{self._count}.log"
        with output.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "--app", "shop", *command, "--loglevel", "info"],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                # A group of its own, which a power cut ends at once.
                start_new_session=True,
            )
            try:
                give_up = time.monotonic() + GIVE_UP_SECONDS
                while ready not in output.read_text():
                    assert process.poll() is None, output.read_text()
                    assert time.monotonic() < give_up, output.read_text()
                    time.sleep(0.05)
                yield process
            finally:
                kill(process)

    def wait(self, condition: Callable[[Campaign], bool], seconds: float = GIVE_UP_SECONDS) -> None:
        """Wait until a condition of the campaign holds, for some seconds at most."""
        give_up = time.monotonic() + seconds
        with self.open() as campaign:
            while not condition(campaign):
                assert time.monotonic() < give_up, f"{campaign.state} {campaign.tally()} {self.logs()}"
                time.sleep(0.1)

    def logs(self) -> str:
        """Return the last lines of the workers' logs."""
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.folder.glob("celery*.log")))


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a worker with all its processes, as a power cut does."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait(60)


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the ids of a worker's child processes."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(one) for one in found]


def unknown_numbers(campaign: Campaign) -> list[str]:
    """Return the numbers of the recipients whose outcome is unknown."""
    return [recipient.number for one in campaign.unknown() for recipient in campaign.ledger.recipients(one.n, one.n)]


def objections(campaign: Campaign, received: Counter[str]) -> list[str]:
    """Compare the ledger with what the phones have received: nobody twice, nobody lost, nobody wrongly reported."""
    wrong = []
    for status in campaign.recipient_statuses():
        count = received[status.recipient.number]
        if count > 1:
            wrong.append(f"recipient {status.recipient.n} got {count} messages")
        if status.state.is_sent and count == 0:
            wrong.append(f"recipient {status.recipient.n} is {status.state.name} and got none")
        if count and not status.state.is_sent and status.state.name != "UNKNOWN":
            wrong.append(f"recipient {status.recipient.n} is {status.state.name} and got {count}")
    return wrong
