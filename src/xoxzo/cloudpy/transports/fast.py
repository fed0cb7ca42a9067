"""The fast transports, on pyreqwest: what campaigns use. They need the extra ``[fast]``.

They differ from the default transports in what pyreqwest is:

- After a fork they refuse to work in the child, if the parent has used them: the library's threads are not copied.
- Certificates of your own are added to the operating system's trust store and do not replace it.
- The deadline counts all the time from the request to the end of the body: in a list also the time that your program
  takes between two records.
- A call that is cancelled while its connection is made counts as one that may have left, and what is cancelled later
  goes on in the background until its deadline: the library neither tells nor stops it.
- A program should not end while an event loop of its own, in a daemon thread, still has calls under way: the library
  may then kill the process in its last moment.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import TransportFailure
from xoxzo.cloudpy.transports.lasting import load
from xoxzo.cloudpy.transports.slots import LoopSlots

try:
    load("pyreqwest.client")
    from xoxzo.cloudpy.transports import fast_engine as engine
except ModuleNotFoundError as missing:
    if (missing.name or "").partition(".")[0] != "pyreqwest":
        raise
    _here = False
else:
    _here = True

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyreqwest.request import StreamRequest, SyncStreamRequest
    from pyreqwest.response import Response, SyncResponse

    from xoxzo.cloudpy.protocols import Patience, Progress, Request

# So many seconds sooner than its caller an asynchronous call stops, so that it can still say what it waited for.
_SOONER = 0.01


class FastTransport:
    """Carries requests by pyreqwest, with less than half of the default transport's CPU. May be shared by threads.

    Proxies are taken from the environment as the default transport takes them; for this machine there is none.
    Certificates are checked against the operating system's trust store, or, on Linux, against ``SSL_CERT_FILE``.

    Args:
        max_connections: how many may be in use at once; requests beyond wait.
        certificates: further authorities to trust, as PEM.

    Raises:
        ConfigurationError: the extra is missing, or the certificates are none.
    """

    def __init__(self, *, max_connections: int = 10, certificates: bytes | None = None) -> None:
        _check(certificates)
        # A queue of slots costs a fifth of what a semaphore costs.
        self._slots: SimpleQueue[None] = SimpleQueue()
        for _ in range(max_connections):
            self._slots.put(None)
        self._clients = engine.Clients(lambda ways: engine.sync_client(ways, max_connections, certificates))

    def send(self, request: Request, patience: Patience, progress: Progress) -> FastReply:
        """Send one request and return its answer, the body unread.

        Raises:
            ConfigurationError: this process was forked from one that has used the transport.
            TransportFailure: no answer came; ``progress`` says whether the request may have left.
        """
        engine.claim()
        try:
            self._slots.get(timeout=patience.left())
        except Empty:
            raise TransportFailure("no free connection", timeout="pool") from None
        try:
            return self._exchange(request, patience, progress)
        except BaseException:
            self._slots.put(None)
            raise

    def _exchange(self, request: Request, patience: Patience, progress: Progress) -> FastReply:
        left = engine.time_left(patience)
        ends = patience.clock() + left
        client = self._clients.get(request.url, patience, left)
        exchange = engine.prepare(client.request, request, left).build_streamed()
        progress.reached = True
        try:
            response = exchange.__enter__()
        except Exception as error:  # noqa: BLE001 - whatever the library raises, no answer came
            raise engine.failure(error, progress) from None
        return FastReply(exchange, response, progress, ends, self._slots)

    def close(self) -> None:
        """Close every connection. Closing twice does nothing."""
        for client in self._clients.drop():
            client.close()


class FastReply:
    """An answer whose body is still to be read."""

    def __init__(
        self,
        exchange: SyncStreamRequest,
        response: SyncResponse,
        progress: Progress,
        ends: float,
        slots: SimpleQueue[None],
    ) -> None:
        self._exchange = exchange
        self._response = response
        self._reader = response.body_reader
        self._progress = progress
        self._ends = ends
        self._slots: SimpleQueue[None] | None = slots
        self.status: int = response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields, names in lower case."""
        return engine.Fields(self._response)

    def read(self, patience: Patience) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        try:
            piece = self._reader.read_chunk()
        except Exception as error:  # noqa: BLE001 - whatever the library raises, the answer is not whole
            raise engine.failure(error, self._progress, ended=patience.clock() >= self._ends) from None
        return b"" if piece is None else piece.to_bytes()

    def close(self) -> None:
        """Give the connection back, or break it when the body was not read to its end."""
        slots, self._slots = self._slots, None
        if slots is not None:
            try:
                self._exchange.__exit__(None, None, None)
            finally:
                slots.put(None)


class AsyncFastTransport:
    """The asynchronous twin of ``FastTransport``, for asyncio. Event loops share its connections.

    Args:
        max_connections: how many may be in use at once in one event loop; requests beyond wait.
        certificates: further authorities to trust, as PEM.

    Raises:
        ConfigurationError: the extra is missing, or the certificates are none.
    """

    keeps_deadline = True
    """The library bounds the whole exchange, and the wait for a free connection is bounded here."""

    def __init__(self, *, max_connections: int = 10, certificates: bytes | None = None) -> None:
        _check(certificates)
        self._slots = LoopSlots(max_connections)
        self._clients = engine.Clients(lambda ways: engine.async_client(ways, max_connections, certificates))

    async def send(self, request: Request, patience: Patience, progress: Progress) -> AsyncFastReply:
        """Send one request and return its answer, the body unread.

        Raises:
            ConfigurationError: this process was forked from one that has used the transport.
            TransportFailure: no answer came; ``progress`` says whether the request may have left.
        """
        engine.claim()
        slots = self._slots.here()
        try:
            await slots.take(patience.left() - _SOONER)
        except TimeoutError:
            raise TransportFailure("no free connection", timeout="pool") from None
        try:
            return await self._exchange(request, patience, progress, slots.give)
        except BaseException:
            slots.give()
            raise

    async def _exchange(
        self, request: Request, patience: Patience, progress: Progress, give: Callable[[], None]
    ) -> AsyncFastReply:
        left = engine.time_left(patience)
        ends = patience.clock() + left
        client = self._clients.get(request.url, patience, left)
        exchange = engine.prepare(client.request, request, left).build_streamed()
        progress.reached = True
        try:
            response = await exchange.__aenter__()
        except Exception as error:  # noqa: BLE001 - whatever the library raises, no answer came
            raise engine.failure(error, progress) from None
        return AsyncFastReply(exchange, response, progress, ends, give)

    async def close(self) -> None:
        """Close every connection. Closing twice does nothing."""
        for client in self._clients.drop():
            await client.close()


class AsyncFastReply:
    """An answer whose body is still to be read."""

    def __init__(
        self, exchange: StreamRequest, response: Response, progress: Progress, ends: float, give: Callable[[], None]
    ) -> None:
        self._exchange = exchange
        self._response = response
        self._reader = response.body_reader
        self._progress = progress
        self._ends = ends
        self._give: Callable[[], None] | None = give
        self.status: int = response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields, names in lower case."""
        return engine.Fields(self._response)

    async def read(self, patience: Patience) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        try:
            piece = await self._reader.read_chunk()
        except Exception as error:  # noqa: BLE001 - whatever the library raises, the answer is not whole
            raise engine.failure(error, self._progress, ended=patience.clock() >= self._ends) from None
        return b"" if piece is None else piece.to_bytes()

    async def close(self) -> None:
        """Give the connection back, or break it when the body was not read to its end."""
        give, self._give = self._give, None
        if give is not None:
            try:
                await self._exchange.__aexit__(None, None, None)
            finally:
                give()


def _check(certificates: bytes | None) -> None:
    if not _here:
        raise ConfigurationError('the fast transport needs pyreqwest: pip install "xoxzo-cloudpy[fast]"')
    if certificates is not None and b"-----BEGIN CERTIFICATE-----" not in certificates:
        # The library would take them without a word, and trust nobody by them.
        raise ConfigurationError("certificates must be PEM: no BEGIN CERTIFICATE is in them")
