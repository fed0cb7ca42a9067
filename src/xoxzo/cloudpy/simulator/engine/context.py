"""What all services of the engine share: time, random numbers, outbox, listeners, and what is derived from records."""

from __future__ import annotations

import heapq
import itertools
import random
import string
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import islice, takewhile
from operator import itemgetter
from typing import Any, TypeVar

from msgspec import Struct

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.engine.clock import RealClock
from xoxzo.cloudpy.simulator.engine.records.accounts import Account, is_same_account
from xoxzo.cloudpy.simulator.engine.records.traffic import Call, ReceivedRequest, Traffic
from xoxzo.cloudpy.simulator.settings import USER_AGENT, Settings

_LETTERS = string.ascii_letters + string.digits

TOO_MANY_WAITING = N_("too many requests were waiting")
"""Why an outgoing request failed that was never made."""


class Event(Struct, frozen=True):
    """An event, for the listeners.

    `numbers` and `content` are apart from `facts` so that a log can mask the one and leave out the other.
    """

    at: float
    name: str
    ident: str
    facts: Mapping[str, object] = {}
    numbers: Mapping[str, str] = {}
    content: str | None = None


class OutboundResult(Struct, frozen=True):
    """How an outgoing request ended: a status with the beginning of the body, or an error."""

    status: int | None = None
    body: bytes = b""
    error: str | None = None
    refused: bool = False
    """Whether it was not even tried, because the address is not allowed."""
    headers: tuple[tuple[str, str], ...] = ()
    """The first header fields of the answer."""


def request_headers(content_type: str) -> dict[str, str]:
    """Return the header fields of a request with a body of some kind; an empty text stands for no body."""
    fields = {"User-Agent": USER_AGENT, "Connection": "close"}
    return {**fields, "Content-Type": content_type} if content_type else fields


class OutboundRequest(Struct, frozen=True, eq=False):
    """A request that the engine wants made; the runtime makes it and calls `on_result`."""

    method: str
    url: str
    on_result: Callable[[OutboundResult], None]
    body: bytes = b""
    content_type: str = ""


KEPT_MINUTES = 1_440
"""Minutes that are kept: a day."""


class Minute(Struct):
    """What happened in one minute."""

    sms: int = 0
    calls: int = 0
    spent: Decimal = Decimal(0)
    """Credits that were taken, less those given back."""
    bought: Decimal = Decimal(0)
    callbacks_ok: int = 0
    callbacks_failed: int = 0


K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T", bound=Traffic)

DAY_SECONDS = 86_400
_DELETED_SHARE = 1_000


class OldestFirst(dict[K, V]):
    """At most `limit` records by key, the oldest first by `began`; `deleted` is called with each that is deleted."""

    def __init__(self, limit: int, began: Callable[[V], float], deleted: Callable[[V], object]) -> None:
        self._limit = limit
        self._began = began
        self._deleted = deleted

    def keep(self, key: K, record: V) -> None:
        """Store a record, new or loaded; over the limit, the oldest are deleted.

        Where many are kept, a thousandth more are deleted: finding the first key of a `dict` takes the longer the more
        of its first keys were deleted, so it is not done each time.
        """
        self[key] = record
        if len(self) > self._limit:
            self.delete(islice(self, len(self) - self._limit + self._limit // _DELETED_SHARE))

    def find(self, account: Account, key: K) -> V | None:
        """Return an account's record, or ``None`` (API section 15.36)."""
        record = self.get(key)
        return record if is_same_account(getattr(record, "account", None), account) else None

    def delete_before(self, moment: float) -> None:
        """Delete the records that began before a moment."""
        self.delete(key for key, _ in takewhile(lambda entry: self._began(entry[1]) < moment, self.items()))

    def delete(self, keys: Iterable[K]) -> None:
        """Delete records, whose keys may be found while they are there."""
        for key in list(keys):
            self._deleted(self.pop(key))


class TrafficRecords(OldestFirst[str, T]):
    """Messages, calls or replies, which are found by account, and by each phone that they reached or came from, too."""

    def __init__(
        self,
        context: EngineContext,
        limit: int,
        began: Callable[[T], float],
        reached: Callable[[T], Iterable[str]],
        deleted: Callable[[T], object] = lambda _record: None,
    ) -> None:
        super().__init__(limit, began, deleted)
        self._context = context
        self._reached = reached
        self.by_account: dict[Account, dict[str, T]] = {}
        self.by_phone: dict[str, dict[str, T]] = {}
        context.traffic.append(self)

    def keep(self, key: str, record: T) -> None:
        """Store a record, new or loaded; over the limit, the oldest are deleted."""
        self._context.last_serial = max(self._context.last_serial, record.serial)
        self.by_account.setdefault(record.account, {})[key] = record
        for number in self._reached(record):
            self.attach(number, key, record)
        super().keep(key, record)

    def attach(self, number: str, key: str, record: T) -> None:
        """Show a record on a phone that it reached."""
        self.by_phone.setdefault(number, {})[key] = record
        if not isinstance(record, Call) or record.direction == "outbound" or number != record.recipient:
            phones = self._context.phones  # a dial-in number is none: it is the account's own
            phones[number] = max(phones.pop(number, 0), record.serial)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete records, whose keys may be found while they are there."""
        for key in list(keys):
            record = self.pop(key)
            self._context.mark_deleted(record)
            _remove(self.by_account, record.account, key)
            for number in self._reached(record):
                _remove(self.by_phone, number, key)
                if not any(number in records.by_phone for records in self._context.traffic):
                    self._context.phones.pop(number, None)
            self._deleted(record)


def _remove(index: dict[K, dict[str, V]], group: K, key: str) -> None:
    """Remove an entry from an index of groups, and the group with its last entry."""
    entries = index.get(group, {})
    entries.pop(key, None)
    if not entries:
        index.pop(group, None)


class EngineContext:
    """Time, random numbers and the outbox for the services; guarded by the engine's lock. Generations differ in ids."""

    def __init__(self, settings: Settings, clock: RealClock, generation: int = 0) -> None:
        self.settings = settings
        self.clock = clock
        seed = f"{settings.seed} {generation}" if generation and settings.seed is not None else settings.seed
        self.random = random.Random(seed)  # noqa: S311 - ids of a simulator guard nothing
        self.timers: list[tuple[float, int, Callable[[], object]]] = []
        """A heap. What is due at the same moment is done in the order in which it was set."""
        self._order = itertools.count()
        self.outbox: deque[OutboundRequest] = deque()
        self.listeners: list[Callable[[Event], None]] = []
        self.wake: Callable[[], object] = lambda: None
        self.callback_fault: Callable[[], tuple[str, float] | None] = lambda: None
        """Returns the kind and the seconds of the fault, if any, that hits an attempt to deliver a callback."""
        self.changes: dict[object, bool] | None = None
        """Records that were changed (true) or deleted since the last save; ``None`` when nothing is saved."""
        self.traffic: list[TrafficRecords[Any]] = []
        """Messages, replies and calls."""
        self.phones: dict[str, int] = {}
        """Numbers, each with the serial number of what reached it last, in this order."""
        self.minutes: dict[int, Minute] = {}
        """What happened, by the number of the minute. It is not saved in the database."""
        self.received: ReceivedRequest | None = None
        """The request that is being carried out, for whatever comes of it to remember."""
        self.last_serial = 0
        self._moment: float | None = None

    def sort_phones(self, since: int = 0) -> None:
        """Put the phones that were reached since a serial number in their order again; they are the last ones."""
        late = list(takewhile(lambda entry: entry[1] >= since, reversed(self.phones.items())))
        late.reverse()  # those of one call stay in their order
        for number, _ in sorted(late, key=itemgetter(1)):
            self.phones[number] = self.phones.pop(number)

    def serial(self) -> int:
        """Return the next serial number: messages, calls and replies share one order."""
        self.last_serial += 1
        return self.last_serial

    def now(self) -> float:
        """Return the present; while a timer fires, the moment at which it was due."""
        return self.clock.now() if self._moment is None else self._moment

    def minute(self, moment: float) -> Minute:
        """Return the minute of a moment, to be counted in; over the limit, the oldest is deleted."""
        number = int(moment // 60)
        found = self.minutes.get(number)
        if found is None:
            found = self.minutes[number] = Minute()
            if len(self.minutes) > KEPT_MINUTES:
                del self.minutes[next(iter(self.minutes))]
        return found

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Have something done later."""
        self.at(self.now() + seconds, action)

    def at(self, moment: float, action: Callable[[], object]) -> None:
        """Have something done at a moment; one that is past counts as due."""
        entry = (moment, next(self._order), action)
        heapq.heappush(self.timers, entry)
        if self.timers[0] is entry:
            self.wake()

    def mark_changed(self, record: object) -> None:
        """Have a record saved that was made or changed; it is read when the lock is given back."""
        if self.changes is not None:
            self.changes[record] = True

    def mark_deleted(self, record: object) -> None:
        """Have a record saved no more."""
        if self.changes is not None:
            self.changes[record] = False

    def run_due(self) -> None:
        """Fire, in their order, all timers that are due, and the first of those that are too many."""
        if self._moment is not None:
            return
        now, early = self.clock.now(), len(self.timers) - self.settings.max_waiting
        try:
            while self.timers and (early > 0 or self.timers[0][0] <= now):
                self._moment, _, action = heapq.heappop(self.timers)
                action()
                early -= 1
        finally:
            self._moment = None

    def send(self, outgoing: OutboundRequest) -> None:
        """Put a request into the outbox; where too many wait already, the oldest of them fails."""
        self.outbox.append(outgoing)
        if len(self.outbox) > self.settings.max_outgoing:
            failed = self.outbox.popleft()
            self.at(self.now(), lambda: failed.on_result(OutboundResult(error=TOO_MANY_WAITING)))
        self.wake()

    def publish(
        self,
        name: str,
        ident: str,
        *,
        numbers: Mapping[str, str] | None = None,
        content: str | None = None,
        **facts: object,
    ) -> None:
        """Pass an event to the listeners."""
        if self.listeners:
            event = Event(self.now(), name, ident, facts, numbers or {}, content)
            for listener in self.listeners:
                listener(event)

    def msgid(self) -> str:
        """Make a message id: 32 distinct letters and digits (API section 15.17)."""
        # A shuffle from one large random number: a third of the time of `random.sample`, on the busiest path.
        letters = list(_LETTERS)
        bits = self.random.getrandbits(256)
        for index in range(32):
            bits, other = divmod(bits, 62 - index)
            letters[index], letters[index + other] = letters[index + other], letters[index]
        return "".join(letters[:32])

    def callid(self) -> str:
        """Make a call id: the text of a UUID4 (API section 1.8)."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def short_path(self) -> str:
        """Make the path of a short link: five characters (API section 2.5)."""
        return "".join(self.random.choices(_LETTERS, k=5))
