"""Driving either default transport by the same call."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from xoxzo.cloudpy.protocols import Patience, Progress, Request, TransportFailure
from xoxzo.cloudpy.transports.aio import AsyncHttpTransport
from xoxzo.cloudpy.transports.sync import HttpTransport


@dataclass
class Result:
    """How one exchange went."""

    reached: bool
    status: int | None = None
    headers: dict[str, str] | None = None
    body: bytes = b""
    failure: TransportFailure | None = None


class Sync:
    """Drives the transport for threads."""

    def __init__(self, **options) -> None:
        self.transport = HttpTransport(**options)

    def exchange(self, request: Request, patience: Patience) -> Result:
        progress = Progress()
        result = Result(reached=False)
        try:
            answer = self.transport.send(request, patience, progress)
            result.status, result.headers = answer.status, dict(answer.headers)
            try:
                while piece := answer.read(patience):
                    result.body += piece
            finally:
                answer.close()
        except TransportFailure as failure:
            result.failure = failure
        result.reached = progress.reached
        return result

    def close(self) -> None:
        self.transport.close()


class Async:
    """Drives the transport for asyncio, in one event loop, bounded by the deadline as its driver bounds it."""

    def __init__(self, **options) -> None:
        self.transport = AsyncHttpTransport(**options)
        self.runner = asyncio.Runner()

    def exchange(self, request: Request, patience: Patience) -> Result:
        return self.runner.run(self._exchange(request, patience))

    async def _exchange(self, request: Request, patience: Patience) -> Result:
        progress = Progress()
        result = Result(reached=False)
        try:
            async with asyncio.timeout(patience.left()):
                answer = await self.transport.send(request, patience, progress)
                result.status, result.headers = answer.status, dict(answer.headers)
                try:
                    while piece := await answer.read(patience):
                        result.body += piece
                finally:
                    await answer.close()
        except TransportFailure as failure:
            result.failure = failure
        except TimeoutError:
            result.failure = TransportFailure("late", timeout="deadline")
        result.reached = progress.reached
        return result

    def close(self) -> None:
        self.runner.run(self.transport.close())
        self.runner.close()


def post(url: str, path: str = "/p/?q=%3E1") -> Request:
    return Request("POST", url + path, (("authorization", "Basic x"), ("content-type", "text/x")), b"body")


def patience(read: float = 5.0, deadline: float = 5.0, connect: float = 5.0) -> Patience:
    return Patience(connect, read, time.monotonic() + deadline)
