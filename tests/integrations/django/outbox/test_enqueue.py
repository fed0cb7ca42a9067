"""Writing into the outbox: in the caller's transaction, and nothing else."""

from __future__ import annotations

import asyncio
import unittest
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import IntegrityError, connections, transaction
from django.test import TestCase
from django.utils.translation import gettext_lazy

from xoxzo.cloudpy import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.integrations.django import call, conf, sms
from xoxzo.cloudpy.integrations.django.backends.memory import outbox
from xoxzo.cloudpy.integrations.django.models import OutboxMessage
from xoxzo.cloudpy.integrations.django.outbox import enqueue
from xoxzo.cloudpy.integrations.django.outbox.worker import send_due

PHONE = "+818011112222"
LATER = datetime(2035, 1, 1, tzinfo=UTC)


class OtherError(Exception):
    """What rolls a transaction back."""


def enqueue_and_fail(database: str) -> None:
    """Enqueue a message in a block that is rolled back."""
    with transaction.atomic(using=database):
        sms.enqueue(PHONE, "never")
        raise OtherError


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The databases for which a worker was woken."""
    aliases: list[str] = []
    monkeypatch.setattr(enqueue, "wake_worker", aliases.append)
    enqueue._wake_hook.cache_clear()
    return aliases


def test_commit_and_rollback(database: str, woken: list[str]) -> None:
    """Committed, a message is sent by the next worker; rolled back, it leaves no trace. The worker is woken once."""
    with transaction.atomic(using=database):
        row = sms.enqueue(PHONE, gettext_lazy("Ready"), sender="Cafe", tags=["spring"])
        call_row = call.enqueue(PHONE, "Ready", language="en", caller="815011112222", reference="booking-1")
        assert (woken, len(outbox)) == ([], 0)
    assert woken == [database]
    with pytest.raises(OtherError):
        enqueue_and_fail(database)
    with transaction.atomic(using=database):
        with pytest.raises(OtherError):
            enqueue_and_fail(database)
        sms.enqueue(PHONE, "after the savepoint", reference="booking-2")
    assert woken == [database] * 2
    assert send_due() == 3
    assert [(type(one).__name__, one.recipient, one.message, one.reference) for one in outbox] == [
        ("SmsMessage", PHONE, "Ready", row.reference),
        ("CallMessage", PHONE, "Ready", "booking-1"),
        ("SmsMessage", PHONE, "after the savepoint", "booking-2"),
    ]
    assert (outbox[0].sender, outbox[0].options["tags"]) == ("Cafe", ["spring"])
    assert [str(one) for one in OutboxMessage.objects.filter(pk=call_row.pk)] == ["call +81••••2222 booking-1"]
    assert send_due() == 0


def test_refused_before_it_is_written(database: str, woken: list[str], xoxzo: Any) -> None:
    """What could not be sent, or stored, or found again, is refused in the request, and no row is written."""
    for arguments, error in (
        ({"recipient": "080", "message": "Hi"}, InvalidArgument),
        ({"recipient": PHONE}, InvalidArgument),
        ({"recipient": PHONE, "message": "Hi", "callbacks": conf.get_callbacks()}, InvalidArgument),
        ({"recipient": PHONE, "message": "half \ud83d"}, InvalidArgument),
        ({"recipient": PHONE, "message": "NUL \0"}, InvalidArgument),
        ({"recipient": PHONE, "message": "Hi", "reference": "r" * 256}, InvalidArgument),
        ({"recipient": PHONE, "message": "Hi", "expires_at": timedelta(hours=1)}, InvalidArgument),
        ({"recipient": PHONE, "message": "Hi", "send_at": LATER, "expires_at": LATER}, InvalidArgument),
        ({"recipient": PHONE, "message": "Hi", "using": "elsewhere"}, ConfigurationError),
    ):
        with pytest.raises(error):
            sms.enqueue(**arguments)
    with pytest.raises(ConfigurationError, match="CALLER"):
        call.enqueue(PHONE, "Hi")
    with xoxzo(OUTBOX={"worker": "pigeon"}), pytest.raises(ConfigurationError, match="OUTBOX"):
        sms.enqueue(PHONE, "Hi")
    assert not OutboxMessage.objects.exists()
    assert woken == []


def test_what_stands_for_a_list_or_for_nothing(database: str, woken: list[str]) -> None:
    """Lists and dictionaries of any kind are stored, and a row always has a reference by which it can be found."""
    rows = [
        sms.enqueue(PHONE, "Hi", tags=(tag for tag in (gettext_lazy("a"), "b")), reference=None),
        sms.enqueue(PHONE, template=1, variables=MappingProxyType({gettext_lazy("name"): "Aiko"}), reference="auto"),
    ]
    assert rows[0].content["options"] == {"tags": ["a", "b"]}
    assert rows[1].content["variables"] == {"name": "Aiko"}
    assert all(len(row.reference) == 32 for row in rows)


def test_a_reference_is_taken_once(database: str, woken: list[str]) -> None:
    """A second row with a reference is refused, by the case of its letters too, and the transaction is the caller's."""
    sms.enqueue(PHONE, "one", reference="Booking-1")
    sms.enqueue(PHONE, "another", reference="booking-1")
    with pytest.raises(IntegrityError), transaction.atomic(using=database):
        sms.enqueue(PHONE, "one again", reference="Booking-1")
    assert OutboxMessage.objects.count() == 2


def test_without_autocommit(database: str, woken: list[str]) -> None:
    """Without autocommit there are no hooks: the row is written, and the next sweep finds it."""
    transaction.set_autocommit(False, using=database)
    try:
        sms.enqueue(PHONE, "Hi")
        with pytest.raises(RuntimeError, match="autocommit"):
            send_due()
        transaction.commit(using=database)
    finally:
        transaction.set_autocommit(True, using=database)
    assert woken == []
    assert send_due() == 1


def test_the_transaction_of_another_database(migrated: str, woken: list[str], xoxzo: Any) -> None:
    """A row that would not be part of the open transaction is refused, unless ``using`` names its database."""
    if migrated == "default":
        return  # it needs two
    OutboxMessage.objects.using(migrated).all().delete()
    with xoxzo(OUTBOX={"databases": ["default", migrated]}):
        with transaction.atomic(using=migrated):
            with pytest.raises(ConfigurationError, match=f'using="{migrated}"'):
                sms.enqueue(PHONE, "Hi")
            sms.enqueue(PHONE, "Hi", using=migrated)
            assert woken == []
        assert woken == [migrated]
        assert OutboxMessage.objects.using(migrated).count() == 1
        OutboxMessage.objects.using(migrated).all().delete()


def test_times(database: str, woken: list[str]) -> None:
    """A message is not sent before its time, nor after it has expired, whatever the server's time zone."""
    if database != "default":
        with connections[database].cursor() as cursor:
            cursor.execute("SET time_zone = '+09:00'" if database == "mariadb" else "SET TIME ZONE 'Asia/Tokyo'")
    now = datetime.now(UTC)
    sms.enqueue(PHONE, "early", send_at=now + timedelta(minutes=10))
    sms.enqueue(PHONE, "late", expires_at=now - timedelta(seconds=1))
    sms.enqueue(PHONE, "in time", send_at=now - timedelta(seconds=1), expires_at=now + timedelta(minutes=10))
    sms.enqueue(PHONE, "naive", send_at=datetime(2020, 1, 1))  # noqa: DTZ001 - as Django's forms give it
    assert send_due() == 2
    assert sorted(one.message for one in outbox) == ["in time", "naive"]
    assert sorted(row.get_state_display() for row in OutboxMessage.objects.all()) == [
        "left out",
        "not sent",
        "sent, no final status yet",
        "sent, no final status yet",
    ]


def test_from_coroutines(woken: list[str]) -> None:
    """A coroutine writes its row in autocommit."""

    async def main() -> list[int]:
        rows = [await sms.aenqueue(PHONE, "Hi"), await call.aenqueue(PHONE, "Hi", caller="815011112222")]
        await sync_to_async(connections.close_all)()
        return [row.pk for row in rows]

    assert sorted(asyncio.run(main())) == sorted(OutboxMessage.objects.values_list("pk", flat=True))
    assert len(woken) == 2


def test_in_a_test_case() -> None:
    """A project's own tests send the outbox inside of the transaction that Django's test cases have."""

    class ShopTest(TestCase):
        def test(self) -> None:
            with self.captureOnCommitCallbacks(execute=True) as hooks:
                sms.enqueue(PHONE, "Hi")
            assert len(hooks) == 1
            assert send_due() == 1
            assert [one.message for one in outbox] == ["Hi"]

    result = unittest.TestResult()
    unittest.TestSuite([ShopTest("test")]).run(result)
    assert (result.errors, result.failures, result.testsRun) == ([], [], 1)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        send_due()
