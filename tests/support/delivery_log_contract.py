"""The tests that every storage of a delivery log must pass: subclass them, and add a fixture ``storage``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from xoxzo.cloudpy import Call, CallbackRejected, CallStatus, Conference, Message, MessageStatus, SentMessage
from xoxzo.cloudpy.callbacks import (
    CallEnded,
    DeliveryLog,
    DeliveryReport,
    IncomingCall,
    IncomingSMS,
    LinkClicked,
    LogStorage,
)

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Clock:
    """A clock that the tests set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def report(reference: str | None, msgid: str, status: str) -> DeliveryReport:
    """A delivery report."""
    return DeliveryReport(reference=reference, msgid=msgid, status=MessageStatus(status))


class LogContract:
    """The behaviour of a log with any storage."""

    @pytest.fixture
    def clock(self) -> Clock:
        """The log's clock."""
        return Clock()

    @pytest.fixture
    def log(self, storage: LogStorage, clock: Clock) -> DeliveryLog:
        """A log on the storage."""
        return DeliveryLog(storage, clock=clock)

    def test_history(self, log: DeliveryLog, clock: Clock) -> None:
        """One entry has the complete history of a message, with times."""
        log.sent(SentMessage(msgid="m1", reference="booking-1"))
        clock.now += timedelta(seconds=5)
        log.record(report("booking-1", "m1", "DELIVERING"))
        clock.now += timedelta(seconds=5)
        recorded = log.record(report("booking-1", "m1", "DELIVERED"))
        assert recorded is not None
        assert (recorded.new, recorded.moved) == (True, True)
        entry = log.get(reference="booking-1")
        assert entry is not None
        assert (entry.kind, entry.ident, entry.status, entry.final, entry.sent) == (
            "sms",
            "m1",
            "DELIVERED",
            True,
            True,
        )
        assert [(note.source, note.status, (note.at - START).seconds) for note in entry.history] == [
            ("sent", "", 0),
            ("delivery-report", "DELIVERING", 5),
            ("delivery-report", "DELIVERED", 10),
        ]
        assert (entry.created, entry.updated) == (START, START + timedelta(seconds=10))
        assert log.get(msgid="m1") == entry

    def test_repeats(self, log: DeliveryLog) -> None:
        """A repeated report is counted, and is not new."""
        first = log.record(report("a", "m1", "DELIVERED"))
        again = [log.record(report("a", "m1", "DELIVERED")) for _ in range(3)]
        assert first is not None
        assert first.new
        assert [one.new for one in again if one] == [False, False, False]
        entry = log.get(msgid="m1")
        assert entry is not None
        assert [note.times for note in entry.history] == [4]

    @pytest.mark.parametrize(
        ("reported", "kept"),
        [
            (["DELIVERED", "DELIVERING"], "DELIVERED"),
            (["DELIVERED", "FAIL"], "DELIVERED"),
            (["FAIL", "QUEUED"], "FAIL"),
            (["DELIVERING", "QUEUED"], "DELIVERING"),
            (["DELIVERING", "NEW WORD"], "DELIVERING"),
            (["NEW WORD", "QUEUED"], "QUEUED"),
            (["NEW WORD", ""], "NEW WORD"),
        ],
    )
    def test_never_backwards(self, log: DeliveryLog, reported: list[str], kept: str) -> None:
        """A status never moves backwards, and of two final statuses the first stays."""
        for status in reported:
            log.record(report("a", "m1", status))
        entry = log.get(msgid="m1")
        assert entry is not None
        assert entry.status == kept
        assert [note.status for note in entry.history] == reported

    def test_before_the_send_has_returned(self, log: DeliveryLog) -> None:
        """A report may come before the send has returned."""
        log.record(report("a", "m1", "DELIVERED"))
        entry = log.sent(SentMessage(msgid="m1", reference="a"))
        assert (entry.status, entry.sent, len(entry.history)) == ("DELIVERED", True, 2)

    def test_a_report_without_an_id(self, log: DeliveryLog) -> None:
        """A report without an id belongs to its reference, and gets the id later."""
        log.record(report("a", "", "DELIVERED"))
        entry = log.sent(SentMessage(msgid="m1", reference="a"))
        assert (entry.ident, entry.status) == ("m1", "DELIVERED")
        recorded = log.record(report("a", "", "DELIVERED"))
        assert recorded is not None
        assert (recorded.new, recorded.entry.ident) == (False, "m1")

    def test_a_report_without_a_reference(self, log: DeliveryLog) -> None:
        """A report to a URL without a reference belongs to its id."""
        log.sent(SentMessage(msgid="m1", reference="a"))
        recorded = log.record(report(None, "m1", "DELIVERED"))
        assert recorded is not None
        assert (recorded.entry.reference, recorded.entry.status) == ("a", "DELIVERED")

    def test_replayed_for_another(self, log: DeliveryLog) -> None:
        """A report about one message to the URL of another is rejected, whichever of them is known."""
        log.sent(SentMessage(msgid="m1", reference="a"))
        log.sent(SentMessage(msgid="m2", reference="b"))
        for reference, msgid in [("b", "m1"), ("b", "m3"), ("c", "m1")]:
            with pytest.raises(CallbackRejected) as caught:
                log.record(report(reference, msgid, "FAIL"))
            assert caught.value.status == 403
        assert {entry.status for msgid in ("m1", "m2") if (entry := log.get(msgid=msgid))} == {""}
        assert log.get(msgid="m3") is None

    def test_replayed_before_the_send(self, log: DeliveryLog) -> None:
        """A forged report before the send has returned is removed from the message when it returns."""
        log.record(report("a", "other", "FAIL"))
        log.sent(SentMessage(msgid="m1", reference="a"))
        entry = log.get(reference="a")
        assert entry is not None
        assert (entry.ident, entry.status) == ("m1", "")
        stranger = log.get(msgid="other")
        assert stranger is not None
        assert stranger.reference is None

    def test_one_reference_sent_twice(self, log: DeliveryLog) -> None:
        """Two messages may be sent with the same reference; each has its own status."""
        log.sent(SentMessage(msgid="m1", reference="a"))
        log.sent(SentMessage(msgid="m2", reference="a"))
        log.record(report("a", "m1", "FAIL"))
        log.record(report("a", "m2", "DELIVERED"))
        assert [entry.status for msgid in ("m1", "m2") if (entry := log.get(msgid=msgid))] == ["FAIL", "DELIVERED"]

    def test_the_send_is_right(self, log: DeliveryLog) -> None:
        """If a report gave an id to the wrong reference, the send corrects it, and the report does not count."""
        log.record(report("wrong", "m1", "FAIL"))
        entry = log.sent(SentMessage(msgid="m1", reference="a"))
        assert (entry.reference, entry.status, entry.final) == ("a", "", False)
        assert log.get(reference="wrong") is None
        recorded = log.record(report("a", "m1", "DELIVERED"))
        assert recorded is not None
        assert recorded.entry.status == "DELIVERED"

    def test_clicks(self, log: DeliveryLog) -> None:
        """A click is recorded once, and changes no status."""
        log.sent(SentMessage(msgid="m1", reference="a"))
        click = LinkClicked(reference="a", msgid="m1")
        first, again = log.record(click), log.record(click)
        assert first is not None
        assert again is not None
        assert (first.new, again.new, again.moved, again.entry.clicked) == (True, False, False, True)

    def test_calls(self, log: DeliveryLog) -> None:
        """Calls, conferences and messages have separate entries, even with the same ids and references."""
        log.record(CallEnded(reference="a", callid="x", status=CallStatus.NO_ANSWER))
        log.record(CallEnded(reference="a", conferenceid="x", status=CallStatus("")))
        log.record(report("a", "x", "FAIL"))
        call, conference, sms = log.get(callid="x"), log.get(conferenceid="x"), log.get(msgid="x")
        assert call is not None
        assert conference is not None
        assert sms is not None
        assert [one.status for one in (call, conference, sms)] == ["NO ANSWER", "ANSWERED", "FAIL"]
        assert [one.final for one in (call, conference, sms)] == [True, True, True]

    def test_asked(self, log: DeliveryLog, clock: Clock) -> None:
        """A record of the API updates the entry of its id."""
        log.sent(SentMessage(msgid="m1", reference="a"))
        clock.now += timedelta(minutes=1)
        for status in ("QUEUED", "DELIVERED"):
            log.learn(Message(msgid="m1", status=MessageStatus(status)))
        log.learn(Call(callid="c1", status=CallStatus.IN_PROGRESS))
        log.learn(Conference(conferenceid="f1"))
        message = log.get(msgid="m1")
        assert message is not None
        assert (message.reference, message.status, message.final) == ("a", "DELIVERED", True)
        assert [entry.ident for entry in log.storage.unfinished(clock.now + timedelta(seconds=1))] == ["c1", "f1"]

    def test_incoming(self, log: DeliveryLog) -> None:
        """A repeated incoming SMS is recognised; an incoming call is not logged."""
        sms = IncomingSMS(sender="+818011112222", recipient="+815012345678", message="はい")
        first, again = log.record(sms), log.record(sms)
        other = log.record(IncomingSMS(sender="+818011112222", recipient="+815012345678", message="いいえ"))
        assert [one.new for one in (first, again, other) if one] == [True, False, True]
        assert log.record(IncomingCall(recipient="+815012345678")) is None

    def test_unfinished(self, log: DeliveryLog, clock: Clock) -> None:
        """Entries with an id, without a final status and without a recent update are found, oldest first."""
        for number in range(3):
            log.sent(SentMessage(msgid=f"m{number}", reference=f"r{number}"))
            clock.now += timedelta(minutes=1)
        log.record(report("r0", "m0", "DELIVERED"))
        log.record(report("r9", "", "DELIVERING"))
        assert [entry.ident for entry in log.storage.unfinished(START + timedelta(minutes=3))] == ["m1", "m2"]
        assert [entry.ident for entry in log.storage.unfinished(START + timedelta(minutes=2))] == ["m1"]

    def test_purge(self, log: DeliveryLog, clock: Clock) -> None:
        """Only entries with an old last update are deleted."""
        log.sent(SentMessage(msgid="m1", reference="a"))
        clock.now += timedelta(days=30)
        log.sent(SentMessage(msgid="m2", reference="b"))
        clock.now += timedelta(days=1)
        assert log.purge(older_than=timedelta(days=2)) == 1
        assert log.get(msgid="m1") is None
        assert log.get(msgid="m2") is not None

    def test_all_or_nothing(self, storage: LogStorage, log: DeliveryLog) -> None:
        """A transaction that fails changes nothing."""
        entry = log.sent(SentMessage(msgid="m1", reference="a"))

        def change() -> None:
            with storage.transaction():
                storage.save(type(entry)(kind="sms", ident="m2", created=START, updated=START))
                raise LookupError

        with pytest.raises(LookupError):
            change()
        assert log.get(msgid="m2") is None
        assert log.get(msgid="m1") is not None

    def test_bounded(self, log: DeliveryLog) -> None:
        """A history has a limited length; a final status still counts after that."""
        for number in range(200):
            log.record(report("a", "m1", f"WORD {number}"))
        log.record(report("a", "m1", "DELIVERED"))
        entry = log.get(msgid="m1")
        assert entry is not None
        assert (len(entry.history), entry.status) == (50, "DELIVERED")

    def test_processed_once(self, log: DeliveryLog) -> None:
        """A callback is rejected while it is being processed, and is not new afterwards."""
        event = report("a", "m1", "DELIVERED")
        first = log.begin(event)
        assert first is not None
        assert first.new
        with pytest.raises(CallbackRejected) as caught:
            log.begin(event)
        assert caught.value.status == 503
        log.finish(first, done=True)
        again = log.begin(event)
        assert again is not None
        assert not again.new

    def test_processing_failed(self, log: DeliveryLog) -> None:
        """A callback whose processing failed is new when it comes again."""
        event = report("a", "m1", "DELIVERED")
        for done in (False, False, True):
            recorded = log.begin(event)
            assert recorded is not None
            assert recorded.new
            log.finish(recorded, done=done)
        entry = log.get(msgid="m1")
        assert entry is not None
        assert (entry.status, [note.times for note in entry.history]) == ("DELIVERED", [3])

    def test_process_died(self, log: DeliveryLog, clock: Clock) -> None:
        """After a minute without an end of the processing, the next repeat is new."""
        event = report("a", "m1", "DELIVERED")
        log.begin(event)
        clock.now += timedelta(seconds=61)
        recorded = log.begin(event)
        assert recorded is not None
        assert recorded.new

    def test_finished_with_an_id(self, log: DeliveryLog) -> None:
        """A callback without an id is finished even if its entry got the id meanwhile."""
        recorded = log.begin(report("a", "", "DELIVERED"))
        assert recorded is not None
        log.sent(SentMessage(msgid="m1", reference="a"))
        log.finish(recorded, done=True)
        again = log.begin(report("a", "m1", "DELIVERED"))
        assert again is not None
        assert not again.new

    def test_finished_alone(self, log: DeliveryLog) -> None:
        """Of two messages with the same reference, only the one that was processed is finished."""
        log.sent(SentMessage(msgid="m1", reference="a"))
        log.sent(SentMessage(msgid="m2", reference="a"))
        first, second = log.begin(report("a", "m1", "FAIL")), log.begin(report("a", "m2", "FAIL"))
        assert first is not None
        assert second is not None
        log.finish(first, done=True)
        with pytest.raises(CallbackRejected):
            log.begin(report("a", "m2", "FAIL"))
        log.finish(second, done=False)
        again = log.begin(report("a", "m2", "FAIL"))
        assert again is not None
        assert again.new
