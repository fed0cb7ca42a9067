"""Campaigns on a virtual clock: real client, real ledger, an Xoxzo that misbehaves, and deaths at any instant."""

from __future__ import annotations

import asyncio
import json
import random
import selectors
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from without_coverage import uncounted

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Content, Limits, Recipient, State
from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.ledger import SqliteLedger
from xoxzo.cloudpy.campaigns.sending.campaign_run import CampaignRun
from xoxzo.cloudpy.protocols import Progress, Request, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.protocols import TimeBudget

START = 1_790_000_000.0
SETTLE = 60.0


class Death(BaseException):
    """The process dies here."""


class _NoWaiting(selectors.BaseSelector):
    """Lets time pass instead of waiting for it."""

    def __init__(self) -> None:
        self.now = 0.0
        self._real = selectors.DefaultSelector()

    def select(self, timeout=None):
        assert timeout is not None, "everybody waits for somebody else"
        self.now += max(0.0, timeout)
        return []

    def register(self, fileobj, events, data=None):
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj):
        return self._real.unregister(fileobj)

    def get_map(self):
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is a number."""

    def __init__(self, now: float) -> None:
        self._virtual = _NoWaiting()
        self._virtual.now = now
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


@dataclass
class Accepted:
    """A message that Xoxzo has taken, or will take late."""

    at: float
    number: str
    tag: str
    msgid: str


@dataclass
class World:
    """Xoxzo, its faults, and the instant of the next death."""

    chance: random.Random
    accepted: list[Accepted] = field(default_factory=list)
    cap: int = 1000
    lag: float = 0.0
    trouble: float = 0.1
    now: float = 0.0
    steps_to_live: int | None = None
    dead: bool = False

    def step(self) -> None:
        """Live on, or die."""
        if self.dead:
            raise Death
        if self.steps_to_live is not None:
            self.steps_to_live -= 1
            if self.steps_to_live < 0:
                self.dead = True
                raise Death

    def take(self, request: Request, at: float) -> Accepted:
        fields = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        message = Accepted(at, fields["recipient"], fields["tags"], f"m{len(self.accepted) + 1:06}")
        self.accepted.append(message)
        return message

    def listed(self, now: float) -> list[dict[str, object]]:
        """What the sent list shows: the newest, at most so many, and only after a while."""
        visible = sorted((m for m in self.accepted if m.at + self.lag <= now), key=lambda m: -m.at)
        return [
            {"msgid": m.msgid, "recipient": m.number, "status": "DELIVERING", "tags": [m.tag], "cost": 0}
            for m in visible[: self.cap]
        ]


class Reply:
    """What a transport returns."""

    def __init__(self, status: int, body: bytes, headers=None) -> None:
        self.status = status
        self.headers = headers or {}
        self._body = body

    async def read(self, _patience) -> bytes:
        body, self._body = self._body, b""
        return body

    async def close(self) -> None:
        pass


class Carrier:
    """The transport: one request, with everything that can go wrong on the way."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def send(self, request: Request, budget: TimeBudget, progress: Progress):
        world, chance = self._world, self._world.chance
        world.step()
        await asyncio.sleep(chance.uniform(0.005, 0.2))
        world.step()
        if request.method == "GET":
            return await self._list()
        fault = chance.choice(_FAULTS) if chance.random() < world.trouble else "none"
        if fault == "refused":
            raise TransportFailure("no connection", timeout=None)
        if fault == "throttled":
            return Reply(429, b'{"detail": "Request was throttled."}', {"retry-after": "1"})
        if fault == "rejected":
            return Reply(400, b'{"recipient": ["Invalid number"]}')
        progress.write_started = True
        now = asyncio.get_running_loop().time()
        if fault in {"lost before", "error before", "hang before"}:
            message = None
        else:
            late = chance.uniform(0, SETTLE * 0.9) if fault == "late" else 0.0
            message = world.take(request, now + late)
        await asyncio.sleep(chance.uniform(0.0, 0.2))
        world.step()
        if fault in {"lost before", "lost after", "late"}:
            raise TransportFailure("the connection broke")
        if fault in {"hang before", "hang after"}:
            await asyncio.sleep(30.0)
            raise TransportFailure("no answer", timeout="read")
        if fault in {"error before", "error after"}:
            return Reply(500, b"")
        if fault == "truncated":
            return Reply(201, b'[{"msgid": "m0')
        return Reply(201, json.dumps([{"msgid": message.msgid}]).encode())

    async def _list(self):
        if self._world.chance.random() < self._world.trouble:
            return Reply(429, b"{}", {"retry-after": "90"})
        now = asyncio.get_running_loop().time()
        return Reply(200, json.dumps(self._world.listed(now)).encode())

    async def close(self) -> None:
        pass


_FAULTS = (
    "refused",
    "throttled",
    "rejected",
    "lost before",
    "lost after",
    "error before",
    "error after",
    "hang before",
    "hang after",
    "late",
    "truncated",
)


class MortalLedger(SqliteLedger):
    """The ledger, in a process that may die before and after each commit."""

    world: World

    def __init__(self, path: Path, world: World, *, create: bool = False) -> None:
        self.world = world
        super().__init__(path, create=create)
        # Power cuts are played, and so no disk has to be waited for.
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA wal_autocheckpoint = 0")
        self._log = path.with_name(f"{path.name}-wal")
        self._on_disk = self._log.stat().st_size if self._log.exists() else 0
        # Nobody else opens it, and a fifth of the time went into locks.
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[object]:
        self.world.step()
        with super().transaction(durable=durable) as connection:
            yield connection
            self.world.step()
        if durable and self._log.exists():
            self._on_disk = self._log.stat().st_size
        self.world.step()

    def _set_durable(self, wanted: bool) -> None:
        pass

    def cut_power(self) -> None:
        """Close it, and lose what no durable transaction has taken to the disk."""
        log = self._log.read_bytes()[: self._on_disk] if self._log.exists() else b""
        kept = self.path.read_bytes()
        self.close()
        self.path.write_bytes(kept)
        self._log.write_bytes(log)


@dataclass
class Comparison:
    """What went wrong with one campaign; all empty when nothing did."""

    lost: list[int]
    doubled: list[int]
    wrong_ids: list[int]
    unreported: list[int]
    unknown: int
    deaths: int

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.wrong_ids or self.unreported)


def play(seed: int, folder: Path, ledger_class: type[MortalLedger] = MortalLedger) -> Comparison:
    """Play one campaign to its end, deaths and restarts included, and compare the ledger with Xoxzo's own truth."""
    with uncounted():
        return _play(seed, folder, ledger_class)


def _play(seed: int, folder: Path, ledger_class: type[MortalLedger]) -> Comparison:
    chance = random.Random(seed)
    world = World(chance, cap=chance.choice((5, 20, 1000)), lag=chance.choice((0.0, 0.0, 0.5)))
    world.trouble = chance.choice((0.0, 0.05, 0.2))
    path = folder / f"{seed}.campaign"
    people = chance.choice((1, 2, 3, 5, 12, 40))
    ledger = ledger_class(path, world, create=True)
    assert not list(ledger.add(Recipient(0, f"+8190{10000000 + n}") for n in range(people)))
    ledger.put({"salt": "s", "uid": "c"})
    ledger.seal()
    limits = Limits(
        concurrency=chance.choice((1, 3, 8)), settle=SETTLE, canaries=chance.choice((0, 1, 3)), stop_share=1.0
    )
    now, deaths = 0.0, 0
    for round_ in range(20):
        world.dead = False
        world.steps_to_live = chance.randrange(1, 20 + people * 6) if round_ < 6 and chance.random() < 0.7 else None
        if round_ > 8:
            world.trouble = 0.0
        now, ended = _run(ledger, world, limits, now)
        deaths += not ended
        if ended and not ledger.tally()[State.WAITING]:
            break
        if not ended and chance.random() < 0.5:
            ledger.cut_power()
        else:
            ledger.close()
        now += chance.uniform(0.0, 2 * SETTLE)
        world.dead, world.steps_to_live = False, None
        ledger = ledger_class(path, world)
    verdict = _compare(ledger, world, deaths)
    ledger.close()
    for leftover in folder.glob(f"{seed}.campaign*"):
        leftover.unlink()
    return verdict


def _run(ledger: MortalLedger, world: World, limits: Limits, now: float) -> tuple[float, bool]:
    loop = VirtualLoop(now)

    async def main() -> None:
        wall = lambda: START + loop.time()  # noqa: E731
        clock = SteadyClock(ledger.latest_time(), wall, loop.time)
        transport = Carrier(world)
        client = AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=transport)
        content = Content(kind="text", sender="Shop", message="hello")
        async with client:
            await CampaignRun(ledger, content, "c", client=client, limits=limits, clock=clock).run()

    ended = True
    try:
        loop.run_until_complete(main())
    except Death:
        ended = False
    finally:
        now = loop.time()
        world.dead = True
        loop.run_until_complete(_bury())
        loop.close()
        world.dead = not ended
    return now, ended


async def _bury() -> None:
    """End what a dead process has left in the loop, which would go with a real one."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _compare(ledger: SqliteLedger, world: World, deaths: int) -> Comparison:
    truth: dict[str, list[Accepted]] = defaultdict(list)
    for message in world.accepted:
        truth[message.number].append(message)
    verdict = Comparison([], [], [], [], 0, deaths)
    for standing in ledger.recipient_statuses():
        n, real = standing.recipient.n, truth[standing.recipient.number]
        if len(real) > 1:
            verdict.doubled.append(n)
        if standing.state.is_sent:
            if not real:
                verdict.lost.append(n)
            elif standing.ident not in {message.msgid for message in real}:
                verdict.wrong_ids.append(n)
        elif standing.state == State.UNKNOWN:
            verdict.unknown += 1
        elif real:
            verdict.unreported.append(n)
        elif standing.state == State.WAITING:
            verdict.lost.append(n)
    return verdict
