"""The delivery log: the status and history of each message and call, whatever the order of its reports."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from xoxzo.cloudpy.callbacks.events import Event, IncomingCall
from xoxzo.cloudpy.callbacks.log import entries
from xoxzo.cloudpy.callbacks.log.entries import Entry, Kind, LogStorage, Observed, Record, Recorded, Sent
from xoxzo.cloudpy.errors import InvalidArgument, NotFound

if TYPE_CHECKING:
    from xoxzo.cloudpy.client.client import Client

_CATCH_UP_AFTER = timedelta(minutes=10)
_utc_now = partial(datetime.now, UTC)


class DeliveryLog:
    """Ignores repeated callbacks, and keeps the status and the history of each message and call.

    Reports may come late, twice, in any order, before the send has returned, or never. A status never moves backwards.
    No message and no phone number is stored. A log may be shared between threads, and its file between processes.

    Args:
        storage: the path of an SQLite file, which only its owner can read; or another storage.
        clock: returns the time in UTC.

    Raises:
        ConfigurationError: the file cannot be opened, or is not a delivery log.
    """

    def __init__(
        self, storage: str | os.PathLike[str] | LogStorage, *, clock: Callable[[], datetime] = _utc_now
    ) -> None:
        if isinstance(storage, str | os.PathLike):
            from xoxzo.cloudpy.callbacks.log.sqlite import SqliteStorage

            storage = SqliteStorage(storage)
        self.storage: LogStorage = storage
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the storage."""
        self.storage.close()

    def record(self, event: Event) -> Recorded | None:
        """Record a callback.

        Args:
            event: the result of `Callbacks.receive`.

        Returns:
            Whether it is new, and the message or call afterwards; ``None`` for an incoming call, which is not logged.

        Raises:
            CallbackRejected: it is about another message than its URL was made for (403).
        """
        return None if isinstance(event, IncomingCall) else self._merge(event)

    def begin(self, event: Event) -> Recorded | None:
        """Record a callback that you are going to process; if it is new, call `finish` afterwards.

        It takes and returns what `record` does. Until `finish` is called, or for a minute, repeats of the callback are
        rejected with 503. So it is processed by one process at a time, and at least once even if a process dies.

        Raises:
            CallbackRejected: it is about another message than its URL was made for (403), or is being processed (503).
        """
        return None if isinstance(event, IncomingCall) else self._merge(event, processing=True)

    def finish(self, recorded: Recorded, *, done: bool) -> None:
        """Record that the processing of a callback has ended.

        Args:
            recorded: the result of `begin`.
            done: whether it was processed; if not, a repeat of the callback counts as new.
        """
        entry = recorded.entry
        with self.storage.transaction():
            for found in self.storage.find(entry.kind, entry.ident, entry.reference):
                if found.ident in {"", entry.ident} or not entry.ident:
                    self.storage.save(entries.finished(found, recorded.note, done=done))

    def sent(self, sent: Sent, *, reference: str | None = None) -> Entry:
        """Record a send or a call, which proves that its id and its reference belong together.

        Args:
            sent: the result of ``client.sms.send``, ``client.calls.say`` …
            reference: its reference, if it was sent without one.
        """
        return self._merge(sent, reference).entry

    def learn(self, record: Record) -> Recorded:
        """Record a record of the API: the result of ``client.sms.get``, ``client.calls.get`` or ``client.sms.wait``."""
        return self._merge(record)

    def catch_up(self, client: Client, *, quiet_for: timedelta = _CATCH_UP_AFTER) -> Iterator[Entry]:
        """Poll the status of each message and call without a final status and without a recent report.

        This makes up for reports that never came. Each step of the iteration makes one request.

        Args:
            client: makes the requests; its rate limit applies.
            quiet_for: how long there must have been no report.

        Yields:
            The messages and calls whose status has changed.

        Raises:
            APIError: a request failed; ids that the API does not know are skipped.
        """
        resources: dict[str, Any] = {"sms": client.sms, "call": client.calls, "conference": client.conferences}
        for entry in list(self.storage.unfinished(self._clock() - quiet_for)):
            try:
                record: Record = resources[entry.kind].get(entry.ident)
            except NotFound:
                continue
            recorded = self.learn(record)
            if recorded.moved:
                yield recorded.entry

    def get(
        self, *, msgid: str = "", callid: str = "", conferenceid: str = "", reference: str | None = None
    ) -> Entry | None:
        """Return a message or call, or ``None``.

        Args:
            msgid: the id of an SMS.
            callid: the id of a call.
            conferenceid: the id of a conference.
            reference: a reference; if several entries have it, the one that was sent and updated last.

        Raises:
            InvalidArgument: none of them was given, or more than one.
        """
        ids: list[tuple[Kind, str]] = [("sms", msgid), ("call", callid), ("conference", conferenceid)]
        given = [(kind, ident) for kind, ident in ids if ident]
        if len(given) + (reference is not None) != 1:
            raise InvalidArgument("msgid", "give one of msgid, callid, conferenceid and reference")
        queries = given or [(kind, "") for kind, _ in ids]
        found = [entry for kind, ident in queries for entry in self.storage.find(kind, ident, reference)]
        return max(found, key=lambda entry: (entry.sent, entry.updated), default=None)

    def purge(self, *, older_than: timedelta) -> int:
        """Delete the entries that were last updated longer ago, and return their number."""
        return self.storage.purge(self._clock() - older_than)

    def _merge(self, found: Observed, reference: str | None = None, *, processing: bool = False) -> Recorded:
        observation = entries.observe(found, self._clock(), reference, processing=processing)
        with self.storage.transaction():
            known = self.storage.find(observation.kind, observation.ident, observation.reference)
            recorded = entries.merge(entries.select_entry(known, observation), observation)
            self.storage.save(recorded.entry)
            for other in entries.disowned(known, observation):
                self.storage.save(other)
        return recorded
