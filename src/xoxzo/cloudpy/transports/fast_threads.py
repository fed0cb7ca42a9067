"""A connection of the fast transport for threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.protocols import Progress
from xoxzo.cloudpy.transports import http1

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    import httpcore2

    from xoxzo.cloudpy.transports.engine import DeadlineNetwork

_AT_ONCE = 65_536


class Line:
    """One connection.

    Args:
        stream: the bytes.
    """

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self.incoming = http1.Incoming()
        self._stream = stream

    def good(self) -> bool:
        """Whether another request may be sent over it."""
        return not self.incoming.spoiled and not self._stream.get_extra_info("is_readable")

    def abort(self) -> None:
        """Close it at once. Closing twice does nothing."""
        self._stream.close()

    def ask(self, data: bytes, progress: Progress, seconds: float) -> None:
        """Send a request and wait for the head of its answer, so long for each piece.

        Raises:
            Broken: what came is no answer; so do exceptions of httpcore2's.
        """
        self.incoming.begin()
        progress.write_started = True
        self._stream.write(data, seconds)
        while not self.incoming.status:
            self._more(seconds)

    def read(self, seconds: float) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise what :meth:`ask` raises."""
        while not self.incoming.held and not self.incoming.whole:
            self._more(seconds)
        return self.incoming.take()

    def _more(self, seconds: float) -> None:
        data = self._stream.read(_AT_ONCE, seconds)
        if data:
            self.incoming.feed(data)
        else:
            self.incoming.end()


def connect(
    network: DeadlineNetwork,
    seconds: float,
    way: http1.Way,
    trust: Callable[[], ssl.SSLContext],
) -> Line:
    """Make a connection.

    Args:
        network: what connects.
        seconds: how long each step may take.
        way: whom to, and by whom.
        trust: says how certificates are checked.

    Raises:
        TransportFailure: the proxy refused; so do ``Broken`` and exceptions of httpcore2's.
    """
    first = way.first
    stream = network.connect_tcp(first.host, first.port, seconds)
    try:
        if first.tls:
            stream = stream.start_tls(trust(), first.host, seconds)
        if way.tunnelled:
            asking = Line(stream)
            asking.ask(http1.tunnel(way), Progress(), seconds)
            http1.check_tunnel(asking.incoming)
            stream = stream.start_tls(trust(), way.place.host, seconds)
    except BaseException:
        stream.close()
        raise
    return Line(stream)
