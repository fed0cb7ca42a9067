"""Hold the transport of a client, and on asyncio end at the deadline what waits for it."""

from __future__ import annotations

import contextlib
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Generic, TypeVar

from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import AsyncTransport, TimeBudget, Transport, TransportFailure

AnyTransport = TypeVar("AnyTransport")


class TransportHolder(Generic[AnyTransport]):
    """Holds the transport of a client and its copies, and makes it at the first call.

    A transport that is given is closed by the one who made it. `discard` is called with one that ``make`` made, if the
    last client that uses it is dropped unclosed. A copy of the client in another process makes one with the `options`.
    """

    def __init__(
        self,
        make: Callable[[], AnyTransport],
        given: AnyTransport | None = None,
        *,
        discard: Callable[[AnyTransport], None],
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.options = dict(options or {})
        self._make = make
        self._discard = discard
        self._lock = threading.Lock()
        self.transport = given
        """``None`` before the first call, and when the client is closed; then :meth:`open` makes it, or raises."""
        self.owned = given is None
        self.closed = False

    def open(self) -> AnyTransport:
        """Return the transport, and make it if need be; raise ``ConfigurationError`` if the client is closed."""
        if self.closed:
            raise ConfigurationError("this client is closed: make a new one")
        with self._lock:
            # Another thread may have made it meanwhile.
            if self.transport is None:
                self.transport = self._make()
            return self.transport

    def release(self) -> AnyTransport | None:
        """Mark the client as closed and return the transport to close, if ``make`` made one."""
        self.closed = True
        transport, self.transport = self.transport, None
        return transport if self.owned else None

    def __del__(self) -> None:
        transport = self.release()
        if transport is not None:
            self._discard(transport)


def discard_sync(transport: Transport) -> None:
    """Close the transport of a client that was dropped unclosed, and warn of it."""
    transport.close()
    _warn_unclosed()


def discard_async(_transport: AsyncTransport) -> None:
    """Warn that a client was dropped unclosed. Closing its connections would need an event loop."""
    _warn_unclosed()


def _warn_unclosed() -> None:
    if sys.is_finalizing():
        # The program has ended, and with it every connection. A warning would be shown as an ignored exception.
        return
    warnings.warn("unclosed Xoxzo client: use it in a `with` statement, or close it", ResourceWarning, stacklevel=4)


@contextlib.asynccontextmanager
async def deadline_async(budget: TimeBudget) -> AsyncIterator[None]:
    """Interrupt what is awaited inside when the time for the whole call has passed; raise ``TransportFailure`` then."""
    import asyncio  # the caller's event loop has imported it already; a client for threads does not need it

    limit = asyncio.timeout(budget.remaining())
    try:
        async with limit:
            yield
    except TimeoutError:
        # A signal handler may raise one, too.
        if limit.expired():
            raise TransportFailure("the deadline passed", timeout="deadline") from None
        raise
