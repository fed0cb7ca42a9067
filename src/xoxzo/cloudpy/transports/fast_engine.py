"""What both fast transports need of pyreqwest: clients, truthful failures, and the refusal after a fork.

The classes of pyreqwest's exceptions do not tell whether a request left: after the server has read it, a reset is
called a ``ConnectError``, and a missing answer a ``ConnectTimeoutError``. So a request counts as having left from the
moment that the library has it, unless the failure proves the opposite: no free connection, or a cause that says that
no connection was made.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from pyreqwest.client import ClientBuilder, SyncClientBuilder
from pyreqwest.exceptions import BuilderError, DetailedPyreqwestError, PoolTimeoutError, RequestTimeoutError
from pyreqwest.http import Url
from pyreqwest.proxy import ProxyBuilder

from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import Patience, Progress, Request, TransportFailure
from xoxzo.cloudpy.transports.routes import KEEPALIVE_SECONDS, Router

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from pyreqwest.client import BaseClientBuilder, Client as AsyncClient, SyncClient
    from pyreqwest.request import BaseRequestBuilder
    from pyreqwest.response import BaseResponse

Client = TypeVar("Client")
Builder = TypeVar("Builder", bound="BaseClientBuilder")
RequestBuilder = TypeVar("RequestBuilder", bound="BaseRequestBuilder")

_UNSENT = "client error (Connect)"
# Whoever has less left than this could not get an answer, nor learn the truth about a connection.
_LEAST_SECONDS = 0.001
# Clients differ by proxy and time-outs. A program that gives each call another time-out must not gather them for ever.
_MOST_CLIENTS = 16

_FORKED = (
    "the fast transport cannot be used after a fork: it was used before, and its threads are not copied into the child."
    " Use it first in the child, start processes by 'spawn', or use the default transport"
)

# So many seconds a process waits at its end for the library's thread: it needs microseconds unless the machine is busy.
_LEAVING_SECONDS = 5.0

# The process that has used pyreqwest, once one has.
_user: int | None = None


def claim() -> None:
    """Note that this process uses pyreqwest; raise ``ConfigurationError`` when it was forked from one that did.

    The library itself would hang there, or fail without saying why.
    """
    global _user  # noqa: PLW0603 - one runtime for each process is the library's, not the transport's, state
    pid = os.getpid()
    if _user is None:
        _user = pid
    elif _user != pid:
        raise ConfigurationError(_FORKED)


def _awaken() -> bool:
    """Say whether a thread that Python did not start is waking an event loop."""
    for frame in sys._current_frames().values():  # noqa: SLF001 - nothing else tells of such threads
        first: FrameType = frame
        while first.f_back is not None:
            first = first.f_back
        if first.f_code.co_name == "call_soon_threadsafe":
            return True
    return False


@atexit.register
def _part() -> None:
    """Let the library's thread come out of Python before the interpreter ends.

    It wakes an event loop from its own thread, and lets go of the interpreter while it does. A program that ends as
    soon as its loop has what it waited for would else be killed: the library does not survive that the interpreter
    never comes back to it ("PyGILState_Release: thread state … must be current when releasing").
    """
    give_up = time.monotonic() + _LEAVING_SECONDS
    while _awaken() and time.monotonic() < give_up:
        time.sleep(0.0005)


def time_left(patience: Patience) -> float:
    """Return the seconds until the deadline; raise ``TransportFailure`` when there is no time to do anything."""
    left = patience.left()
    if left < _LEAST_SECONDS:
        raise TransportFailure("the deadline passed", timeout="deadline")
    return left


class Ways(NamedTuple):
    """What pyreqwest fixes for each client; the time-outs in seconds."""

    proxy: str | None
    connect: float
    read: float


class Clients(Generic[Client]):
    """The clients of one transport, made when they are first needed.

    Args:
        make: makes a client.
    """

    def __init__(self, make: Callable[[Ways], Client]) -> None:
        self._make = make
        self._router = Router()
        self._clients: dict[Ways, Client] = {}

    def get(self, url: str, patience: Patience, left: float) -> Client:
        """Return the client for an address.

        Connecting is given less than what is left, in halving steps: that a connection was not made in time proves
        that nothing was sent, while the total time-out of the library proves nothing.

        Raises:
            ConfigurationError: no client can be made in this process, or with these certificates.
            TransportFailure: the address is none, or the proxy's is none.
        """
        connect = patience.connect
        while connect >= left:
            connect /= 2
        try:
            proxy = self._router.route(url).proxy
        except ValueError as error:
            raise TransportFailure(f"not an address: {error}") from None
        ways = Ways(proxy, connect, patience.read)
        return self._clients.get(ways) or self._add(ways)

    def _add(self, ways: Ways) -> Client:
        clients = self._clients
        if len(clients) >= _MOST_CLIENTS:
            # What is under way there goes on; its connections are closed when the last reply is.
            clients.pop(next(iter(clients.copy())), None)
        try:
            return clients.setdefault(ways, self._make(ways))
        except BuilderError as error:
            raise ConfigurationError(f"the fast transport cannot be made: {causes(error)[-1]}") from None
        except ValueError as error:
            raise TransportFailure(f"the proxy's address is none: {error}") from None
        except RuntimeError:
            # Somebody else's use of pyreqwest, before the fork.
            raise ConfigurationError(_FORKED) from None

    def drop(self) -> list[Client]:
        """Forget every client and return those that are to be closed; none in a forked child, where that is unsafe."""
        clients, self._clients = self._clients, {}
        return list(clients.values()) if _user == os.getpid() else []


def sync_client(ways: Ways, max_connections: int, certificates: bytes | None) -> SyncClient:
    """Make a client for threads."""
    return _configure(SyncClientBuilder(), ways, max_connections, certificates).build()


def async_client(ways: Ways, max_connections: int, certificates: bytes | None) -> AsyncClient:
    """Make a client for asyncio."""
    return _configure(ClientBuilder(), ways, max_connections, certificates).build()


def _configure(builder: Builder, ways: Ways, max_connections: int, certificates: bytes | None) -> Builder:
    # What is asked is sent once, as it is, to where it is addressed, and handed over as it is answered.
    builder = (
        builder.no_proxy()
        .follow_redirects(enable=False)
        .referer(enable=False)
        .default_cookie_store(enable=False)
        .gzip(enable=False)
        .brotli(enable=False)
        .deflate(enable=False)
        .zstd(enable=False)
        .http1_only()
        .http1_lower_case_headers()
        .max_connections(max_connections)
        .pool_max_idle_per_host(max_connections)
        .pool_idle_timeout(timedelta(seconds=KEEPALIVE_SECONDS))
        .connect_timeout(timedelta(seconds=ways.connect))
        .read_timeout(timedelta(seconds=ways.read))
    )
    if ways.proxy is not None:
        builder = builder.proxy(ProxyBuilder.all(ways.proxy))
    return builder if certificates is None else builder.add_root_certificate_pem(certificates)


@lru_cache(maxsize=64)
def parse(address: str) -> Url:
    """Parse an address; raise ``ValueError`` when it is none, or when the library would send something else.

    The library cleans addresses up as browsers do: it would take ``/sms/%2e%2e/`` one level higher.
    """
    url = Url(address)
    if url.scheme not in {"http", "https"}:
        raise ValueError("neither http:// nor https://")
    target = address[address.find("/", len("https://")) :]
    query = url.query_string
    if target != (url.path if query is None else f"{url.path}?{query}"):
        raise ValueError("it would not be sent as it is")
    return url


def prepare(start: Callable[[str, Url], RequestBuilder], request: Request, seconds: float) -> RequestBuilder:
    """Make a request of the library's that ends after so many seconds, body included.

    Raises:
        TransportFailure: the address or a header cannot be sent.
    """
    headers = list(request.headers)
    if not request.body and request.method not in {"GET", "DELETE"}:
        headers.append(("content-length", "0"))
    try:
        builder = start(request.method, parse(request.url)).headers(headers)
    except ValueError:
        # The library's words may repeat the value of a header.
        raise TransportFailure("the address or a header cannot be sent as it is") from None
    if request.body:
        builder = builder.body_bytes(request.body)
    # 0: the head is handed over when it is there, not when the first 64 KB of the body are.
    return builder.timeout(timedelta(seconds=seconds)).streamed_read_buffer_limit(0)


class Fields(Mapping[str, str]):
    """Header fields, names in lower case; of a repeated one the last; none that is not text.

    They are read when somebody looks, which after most sends nobody does.

    Args:
        response: what holds them.
    """

    def __init__(self, response: BaseResponse) -> None:
        self._response = response

    @cached_property
    def _found(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in self._response.headers:
            with suppress(ValueError):
                found[name] = self._response.get_header_all(name)[-1]
        return found

    def __getitem__(self, name: str) -> str:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def causes(error: Exception) -> list[str]:
    """Return what the library says behind its own words, the deepest cause last."""
    details = error.details if isinstance(error, DetailedPyreqwestError) else {"causes": None}
    return [cause["message"] for cause in details["causes"] or []] or [type(error).__name__]


def failure(error: Exception, progress: Progress, *, ended: bool = False) -> TransportFailure:
    """Say what an exception of the library's means, in words that hold nothing of the request or the reply.

    Args:
        error: what the library raised.
        progress: told when the failure proves that nothing was sent.
        ended: whether the time for the whole exchange has passed.
    """
    if isinstance(error, PoolTimeoutError):
        progress.reached = False
        return TransportFailure("no free connection", timeout="pool")
    behind = causes(error)
    late = isinstance(error, RequestTimeoutError)
    if _UNSENT in behind:
        progress.reached = False
        if late:
            return TransportFailure("no connection in time", timeout="connect")
        return TransportFailure(f"no connection: {behind[-1]}")
    if late:
        return TransportFailure("no answer in time", timeout="deadline" if ended else "read")
    return TransportFailure(f"the connection broke, or what came is not HTTP ({type(error).__name__})")
