"""Simulate several workers of one campaign: kills, stops that are longer than the lease, and clocks that jump."""

from __future__ import annotations

import asyncio
import random
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from campaign_simulation import (
    START,
    Crash,
    FaultyTransport,
    SimulatedService,
    SimulationResult,
    VirtualLoop,
    compare_with_service,
)
from without_coverage import uncounted

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Content, Limits, Recipient, State
from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.ledger import SqliteLedger
from xoxzo.cloudpy.campaigns.sending.campaign_run import CampaignRun

LEASE, SETTLE = 20.0, 30.0
LONGEST = 4000.0


@dataclass
class World:
    """The time that all clocks agree on, and who runs."""

    rng: random.Random
    service: SimulatedService
    now: float = 0.0
    workers: list[Worker] = field(default_factory=list)


class SharedLedger(SqliteLedger):
    """The ledger that all workers share. Its clock is the database's: no worker's clock matters to it."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        super().__init__(path, create=create)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")

    def lock(self) -> None:
        """Let any number of workers in."""

    def _set_durable(self, wanted: bool) -> None:
        pass


class WorkerLedger:
    """The ledger as one worker sees it: with its own clock, until the worker is killed."""

    def __init__(self, ledger: SharedLedger, worker: Worker, clock: SteadyClock) -> None:
        self._ledger = ledger
        self._worker = worker
        self.clock = clock

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._ledger, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **options: Any) -> Any:
            self._worker.step()
            result = found(*arguments, **options)
            # It may be killed before it has the answer.
            self._worker.step()
            return result

        return call

    def claim(self, request: Any) -> Any:
        """Claim, with the lease counted by the worker's own clock."""
        asked = self.clock.monotonic()
        self._worker.step()
        claim = self._ledger.claim(request)
        self._worker.step()
        return SimpleNamespace(**{name: getattr(claim, name) for name in claim.__struct_fields__} | {"asked": asked})


class Worker:
    """A process: its event loop runs only when the simulation lets it."""

    def __init__(self, world: World, ledger: SharedLedger, limits: Limits) -> None:
        self.world = world
        self.is_dead = self.was_killed = False
        self.stopped_until = 0.0
        self.steps = world.rng.choice((None, None, world.rng.randrange(5, 200)))
        self.stops = [world.rng.randrange(5, 100) for _ in range(world.rng.choice((0, 1, 2)))]
        self._wall_offset = 0.0
        self.loop = VirtualLoop(world.now)
        clock = SteadyClock(0.0, lambda: START + self.world.now + self._wall_offset, lambda: self.world.now)
        self._clock = clock
        self._ledger = WorkerLedger(ledger, self, clock)
        self.task = self._within(lambda: self.loop.create_task(self._run(limits)))

    def step(self) -> None:
        """Count a step: here the process may be killed, or stopped, or its clock be set."""
        if self.is_dead:
            raise Crash
        rng = self.world.rng
        if self.steps is not None:
            self.steps -= 1
            if self.steps < 0:
                self.is_dead = True
                raise Crash
        if self.stops:
            self.stops[0] -= 1
            if self.stops[0] < 0:
                self.stops.pop(0)
                self.stopped_until = self.world.now + rng.choice((0.7, 2.0, 5.0, 8.0)) * LEASE
        if rng.random() < 0.002:
            self._wall_offset += rng.choice((-3600.0, 3600.0))

    async def _run(self, limits: Limits) -> None:
        transport = WorkerTransport(self.world.service, self)
        async with AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=transport) as client:
            content = Content(kind="text", sender="Shop", message="hello")
            await CampaignRun(self._ledger, content, "c", client=client, limits=limits).run()

    @property
    def is_done(self) -> bool:
        return self.is_dead or self.task.done()

    def next_time(self) -> float:
        """Return when its event loop has something to do."""
        loop = self.loop
        due = self.world.now if loop._ready else loop._scheduled[0]._when if loop._scheduled else LONGEST
        return max(due, self.stopped_until, self.world.now)

    def turn(self) -> None:
        """Run its event loop once, at the time of the world."""
        self.loop._virtual.now = self.world.now
        self._within(self.loop._run_once)

    def _within(self, work: Any) -> Any:
        asyncio._set_running_loop(self.loop)
        try:
            return work()
        finally:
            asyncio._set_running_loop(None)

    def close(self) -> None:
        """Clean up what a killed process has left in its event loop."""
        if self.loop.is_closed():
            return
        self.was_killed = self.is_dead
        self.is_dead = True
        if not self.task.done():
            self.loop.run_until_complete(_cancel_all())
        elif not self.task.cancelled() and isinstance(error := self.task.exception(), BaseException):
            assert isinstance(error, Crash), error
        self.loop.run_until_complete(_cancel_all())
        self.loop.close()


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class WorkerTransport(FaultyTransport):
    """The network of one worker, which sends nothing once the worker is killed."""

    def __init__(self, service: SimulatedService, worker: Worker) -> None:
        super().__init__(SimpleNamespace(**vars(service) | {"step": worker.step, "take": service.take}))
        self._service.listed = service.listed


def simulate_workers(seed: int, folder: Path) -> SimulationResult:
    """Simulate one campaign of several workers, and compare the ledger with what Xoxzo has accepted."""
    with uncounted():
        return _simulate(seed, folder)


def _simulate(seed: int, folder: Path) -> SimulationResult:
    rng = random.Random(seed)
    service = SimulatedService(rng, cap=rng.choice((20, 1000, 1000)), lag=rng.choice((0.0, 0.5, 0.8 * SETTLE)))
    service.settle = SETTLE
    # What is accepted late, and listed later still, is what a proof must not overlook.
    service.faults = rng.choice((service.faults, ("late",)))
    service.fault_share = rng.choice((0.0, 0.05, 0.2))
    world = World(rng, service)
    path = folder / f"{seed}.campaign"
    people = rng.choice((3, 12, 40))
    ledger = SharedLedger(path, create=True)
    ledger.clock = SteadyClock(0.0, lambda: START + world.now, lambda: world.now)
    assert not list(ledger.add(Recipient(0, f"+8190{10000000 + n}") for n in range(people)))
    ledger.put({"uid": secrets.token_hex(6)})
    ledger.seal()
    limits = Limits(
        concurrency=rng.choice((1, 3, 8)),
        settle=SETTLE,
        canaries=rng.choice((1, 3)),
        stop_share=1.0,
        lease=LEASE,
        rate=rng.choice((None, 5.0)),
    )
    started = 0
    count = rng.choice((2, 3))
    while world.now < LONGEST:
        living = [worker for worker in world.workers if not worker.is_done]
        finished = any(worker.task.done() and not worker.is_dead for worker in world.workers)
        if not living and finished:
            tally = ledger.tally()
            if not tally[State.WAITING] and not tally.in_flight:
                break
            # One that woke late was killed after the others had finished: somebody runs the campaign again.
            finished = False
            world.now += 2 * LEASE
            world.workers = [worker for worker in world.workers if worker.close() or worker.was_killed]
        while len(living) < count and not finished and started < 12:
            started += 1
            worker = Worker(world, ledger, limits)
            if started > 8:
                worker.steps, worker.stops = None, []
            world.workers.append(worker)
            living.append(worker)
        worker = min(living, key=lambda one: (one.next_time(), one.stopped_until))
        world.now = worker.next_time()
        worker.turn()
    for worker in world.workers:
        worker.close()
    killed = sum(worker.was_killed for worker in world.workers)
    result = compare_with_service(ledger, service, killed)
    ledger.close()
    for leftover in folder.glob(f"{seed}.campaign*"):
        leftover.unlink()
    return result
