"""Claim rows of the outbox, and record their outcomes: every change is one statement that checks the state.

Compare-and-swap holds in every database, whatever its locks and isolation. The database's clock decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest
from django.dispatch import Signal

from xoxzo.cloudpy.campaigns.reconciliation import find_unsent, state_of
from xoxzo.cloudpy.campaigns.records import State, Unsettled
from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.integrations.django import conf, signals
from xoxzo.cloudpy.integrations.django.models import DatabaseClock, OutboxAccount, OutboxMessage

_SENT = (State.SENT, State.DELIVERED, State.FAILED)
_SIGNALS: dict[State, Signal] = {
    State.SENT: signals.outbox_sent,
    State.DELIVERED: signals.outbox_delivered,
    State.FAILED: signals.outbox_failed,
    State.REJECTED: signals.outbox_failed,
    State.SKIPPED: signals.outbox_failed,
    State.UNKNOWN: signals.outbox_unknown,
}
_SWEEP_ROWS = 500


class Outbox:
    """The outbox of a database; `account` is a hash of the account, whose rate and pauses all workers share."""

    def __init__(self, alias: str, account: str = "") -> None:
        self.alias = alias
        self._account = account

    @property
    def rows(self) -> QuerySet[OutboxMessage]:
        """All rows."""
        return OutboxMessage.objects.using(self.alias)

    @property
    def account(self) -> QuerySet[OutboxAccount]:
        """The row of the account."""
        return OutboxAccount.objects.using(self.alias).filter(pk=self._account)

    def now(self) -> float:
        """Return the database's time, in seconds since 1970."""
        return float(self.account.values_list(DatabaseClock()).get()[0])

    def wait_seconds(self, horizon: float) -> float:
        """Return for how many seconds nothing should be claimed: during a pause, or while send times are taken."""
        OutboxAccount.objects.using(self.alias).get_or_create(pk=self._account)
        paused, taken, now = self.account.values_list("paused_until", "next_at", DatabaseClock()).get()
        return max(0.0, float(paused - now), float(taken - now - horizon))

    def claim(self, limit: int, lease: float) -> list[OutboxMessage]:
        """Claim at most `limit` rows that are due for `lease` seconds, committed; return none if others were faster."""
        owner = uuid.uuid4().hex
        due = self.rows.filter(state=State.WAITING, owner="", due__lte=DatabaseClock())
        due = due.exclude(expires__lte=DatabaseClock()).order_by("due", "pk")
        wanted = list(due.values_list("pk", flat=True)[:limit])
        if not wanted:
            return []
        try:
            self.rows.filter(pk__in=wanted, state=State.WAITING, owner="").update(
                owner=owner,
                began=DatabaseClock(),
                lease_until=DatabaseClock() + Value(lease),
                attempts=F("attempts") + 1,
            )
        except OperationalError:
            # Somebody else has locked or changed the rows (MySQL and MariaDB: 1020, 1205, 1213), or the connection is
            # gone. If it was done all the same, this claim lapses and is reconciled.
            return []
        return list(self.rows.filter(state=State.WAITING, owner=owner).order_by("due", "pk"))

    def is_first(self) -> bool:
        """Return whether an SMS is due and none was sent yet: without one the sent list proves nothing about others."""
        sms = self.rows.filter(kind="sms")
        due = sms.filter(state=State.WAITING, due__lte=DatabaseClock())
        return not sms.filter(accepted__gt=0).exists() and due.exists()

    @contextmanager
    def alone(self, seconds: float, gap: float) -> Iterator[bool]:
        """Take all send times of the account for some seconds, and yield whether nobody else had taken any."""
        free = self.account.filter(next_at__lte=DatabaseClock())
        if not free.update(next_at=DatabaseClock() + Value(seconds)):
            yield False
            return
        try:
            yield True
        finally:
            self.account.update(next_at=DatabaseClock() + Value(gap))

    def give_back(self, rows: Iterable[OutboxMessage]) -> None:
        """Release claimed rows of which none was started."""
        for row in rows:
            self._held(row).filter(state=State.WAITING).update(owner="", attempts=F("attempts") - 1)

    def write_back(self, row: OutboxMessage, state: State, **values: Any) -> bool:  # noqa: ANN401 - columns
        """Record the outcome of an attempt, if nobody else has the row, even late; return whether it was recorded."""
        if state == State.WAITING:
            values["owner"] = ""
        held = self._held(row).filter(state__in=(State.WAITING, State.UNKNOWN))
        return self._change(row, held, state, **values)

    def _held(self, row: OutboxMessage) -> QuerySet[OutboxMessage]:
        return self.rows.filter(pk=row.pk, owner=row.owner)

    def _change(self, row: OutboxMessage, rows: QuerySet[OutboxMessage], state: State, **values: Any) -> bool:  # noqa: ANN401
        if not rows.update(state=state, changed=DatabaseClock(), **values):
            return False
        signal = _SIGNALS.get(state)
        if signal is not None:
            row.refresh_from_db(using=self.alias)
            signal.send_robust(sender=OutboxMessage, message=row)
        return True

    def sweep(self) -> None:
        """Make unknown what workers have left whose lease has ended, and skip what has expired."""
        waiting = self.rows.filter(state=State.WAITING)
        for row in waiting.filter(lease_until__lt=DatabaseClock()).exclude(owner="")[:_SWEEP_ROWS]:
            lapsed = self._held(row).filter(state=State.WAITING)
            self._change(row, lapsed, State.UNKNOWN, ended=F("lease_until"), error="process_ended")
        for row in waiting.filter(owner="", expires__lte=DatabaseClock())[:_SWEEP_ROWS]:
            expired = self._held(row).filter(state=State.WAITING, expires__lte=DatabaseClock())
            self._change(row, expired, State.SKIPPED, error="expired")

    def settle(self, row: OutboxMessage, state: State, error: str, **values: Any) -> bool:  # noqa: ANN401 - columns
        """Change a row whose outcome is unknown, because of what was found out or decided; return whether it was."""
        if state == State.WAITING:
            values |= {"owner": "", "due": DatabaseClock()}
        return self._change(row, self.rows.filter(pk=row.pk, state=State.UNKNOWN), state, error=error, **values)

    def report(self, reference: str, state: State, ident: str) -> bool:
        """Record what Xoxzo has reported, with a msgid or callid or ``""``; return whether it changed anything."""
        row = self.rows.filter(reference=reference).first()
        if row is None or (state == State.SENT and row.state == State.SENT):
            return False
        # A report may come before the response; without any attempt, it is about something else with this reference.
        changing = self.rows.filter(pk=row.pk, attempts__gt=0).exclude(state__in=(State.DELIVERED, State.FAILED))
        values = {"ident": ident} if ident else {}
        return self._change(row, changing, state, error="", **values)

    def send_again(self, rows: QuerySet[OutboxMessage]) -> int:
        """Have those rows sent again that were not sent; return how many."""
        return rows.filter(state__in=(State.REJECTED, State.SKIPPED)).update(
            state=State.WAITING, owner="", due=DatabaseClock(), expires=None, error="resend_requested"
        )

    def unknown(self, seconds: float) -> list[OutboxMessage]:
        """Return the SMS that are unknown since some seconds at most; calls are in no list."""
        since = DatabaseClock() - Value(seconds)
        return list(self.rows.filter(state=State.UNKNOWN, kind="sms", ended__gt=since))

    def accepted(self, since: float) -> Iterator[tuple[int, float, str]]:
        """Return what Xoxzo has accepted from a moment on, and the last ones before, with times and references.

        Only those whose response has come in time: of the others it is not known when they were accepted.
        """
        sms = self.rows.filter(state__in=_SENT, kind="sms").values_list("pk", "accepted", "reference")
        yield from sms.filter(accepted__gte=since).iterator()
        yield from sms.filter(accepted__gt=0, accepted__lt=since).order_by("-accepted")[:_SWEEP_ROWS]

    def purge(self, seconds: float) -> int:
        """Delete what has not changed for some seconds, but for what is waiting or unknown; return how many."""
        ended = self.rows.exclude(state__in=(State.WAITING, State.UNKNOWN))
        removed: int = ended.filter(changed__lt=DatabaseClock() - Value(seconds)).delete()[0]
        return removed

    def reserve(self, count: int, gap: float) -> float:
        """Reserve send times at the account's rate; return in how many seconds the first one is."""
        with transaction.atomic(using=self.alias):
            # The update locks the row; so this reads its own value.
            free = Greatest(F("next_at"), F("paused_until"), DatabaseClock())
            self.account.update(next_at=free + Value(gap * count))
            taken, now = self.account.values_list("next_at", DatabaseClock()).get()
        return max(0.0, float(taken - gap * count - now))

    def pause(self, seconds: float) -> None:
        """Have no worker claim anything for some seconds."""
        until = DatabaseClock() + Value(seconds)
        self.account.filter(paused_until__lt=until).update(paused_until=until)

    def take_turn(self, column: str, seconds: float) -> bool:
        """Return whether no worker has taken a turn for some seconds, and take it then."""
        due = {f"{column}__lt": DatabaseClock() - Value(seconds)}
        return bool(self.account.filter(**due).update(**{column: DatabaseClock()}))


def reconcile(outbox: Outbox, client: Client, unknown: Sequence[OutboxMessage], settle: float) -> None:
    """Look unknown SMS up in the sent list: those in it were sent, and those that it proves unsent are sent again."""
    first = min(row.began for row in unknown)
    accepted = list(outbox.accepted(first - settle))
    positions = {reference: n for n, _at, reference in accepted}
    rows = {row.reference: row for row in unknown}
    requested_at = outbox.now()
    listed: set[int] = set()
    since = (datetime.fromtimestamp(min([first, *(at for _, at, _ in accepted)]), UTC) - timedelta(days=1)).date()
    for message in client.sms.list(since=since):
        for tag in message.tags:
            if tag in positions:
                listed.add(positions[tag])
            elif (row := rows.pop(tag, None)) is not None:
                listed.add(row.pk)
                outbox.settle(row, state_of(str(message.status)), "", ident=message.msgid)
    unsent = find_unsent(
        [Unsettled(row.pk, row.began, row.ended) for row in rows.values()],
        listed=listed,
        confirmed=[(n, at) for n, at, _ in accepted],
        requested_at=requested_at,
        settle=settle,
    )
    for row in rows.values():
        if row.pk in unsent:
            outbox.settle(row, State.WAITING, "proven_unsent")


def record_report(event: Any) -> bool:  # noqa: ANN401 - any event of a callback, or an entry of the delivery log
    """Record a delivery report or the end of a call in the outbox; return whether it changed anything there."""
    reference, status = getattr(event, "reference", None), str(getattr(event, "status", ""))
    if not reference or not status:
        return False
    ident = next((value for name in ("msgid", "callid", "ident") if (value := getattr(event, name, ""))), "")
    return any(Outbox(alias).report(reference, state_of(status), ident) for alias in conf.outbox_databases())
