"""The delivery log on Django's ORM."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from delivery_log_contract import LogContract, report
from django.core.management import call_command
from django.db import IntegrityError, connections
from django.test import Client as Browser

from xoxzo.cloudpy.callbacks import DeliveryLog
from xoxzo.cloudpy.integrations.django.callbacks.storage import OrmStorage, get_log
from xoxzo.cloudpy.integrations.django.models import Delivery


class TestOrm(LogContract):
    """The ORM storage passes the contract with each kind of database."""

    @pytest.fixture
    def storage(self, database: str) -> OrmStorage:
        """A storage in the project's database."""
        return OrmStorage()


def test_migrations_are_complete() -> None:
    """The migrations create exactly the tables of the models."""
    call_command("makemigrations", "xoxzo", check=True, dry_run=True, verbosity=0)


@pytest.mark.usefixtures("database")
def test_many_threads() -> None:
    """Threads that write at the same time wait for each other: nothing is lost, duplicated or rejected."""

    def work(number: int) -> None:
        try:
            for message in range(5):
                status = ["QUEUED", "DELIVERING", "DELIVERED"][number % 3]
                DeliveryLog(OrmStorage()).record(report(f"r{message}", f"m{message}", status))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = [get_log().get(msgid=f"m{message}") for message in range(5)]
    assert {entry.status for entry in entries if entry} == {"DELIVERED"}
    assert [sum(note.times for note in entry.history) for entry in entries if entry] == [6] * 5


def test_idents_are_unique_and_exact(database: str) -> None:
    """One id is stored once, whatever the database; ids differ by case and blanks, and many are not known yet."""
    moment = datetime(2026, 11, 30, tzinfo=UTC)
    for ident in ("DUP1", "dup1", "dup1 ", None, None):
        Delivery.objects.create(kind="sms", ident=ident, created=moment, updated=moment)
    with pytest.raises(IntegrityError):
        Delivery.objects.create(kind="sms", ident="dup1", created=moment, updated=moment)
    assert Delivery.objects.filter(ident="dup1").count() == 1
    assert not list(Delivery.check(databases=[database]))


def test_shown() -> None:
    """The text of a row has its id, or its reference."""
    get_log().record(report("booking-1", "", "DELIVERING"))
    assert str(Delivery.objects.get()) == "sms booking-1 DELIVERING"
    get_log().close()


def test_admin() -> None:
    """The admin lists, finds and shows deliveries, and does not add or change any."""
    from django.contrib.auth.models import User

    User.objects.filter(username="boss").delete()
    boss = User.objects.create_superuser("boss", password="secret")
    get_log().record(report("booking-1", "m1", "DELIVERED"))
    row = Delivery.objects.get()
    browser = Browser()
    browser.force_login(boss)
    page = browser.get("/admin/xoxzo/delivery/?q=booking-1").content.decode()
    assert "booking-1" in page
    assert "m1" in page
    assert "0 deliveries" in browser.get("/admin/xoxzo/delivery/?q=other").content.decode()
    assert browser.get(f"/admin/xoxzo/delivery/{row.pk}/change/").status_code == 200
    assert browser.get("/admin/xoxzo/delivery/add/").status_code == 403
    assert browser.post(f"/admin/xoxzo/delivery/{row.pk}/change/", {"status": "FAIL"}).status_code == 403
