"""Driving every transport by the same call."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    import uvloop
except ImportError:  # It is not for every system.
    uvloop = None

from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget, TransportFailure
from xoxzo.cloudpy.transports.aio import AsyncHttpTransport
from xoxzo.cloudpy.transports.recorder import AsyncRecorder, Recorder
from xoxzo.cloudpy.transports.threads import HttpTransport

if TYPE_CHECKING:
    import trustme


@dataclass
class Result:
    """How one exchange went."""

    reached: bool
    status: int | None = None
    headers: dict[str, str] | None = None
    body: bytes = b""
    failure: TransportFailure | None = None


class Sync:
    """Drives a transport for threads."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport

    def exchange(self, request: Request, budget: TimeBudget, progress: Progress | None = None) -> Result:
        progress = progress or Progress()
        result = Result(reached=False)
        try:
            answer = self.transport.send(request, budget, progress)
            result.status, result.headers = answer.status, dict(answer.headers)
            with closing(answer):
                while piece := answer.read(budget):
                    result.body += piece
        except TransportFailure as failure:
            result.failure = failure
        result.reached = progress.write_started
        return result

    def hold(self, request: Request) -> Callable[[], None]:
        """Send, leave the body unread, and give what closes the answer."""
        answer = self.transport.send(request, budget(), Progress())
        release: Callable[[], None] = answer.close
        return release

    def close_transport(self) -> None:
        self.transport.close()

    def close(self) -> None:
        self.transport.close()


class Async:
    """Drives a transport for asyncio, in one event loop, bounded by the deadline as its driver bounds it."""

    def __init__(self, transport: Any, new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None) -> None:
        self.transport = transport
        self.runner = asyncio.Runner(loop_factory=new_loop)

    def exchange(self, request: Request, budget: TimeBudget, progress: Progress | None = None) -> Result:
        return self.runner.run(self._exchange(request, budget, progress or Progress()))

    async def _exchange(self, request: Request, budget: TimeBudget, progress: Progress) -> Result:
        result = Result(reached=False)
        try:
            async with asyncio.timeout(budget.remaining()):
                answer = await self.transport.send(request, budget, progress)
                result.status, result.headers = answer.status, dict(answer.headers)
                try:
                    while piece := await answer.read(budget):
                        result.body += piece
                finally:
                    await answer.close()
        except TransportFailure as failure:
            result.failure = failure
        except TimeoutError:
            result.failure = TransportFailure("late", timeout="deadline")
        result.reached = progress.write_started
        return result

    def hold(self, request: Request) -> Callable[[], None]:
        """Send, leave the body unread, and give what closes the answer."""
        answer = self.runner.run(self.transport.send(request, budget(), Progress()))
        return lambda: self.runner.run(answer.close())

    def close_transport(self) -> None:
        self.runner.run(self.transport.close())

    def close(self) -> None:
        self.close_transport()
        self.runner.close()


class OnUvloop(Async):
    """Drives a transport for asyncio in uvloop's event loop, which campaigns make for themselves."""

    def __init__(self, transport: Any) -> None:
        super().__init__(transport, uvloop.new_event_loop)


class AtOnce(Async):
    """Has a transport for asyncio send a request and read its response at once, with no limits but its own."""

    async def _exchange(self, request: Request, budget: TimeBudget, progress: Progress) -> Result:
        result = Result(reached=False)
        try:
            received = await self.transport.fetch(request, budget, progress, 100_000_000)
            result.status, result.headers = received.status, dict(received.headers)
            result.body, result.failure = received.body, received.cut
        except TransportFailure as failure:
            result.failure = failure
        result.reached = progress.write_started
        return result


class AtOnceOnUvloop(AtOnce, OnUvloop):
    """The same in uvloop's event loop, which campaigns make for themselves."""


Carrier = Sync | Async


@dataclass(frozen=True)
class Kind:
    """One transport in one face."""

    name: str
    face: type[Sync | Async]
    recording: Path | None = None

    def __call__(self, *, trust: trustme.CA | None = None, **options: Any) -> Carrier:
        """Make the transport and what drives it; ``trust`` is an authority of the test's own."""
        if trust is not None:
            options["ssl_context"] = ssl.create_default_context()
            trust.configure_trust(options["ssl_context"])
        if self.face is Sync:
            sync = HttpTransport(**options)
            return self.face(sync if self.recording is None else Recorder(sync, self.recording))
        aio = AsyncHttpTransport(**options)
        return self.face(aio if self.recording is None else AsyncRecorder(aio, self.recording))


FACES: dict[str, type[Sync | Async]] = {"threads": Sync, "asyncio": Async, "fetch": AtOnce}
if uvloop is not None:
    FACES |= {"uvloop": OnUvloop, "uvloop fetch": AtOnceOnUvloop}
EVERY = [f"http-{face}" for face in FACES] + ["recorder-threads", "recorder-asyncio"]


def kind_of(name: str, folder: Path) -> Kind:
    """Return the kind that one of ``EVERY`` names; a recorder writes into the folder."""
    transport, _, face = name.partition("-")
    recording = folder / "recording.jsonl" if transport == "recorder" else None
    return Kind(transport, FACES[face], recording)


def post(url: str, path: str = "/p/?q=%3E1") -> Request:
    return Request("POST", url + path, (("authorization", "Basic x"), ("content-type", "text/x")), b"body")


def budget(read: float = 5.0, deadline: float = 5.0, connect: float = 5.0) -> TimeBudget:
    return TimeBudget(connect, read, time.monotonic() + deadline)
