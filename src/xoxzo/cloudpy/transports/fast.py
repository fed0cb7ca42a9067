"""The fast transports: what campaigns use. They need the extra ``[fast]``.

They carry requests as the default transports do, for less than half of the CPU. Answers are read by httptools, the
parser of Node.js; connections are kept and watched here. Certificates of your own are added to the operating system's
trust store and do not replace it.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from xoxzo.cloudpy import forks
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import Response, TransportFailure
from xoxzo.cloudpy.transports import engine
from xoxzo.cloudpy.transports.kept import Kept
from xoxzo.cloudpy.transports.loops import ByLoop
from xoxzo.cloudpy.transports.routes import Router

try:
    from xoxzo.cloudpy.transports import fast_aio, fast_threads, http1
except ModuleNotFoundError as missing:
    if (missing.name or "").partition(".")[0] != "httptools":
        raise
    _here = False
else:
    _here = True

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget

# So many seconds sooner than its caller an asynchronous call stops, so that it can still say what it waited for.
_SOONER = 0.01


class _Ways:
    """Finds how requests get where they go, and whom to trust there."""

    def __init__(self, certificates: bytes | None) -> None:
        if not _here:
            raise ConfigurationError('the fast transport needs httptools: pip install "xoxzo-cloudpy[fast]"')
        if certificates is not None:
            _check_certificates(certificates)
        self._router = Router()
        self.find = lru_cache(maxsize=64)(self._find)
        """Where an address is, as :meth:`_find` tells it."""
        self._certificates = certificates
        self._context: ssl.SSLContext | None = None

    def _find(self, url: str) -> http1.Way:
        try:
            return http1.way(url, self._router.route(url).proxy)
        except ValueError as error:
            raise TransportFailure(f"not an address: {error}") from None

    def trust(self) -> ssl.SSLContext:
        """Return how certificates are checked; it is made once, since that takes longer than a hundred requests."""
        if self._context is None:
            context = engine.trust_store()
            if self._certificates is not None:
                context.load_verify_locations(cadata=self._certificates.decode("ascii"))
            self._context = context
        return self._context


def _check_certificates(pem: bytes) -> None:
    import ssl

    if b"-----BEGIN CERTIFICATE-----" not in pem:
        raise ConfigurationError("certificates must be PEM: no BEGIN CERTIFICATE is in them")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem.decode("ascii"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"certificates cannot be read: {error}") from None


class FastTransport:
    """Carries requests with less than half of the default transport's CPU. May be shared by threads.

    A forked child opens connections of its own. Proxies are taken from the environment as the default transport takes
    them; for this machine there is none. Certificates are checked against the operating system's trust store, or
    against ``SSL_CERT_FILE``.

    Args:
        max_connections: how many may be in use at once; requests beyond wait.
        certificates: further authorities to trust, as PEM.

    Raises:
        ConfigurationError: the extra is missing, or the certificates are none.
    """

    def __init__(self, *, max_connections: int = 10, certificates: bytes | None = None) -> None:
        self._ways = _Ways(certificates)
        self._max_connections = max_connections
        self._network = engine.DeadlineNetwork()
        self._kept: Kept[fast_threads.Line] = Kept()
        self._begin()

    def _begin(self) -> None:
        self._pid = forks.pid
        # A queue of slots costs a fifth of what a semaphore costs.
        self._slots: SimpleQueue[None] = SimpleQueue()
        for _ in range(self._max_connections):
            self._slots.put(None)

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> FastReply:
        """Send one request and return its answer, the body unread.

        Raises:
            TransportFailure: no answer came; ``progress`` says whether the request may have left.
        """
        if self._pid != forks.pid:
            # Closes this process's copies of the sockets; the parent's go on.
            self._kept.clear()
            self._begin()
        slots = self._slots
        try:
            slots.get(timeout=budget.remaining())
        except Empty:
            raise TransportFailure("no free connection", timeout="pool") from None
        try:
            return self._exchange(request, budget, progress, slots)
        except BaseException:
            slots.put(None)
            raise

    def _exchange(
        self, request: Request, budget: TimeBudget, progress: Progress, slots: SimpleQueue[None]
    ) -> FastReply:
        way = self._ways.find(request.url)
        data = http1.encode(request, way)
        _check(budget)
        self._network.watch(budget)
        line = self._kept.take(way.origin)
        try:
            if line is None:
                line = fast_threads.connect(self._network, budget.connect, way, self._ways.trust)
            line.ask(data, progress, budget.read)
        except BaseException as error:  # noqa: BLE001 - raised again, as what it means
            if line is not None:
                line.abort()
            raise _failure(error, progress) from None
        return FastReply(line, self._network, progress, lambda: self._kept.put(way.origin, line), slots)

    def close(self) -> None:
        """Close every connection that is idle. Closing twice does nothing."""
        self._kept.clear()


class FastReply:
    """An answer whose body is still to be read."""

    def __init__(
        self,
        line: fast_threads.Line,
        network: engine.DeadlineNetwork,
        progress: Progress,
        keep: Callable[[], None],
        slots: SimpleQueue[None],
    ) -> None:
        self._line = line
        self._network = network
        self._progress = progress
        self._keep = keep
        self._slots: SimpleQueue[None] | None = slots
        self.status: int = line.incoming.status
        self.headers: Mapping[str, str] = http1.Fields(line.incoming.fields)
        """The header fields, names in lower case."""

    def read(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        self._network.watch(budget)
        try:
            return self._line.read(budget.read)
        except Exception as error:  # noqa: BLE001 - whatever the library raises, the answer is not whole
            raise _failure(error, self._progress) from None

    def close(self) -> None:
        """Give the connection back, or break it when the body was not read to its end."""
        slots, self._slots = self._slots, None
        if slots is None:
            return
        if self._line.incoming.whole and not self._line.incoming.spoiled:
            self._keep()
        else:
            self._line.abort()
        slots.put(None)


class AsyncFastTransport:
    """The asynchronous twin of ``FastTransport``, for asyncio. Each event loop has connections of its own.

    Args:
        max_connections: how many may be in use at once in one event loop; requests beyond wait.
        certificates: further authorities to trust, as PEM.

    Raises:
        ConfigurationError: the extra is missing, or the certificates are none.
    """

    def __init__(self, *, max_connections: int = 10, certificates: bytes | None = None) -> None:
        self._ways = _Ways(certificates)
        self._lines = ByLoop(lambda: fast_aio.Lines(max_connections))

    async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncFastReply:
        """Send one request and return its answer, the body unread.

        Raises:
            TransportFailure: no answer came; ``progress`` says whether the request may have left.
        """
        return AsyncFastReply(*await self._ask(request, budget, progress))

    async def fetch(self, request: Request, budget: TimeBudget, progress: Progress, limit: int) -> Response:
        """Send one request and return its answer with its body, not later than ``budget`` allows.

        That is what ``send``, ``read`` and ``close`` do one after another, with fewer steps.

        Args:
            request: the request.
            budget: how long it may take; ``expires`` bounds all of it, the wait for a free connection included.
            progress: is told how far it got.
            limit: the most bytes to read of the body.

        Raises:
            TransportFailure: no answer came. One that breaks off after its head is returned, and says so.
        """
        line, lines, origin = await self._ask(request, budget, progress)
        try:
            incoming = line.incoming
            # Nearly always all has come at once.
            body, cut = (line.take(), None) if incoming.whole else await line.read_up_to(limit, budget)
            return Response(incoming.status, http1.Fields(incoming.fields), body, cut, len(body) > limit)
        finally:
            lines.release(origin, line)

    async def _ask(
        self, request: Request, budget: TimeBudget, progress: Progress
    ) -> tuple[fast_aio.AsyncLine, fast_aio.Lines, http1.Origin]:
        """Send a request over a connection, which is to be released by whoever has read the answer."""
        lines = self._lines.here()
        if not lines.slots.take_at_once():
            try:
                await lines.slots.take(budget.remaining() - _SOONER)
            except TimeoutError:
                raise TransportFailure("no free connection", timeout="pool") from None
        line = None
        try:
            way = self._ways.find(request.url)
            data = http1.encode(request, way)
            while True:
                _check(budget)
                kept = lines.take(way.origin)
                line = kept or await fast_aio.connect(budget, way, self._ways.trust)
                try:
                    await line.ask(data, budget, progress, lines.outbox)
                except fast_aio.Stale:
                    line.abort()
                    if kept is None:
                        raise TransportFailure("the connection was closed") from None
                else:
                    return line, lines, way.origin
        except BaseException:
            if line is not None:
                line.abort()
            lines.slots.give()
            raise

    async def close(self) -> None:
        """Close the running loop's idle connections. Closing twice does nothing."""
        self._lines.here().clear()
        # One round of the loop, in which the sockets are closed.
        await asyncio.sleep(0)


class AsyncFastReply:
    """An answer whose body is still to be read."""

    def __init__(self, line: fast_aio.AsyncLine, lines: fast_aio.Lines, origin: http1.Origin) -> None:
        self._line: fast_aio.AsyncLine | None = line
        self._lines = lines
        self._origin = origin
        self.status: int = line.incoming.status
        self.headers: Mapping[str, str] = http1.Fields(line.incoming.fields)
        """The header fields, names in lower case."""

    async def read(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        return b"" if self._line is None else await self._line.read(budget)

    async def close(self) -> None:
        """Give the connection back, or break it when the body was not read to its end."""
        line, self._line = self._line, None
        if line is not None:
            self._lines.release(self._origin, line)


def _check(budget: TimeBudget) -> None:
    """Raise ``TransportFailure`` when there is no time left to begin anything."""
    if not budget.remaining():
        raise TransportFailure("the deadline passed", timeout="deadline")


def _failure(error: BaseException, progress: Progress) -> BaseException:
    """Say what an exception means; what is no failure of the network, such as Ctrl-C, stays what it is."""
    if isinstance(error, http1.Broken):
        return TransportFailure(str(error))
    if isinstance(error, TransportFailure) or not isinstance(error, Exception):
        return error
    return engine.failure(error, progress)
