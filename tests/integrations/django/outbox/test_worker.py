"""Sending the outbox: outcomes, pauses, leases, and the settling of unknown rows."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from io import StringIO
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.db.models import QuerySet
from django.test import Client as Browser

from xoxzo.cloudpy import ConfigurationError, MessageStatus
from xoxzo.cloudpy.callbacks import DeliveryReport
from xoxzo.cloudpy.campaigns import State
from xoxzo.cloudpy.errors import AuthenticationFailed, BadRequest, ConnectionFailed, RateLimited, ResponseLost
from xoxzo.cloudpy.integrations.django import call, conf, sms
from xoxzo.cloudpy.integrations.django.backends import LiveBackend
from xoxzo.cloudpy.integrations.django.callbacks.storage import get_log
from xoxzo.cloudpy.integrations.django.management.commands import xoxzo_outbox
from xoxzo.cloudpy.integrations.django.models import Delivery, OutboxAccount, OutboxMessage
from xoxzo.cloudpy.integrations.django.outbox import rows, worker
from xoxzo.cloudpy.integrations.django.outbox.rows import Outbox
from xoxzo.cloudpy.integrations.django.outbox.worker import Worker, send_due
from xoxzo.cloudpy.simulator import Simulator

PHONE = "+818011112222"


def row(reference: str) -> OutboxMessage:
    """Return a row."""
    return OutboxMessage.objects.get(reference=reference)


def outcome(reference: str) -> tuple[State, str, int]:
    """Return the state of a row, why, and the attempts."""
    found = row(reference)
    return State(found.state), found.error, found.attempts


def ask_at_once(**more: Any) -> None:
    """Let the account's pause and the times between lookups and attempts pass."""
    OutboxAccount.objects.update(paused_until=0, reconciled=0, purged=0)
    OutboxMessage.objects.filter(state=State.WAITING).update(due=0, **more)


def test_sent_and_delivered(database: str, live: Simulator, signals: list[tuple[str, str]]) -> None:
    """A message and a call are sent and in the delivery log; reports change their states, and never back."""
    sms.enqueue(PHONE, "Hi", reference="a")
    call.enqueue(PHONE, "Hi", language="en", reference="b")
    assert send_due() == 2
    [received], [rung] = live.phone(PHONE).inbox, live.phone(PHONE).calls
    assert [(row(key).state, row(key).ident, row(key).attempts) for key in "ab"] == [
        (State.SENT, received.msgid, 1),
        (State.SENT, rung.callid, 1),
    ]
    assert {one.ident for one in Delivery.objects.all()} == {received.msgid, rung.callid}
    for status, changes in (("DELIVERING", False), ("DELIVERED", True), ("FAIL", False), ("DELIVERING", False)):
        report = DeliveryReport(reference="a", msgid=received.msgid, status=MessageStatus(status))
        assert rows.record_report(report) is changes
    path = conf.get_callbacks().url("call-ended", "b").removeprefix("https://shop.example")
    form = f"callid={rung.callid}&status=NO%20ANSWER"
    assert Browser().post(path, form, content_type="application/x-www-form-urlencoded").status_code == 200
    for nobody in (DeliveryReport(reference="c", msgid="m", status=MessageStatus("FAIL")), object()):
        assert not rows.record_report(nobody)
    assert (outcome("a")[0], outcome("b")[0]) == (State.DELIVERED, State.FAILED)
    assert signals == [("sent", "a"), ("sent", "b"), ("delivered", "a"), ("failed", "b")]


def test_reports_before_the_response(database: str, live: Simulator) -> None:
    """A report during an attempt counts, and so does one after an attempt that seemed to have failed."""
    sms.enqueue(PHONE, "Hi", reference="a")
    outbox = Outbox(database)
    report = DeliveryReport(reference="a", msgid="m1", status=MessageStatus("DELIVERED"))
    assert not rows.record_report(report), "nothing was sent yet"
    [claimed] = outbox.claim(1, 60.0)
    assert rows.record_report(report)
    assert not outbox.write_back(claimed, State.SENT, ident="m1")
    assert (outcome("a")[0], row("a").ident) == (State.DELIVERED, "m1")


def test_what_outcomes_mean(
    database: str, live: Simulator, signals: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that did nothing is made again later; what may have been sent never is."""
    error: list[BaseException] = []

    def fail(_backend: LiveBackend, _messages: Any) -> int:
        raise error[0]

    monkeypatch.setattr(LiveBackend, "send_messages", fail)
    waiting, rejected, unknown = State.WAITING, State.REJECTED, State.UNKNOWN
    for number, (raised, state, name, pauses) in enumerate(
        (
            (RateLimited(429, retry_after=40.0), waiting, "RateLimited 429", True),
            (AuthenticationFailed(401), waiting, "AuthenticationFailed 401", True),
            (ConnectionFailed("refused"), waiting, "ConnectionFailed", False),
            (BadRequest(400, field_errors={"sender": ("bad",)}), rejected, "BadRequest 400 (sender)", False),
            (ConfigurationError("no"), rejected, "ConfigurationError", False),
            (ResponseLost("lost", maybe_sent=True), unknown, "ResponseLost", False),
            (KeyboardInterrupt(), unknown, "KeyboardInterrupt", False),
        )
    ):
        error[:] = [raised]
        sms.enqueue(PHONE, "Hi", reference=f"r{number}")
        if isinstance(raised, KeyboardInterrupt):
            with pytest.raises(KeyboardInterrupt):
                send_due()
        else:
            assert send_due() == 1
        assert outcome(f"r{number}") == (state, name, 1)
        assert (OutboxAccount.objects.get().paused_until > 0) is pauses, name
        assert not pauses or send_due() == 0
        if state == waiting:
            assert row(f"r{number}").due > row(f"r{number}").began + 1
            # It must not become due while the others are tried.
            OutboxMessage.objects.filter(reference=f"r{number}").update(due=time.time() + 3600)
        OutboxAccount.objects.update(paused_until=0)
    OutboxMessage.objects.filter(reference="r3").update(state=waiting, owner="", content={"colour": "red"})
    assert send_due() == 1
    assert outcome("r3")[:2] == (rejected, "TypeError")
    assert signals == [("failed", "r3"), ("failed", "r4"), ("unknown", "r5"), ("unknown", "r6"), ("failed", "r3")]


def test_the_log_cannot_be_written(database: str, live: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that was sent counts as sent although the delivery log could not be written."""

    def fail(*_arguments: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("xoxzo.cloudpy.callbacks.log.delivery_log.DeliveryLog.sent", fail)
    sms.enqueue(PHONE, "Hi", reference="a")
    assert send_due() == 1
    assert (outcome("a")[0], row("a").ident) == (State.SENT, live.phone(PHONE).inbox[0].msgid)


def test_unknown_is_settled_by_the_sent_list(
    database: str, live: Simulator, xoxzo: Any, signals: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in the list was sent; what the list proves unsent is sent again; the list is not read all the time."""
    settings = {**conf.settings.XOXZO, "OUTBOX": {"settle": 0}}
    with xoxzo(**settings):
        sms.enqueue(PHONE, "before", reference="before")
        assert send_due() == 1
        OutboxAccount.objects.update(reconciled=time.time() + 60)
        for kind in ("lose_reply", "error", "error_after"):
            live.faults.add(kind, "POST /sms/messages/", times=1)
            sms.enqueue(PHONE, kind, reference=kind)
            assert send_due() == 1
        call.enqueue(PHONE, "Hi", language="en", reference="call")
        live.faults.add("lose_reply", "POST /voice/simple/playbacks/", times=1)
        assert send_due() == 1
        assert {outcome(one)[0] for one in ("lose_reply", "error", "error_after", "call")} == {State.UNKNOWN}
        live.faults.add("error", times=3)
        ask_at_once()
        send_due()
        assert outcome("lose_reply")[0] == State.UNKNOWN
        sms.enqueue(PHONE, "after", reference="after")
        assert send_due() == 1
        assert outcome("error")[0] == State.UNKNOWN, "the list was read a moment ago"
        ask_at_once()
        assert send_due() == 1
        assert [outcome(one)[0] for one in ("lose_reply", "error_after")] == [State.SENT] * 2
        assert (outcome("error")[0], outcome("error")[2]) == (State.SENT, 2)
        assert outcome("call")[0] == State.UNKNOWN, "calls are in no list"
    texts = [one.text for one in live.phone(PHONE).inbox]
    assert sorted(texts) == ["after", "before", "error", "error_after", "lose_reply"]
    assert sorted(signals[-3:-1]) == [("sent", "error_after"), ("sent", "lose_reply")]
    assert signals[-1] == ("sent", "error")


def test_a_worker_that_died(database: str, signals: list[tuple[str, str]]) -> None:
    """What a lapsed claim has left is unknown, never due; its worker's truth counts until somebody else has the row."""
    for reference in ("a", "b", "c"):
        sms.enqueue(PHONE, "Hi", reference=reference)
    outbox = Outbox(database)
    rows = outbox.claim(10, 60.0)
    assert len(rows) == 3
    assert outbox.claim(10, 60.0) == []
    outbox.sweep()
    assert outcome("a")[0] == State.WAITING
    OutboxMessage.objects.update(lease_until=1.0)
    assert send_due() == 0
    assert outcome("a") == (State.UNKNOWN, "process_ended", 1)
    assert outbox.write_back(rows[0], State.SENT, ident="m1", error="")
    assert outbox.settle(row("b"), State.WAITING, "proven_unsent")
    [again] = outbox.claim(10, 60.0)
    assert not outbox.write_back(rows[1], State.SENT, ident="m2")
    assert outbox.write_back(again, State.REJECTED, error="BadRequest 400")
    assert not outbox.write_back(again, State.SENT, ident="m2")
    assert (row("a").ident, row("b").ident) == ("m1", "")
    assert signals[3:] == [("sent", "a"), ("failed", "b")]


def test_leases(database: str, live: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may not be written within the lease is released, whether it waits here or in the transport."""
    answers = [False]
    monkeypatch.setattr("xoxzo.cloudpy.campaigns.sending.rules.Lease.may_write", lambda _lease: answers.pop(0))
    sms.enqueue(PHONE, "Hi", reference="a")
    assert send_due() == 0
    assert outcome("a") == (State.WAITING, "", 0)
    answers[:] = [True, False, False, False]
    monkeypatch.setattr(Worker, "_should_stop", None, raising=False)
    one = Worker(database)
    assert one._send_batch() == 1
    assert outcome("a") == (State.WAITING, "", 0)
    assert live.phone(PHONE).inbox == ()


def test_rate(database: str, live: Simulator, xoxzo: Any) -> None:
    """Send times follow each other at the rate, over all workers; a worker does not wait long for one."""
    first, second = Outbox(database), Outbox(database)
    assert first.wait_seconds(0.0) == 0
    assert first.reserve(2, 100.0) == 0
    assert 150 < second.reserve(1, 100.0) <= 200
    assert second.wait_seconds(15.0) > 200
    with xoxzo(**{**conf.settings.XOXZO, "OUTBOX": {"rate": 1000}}):
        for _ in range(3):
            sms.enqueue(PHONE, "Hi")
        hurried = Worker(database)
        assert (hurried.run(0.0), hurried.has_more) == (0, True)
        assert (hurried.run(), hurried.has_more) == (3, False)
        OutboxAccount.objects.update(next_at=time.time() + 0.3)
        sms.enqueue(PHONE, "Hi")
        assert send_due() == 1
        OutboxAccount.objects.update(next_at=time.time() + 600)
        sms.enqueue(PHONE, "Hi")
        assert send_due() == 0
        OutboxAccount.objects.update(next_at=time.time() + 16)
        clock = iter([True, False])
        one = Worker(database, lambda: not next(clock, False))
        assert one.run() == 0


def test_somebody_else_was_faster(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim that meets another's lock takes nothing, and a later one takes the row."""
    sms.enqueue(PHONE, "Hi")
    outbox = Outbox(database)
    if database != "default":
        connection = connections[database]
        other = connections.create_connection(database)
        waits = {"mariadb": "SET innodb_lock_wait_timeout = 1", "postgresql": "SET lock_timeout = 10"}
        with connection.cursor() as cursor:
            cursor.execute(waits[database])
        try:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("SELECT * FROM xoxzo_outboxmessage FOR UPDATE")
            assert outbox.claim(1, 60.0) == []
        finally:
            other.close()
    with monkeypatch.context() as patch:
        update = QuerySet.update

        def lose(rows: Any, **values: Any) -> int:
            if "owner" in values:
                raise OperationalError(1020, "Record has changed since last read")
            return update(rows, **values)

        patch.setattr(QuerySet, "update", lose)
        assert outbox.claim(1, 60.0) == []
    assert len(outbox.claim(1, 60.0)) == 1


def test_outcomes_are_written_again(database: str, live: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outcome that cannot be recorded is tried again; after some tries the row stays claimed, and is reconciled."""
    monkeypatch.setattr(worker, "_STEP_SECONDS", 0.0)
    write_back, failures = Outbox.write_back, [2]

    def lose(outbox: Outbox, *arguments: Any, **values: Any) -> bool:
        failures[0] -= 1
        if failures[0] >= 0:
            raise OperationalError("locked")
        return write_back(outbox, *arguments, **values)

    monkeypatch.setattr(Outbox, "write_back", lose)
    sms.enqueue(PHONE, "Hi", reference="a")
    send_due()
    assert outcome("a")[0] == State.SENT
    failures[0] = 100
    sms.enqueue(PHONE, "Hi", reference="b")
    send_due()
    assert (outcome("b")[0], len(live.phone(PHONE).inbox)) == (State.WAITING, 2)
    assert send_due() == 0


def test_retention(database: str, xoxzo: Any) -> None:
    """What has ended is deleted after some time, by workers or a command; what is waiting or unknown stays."""
    for reference, state in (("a", State.DELIVERED), ("b", State.UNKNOWN), ("c", State.WAITING), ("d", State.SENT)):
        sms.enqueue(PHONE, "Hi", reference=reference)
        changed = 1.0 if reference != "d" else time.time()
        OutboxMessage.objects.filter(reference=reference).update(
            state=state, changed=changed, owner="x", lease_until=9e9
        )
    with xoxzo(OUTBOX={"days": 30}):
        send_due()
    assert set(OutboxMessage.objects.values_list("reference", flat=True)) == {"b", "c", "d"}
    out = StringIO()
    call_command("xoxzo_outbox", "--purge", "0", stdout=out)
    assert out.getvalue() == "1 deleted\n"
    assert set(OutboxMessage.objects.values_list("reference", flat=True)) == {"b", "c"}


def test_the_command(database: str, xoxzo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command sends what is due; its loop waits for a database that is away, and ends gently on a signal.

    For cron, a database that is away is a failure.
    """
    out, err = StringIO(), StringIO()
    sms.enqueue(PHONE, "Hi", reference="a")
    call_command("xoxzo_outbox", "--once", "--database", database, stdout=out)
    assert (out.getvalue(), outcome("a")[0]) == ("1 tried\n", State.SENT)
    monkeypatch.setattr(xoxzo_outbox, "_DATABASE_RETRY_SECONDS", 0.0)
    runs: list[Callable[[], int]] = [
        lambda: (_ for _ in ()).throw(OperationalError("away")),
        lambda: signal.raise_signal(signal.SIGTERM) or 0,
    ]
    monkeypatch.setattr(Worker, "run", lambda _worker: runs.pop(0)())
    call_command("xoxzo_outbox", stdout=out, stderr=err)
    assert (err.getvalue(), runs) == ("the database cannot be used: away\n", [])
    monkeypatch.setattr(Worker, "run", Mock(side_effect=OperationalError("away")))
    with pytest.raises(CommandError, match="the database cannot be used: away"):
        call_command("xoxzo_outbox", "--once")
    with xoxzo(OUTBOX={"lease": 0}), pytest.raises(CommandError, match="lease"):
        call_command("xoxzo_outbox")
    for arguments, why in (("--database=elsewhere", "no outbox"), ("--purge=-1", "from 0"), ("--purge=nan", "from 0")):
        with pytest.raises(CommandError, match=why):
            call_command("xoxzo_outbox", arguments)


def test_missing_reports(database: str, live: Simulator) -> None:
    """The command that asks for missing reports updates the outbox, too."""
    sms.enqueue(PHONE, "Hi", reference="a")
    send_due()
    live.advance(60)
    call_command("deliveries", "--catch-up", "0", stdout=StringIO())
    assert outcome("a")[0] == State.DELIVERED
    assert get_log().get(reference="a").final


def test_settings_are_checked(xoxzo: Any) -> None:
    """Invalid settings of the outbox are found by Django's checks."""
    for given, words in (
        ({"worker": "pigeon"}, "worker"),
        ({"colour": "red"}, "colour"),
        ({"lease": 1}, "lease"),
        ({"databases": ["elsewhere"]}, "elsewhere"),
    ):
        with xoxzo(OUTBOX=given):
            [found] = [one for one in run_checks(tags=["xoxzo"]) if one.id == "xoxzo.E007"]
            assert words in found.msg
    with xoxzo(OUTBOX={"worker": "celery", "rate": 5, "days": 90, "databases": ["default"]}):
        assert not run_checks(tags=["xoxzo"])
