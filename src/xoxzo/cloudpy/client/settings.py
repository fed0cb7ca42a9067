"""How calls are made: limits, headers, hooks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.operations.bodies import DecodingError, decode_json
from xoxzo.cloudpy.protocols import AttemptStart, EventHook, Request, Response, TransportFailure


class RateLimiter:
    """Spaces requests evenly, at most `rate` a second, over all threads and tasks that share a client."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._gap = 1.0 / rate
        self._next = 0.0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[RateLimiter], tuple[float]]:
        # A lock cannot be pickled, and a copy in another process has a rate of its own.
        return RateLimiter, (self._rate,)

    def reserve(self, now: float) -> float:
        """Reserve the next request and return the seconds to wait before it."""
        with self._lock:
            send_at = max(now, self._next)
            self._next = send_at + self._gap
        return send_at - now


class SimulatorHost(msgspec.Struct):
    """A host of ``XOXZO_SIMULATOR_HOSTS``: nothing goes there over plain http before a simulator has responded.

    The variable may be left over from another project, or the name may lead elsewhere than in the container where it
    was right; and requests hold credentials.
    """

    name: str
    """The host, with its port."""
    checked: bool = False
    """Whether a simulator has responded."""

    def __reduce__(self) -> tuple[type[SimulatorHost], tuple[str]]:
        # Where it is unpickled, the name may lead elsewhere.
        return type(self), (self.name,)

    @property
    def health_request(self) -> Request:
        """The request for the simulator's health, without credentials."""
        return Request("GET", f"http://{self.name}/_simulator/health", (("accept", "application/json"),))

    def check(self, outcome: object) -> TransportFailure | None:
        """Return what the request got if it is no response; raise ``ConfigurationError`` if no simulator responded."""
        if not isinstance(outcome, Response):
            return cast("TransportFailure", outcome)
        if outcome.cut is not None:
            return outcome.cut
        try:
            health = decode_json(outcome.body)
        except DecodingError:
            health = None
        self.checked = outcome.status == 200 and isinstance(health, dict) and "instance" in health
        if not self.checked:
            raise ConfigurationError(
                "{host} is named in XOXZO_SIMULATOR_HOSTS, but no simulator responds there (status {status}); nothing "
                "was sent. A simulator that refuses the name (403) must allow it: xoxzo simulator --allow-host NAME",
                host=self.name,
                status=outcome.status,
            )
        return None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How calls are made; all times in seconds."""

    base_url: str
    """What paths are appended to."""
    headers: tuple[tuple[str, str], ...]
    """Sent with every request; they hold the token."""
    connect: float = 5.0
    """For making a connection."""
    read: float = 30.0
    """For each wait for bytes."""
    deadline: float = 60.0
    """For everything, waits between attempts included."""
    max_retries: int = 2
    """Attempts after the first."""
    rate_limiter: RateLimiter | None = None
    """Spaces the requests, or ``None``."""
    event_hooks: tuple[EventHook, ...] = ()
    """Called after each attempt."""
    start_hooks: tuple[Callable[[AttemptStart], Mapping[str, str] | None], ...] = ()
    """The ``before_attempt`` of those that have one: called before each attempt."""
    simulator: SimulatorHost | None = None
    """The host if the address is plain http on another one, where only a simulator may respond."""
    allowed_recipients: tuple[str, ...] | None = None
    """How numbers that may be reached begin; ``None`` for all numbers."""
    may_write: Callable[[], bool] | None = None
    """Returns whether a request may still be written, or ``None``."""

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "headers"]

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"
