"""Takes notifications and does what the escalation asks for, one task for each incident."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from typing import TYPE_CHECKING, Any

import msgspec

from xoxzo.cloudpy.integrations.alertmanager import escalation, routing
from xoxzo.cloudpy.integrations.alertmanager.deciding import Decider
from xoxzo.cloudpy.integrations.alertmanager.records import UNDER_WAY, Incident, Kind, Outcome, Phase, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xoxzo.cloudpy.integrations.alertmanager.payload import Notification
    from xoxzo.cloudpy.integrations.alertmanager.records import Deed
    from xoxzo.cloudpy.integrations.alertmanager.sending import Sender
    from xoxzo.cloudpy.integrations.alertmanager.settings import Settings
    from xoxzo.cloudpy.integrations.alertmanager.store import Store
    from xoxzo.cloudpy.integrations.alertmanager.telling import Teller
    from xoxzo.cloudpy.integrations.alertmanager.wording import Said

KEPT = 30 * 86_400.0
"""Seconds for which incidents are remembered that are open no more, from when Alertmanager spoke of them last."""

# Read aloud without mistakes: no 0, O, 1, I.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_FIRST_LOOK, _LONGEST_LOOK = 2.0, 10.0
_LONGEST_CALL = 900.0
# The wall clock may be set, so nobody sleeps by it for longer than this.
_LONGEST_SLEEP = 60.0
_AFTER_FAULT = 5.0
_DAY = 86_400.0


class Receiver:
    """The work behind the endpoint. All methods are for one event loop.

    Args:
        settings: what the file says.
        store: what is remembered.
        sender: sends.
        teller: is told of everything.
        clock: the time, in seconds since 1970.
    """

    def __init__(
        self, settings: Settings, store: Store, sender: Sender, teller: Teller, *, clock: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._store = store
        self._sender = sender
        self._teller = teller
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._woken: dict[str, asyncio.Event] = {}
        self._stopping = asyncio.Event()
        self._failure = ""
        self._keeping: asyncio.Task[None]
        self._decider = Decider(settings, store, teller, clock)

    def start(self) -> None:
        """Go on with what was open when the last receiver stopped."""
        self._keeping = asyncio.create_task(self._keep_house())
        for incident in self._store.incidents(Phase.OPEN, Phase.RESOLVED):
            self._wake(incident.ident)

    async def stop(self, grace: float = 10.0) -> None:
        """Stop: what is being sent is finished, what is ringing or waiting is taken up by the next receiver.

        Args:
            grace: seconds for what is being sent.
        """
        self._stopping.set()
        await self._keeping
        for woken in self._woken.values():
            woken.set()
        tasks = [task for task in self._tasks.values() if not task.done()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _keep_house(self) -> None:
        stopping = False
        while not stopping:
            try:
                self._store.forget(self._clock() - KEPT)
            except sqlite3.Error as error:
                self._teller.tell("fault", error=error)
            stopping = await self._pause(_DAY)

    def hear(self, notification: Notification) -> tuple[Verdict, str]:
        """Take a notification; it is on disk when this returns.

        Returns:
            What it meant, and the id of its incident, if there is one.
        """
        now = self._clock()
        with self._store.transaction() as store:
            before = store.latest(notification.key)
            after, verdict = escalation.hear(
                before, notification, lambda alerts: routing.choose(self._settings.routes, alerts), now, _ident(store)
            )
            if after is not None and after != before:
                store.put(after)
        ident = after.ident if after else ""
        plan = after.plan if after else ""
        self._teller.tell("heard", verdict=verdict, incident=ident, list=plan, firing=len(notification.firing))
        if ident:
            self._wake(ident)
        return verdict, ident

    def acknowledge(self, ident: str, by: str) -> Incident | None:
        """Note that somebody takes care of an incident; return it, or ``None`` if there is none."""
        after = acknowledge(self._store, ident, by, self._clock())
        if after is not None:
            self._teller.tell("acknowledged", incident=ident, by=after.by, phase=after.phase)
            self._wake(ident)
        return after

    def health(self) -> dict[str, Any]:
        """Return how things stand, without numbers and texts."""
        return {
            "status": "failing" if self._failure else "ok",
            "open": len(self._store.incidents(Phase.OPEN)),
            "failure": self._failure or None,
        }

    def _wake(self, ident: str) -> None:
        if self._stopping.is_set():
            return
        woken = self._woken.setdefault(ident, asyncio.Event())
        woken.set()
        if ident not in self._tasks or self._tasks[ident].done():
            self._tasks[ident] = asyncio.create_task(self._attend(ident))
            self._tasks[ident].add_done_callback(lambda task: self._forget(ident, task))

    def _forget(self, ident: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(ident) is task:
            del self._tasks[ident], self._woken[ident]

    async def _attend(self, ident: str) -> None:
        """Look after one incident until there is nothing more to do."""
        woken = self._woken[ident]
        while not self._stopping.is_set():
            woken.clear()
            try:
                if not await self._go_on(ident, woken):
                    return
            except Exception as error:  # noqa: BLE001
                # A full disk, for instance: whoever looks must see it, and the alert must go on when there is room.
                self._failure = f"{type(error).__name__}: {error}"
                self._teller.tell("fault", incident=ident, error=self._failure)
                await self._pause(_AFTER_FAULT)

    async def _go_on(self, ident: str, woken: asyncio.Event) -> bool:
        todo = self._decider.decide(ident)
        if todo is None:
            return False
        if isinstance(todo, float):
            await _wait(woken, min(max(0.0, todo - self._clock()), _LONGEST_SLEEP))
            return True
        called = {deed.person for deed, _ in todo if deed.kind is Kind.CALL}
        self._decider.called |= called
        try:
            done = await asyncio.gather(*(self._do(deed, text) for deed, text in todo))
        finally:
            self._decider.called -= called
        if not any(deed.outcome in UNDER_WAY for deed in done):
            self._finish(ident, done)
        return True

    async def _do(self, deed: Deed, said: Said | None) -> Deed:
        if said is not None:
            deed = await self._sender.send(deed, said)
        elif deed.outcome is Outcome.CLAIMED:
            # It was about to go out when the process died.
            self._teller.tell("doubt", incident=deed.incident, kind=deed.kind, to=deed.person, reference=deed.key)
            deed = msgspec.structs.replace(deed, outcome=Outcome.DOUBT)
        if deed.outcome is not Outcome.RINGING:
            return deed
        with self._store.transaction() as store:
            store.note(deed)
        return await self._ring(deed)

    async def _ring(self, deed: Deed) -> Deed:
        pause = _FIRST_LOOK
        while not await self._pause(pause):
            deed = await self._sender.ask(deed)
            if deed.outcome is not Outcome.RINGING:
                break
            if self._clock() >= deed.at + _LONGEST_CALL:
                facts = {"to": deed.person, "callid": deed.callid, "status": "unknown"}
                self._teller.tell("unanswered", incident=deed.incident, **facts)
                return msgspec.structs.replace(deed, outcome=Outcome.UNANSWERED)
            pause = min(_LONGEST_LOOK, pause * 1.5)
        return deed

    def _finish(self, ident: str, done: Sequence[Deed]) -> None:
        with self._store.transaction() as store:
            before = store.incident(ident)
            if before is None:
                return
            after = escalation.after(before, self._decider.plan(before), done, self._clock())
            for deed in done:
                store.note(deed)
            store.put(after)
        failed = [deed for deed in done if deed.outcome in {Outcome.UNSENT, Outcome.REFUSED}]
        self._failure = f"the last {failed[0].kind} was {failed[0].outcome}" if failed else ""
        if after.phase is not before.phase:
            self._teller.tell(after.phase, incident=ident, by=after.by)

    async def _pause(self, seconds: float) -> bool:
        """Wait, and say whether all is to stop."""
        await _wait(self._stopping, seconds)
        return self._stopping.is_set()


def acknowledge(store: Store, ident: str, by: str, now: float) -> Incident | None:
    """Note in a store that somebody takes care of an incident; return it, or ``None`` if there is none."""
    with store.transaction():
        before = store.incident(ident)
        if before is None:
            return None
        after = escalation.acknowledge(before, by, now)
        if after != before:
            store.put(after)
    return after


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def _ident(store: Store) -> str:
    while True:
        ident = "".join(secrets.choice(_LETTERS) for _ in range(4))
        if store.incident(ident) is None:
            return ident
