"""Find the outcomes of unknown messages: from the sent list, from delivery reports, or by a person's decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from xoxzo.cloudpy.campaigns.reconciliation.proof import find_unsent
from xoxzo.cloudpy.campaigns.reconciliation.reconciler import state_of
from xoxzo.cloudpy.campaigns.records import State, Unsettled
from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.integrations.django.models import OutboxMessage
from xoxzo.cloudpy.integrations.django.outbox.rows import Outbox
from xoxzo.cloudpy.integrations.django.outbox.settings import databases


def find_open(outbox: Outbox, seconds: float) -> list[OutboxMessage]:
    """Return the SMS that are unknown since some seconds at most; calls are in no list."""
    unknown = outbox.unknown()
    return [row for row in unknown if row.ended > outbox.now() - seconds] if unknown else []


def reconcile(outbox: Outbox, client: Client, unknown: Sequence[OutboxMessage], settle: float) -> None:
    """Look unknown SMS up in the sent list: those in it were sent, and those that it proves unsent are sent again.

    Raises:
        APIError: the list could not be read.
    """
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
    return any(Outbox(alias).report(reference, state_of(status), ident) for alias in databases())
