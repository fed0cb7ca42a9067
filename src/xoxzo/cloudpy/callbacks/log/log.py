"""The delivery log: what became of each message, whatever order its reports come in."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from xoxzo.cloudpy.callbacks.log import observing, rules
from xoxzo.cloudpy.errors import InvalidArgument, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xoxzo.cloudpy.callbacks.events import Event
    from xoxzo.cloudpy.callbacks.log.entries import Entry, Kind, LogStorage, Observation, Recorded
    from xoxzo.cloudpy.client import Client
    from xoxzo.cloudpy.models import Call, Conference, Message, SentMessage, StartedCall, StartedConference

_SETTLED = timedelta(minutes=10)


def _now() -> datetime:
    return datetime.now(UTC)


class DeliveryLog:
    """Absorbs repeats, keeps order, and tells the whole history of a message in one row.

    Reports may come late, twice, in any order, before the send has returned, or never; a status never goes backwards.
    No text and no phone number is kept. Safe to share between threads, and its file between processes.

    Args:
        storage: the path of an SQLite file, made readable for its owner alone, or a storage of another kind.
        clock: the present in UTC.

    Raises:
        ConfigurationError: the file cannot be opened, or is something else.
    """

    def __init__(self, storage: str | os.PathLike[str] | LogStorage, *, clock: Callable[[], datetime] = _now) -> None:
        self.storage: LogStorage
        if isinstance(storage, str | os.PathLike):
            from xoxzo.cloudpy.callbacks.log.sqlite import SqliteStorage

            self.storage = SqliteStorage(storage)
        else:
            self.storage = storage
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what the storage holds open."""
        self.storage.close()

    def record(self, event: Event) -> Recorded | None:
        """Record a callback.

        Args:
            event: what `Callbacks.receive` returned.

        Returns:
            Whether it told anything new, and the message as it stands; ``None`` for an incoming call, which is not
            logged.

        Raises:
            CallbackRejected: it names one message and came to the URL of another.
        """
        seen = observing.from_event(event, self._clock())
        return None if seen is None else self._observe(seen)

    def begin(self, event: Event) -> Recorded | None:
        """Record a callback that is going to be acted on; `finish` must follow where it is new.

        Until then the same callback is refused, and after a minute it counts as new again: so it is acted on at least
        once, even if the process dies over it, and by one at a time.

        Args:
            event: what `Callbacks.receive` returned.

        Returns:
            As for `record`.

        Raises:
            CallbackRejected: it names one message and came to the URL of another (403), or is being acted on (503).
        """
        seen = observing.from_event(event, self._clock())
        return None if seen is None else self._observe(replace(seen, acting=True))

    def finish(self, recorded: Recorded, *, done: bool) -> None:
        """Say how acting on a callback ended that `begin` told to be new.

        Args:
            recorded: what `begin` returned.
            done: whether it was acted on; if not, it counts as new when it comes again.
        """
        entry = recorded.entry
        with self.storage.transaction():
            for found in self.storage.find(entry.kind, entry.ident, entry.reference):
                if found.ident in {"", entry.ident} or not entry.ident:
                    self.storage.save(rules.finished(found, recorded.note, done=done))

    def sent(self, sent: SentMessage | StartedCall | StartedConference, *, reference: str | None = None) -> Entry:
        """Record what a send or a call returned, so that its id and its reference belong together from now on.

        Args:
            sent: what ``client.sms.send``, ``client.calls.say`` … returned.
            reference: its reference, where it was not sent with one.
        """
        return self._observe(observing.from_sent(sent, reference, self._clock())).entry

    def learn(self, answer: Message | Call | Conference) -> Recorded:
        """Record what the API said when it was asked: what ``client.sms.get`` or ``client.sms.wait`` returned."""
        return self._observe(observing.from_answer(answer, self._clock()))

    def catch_up(self, client: Client, *, quiet_for: timedelta = _SETTLED) -> Iterator[Entry]:
        """Ask the API about everything that is not finished and of which nothing was heard for a while.

        So a report that never came is made good. Nothing is asked before the first step of the iteration.

        Args:
            client: whom to ask; its limits hold.
            quiet_for: how long nothing was heard.

        Yields:
            The messages and calls about which something new was learnt.

        Raises:
            APIError: a question failed, other than by an id that the API does not know.
        """
        for entry in list(self.storage.unfinished(self._clock() - quiet_for)):
            try:
                answer: Message | Call | Conference
                if entry.kind == "sms":
                    answer = client.sms.get(entry.ident)
                elif entry.kind == "call":
                    answer = client.calls.get(entry.ident)
                else:
                    answer = client.conferences.get(entry.ident)
            except NotFound:
                continue
            recorded = self.learn(answer)
            if recorded.moved:
                yield recorded.entry

    def get(
        self, *, msgid: str = "", callid: str = "", conferenceid: str = "", reference: str | None = None
    ) -> Entry | None:
        """Return what is known of a message or call, or ``None``.

        Args:
            msgid: an SMS's id.
            callid: a call's id.
            conferenceid: a conference's id.
            reference: or its reference; of several that have it, the one that was updated last.

        Raises:
            InvalidArgument: none of them was given, or more than one.
        """
        wanted: list[tuple[Kind, str]] = [("sms", msgid), ("call", callid), ("conference", conferenceid)]
        given = [(kind, ident) for kind, ident in wanted if ident]
        if len(given) + (reference is not None) != 1:
            raise InvalidArgument("msgid", "give one of msgid, callid, conferenceid and reference")
        asked = given or [(kind, "") for kind, _ in wanted]
        found = [entry for kind, ident in asked for entry in self.storage.find(kind, ident, reference)]
        return max(found, key=lambda entry: (entry.sent, entry.updated), default=None)

    def purge(self, *, older_than: timedelta) -> int:
        """Remove what was last updated longer ago, and return how many messages and calls that was."""
        return self.storage.purge(self._clock() - older_than)

    def _observe(self, seen: Observation) -> Recorded:
        with self.storage.transaction():
            entries = self.storage.find(seen.kind, seen.ident, seen.reference)
            recorded = rules.merge(rules.choose(entries, seen), seen)
            self.storage.save(recorded.entry)
            for other in rules.disowned(entries, seen):
                self.storage.save(other)
        return recorded
