"""The simulator as a transport: a client in the same process talks to it without a socket."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .http import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xoxzo.cloudpy.protocols import Patience, Progress, Request as Sent

    from .simulator import Simulator


class SimulatorTransport:
    """Carries requests to a simulator, whatever host they name: nothing ever leaves the process.

    Args:
        simulator: Who answers. Callbacks and action URLs need it to be started.
    """

    def __init__(self, simulator: "Simulator") -> None:
        self._simulator = simulator

    def send(self, request: "Sent", patience: "Patience", progress: "Progress") -> "SimulatorReply":
        """Answer one request at once."""
        del patience  # no time passes
        progress.reached = True
        return _answer(self._simulator, request)

    def close(self) -> None:
        """There is nothing to close: the simulator is its maker's."""


class AsyncSimulatorTransport:
    """The same for asyncio.

    Args:
        simulator: Who answers. Callbacks and action URLs need it to be started.
    """

    def __init__(self, simulator: "Simulator") -> None:
        self._simulator = simulator

    async def send(self, request: "Sent", patience: "Patience", progress: "Progress") -> "AsyncSimulatorReply":
        """Answer one request at once."""
        del patience  # no time passes
        progress.reached = True
        return AsyncSimulatorReply(_answer(self._simulator, request))

    async def close(self) -> None:
        """There is nothing to close: the simulator is its maker's."""


class SimulatorReply:
    """An answer of the simulator's, its body given in one piece."""

    def __init__(self, status: int, headers: "Mapping[str, str]", body: bytes) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    def read(self, patience: "Patience") -> bytes:
        """Return the body, and ``b""`` after it."""
        del patience  # no time passes
        body, self._body = self._body, b""
        return body

    def close(self) -> None:
        """There is nothing to close."""


class AsyncSimulatorReply:
    """The same for asyncio."""

    def __init__(self, reply: SimulatorReply) -> None:
        self._reply = reply
        self.status = reply.status
        self.headers = reply.headers

    async def read(self, patience: "Patience") -> bytes:
        """Return the body, and ``b""`` after it."""
        return self._reply.read(patience)

    async def close(self) -> None:
        """There is nothing to close."""


def _answer(simulator: "Simulator", sent: "Sent") -> SimulatorReply:
    parts = urlsplit(sent.url)
    headers = {name.encode("latin-1"): value.encode("utf-8") for name, value in sent.headers}
    headers |= {b"host": parts.netloc.encode("idna"), b"content-length": b"%d" % len(sent.body)}
    path, query = (parts.path or "/").encode("ascii"), parts.query.encode("ascii")
    reply = simulator.api.handle(Request(sent.method, path, query, headers, sent.body))
    shown = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reply.headers}
    return SimulatorReply(reply.status, shown, reply.body)
