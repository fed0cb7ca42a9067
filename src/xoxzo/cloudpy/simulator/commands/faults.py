"""Fault injection: what can go wrong between a program and Xoxzo, for the next few requests or by chance.

A fault is chosen before a request is handled, and carried out by what transports it: the server, or the transport in
the same process.
"""

from __future__ import annotations

import math
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator

from msgspec import Struct
from msgspec.structs import replace

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.rules import ItemNotFound

KINDS = {
    "throttled": "answers 429 and does nothing; `seconds` is what Retry-After says",
    "error": "answers 500 and does nothing",
    "error_after": "does what was asked and answers 500",
    "slow": "does what was asked and answers after `seconds`",
    "hang": "does nothing, and closes the connection after `seconds`",
    "drop": "does nothing, and closes the connection",
    "refuse": "refuses all connections for `seconds`: over HTTP the port is closed",
    "lose_reply": "does what was asked, and closes the connection instead of answering",
    "truncate": "does what was asked and answers with JSON that breaks off",
    "callback_late": "posts a callback `seconds` later, and so out of order",
    "callback_twice": "posts a callback twice",
    "callback_lost": "posts a callback never, as if it had been delivered",
}
"""Every kind of fault with what it does."""

CALLBACK_KINDS = frozenset({"callback_late", "callback_twice", "callback_lost"})
KINDS_WITHOUT_EFFECT = frozenset({"throttled", "error", "hang", "drop", "refuse"})
"""Faults without effect: the request is not handled."""
KINDS_WITHOUT_RESPONSE = frozenset({"hang", "drop", "refuse", "lose_reply"})
"""Faults that end without an answer."""

ALL_ENDPOINTS = "*"
_NAME = re.compile(r"\{[^}]*\}")
_MAX_SECONDS = 86_400.0
_MAX_FAULTS = 1_000


class Fault(Struct, frozen=True):
    """One fault."""

    ident: int
    kind: str
    """One of `KINDS`."""
    endpoint: str = ALL_ENDPOINTS
    """A method and a path, such as ``POST /sms/messages/``, its ids as ``{id}``; ``*`` for all."""
    chance: float = 1.0
    """How likely it hits a request that it could hit, from 0 to 1."""
    left: int | None = None
    """How many requests it will hit yet; ``None`` for any number."""
    seconds: float = 5.0
    """How long it takes or holds, where that counts, in real seconds; for a late callback on the simulator's clock."""

    @property
    def delay(self) -> float:
        """Real seconds until it is answered, or until the connection is closed."""
        return self.seconds if self.kind in {"slow", "hang"} else 0.0


class FaultInjector:
    """The faults of one simulator; safe to be used from any thread.

    The first that fits and whose chance comes up hits. With a seed, the same requests are hit again.
    """

    def __init__(self, seed: int | None, endpoints: Collection[str]) -> None:
        self._random = random.Random(seed)  # noqa: S311 - it guards nothing
        self.endpoints = frozenset(endpoints)
        """What a fault may be limited to, besides everything."""
        self._lock = threading.Lock()
        self.active: list[Fault] = []
        """The faults that are on; `for fault in faults` leaves out those whose time is over."""
        self._last_ident = 0
        self.counts: Counter[str] = Counter()
        """How often each kind has hit."""
        self._end_times: dict[int, float] = {}  # those that end with their time, by real time
        self.observers: list[Callable[[str], None]] = []
        """Called with a description when a fault begins or is ended by a command; they may read `refusing`."""

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            self._end_expired()
            return iter(list(self.active))

    def __bool__(self) -> bool:
        return bool(self.active)

    def add(
        self,
        kind: str,
        endpoint: str = ALL_ENDPOINTS,
        *,
        chance: float = 1.0,
        times: int | None = None,
        seconds: float = 5.0,
    ) -> Fault:
        """Begin with a fault.

        Args:
            kind: One of `KINDS`.
            endpoint: A method and a path, such as ``POST /sms/messages/``; ``*`` for all. Callbacks have none.
            chance: How likely it hits a request that it could hit, above 0 and at most 1.
            times: How many requests it hits before it ends by itself; any number by default.
            seconds: How long it takes or holds, where that counts, at most a day. ``refuse`` ends after it, and is for
                all endpoints and without chance, since without a connection there is no request.

        Returns:
            The fault; `remove` takes its `ident`.

        Raises:
            SimulatorError: There is no such kind or endpoint, a number is out of range, or there are too many.
        """
        endpoint = _NAME.sub("{id}", endpoint)
        if kind not in KINDS:
            raise SimulatorError("invalid_kind", "kind must be one of {known}", known=", ".join(KINDS))
        if endpoint != ALL_ENDPOINTS and (kind in CALLBACK_KINDS or endpoint not in self.endpoints):
            template = N_("endpoint must be * or, but for callbacks, one of {known}")
            raise SimulatorError("invalid_endpoint", template, known=", ".join(sorted(self.endpoints)))
        if not 0 < chance <= 1:
            raise SimulatorError("invalid_chance", "chance must be above 0 and at most 1")
        if kind == "refuse" and (endpoint != ALL_ENDPOINTS or chance != 1):
            raise SimulatorError("invalid_refuse", "refuse is for all endpoints and without chance")
        if times is not None and times < 1:
            raise SimulatorError("invalid_times", "times must be 1 or more")
        if not 0 <= seconds <= _MAX_SECONDS:
            raise SimulatorError("seconds_out_of_range", "seconds must be between 0 and a day")
        with self._lock:
            if len(self.active) >= _MAX_FAULTS:
                raise SimulatorError("too_many_faults", "there are {n} faults already", n=_MAX_FAULTS)
            self._last_ident += 1
            fault = Fault(self._last_ident, kind, endpoint, chance, times, seconds)
            self.active.append(fault)
            if kind == "refuse":
                self._end_times[fault.ident] = time.monotonic() + seconds
        self.notify(f"{kind} begun")
        return fault

    def remove(self, ident: int) -> None:
        """End one fault; raise `ItemNotFound` if there is none with this number, or it has ended."""
        with self._lock:
            left = [fault for fault in self.active if fault.ident != ident]
            if len(left) == len(self.active):
                raise ItemNotFound("no_such_fault", "there is no such fault")
            self.active = left
        self.notify("ended")

    def all_normal(self) -> None:
        """End all faults."""
        with self._lock:
            self.active = []
        self.notify("all normal")

    def refusing(self) -> float:
        """Return for how many real seconds connections are refused yet; 0 when they are taken."""
        with self._lock:
            self._end_expired()
            return max((end - time.monotonic() for end in self._end_times.values()), default=0.0)

    def hit_request(self, endpoint: str) -> Fault | None:
        """Return the fault that hits a request, or ``None``, and count it."""
        return self._hit(lambda fault: fault.kind not in CALLBACK_KINDS and fault.endpoint in {ALL_ENDPOINTS, endpoint})

    def hit_callback(self) -> tuple[str, float] | None:
        """Return kind and seconds of the fault that hits a callback, or ``None``, and count it."""
        fault = self._hit(lambda fault: fault.kind in CALLBACK_KINDS)
        return None if fault is None else (fault.kind, fault.seconds)

    def _hit(self, fits: Callable[[Fault], bool]) -> Fault | None:
        if not self.active:
            return None
        with self._lock:
            self._end_expired()
            for index, fault in enumerate(self.active):
                if fits(fault) and (fault.chance == 1 or self._random.random() < fault.chance):
                    if fault.left == 1:
                        del self.active[index]
                    elif fault.left is not None:
                        self.active[index] = replace(fault, left=fault.left - 1)
                    self.counts[fault.kind] += 1
                    return fault
        return None

    def notify(self, what: str) -> None:
        """Tell the observers what has changed."""
        for observer in tuple(self.observers):
            observer(what)

    def _end_expired(self) -> None:
        """End what ends with its time, and has; the lock must be held."""
        ends, now = self._end_times, time.monotonic()
        self.active = [fault for fault in self.active if ends.get(fault.ident, math.inf) > now]
        self._end_times = {fault.ident: ends[fault.ident] for fault in self.active if fault.ident in ends}
