"""Simulate campaigns on a virtual clock: real client, real ledger, a faulty Xoxzo, and crashes at any instant."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import msgspec
from without_coverage import uncounted

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Content, Limits, Recipient, State
from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.ledger import SqliteLedger
from xoxzo.cloudpy.campaigns.sending.campaign_run import CampaignRun
from xoxzo.cloudpy.campaigns.sending.rehearsal import VirtualLoop
from xoxzo.cloudpy.protocols import Progress, Request, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.common.sqlite_files import FileLock
    from xoxzo.cloudpy.protocols import TimeBudget

START = 1_790_000_000.0
SETTLE = 60.0

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


class Crash(BaseException):
    """The simulated process crashes."""


@dataclass
class AcceptedMessage:
    """A message that Xoxzo has accepted, or will accept late."""

    at: float
    number: str
    tag: str
    msgid: str


@dataclass
class SimulatedService:
    """Xoxzo with its faults, and the instant of the next crash."""

    rng: random.Random
    accepted: list[AcceptedMessage] = field(default_factory=list)
    cap: int = 1000
    lag: float = 0.0
    fault_share: float = 0.1
    settle: float = SETTLE
    faults: tuple[str, ...] = _FAULTS
    now: float = 0.0
    steps_until_crash: int | None = None
    crashed: bool = False

    def step(self) -> None:
        """Count a step of the process; crash at the last one."""
        if self.crashed:
            raise Crash
        if self.steps_until_crash is not None:
            self.steps_until_crash -= 1
            if self.steps_until_crash < 0:
                self.crashed = True
                raise Crash

    def take(self, request: Request, at: float) -> AcceptedMessage:
        fields = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        message = AcceptedMessage(at, fields["recipient"], fields["tags"], f"m{len(self.accepted) + 1:06}")
        self.accepted.append(message)
        return message

    def listed(self, now: float) -> list[dict[str, object]]:
        """Return what the sent list shows: the newest messages, at most ``cap``, after ``lag`` seconds."""
        visible = sorted((m for m in self.accepted if m.at + self.lag <= now), key=lambda m: -m.at)
        return [
            {"msgid": m.msgid, "recipient": m.number, "status": "DELIVERING", "tags": [m.tag], "cost": 0}
            for m in visible[: self.cap]
        ]


class FakeResponse:
    """A response, as a transport returns it."""

    def __init__(self, status: int, body: bytes, headers=None) -> None:
        self.status = status
        self.headers = headers or {}
        self._body = body

    async def read(self, _patience) -> bytes:
        body, self._body = self._body, b""
        return body

    async def close(self) -> None:
        pass


class FaultyTransport:
    """A transport that carries each request with a random fault."""

    def __init__(self, service: SimulatedService) -> None:
        self._service = service

    async def send(self, request: Request, budget: TimeBudget, progress: Progress):
        service, rng = self._service, self._service.rng
        service.step()
        await asyncio.sleep(rng.uniform(0.005, 0.2))
        service.step()
        if request.method == "GET":
            return await self._list()
        fault = rng.choice(service.faults) if rng.random() < service.fault_share else "none"
        if fault == "refused":
            raise TransportFailure("no connection", timeout=None)
        if fault == "throttled":
            return FakeResponse(429, b'{"detail": "Request was throttled."}', {"retry-after": "1"})
        if fault == "rejected":
            return FakeResponse(400, b'{"recipient": ["Invalid number"]}')
        progress.start_write()
        now = asyncio.get_running_loop().time()
        if fault in {"lost before", "error before", "hang before"}:
            message = None
        else:
            late = rng.uniform(0, service.settle * 0.9) if fault == "late" else 0.0
            message = service.take(request, now + late)
        await asyncio.sleep(rng.uniform(0.0, 0.2))
        service.step()
        if fault in {"lost before", "lost after", "late"}:
            raise TransportFailure("the connection broke")
        if fault in {"hang before", "hang after"}:
            await asyncio.sleep(30.0)
            raise TransportFailure("no answer", timeout="read")
        if fault in {"error before", "error after"}:
            return FakeResponse(500, b"")
        if fault == "truncated":
            return FakeResponse(201, b'[{"msgid": "m0')
        return FakeResponse(201, json.dumps([{"msgid": message.msgid}]).encode())

    async def _list(self):
        if "throttled" in self._service.faults and self._service.rng.random() < self._service.fault_share:
            return FakeResponse(429, b"{}", {"retry-after": "90"})
        now = asyncio.get_running_loop().time()
        return FakeResponse(200, json.dumps(self._service.listed(now)).encode())

    async def close(self) -> None:
        pass


class CrashingLedger(SqliteLedger):
    """A ledger in a process that may crash before and after each commit."""

    service: SimulatedService

    def __init__(self, path: Path, service: SimulatedService, *, create: bool = False) -> None:
        self.service = service
        super().__init__(path, create=create)
        # Power cuts are simulated, so no disk has to be waited for.
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA wal_autocheckpoint = 0")
        self._wal = path.with_name(f"{path.name}-wal")
        self._on_disk = self._wal.stat().st_size if self._wal.exists() else 0
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[object]:
        self.service.step()
        with super().transaction(durable=durable) as connection:
            yield connection
            self.service.step()
        if durable and self._wal.exists():
            self._on_disk = self._wal.stat().st_size
        self.service.step()

    def _set_durable(self, wanted: bool) -> None:
        pass

    def _acquire_lock(self) -> FileLock:
        # Locking took a fifth of the time, and no other process opens it.
        return SimpleNamespace(release=lambda: None)

    def _compare_with_note(self) -> None:
        pass  # it would heal the mistakes that are planted

    def lose_power(self) -> None:
        """Close the ledger, and lose what no durable transaction has written to the disk."""
        wal = self._wal.read_bytes()[: self._on_disk] if self._wal.exists() else b""
        content = self.path.read_bytes()
        self.close()
        self.path.write_bytes(content)
        self._wal.write_bytes(wal)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A campaign of which more is given than the seed."""

    people: int
    cap: int
    fault_share: float
    faults: tuple[str, ...]
    limits: Limits
    crashes: bool = True
    first: int = 0


@dataclass
class SimulationResult:
    """What is wrong with one simulated campaign; all empty when nothing is."""

    lost: list[int]
    duplicated: list[int]
    wrong_msgids: list[int]
    not_recorded: list[int]
    unknown: int
    crashes: int
    unknown_but_accepted: int = 0
    times: tuple[float, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.duplicated or self.wrong_msgids or self.not_recorded)


def simulate(
    seed: int, folder: Path, ledger_class: type[CrashingLedger] = CrashingLedger, *, scenario: Scenario | None = None
) -> SimulationResult:
    """Simulate one campaign with crashes and restarts, and compare the ledger with what Xoxzo has accepted.

    Args:
        seed: decides everything.
        folder: for the ledger.
        ledger_class: the ledger.
        scenario: what the seed does not decide.
    """
    with uncounted():
        return _simulate(seed, folder, ledger_class, scenario)


def _simulate(
    seed: int, folder: Path, ledger_class: type[CrashingLedger], scenario: Scenario | None
) -> SimulationResult:
    rng = random.Random(seed)
    service = SimulatedService(rng, cap=rng.choice((5, 20, 1000)), lag=rng.choice((0.0, 0.0, 0.5)))
    service.fault_share = rng.choice((0.0, 0.05, 0.2))
    path = folder / f"{seed}.campaign"
    people = rng.choice((1, 2, 3, 5, 12, 40))
    if scenario is not None:
        people, service.cap, service.faults = scenario.people, scenario.cap, scenario.faults
        service.fault_share = scenario.fault_share
    ledger = ledger_class(path, service, create=True)
    assert not list(ledger.add(Recipient(0, f"+8190{10000000 + n}") for n in range(people)))
    ledger.put({"uid": secrets.token_hex(6)})
    ledger.seal()
    limits = Limits(concurrency=rng.choice((1, 3, 8)), settle=SETTLE, canaries=rng.choice((0, 1, 3)), stop_share=1.0)
    if scenario is not None:
        limits = scenario.limits
    ledger.put({"schedule": msgspec.to_builtins(limits.schedule)})
    first = _hold_first(ledger, scenario, seed)
    now, crashes = 0.0, 0
    for attempt in range(20):
        service.crashed = False
        service.steps_until_crash = rng.randrange(1, 20 + people * 6) if attempt < 6 and rng.random() < 0.7 else None
        if scenario is not None and not scenario.crashes:
            service.steps_until_crash = None
        if attempt > 8:
            service.fault_share = 0.0
        now, ended = _run(ledger, service, limits, now)
        crashes += not ended
        if ended and not ledger.tally()[State.WAITING]:
            break
        _lift_hold(ledger, service, first if ended else 0)
        if not ended and rng.random() < 0.5:
            ledger.lose_power()
        else:
            ledger.close()
        now += rng.uniform(0.0, 2 * SETTLE)
        service.crashed, service.steps_until_crash = False, None
        ledger = ledger_class(path, service)
    result = compare_with_service(ledger, service, crashes)
    ledger.close()
    for leftover in folder.glob(f"{seed}.campaign*"):
        leftover.unlink()
    return result


def _hold_first(ledger: CrashingLedger, scenario: Scenario | None, seed: int) -> int:
    if scenario is None or not scenario.first:
        return 0
    return ledger.choose_first(scenario.first, seed)


def _lift_hold(ledger: CrashingLedger, service: SimulatedService, first: int) -> None:
    """Check that nobody but the first ones was sent to, and let the others be sent to."""
    if not first:
        return
    chosen = {one.number for one in ledger.recipients(1, first)}
    total = ledger.get("total")
    assert ledger.get("hold") == total or {message.number for message in service.accepted} <= chosen
    service.steps_until_crash = None  # the process has ended: this one is another
    ledger.put({"hold": total})


def _run(ledger: CrashingLedger, service: SimulatedService, limits: Limits, now: float) -> tuple[float, bool]:
    loop = VirtualLoop(now)

    async def main() -> None:
        wall = lambda: START + loop.time()  # noqa: E731
        ledger.clock = SteadyClock(ledger.latest_time(), wall, loop.time)
        transport = FaultyTransport(service)
        client = AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=transport)
        content = Content(kind="text", sender="Shop", message="hello")
        async with client:
            await CampaignRun(ledger, content, "c", client=client, limits=limits).run()

    ended = True
    try:
        loop.run_until_complete(main())
    except Crash:
        ended = False
    finally:
        now = loop.time()
        service.crashed = True
        loop.run_until_complete(_cancel_remaining_tasks())
        loop.close()
        service.crashed = not ended
    return now, ended


async def _cancel_remaining_tasks() -> None:
    """Cancel what a crashed process has left in the loop; with a real process it would end."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def compare_with_service(ledger: SqliteLedger, service: SimulatedService, crashes: int) -> SimulationResult:
    """Return what is wrong in a ledger, by what Xoxzo has accepted."""
    accepted_by_number: dict[str, list[AcceptedMessage]] = defaultdict(list)
    for message in service.accepted:
        accepted_by_number[message.number].append(message)
    result = SimulationResult([], [], [], [], 0, crashes, times=tuple(START + one.at for one in service.accepted))
    for standing in ledger.recipient_statuses():
        n, accepted = standing.recipient.n, accepted_by_number[standing.recipient.number]
        if len(accepted) > 1:
            result.duplicated.append(n)
        if standing.state.is_sent:
            if not accepted:
                result.lost.append(n)
            elif standing.ident not in {message.msgid for message in accepted}:
                result.wrong_msgids.append(n)
        elif standing.state == State.UNKNOWN:
            result.unknown += 1
            result.unknown_but_accepted += bool(accepted)
        elif accepted:
            result.not_recorded.append(n)
        elif standing.state == State.WAITING:
            result.lost.append(n)
    return result
