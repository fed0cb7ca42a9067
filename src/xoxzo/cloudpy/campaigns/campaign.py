"""A campaign as an object: create it, plan it, run it, look into it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import signal
import threading
import time
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from xoxzo.cloudpy.campaigns import shelf
from xoxzo.cloudpy.campaigns.clock import SteadyClock
from xoxzo.cloudpy.campaigns.content import Content
from xoxzo.cloudpy.campaigns.inputs import BadRow, People, guess, read_rows, read_table
from xoxzo.cloudpy.campaigns.ledger import SqliteLedger
from xoxzo.cloudpy.campaigns.limits import Limits
from xoxzo.cloudpy.campaigns.planning import Plan, plan
from xoxzo.cloudpy.campaigns.records import Outcome, State
from xoxzo.cloudpy.campaigns.settling import Settler, state_of
from xoxzo.cloudpy.campaigns.whole import WholeRun
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.campaigns.ledger.reading import Standing
    from xoxzo.cloudpy.campaigns.limits import Event, Hook, Result
    from xoxzo.cloudpy.campaigns.records import Tally, Unsettled
    from xoxzo.cloudpy.protocols import CallbackUrls

    Source = str | os.PathLike[str] | Iterable[Mapping[str, object]]

_MOST_BAD = 100_000
_DRAFT_DAYS = 1


class BadRows(CampaignError):
    """An input has rows that cannot be sent to, and nothing was created.

    Attributes:
        rows: the rows, the first hundred thousand of them.
        count: how many there are.
    """

    def __init__(self, rows: list[BadRow], count: int) -> None:
        first = rows[0]
        super().__init__(
            f"{count} rows cannot be sent to; the first is line {first.line}: {first.column} {first.reason}"
        )
        self.rows = rows
        self.count = count


class Campaign:
    """One message to many people. Everything that is known of it stands in one file.

    Get one by ``Campaign.create`` or ``Campaign.open``, and close it, or use it in a ``with`` statement.

    Attributes:
        name: its name.
        content: what everybody gets.
        bad: the rows of the input that were left out, when it was created just now.
    """

    def __init__(self, name: str, ledger: SqliteLedger) -> None:
        self.name = name
        self.ledger = ledger
        self.content = msgspec.convert(ledger.get("content"), Content)
        self.bad: tuple[BadRow, ...] = ()
        self._uid = str(ledger.get("uid"))
        self._run: WholeRun | None = None

    @classmethod
    def create(
        cls,
        name: str,
        source: Source,
        content: Content,
        *,
        folder: str | os.PathLike[str] | None = None,
        number: str | None = None,
        columns: Mapping[str, str] | None = None,
        country: str = "JP",
        mobile_only: bool | None = None,
        skip_bad: bool = False,
        suppress: Iterable[str] = (),
        **reading: Any,  # noqa: ANN401 - what `read_table` takes
    ) -> Self:
        """Read recipients and freeze them, with what they will get, in a new ledger. Nothing is sent.

        Args:
            name: how it is called from now on; letters, digits, ``-``, ``_`` and ``.``.
            source: a file (see ``inputs.read_table``), or rows that map columns to values. A million rows need no
                more memory than a thousand.
            content: what everybody gets.
            folder: where the ledger goes; by default ``XOXZO_CAMPAIGNS`` or the user's data folder.
            number: the column of the phone numbers; by default the one that holds some.
            columns: the column of each placeholder, where it is called otherwise.
            country: where numbers without a country code belong, as ISO 3166-1 alpha-2.
            mobile_only: refuse numbers that are no mobiles; by default for SMS and not for calls.
            skip_bad: leave bad rows out; by default they stop everything.
            suppress: numbers in E.164 to leave out, for instance after an opt-out. Only hashes of them are kept.
            **reading: ``encoding``, ``delimiter``, ``header`` and ``sheet`` of a file.

        Raises:
            BadRows: there are bad rows; nothing was created.
            InvalidArgument: the name, the content or a setting breaks its rule.
            CampaignError: the file cannot be read, a column is missing, or there is a campaign of this name.
            ConfigurationError: an extra is missing.
        """
        content.check()
        path = shelf.path_of(name, folder)
        if path.exists():
            raise CampaignError(f"there is a campaign {name} already: go on with it, or take another name")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
        table = read_rows(source) if not isinstance(source, str | os.PathLike) else read_table(file, **reading)
        chosen = guess(table, content.placeholders, number=number, mapping=columns)
        bad: list[BadRow] = []

        def keep(row: BadRow) -> None:
            if len(bad) < _MOST_BAD:
                bad.append(row)

        mobile_only = not content.is_call if mobile_only is None else mobile_only
        people = People(table, chosen, content, country=country, mobile_only=mobile_only, on_bad=keep)
        _sweep(path.parent)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.draft")
        try:
            ledger = SqliteLedger(draft, create=True)
            with ledger:
                ledger.put({"salt": secrets.token_hex(16)})
                repeated = sum(1 for _ in ledger.add(people))
                if people.bad and not skip_bad:
                    raise BadRows(bad, people.bad)
                ledger.suppress(suppress)
                ledger.seal()
                if not ledger.get("total"):
                    raise CampaignError("there is nobody to send to")
                ledger.put(
                    {
                        "name": name,
                        "uid": secrets.token_hex(6),
                        "content": msgspec.to_builtins(content),
                        "created": time.time(),
                        "state": "created",
                        "source": fingerprint(file) if file else "",
                        "input": {
                            "file": file,
                            "about": table.about,
                            "columns": {"number": chosen.number, **chosen.variables},
                            "rows": people.read,
                            "bad": people.bad,
                            "repeated": repeated,
                            "doubts": dict(people.doubts),
                        },
                    }
                )
            # Complete or not there at all: a name never stands for half a list.
            os.link(draft, path)
        except FileExistsError:
            raise CampaignError(f"there is a campaign {name} already") from None
        finally:
            for leftover in path.parent.glob(f"{draft.name}*"):
                leftover.unlink(missing_ok=True)
        campaign = cls(name, SqliteLedger(path))
        campaign.bad = tuple(bad)
        return campaign

    @classmethod
    def open(cls, name: str, *, folder: str | os.PathLike[str] | None = None) -> Self:
        """Open a campaign that was created before.

        Raises:
            CampaignError: there is none of this name.
        """
        path = shelf.path_of(name, folder)
        if not path.is_file():
            raise CampaignError(f"there is no campaign {name}")
        return cls(name, SqliteLedger(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Campaign({self.name!r})"

    def close(self) -> None:
        """Give the file up. Closing twice does nothing."""
        self.ledger.close()

    @property
    def state(self) -> str:
        """``created``, ``running``, ``paused``, ``stopped``, ``expired``, ``cancelled`` or ``finished``."""
        return str(self.ledger.get("state"))

    @property
    def reference_prefix(self) -> str:
        """What the reference of each message begins with; a hyphen and the recipient's place follow."""
        return self._uid

    def made_from(self, source: str | os.PathLike[str]) -> bool:
        """Whether the campaign was made from this file as it is now."""
        return bool(self.ledger.get("source") == fingerprint(source))

    def plan(self, limits: Limits | None = None) -> Plan:
        """Reckon what is left to be sent, without sending it."""
        return plan(self.ledger, self.content, limits or self.limits)

    @property
    def limits(self) -> Limits:
        """What the last run kept to, and the next one will if it is told nothing else."""
        kept = self.ledger.get("limits")
        return Limits() if kept is None else msgspec.convert(kept, Limits)

    def keep(self, limits: Limits | None) -> Limits:
        """Remember what is kept to; return it. ``None`` leaves it as it was."""
        if limits is None:
            return self.limits
        self.ledger.put({"limits": msgspec.to_builtins(limits)})
        return limits

    def tally(self) -> Tally:
        """Return the figures."""
        return self.ledger.tally()

    def unknown(self) -> Iterator[Unsettled]:
        """Return those of whom nobody knows whether they were sent to."""
        return self.ledger.unknown()

    def standings(self) -> Iterator[Standing]:
        """Return where everybody stands, in the order of the list."""
        return self.ledger.standings()

    async def run_async(
        self,
        client: AsyncClient,
        limits: Limits | None = None,
        *,
        callbacks: CallbackUrls | None = None,
        on_event: Hook | None = None,
        follow: float = 0.0,
    ) -> Result:
        """Send to everybody who is left, settle what can be settled, and say how it ended.

        Whatever a run before this one left in doubt is looked up and never simply sent again.

        Args:
            client: sends; its ``max_connections`` should be at least ``limits.concurrency``.
            limits: what is kept to; by default what the last run kept to.
            callbacks: makes the URLs of delivery reports; give what they tell to ``record``.
            on_event: told what happens.
            follow: seconds to ask, at the end, for the carriers' last words.

        Raises:
            CampaignError: another process runs it, it was cancelled, or the ledger cannot be written.
        """
        self.ledger.lock()
        if self.state in {"cancelled", "purged"}:
            raise CampaignError(f"{self.name} was {self.state}: it cannot go on")
        self._run = WholeRun(
            self.ledger,
            self.content,
            self._uid,
            client=client,
            limits=self.keep(limits),
            callbacks=callbacks,
            tell=on_event,
        )
        try:
            return await self._run.run(follow)
        finally:
            self._run = None

    def run(
        self,
        client: AsyncClient | None = None,
        limits: Limits | None = None,
        *,
        callbacks: CallbackUrls | None = None,
        on_event: Hook | None = None,
        follow: float = 0.0,
    ) -> Result:
        """Do what ``run_async`` does and wait for it. Ctrl-C finishes what is in flight, and then returns.

        Args:
            client: an ``AsyncClient``; by default one from the environment, on the fast transport where its extra is
                installed, which is closed afterwards.
            limits: as for ``run_async``. The same goes for the others.
            callbacks: makes the URLs of delivery reports.
            on_event: told what happens.
            follow: seconds to ask, at the end, for the carriers' last words.

        Raises:
            CampaignError: another process runs it, or the ledger cannot be written.
            ConfigurationError: no credentials.
        """

        async def main() -> Result:
            with _interrupts(self):
                if client is not None:
                    return await self.run_async(client, limits, **options)
                async with _client((limits or self.limits).concurrency) as own:
                    return await self.run_async(own, limits, **options)

        options: dict[str, Any] = {"callbacks": callbacks, "on_event": on_event, "follow": follow}
        return asyncio.run(main())

    async def events(
        self,
        client: AsyncClient,
        limits: Limits | None = None,
        **options: Any,  # noqa: ANN401 - what `run_async` takes
    ) -> AsyncIterator[Event | Result]:
        """Run, and yield what happens; the last thing is the result. Leaving the loop stops the run."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        task = asyncio.create_task(self.run_async(client, limits, on_event=queue.put_nowait, **options))
        task.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                yield event
            yield await task
        finally:
            if not task.done():
                self.stop()
                await asyncio.wait([task])

    def stop(self, reason: str = "interrupted") -> None:
        """Have the run in this process end as soon as what is in flight has come to its end."""
        if self._run is not None:
            self._run.stop("stopped", reason)

    def wish(self, what: str) -> None:
        """Have whichever process runs it pause or cancel it; ``resume`` takes that back.

        Args:
            what: ``pause``, ``cancel`` or ``resume``.
        """
        if what not in {"pause", "cancel", "resume"}:
            raise InvalidArgument("what", "must be pause, cancel or resume")
        self.ledger.put({"wish": None if what == "resume" else what})

    def cancel(self) -> None:
        """End the campaign for good, and the run of it that may be under way."""
        self.wish("cancel")
        try:
            self.ledger.lock()
        except CampaignError:
            # Whoever runs it has been told, and ends it.
            return
        self.ledger.put({"state": "cancelled"})

    async def settle(self, client: AsyncClient, *, settle: float = 600.0, statuses: bool = False) -> Tally:
        """Look once what became of messages, in the sent list and, if wished, one by one.

        Args:
            client: asks.
            settle: seconds after which a message whose answer was lost is not accepted any more.
            statuses: ask for each message that has no last word yet.

        Raises:
            CampaignError: another process runs it.
            APIError: a question failed.
        """
        self.ledger.lock()
        clock = SteadyClock(self.ledger.latest())
        self.ledger.begin(clock.now())
        settler = Settler(self.ledger, self._uid, clock)
        if not self.content.is_call:
            settler.prove(await settler.look(client), settle)
        if statuses:
            await settler.follow(client, calls=self.content.is_call, concurrency=10)
        return self.tally()

    async def try_out(self, client: AsyncClient, number: str) -> str:
        """Send what the first recipient would get to a number of your own; return the msgid or callid.

        Raises:
            InvalidArgument: the number is none.
            APIError: it could not be sent.
        """
        first = next(self.ledger.recipients(1, 1))
        reference = f"{self._uid}-test-{secrets.token_hex(4)}"
        return await self.content.send(client, number, first.variables, reference=reference)

    def record(self, event: Any) -> bool:  # noqa: ANN401 - a DeliveryReport or a CallEnded; rooms of one floor meet by shape
        """Take a delivery report or the end of a call; return whether it changed anything.

        Args:
            event: what ``Callbacks.receive`` returned.
        """
        reference = getattr(event, "reference", None) or ""
        uid, _, place = str(reference).rpartition("-")
        if uid != self._uid or not place.isdecimal() or not hasattr(event, "status"):
            return False
        ident = str(getattr(event, "msgid", "") or getattr(event, "callid", ""))
        outcome = Outcome(
            int(place), 0, state_of(str(event.status)), ident, "", self._now(), 0.0, getattr(event, "cost", None)
        )
        return self.ledger.note([outcome])[0]

    def suppress(self, numbers: Iterable[str]) -> int:
        """Leave numbers out from now on, in a run under way as well; return how many are new."""
        return self.ledger.suppress(numbers)

    def read_usage_log(self, path: str | os.PathLike[str], *, settle: float = 600.0) -> int:
        """Settle by the usage log that Xoxzo's dashboard hands out as CSV; return how many of its records are ours.

        Raises:
            CampaignError: it is no usage log, or another process runs the campaign.
        """
        self.ledger.lock()
        settler = Settler(self.ledger, self._uid, SteadyClock(self.ledger.latest()))
        found = settler.read_usage_log(Path(path))
        settler.prove(self._now(), settle)
        return found

    def assume_sent(self) -> int:
        """Take every unknown message for sent: nobody will be sent to again. Return how many."""
        return self._move(State.ASSUMED, "assumed to be sent")

    def resend_unknown(self) -> int:
        """Have every unknown message sent again by the next run, though some may arrive twice. Return how many."""
        return self._move(State.WAITING, "to be sent again, as was asked")

    def purge(self) -> int:
        """Remove numbers, variables, ids and text for good and keep the figures; return how many recipients there were.

        Raises:
            CampaignError: it has not come to its end, so it could not go on afterwards.
        """
        self.ledger.lock()
        if self.state not in {"finished", "cancelled", "expired"}:
            raise CampaignError(f"{self.name} is {self.state}: cancel it first, or let it come to its end")
        count = self.ledger.purge()
        nameless = msgspec.structs.replace(self.content, words="-")
        self.ledger.put({"content": msgspec.to_builtins(nameless), "state": "purged", "input": {}})
        return count

    def _move(self, state: State, reason: str) -> int:
        self.ledger.lock()
        return Settler(self.ledger, self._uid, SteadyClock(self.ledger.latest())).move(state, reason)

    def _now(self) -> float:
        return max(time.time(), self.ledger.latest())


def fingerprint(source: str | os.PathLike[str]) -> str:
    """Return a hash of a file's bytes.

    Raises:
        CampaignError: it cannot be read.
    """
    try:
        with Path(source).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CampaignError(f"{source} cannot be read: {error.strerror or error}") from None


def _sweep(folder: Path) -> None:
    """Remove what is left of lists whose reading was cut off a day ago or longer: they hold numbers."""
    for leftover in folder.glob("*.draft*"):
        with suppress(OSError):
            if leftover.stat().st_mtime < time.time() - _DRAFT_DAYS * 86_400:
                leftover.unlink()


@asynccontextmanager
async def _client(connections: int) -> AsyncIterator[AsyncClient]:
    """Give a client of the environment's account, on the faster of the transports that are there."""
    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.transports.fast import AsyncFastTransport

    if find_spec("pyreqwest") is None:  # pragma: no cover - depends on what is installed
        async with AsyncClient(max_connections=connections) as client:
            yield client
        return
    transport = AsyncFastTransport(max_connections=connections)
    try:
        async with AsyncClient(transport=transport) as client:
            yield client
    finally:
        await transport.close()


class _interrupts:  # noqa: N801 - used as a statement
    """Lets Ctrl-C and SIGTERM stop a run gently, where signals can be handled."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._signals: list[int] = []

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, self._campaign.stop)
            except NotImplementedError:  # pragma: no cover - Windows has no such handlers
                return
            self._signals.append(number)

    def __exit__(self, *_exc: object) -> None:
        for number in self._signals:
            asyncio.get_running_loop().remove_signal_handler(number)
