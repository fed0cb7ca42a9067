"""The receiver with its store and the real client, on a virtual clock."""

from __future__ import annotations

import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from alertmanager_simulation import SATO, SUZUKI, TANAKA, FakeXoxzo, OnCall, alert, settings
from msgspec.structs import replace

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager.escalation import apply_outcomes
from xoxzo.cloudpy.integrations.alertmanager.incidents import Incident, Kind, NotificationAttempt, Outcome, Phase
from xoxzo.cloudpy.integrations.alertmanager.senders import outcome_of
from xoxzo.cloudpy.integrations.alertmanager.store import Store

NIGHT = {"hours": "22:00-07:00", "zone": "Asia/Tokyo", "break_through": ["critical"]}
HOUR = 3600


def test_an_unanswered_call(tmp_path: Path) -> None:
    """The list runs: a message, calls with their repeats, the next people, and then it ends."""
    with OnCall(tmp_path) as on_call:
        verdict, ident = on_call.notify(alert())
        on_call.wait(HOUR)
        assert (verdict, on_call.store.incident(ident).phase) == ("opened", Phase.ENDED)
        log = on_call.xoxzo.log()
    assert [entry[1:] for entry in log] == [
        ("sms", "tanaka"),
        ("call", "tanaka"),
        ("call", "tanaka"),
        ("call", "suzuki"),
        ("call", "sato"),
    ]
    times = [entry[0] for entry in log]
    # Five minutes after the message; two after the end of a call that rings for twenty seconds and is looked at later.
    assert times[0] == 0
    assert 300 <= times[1] <= 302
    assert all(140 <= later - earlier <= 155 for earlier, later in pairwise(times[1:4]))


@pytest.mark.parametrize(("answerer", "calls"), [(TANAKA, 1), (SUZUKI, 4), (SATO, 4)])
def test_an_answered_call_ends_it(answerer: str, calls: int, tmp_path: Path) -> None:
    """Answering a call acknowledges the incident, and nobody else is notified."""
    with OnCall(tmp_path, xoxzo=FakeXoxzo(answering={answerer: "ANSWERED"})) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(5 * HOUR)
        assert on_call.store.incident(ident).phase is Phase.ACKNOWLEDGED
        assert on_call.store.incident(ident).acknowledged_by in {"tanaka", "suzuki", "sato"}
        assert len([1 for _, kind, _ in on_call.xoxzo.log() if kind == "call"]) == calls


def test_short_call_is_no_answer(tmp_path: Path) -> None:
    """With a minimum call length, a short call does not acknowledge the incident."""
    given = settings(talk=30)
    with OnCall(tmp_path, given, FakeXoxzo(answering={TANAKA: "ANSWERED"})) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(5 * HOUR)
        assert on_call.store.incident(ident).phase is Phase.ENDED


def test_repeated_notifications(tmp_path: Path) -> None:
    """A repeated notification sends nothing, before and after an acknowledgement."""
    with OnCall(tmp_path, xoxzo=FakeXoxzo(answering={TANAKA: "ANSWERED"})) as on_call:
        on_call.notify(alert("A"), alert("B"))
        for _ in range(5):
            on_call.wait(200)
            assert on_call.notify(alert("B"), alert("A"))[0] == "repeat"
        on_call.wait(5 * HOUR)
        assert on_call.notify(alert("A"))[0] == "repeat"
        on_call.wait(HOUR)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka"), ("call", "tanaka")]


def test_acknowledged_by_command(tmp_path: Path) -> None:
    """An acknowledgement ends the escalation; a second one, or one of an unknown incident, changes nothing."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(60)
        assert on_call.acknowledge(ident).phase is Phase.ACKNOWLEDGED
        assert on_call.acknowledge(ident).acknowledged_by == "a person"
        assert on_call.acknowledge("NONE") is None
        on_call.wait(5 * HOUR)
        assert on_call.xoxzo.log() == [(0, "sms", "tanaka")]


def test_news_during_an_escalation(tmp_path: Path) -> None:
    """A new alert is sent at once to everybody who got a message, and the escalation goes on."""
    with OnCall(tmp_path) as on_call:
        on_call.notify(alert("A"))
        on_call.wait(100)
        assert on_call.notify(alert("A"), alert("B"))[0] == "news"
        on_call.wait(300)
        log = on_call.xoxzo.log()
        texts = [one.text for one in on_call.xoxzo.received]
    assert [entry[:2] for entry in log[:2]] == [(0, "sms"), (100, "sms")]
    assert "A, B" in texts[1]
    assert 300 <= log[2][0] <= 302


def test_news_during_a_call(tmp_path: Path) -> None:
    """Answering a call acknowledges only the alerts that it was about; for a later one the list starts again."""
    with OnCall(tmp_path, xoxzo=FakeXoxzo(answering={TANAKA: "ANSWERED"})) as on_call:
        _, ident = on_call.notify(alert("A"))
        on_call.wait(305)
        assert on_call.xoxzo.log()[-1][1] == "call"
        on_call.notify(alert("A"), alert("B"))
        on_call.wait(60)
        assert on_call.store.incident(ident).run == 2
        assert "A, B" in on_call.xoxzo.received[-1].text
        on_call.wait(HOUR)
        assert on_call.store.incident(ident).phase is Phase.ACKNOWLEDGED


def test_news_after_an_acknowledgement(tmp_path: Path) -> None:
    """A new alert of an acknowledged group starts the list again."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert("A"))
        on_call.wait(60)
        on_call.acknowledge(ident)
        assert on_call.notify(alert("A"), alert("B"))[0] == "news"
        on_call.wait(60)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka")] * 2


def test_flapping(tmp_path: Path) -> None:
    """An alert that fires again with a later start is news, even if it was never reported as resolved."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert())
        on_call.acknowledge(ident)
        assert on_call.notify(alert(since=0))[0] == "repeat"
        assert on_call.notify(alert(since=9))[0] == "news"


def test_another_list(tmp_path: Path) -> None:
    """If a new alert selects another list, that list runs from its first step."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert("A", severity="warning"))
        on_call.wait(60)
        on_call.notify(alert("A", severity="warning"), alert("B"))
        on_call.wait(400)
        assert on_call.store.incident(ident).policy == "oncall"
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [
            ("sms", "tanaka"),
            ("sms", "suzuki"),
            ("sms", "tanaka"),
            ("call", "tanaka"),
        ]


def test_resolved(tmp_path: Path) -> None:
    """When the group is resolved, the notified people get a message, and the next alert opens a new incident."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(100)
        # What says both is not resolved.
        assert on_call.notify(alert(), status="resolved") == ("repeat", ident)
        assert on_call.notify(alert(resolved=True)) == ("resolved", ident)
        assert on_call.notify(alert(resolved=True))[0] == "ignored"
        on_call.wait(5 * HOUR)
        assert on_call.store.incident(ident).phase is Phase.CLOSED
        assert on_call.xoxzo.log() == [(0, "sms", "tanaka"), (100, "sms", "tanaka")]
        assert on_call.xoxzo.received[-1].text == f"RESOLVED HostDown #{ident}"
        assert on_call.notify(alert())[1] != ident


def test_resolved_within_quiet_hours(tmp_path: Path) -> None:
    """An alert that is resolved within quiet hours is never sent."""
    with OnCall(tmp_path, settings(quiet={"hours": "11:00-13:00"})) as on_call:
        on_call.notify(alert())
        on_call.wait(60)
        on_call.notify(alert(resolved=True))
        on_call.wait(5 * HOUR)
        assert on_call.xoxzo.log() == []


def test_ignored_and_unrouted(tmp_path: Path) -> None:
    """An unknown group that is resolved, or an alert without a route, opens no incident."""
    given = settings(routes=[{"match": {"team": "db"}, "list": "office"}])
    with OnCall(tmp_path, given) as on_call:
        assert on_call.notify(alert(resolved=True)) == ("ignored", "")
        assert on_call.notify(alert()) == ("unrouted", "")
        assert on_call.notify(alert(team="db"))[0] == "opened"


def test_quiet_hours(tmp_path: Path) -> None:
    """A warning waits until quiet hours end in each person's time zone; a critical alert does not."""
    lists = {"office": {"steps": [{"to": ["tanaka", "sato"], "method": "sms", "wait": "1h", "repeats": 1}]}}
    given = settings(quiet=NIGHT, lists=lists, routes=[{"list": "office"}])
    with OnCall(tmp_path, given) as on_call:
        on_call.wait(11 * HOUR)
        on_call.notify(alert("A", severity="warning"))
        on_call.wait(12 * HOUR)
        # Seven in Tokyo, and seven in Kuala Lumpur.
        assert on_call.xoxzo.log() == [
            (19 * HOUR, "sms", "tanaka"),
            (20 * HOUR, "sms", "tanaka"),
            (20 * HOUR, "sms", "sato"),
        ]
    with OnCall(tmp_path, given) as on_call:
        on_call.wait(11 * HOUR)
        on_call.notify(alert("B"), group="b")
        on_call.wait(60)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka"), ("sms", "sato")]


def test_news_break_through(tmp_path: Path) -> None:
    """A critical alert that joins a group breaks through quiet hours."""
    with OnCall(tmp_path, settings(quiet={**NIGHT, "hours": "11:00-13:00"})) as on_call:
        on_call.notify(alert("A", severity="page"))
        on_call.wait(60)
        assert on_call.xoxzo.log() == []
        on_call.notify(alert("A", severity="page"), alert("B"))
        on_call.wait(60)
        assert on_call.xoxzo.log() == [(60, "sms", "tanaka")]


def test_rounds(tmp_path: Path) -> None:
    """A list runs as many times as its rounds say."""
    lists = {"office": {"steps": [{"to": "tanaka", "method": "sms", "wait": "10m"}], "rounds": 3}}
    with OnCall(tmp_path, settings(lists=lists, routes=[{"list": "office"}])) as on_call:
        on_call.notify(alert())
        on_call.wait(5 * HOUR)
        assert [entry[0] for entry in on_call.xoxzo.log()] == [0, 600, 1200]


def test_no_connection(tmp_path: Path) -> None:
    """Without a connection no step is skipped: the first step is tried until it works."""
    with OnCall(tmp_path) as on_call:
        on_call.xoxzo.fault = "refused"
        on_call.notify(alert())
        on_call.wait(1000)
        assert on_call.receiver.health()["status"] == "failing"
        on_call.xoxzo.fault = None
        on_call.wait(100)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka")]
        assert on_call.receiver.health() == {"status": "ok", "open": 1, "failure": None}


def test_refused(tmp_path: Path) -> None:
    """After a rejection the next step follows at once; if nobody was notified, the list starts again."""
    with OnCall(tmp_path) as on_call:
        on_call.xoxzo.fault = "rejected"
        on_call.notify(alert())
        on_call.wait(200)
        assert on_call.events().count("refused") == 4
        on_call.xoxzo.fault = None
        on_call.wait(150)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka")]


def test_lost_reply_to_a_message(tmp_path: Path) -> None:
    """A message whose reply was lost counts as sent, and the list goes on."""
    with OnCall(tmp_path) as on_call:
        on_call.xoxzo.fault = "lost after"
        on_call.notify(alert())
        on_call.wait(10)
        on_call.xoxzo.fault = None
        on_call.wait(295)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka"), ("call", "tanaka")]


def test_lost_reply_to_a_call(tmp_path: Path) -> None:
    """After a call whose reply was lost there is a pause, and then another call."""
    lists = {"oncall": {"steps": [{"to": "tanaka", "method": "call", "wait": "10s", "repeats": 1}]}}
    with OnCall(tmp_path, settings(lists=lists, routes=[])) as on_call:
        on_call.xoxzo.fault = "lost after"
        on_call.notify(alert())
        on_call.wait(60)
        on_call.xoxzo.fault = None
        assert len(on_call.xoxzo.log()) == 1
        on_call.wait(65)
        assert [entry[1] for entry in on_call.xoxzo.log()] == ["call", "call"]


def test_call_status_fails(tmp_path: Path) -> None:
    """A call is followed although status requests fail, for at most 15 minutes."""
    with OnCall(tmp_path, xoxzo=FakeXoxzo(answering={TANAKA: "ANSWERED"})) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(301)
        on_call.xoxzo.fault = "refused"
        on_call.wait(200)
        on_call.xoxzo.fault = None
        on_call.wait(60)
        assert on_call.store.incident(ident).phase is Phase.ACKNOWLEDGED
    with OnCall(tmp_path, xoxzo=FakeXoxzo(ring_seconds=10_000)) as on_call:
        _, ident = on_call.notify(alert(), group="b")
        on_call.wait(1500)
        assert [entry[1] for entry in on_call.xoxzo.log()] == ["sms", "call", "call"]


def test_one_call_at_a_time(tmp_path: Path) -> None:
    """Nobody gets two calls at the same time: the second call waits for the end of the first."""
    lists = {"oncall": {"steps": [{"to": "tanaka", "method": "call", "wait": "1h", "repeats": 0}]}}
    with OnCall(tmp_path, settings(lists=lists, routes=[])) as on_call:
        on_call.notify(alert(), group="a")
        on_call.wait(1)
        on_call.notify(alert(), group="b")
        on_call.wait(HOUR)
        first, second = on_call.xoxzo.received
        assert second.at - first.at >= on_call.xoxzo.ring_seconds


def test_spend_limit(tmp_path: Path) -> None:
    """No more messages than the limit are sent in an hour; the rest waits."""
    given = settings(
        spend_limit={"messages": 3}, lists={"office": {"steps": [{"to": "tanaka", "method": "sms"}]}}, routes=[]
    )
    with OnCall(tmp_path, given) as on_call:
        for number in range(5):
            on_call.notify(alert(str(number)), group=str(number))
            on_call.wait(10)
        on_call.wait(600)
        assert len(on_call.xoxzo.log()) == 3
        assert "spend-limit-reached" in on_call.events()
        on_call.wait(HOUR)
        assert [entry[0] // HOUR for entry in on_call.xoxzo.log()] == [0, 0, 0, 1, 1]


def test_spend_limit_in_credits(tmp_path: Path) -> None:
    """The limit may be in credits, by their estimated cost."""
    limit = {"credits": 130, "call_price": 40}
    lists = {"oncall": {"steps": [{"to": "tanaka", "method": "call", "wait": 0, "repeats": 9}]}}
    with OnCall(tmp_path, settings(spend_limit=limit, lists=lists, routes=[])) as on_call:
        on_call.notify(alert())
        on_call.wait(HOUR - 10)
        assert len(on_call.xoxzo.log()) == 3


def test_stopped_and_started(tmp_path: Path) -> None:
    """A restarted receiver continues: it follows a ringing call, and repeats nothing."""
    on_call = OnCall(tmp_path, xoxzo=FakeXoxzo(answering={TANAKA: "ANSWERED"}))
    _, ident = on_call.notify(alert())
    on_call.wait(302)
    on_call.stop()
    on_call.start()
    on_call.wait(HOUR)
    assert on_call.store.incident(ident).phase is Phase.ACKNOWLEDGED
    assert [entry[1] for entry in on_call.xoxzo.log()] == ["sms", "call"]
    on_call.__exit__()


@pytest.mark.parametrize("seconds", [0.05, 0.1001])
def test_killed_while_sending(seconds: float, tmp_path: Path) -> None:
    """A message that was in flight when the process died is not sent again, and the list goes on."""
    on_call = OnCall(tmp_path)
    on_call.notify(alert())
    on_call.wait(seconds)
    on_call.crash()
    on_call.start()
    on_call.wait(303)
    assert [entry[1] for entry in on_call.xoxzo.log()][-1:] == ["call"]
    assert [entry[1] for entry in on_call.xoxzo.log()].count("sms") <= 1
    on_call.__exit__()


def test_acknowledged_from_another_process(tmp_path: Path) -> None:
    """An acknowledgement by another process is found before anything else is sent."""
    from xoxzo.cloudpy.integrations.alertmanager.receiver import acknowledge

    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(60)
        with Store(on_call.path, create=False) as store:
            assert acknowledge(store, ident, "me", on_call.now).phase is Phase.ACKNOWLEDGED
            assert acknowledge(store, ident, "you", on_call.now).acknowledged_by == "me"
        on_call.wait(HOUR)
        assert len(on_call.xoxzo.log()) == 1


def test_changed_settings(tmp_path: Path) -> None:
    """An incident whose list was removed uses the list of the matching route, and removed people are not notified."""
    on_call = OnCall(tmp_path)
    on_call.notify(alert())
    on_call.wait(60)
    on_call.stop()
    lists = {"new": {"steps": [{"to": "suzuki", "method": "sms"}], "resolved": True}}
    on_call.settings = settings(people={"suzuki": SUZUKI}, lists=lists, routes=[{"list": "new"}])
    on_call.start()
    on_call.wait(400)
    on_call.notify(alert(resolved=True))
    on_call.wait(60)
    assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka"), ("sms", "suzuki"), ("sms", "suzuki")]
    on_call.stop()
    on_call.settings = settings(lists=lists, people={"suzuki": SUZUKI}, routes=[{"match": {"a": "b"}, "list": "new"}])
    on_call.start()
    on_call.__exit__()


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is logged and shown by the health check, and the incident continues afterwards."""
    with OnCall(tmp_path) as on_call:
        monkeypatch.setattr(on_call.store, "claim", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
        on_call.notify(alert())
        on_call.wait(10)
        assert "no space left" in on_call.receiver.health()["failure"]
        monkeypatch.undo()
        on_call.wait(10)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka")]


def test_purge(tmp_path: Path) -> None:
    """Old incidents are deleted after a month without a notification; others stay, and are not sent again."""
    with OnCall(tmp_path) as on_call:
        _, ended = on_call.notify(alert(), group="a")
        _, lasting = on_call.notify(alert(), group="b")
        for _ in range(40):
            on_call.wait(86_400)
            assert on_call.notify(alert(), group="b") == ("repeat", lasting)
        assert on_call.store.incident(ended) is None
        assert on_call.store.attempts(ended) == []
        assert len(on_call.xoxzo.log()) == 10


def test_purge_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the file is locked when old incidents are deleted, this is logged, and the receiver goes on."""

    def busy(*_: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(Store, "purge", busy)
    with OnCall(tmp_path) as on_call:
        on_call.notify(alert())
        on_call.wait(60)
        assert "fault" in on_call.events()
        assert len(on_call.xoxzo.log()) == 1


def test_stopping_is_limited(tmp_path: Path) -> None:
    """A stopping receiver waits a limited time for sends in flight, and starts no more."""
    on_call = OnCall(tmp_path)
    on_call.notify(alert())
    on_call.xoxzo.crashed = True
    on_call.wait(1)
    on_call.stop()
    on_call.xoxzo.crashed = False
    on_call.loop.run_until_complete(_wake(on_call))
    on_call.loop.close()


async def _wake(on_call: OnCall) -> None:
    on_call.receiver._wake("any")
    assert not on_call.receiver._tasks


def test_deleted_incident(tmp_path: Path) -> None:
    """The task of an incident that was deleted from the file ends."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(0.05)
        on_call.store._connection.execute("DELETE FROM incident")
        on_call.wait(HOUR)
        assert on_call.store.incident(ident) is None
        assert len(on_call.xoxzo.log()) == 1
        assert not on_call.receiver._wake_ups


def test_notified_after_its_task_ended(tmp_path: Path) -> None:
    """An incident whose task has ended gets a new one when it is notified again."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert())
        on_call.acknowledge(ident)
        on_call.wait(1)
        assert not on_call.receiver._wake_ups
        on_call.notify(alert(resolved=True))
        assert list(on_call.receiver._wake_ups) == [ident]


def test_ids_are_not_used_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An id that is in use is not used again."""
    letters = iter("AAAAAAAABBBB")
    monkeypatch.setattr("secrets.choice", lambda _: next(letters))
    with OnCall(tmp_path) as on_call:
        assert [on_call.notify(alert(), group=group)[1] for group in "ab"] == ["AAAA", "BBBB"]


def test_outcome_of_an_error() -> None:
    """An invalid argument means that the attempt was refused."""
    assert outcome_of(InvalidArgument("sender", "must be a sender")) is Outcome.REFUSED


def test_late_outcome() -> None:
    """The outcome of an earlier step changes nothing."""
    policy = settings().policies["oncall"]
    incident = Incident(ident="A", group_key="k", policy="oncall", step=1)
    late = NotificationAttempt(
        key="A-1", incident="A", run=1, version=1, round=1, step=0, tries=0, kind=Kind.SMS, person="tanaka"
    )
    assert apply_outcomes(incident, policy, [replace(late, outcome=Outcome.SENT)], 0.0) == incident


def test_by_templates(tmp_path: Path) -> None:
    """With templates, the alert is sent in their variables."""
    given = settings(
        texts={
            "sms_template": {"id": 6, "variables": {"what": "{names}"}},
            "resolved_template": {"id": 7, "variables": {"id": "{id}"}},
        },
        spend_limit={"credits": 200, "call_price": 10},
    )
    with OnCall(tmp_path, given) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(60)
        on_call.notify(alert(resolved=True))
        on_call.wait(60)
        assert [one.text for one in on_call.xoxzo.received] == ["6 {'what': 'HostDown'}", f"7 {{'id': '{ident}'}}"]
        assert [cost for _, cost in on_call.store.recent_costs(on_call.now)] == [20, 20]
