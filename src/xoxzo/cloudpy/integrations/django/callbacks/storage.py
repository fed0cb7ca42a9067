"""Store the delivery log with Django's ORM."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, router, transaction
from django.db.models import F, Q

from xoxzo.cloudpy.callbacks import DeliveryLog, Entry
from xoxzo.cloudpy.callbacks.log.entries import Kind
from xoxzo.cloudpy.integrations.django.models import Delivery, Turn


class OrmStorage:
    """Stores entries in the project's database."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin a transaction and lock the row of `Turn` by updating it, which works with every database."""
        database = router.db_for_write(Delivery)
        turns = Turn.objects.using(database).filter(pk=1)
        if not turns.exists():
            # Before the transaction: two that create it at once would be a deadlock for MySQL and MariaDB.
            with suppress(IntegrityError), transaction.atomic(using=database):
                turns.create(pk=1)
        with transaction.atomic(using=database):
            turns.update(taken=F("taken") + 1)
            yield

    def find(self, kind: Kind, ident: str, reference: str | None) -> list[Entry]:
        """Return the entries of a kind with this id or this reference."""
        wanted = Q(pk__in=[])
        if ident:
            wanted |= Q(ident=ident)
        if reference is not None:
            wanted |= Q(reference=reference)
        return [_entry(row) for row in self._rows().filter(wanted, kind=kind).order_by("pk")]

    def save(self, entry: Entry) -> None:
        """Insert an entry, or replace the one with the same ``row``."""
        values = msgspec.structs.asdict(entry)
        del values["row"]
        values |= {"ident": entry.ident or None, "history": msgspec.to_builtins(entry.history)}
        Delivery(pk=entry.row, **values).save(using=router.db_for_write(Delivery))

    def unfinished(self, before: datetime) -> Iterator[Entry]:
        """Return the entries with an id and without a final status that were last updated before a time."""
        rows = self._rows().filter(final=False, updated__lt=before).exclude(ident=None).order_by("updated")
        return (_entry(row) for row in rows.iterator())

    def purge(self, before: datetime) -> int:
        """Delete the entries that were last updated before a time, and return their number."""
        removed: int = self._rows().filter(updated__lt=before).delete()[0]
        return removed

    def close(self) -> None:
        """Do nothing: Django manages its connections."""

    @staticmethod
    def _rows() -> Any:  # noqa: ANN401 - a manager, whose type only Django's own plugin knows
        return Delivery.objects.using(router.db_for_write(Delivery))


def get_log() -> DeliveryLog:
    """Return the project's delivery log."""
    return DeliveryLog(OrmStorage())


def _entry(row: Delivery) -> Entry:
    values = {name: getattr(row, name) for name in Entry.__struct_fields__ if name != "row"}
    return msgspec.convert({**values, "ident": row.ident or "", "row": row.pk}, Entry)
