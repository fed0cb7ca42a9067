"""The receiver with its store and the real client, on a clock of the tests' own."""

import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace
from on_call import SATO, SUZUKI, TANAKA, FakeXoxzo, OnCall, alert, settings

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager.escalation import apply_outcomes
from xoxzo.cloudpy.integrations.alertmanager.incidents import Incident, Kind, NotificationAttempt, Outcome, Phase
from xoxzo.cloudpy.integrations.alertmanager.senders import outcome_of
from xoxzo.cloudpy.integrations.alertmanager.store import Store

NIGHT = {"hours": "22:00-07:00", "zone": "Asia/Tokyo", "break_through": ["critical"]}
HOUR = 3600


def test_nobody_answers(tmp_path: Path) -> None:
    """An alert goes through its list: a message, calls with their repeats, the next people, and then it ends."""
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
    """Whoever answers has acknowledged: nobody else is told."""
    with OnCall(tmp_path, xoxzo=FakeXoxzo(answering={answerer: "ANSWERED"})) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(5 * HOUR)
        assert on_call.store.incident(ident).phase is Phase.ACKNOWLEDGED
        assert on_call.store.incident(ident).acknowledged_by in {"tanaka", "suzuki", "sato"}
        assert len([1 for _, kind, _ in on_call.xoxzo.log() if kind == "call"]) == calls


def test_too_short_a_talk_is_no_answer(tmp_path: Path) -> None:
    """Where a talk of some length is asked for, picking up and dropping the phone acknowledges nothing."""
    given = settings(talk=30)
    with OnCall(tmp_path, given, FakeXoxzo(answering={TANAKA: "ANSWERED"})) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(5 * HOUR)
        assert on_call.store.incident(ident).phase is Phase.ENDED


def test_repeats_of_alertmanager(tmp_path: Path) -> None:
    """What Alertmanager posts again is not sent again, whether anybody has acknowledged or not."""
    with OnCall(tmp_path, xoxzo=FakeXoxzo(answering={TANAKA: "ANSWERED"})) as on_call:
        on_call.notify(alert("A"), alert("B"))
        for _ in range(5):
            on_call.wait(200)
            assert on_call.notify(alert("B"), alert("A"))[0] == "repeat"
        on_call.wait(5 * HOUR)
        assert on_call.notify(alert("A"))[0] == "repeat"
        on_call.wait(HOUR)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka"), ("call", "tanaka")]


def test_acknowledged_by_hand(tmp_path: Path) -> None:
    """An acknowledgement ends the escalation at once; a second one, and one of nothing, change nothing."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(60)
        assert on_call.acknowledge(ident).phase is Phase.ACKNOWLEDGED
        assert on_call.acknowledge(ident).acknowledged_by == "a person"
        assert on_call.acknowledge("NONE") is None
        on_call.wait(5 * HOUR)
        assert on_call.xoxzo.log() == [(0, "sms", "tanaka")]


def test_news_while_it_goes_on(tmp_path: Path) -> None:
    """A further alert is told at once to whoever got a message, and sets nothing back."""
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
    """Who answers a call that did not speak of the newest alert has acknowledged the others: it begins anew."""
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
    """A further alert of a group that somebody takes care of begins with the first step."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert("A"))
        on_call.wait(60)
        on_call.acknowledge(ident)
        assert on_call.notify(alert("A"), alert("B"))[0] == "news"
        on_call.wait(60)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka")] * 2


def test_flapping(tmp_path: Path) -> None:
    """An alert that fires again with a later beginning is news, also where nobody told that it had resolved."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert())
        on_call.acknowledge(ident)
        assert on_call.notify(alert(since=0))[0] == "repeat"
        assert on_call.notify(alert(since=9))[0] == "news"


def test_a_worse_list(tmp_path: Path) -> None:
    """An alert that takes another list has the group go through that one, from its first step."""
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
    """When all is well, those who were told get a message, the escalation ends, and the next alert is a new one."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(100)
        assert on_call.notify(alert(resolved=True)) == ("resolved", ident)
        assert on_call.notify(alert(resolved=True))[0] == "ignored"
        on_call.wait(5 * HOUR)
        assert on_call.store.incident(ident).phase is Phase.CLOSED
        assert on_call.xoxzo.log() == [(0, "sms", "tanaka"), (100, "sms", "tanaka")]
        assert on_call.xoxzo.received[-1].text == f"RESOLVED HostDown #{ident}"
        assert on_call.notify(alert())[1] != ident


def test_resolved_before_anybody_was_told(tmp_path: Path) -> None:
    """What came and went while everybody was left alone is never told."""
    with OnCall(tmp_path, settings(quiet={"hours": "11:00-13:00"})) as on_call:
        on_call.notify(alert())
        on_call.wait(60)
        on_call.notify(alert(resolved=True))
        on_call.wait(5 * HOUR)
        assert on_call.xoxzo.log() == []


def test_ignored_and_unrouted(tmp_path: Path) -> None:
    """What resolves without ever having fired here, and what takes no list, opens nothing."""
    given = settings(routes=[{"match": {"team": "db"}, "list": "office"}])
    with OnCall(tmp_path, given) as on_call:
        assert on_call.notify(alert(resolved=True)) == ("ignored", "")
        assert on_call.notify(alert()) == ("unrouted", "")
        assert on_call.notify(alert(team="db"))[0] == "opened"


def test_quiet_hours(tmp_path: Path) -> None:
    """At night a warning waits for the morning, by each person's own clock; a critical alert does not."""
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


def test_worse_news_break_through(tmp_path: Path) -> None:
    """A critical alert that joins a group wakes those who were left alone."""
    with OnCall(tmp_path, settings(quiet={**NIGHT, "hours": "11:00-13:00"})) as on_call:
        on_call.notify(alert("A", severity="page"))
        on_call.wait(60)
        assert on_call.xoxzo.log() == []
        on_call.notify(alert("A", severity="page"), alert("B"))
        on_call.wait(60)
        assert on_call.xoxzo.log() == [(60, "sms", "tanaka")]


def test_rounds(tmp_path: Path) -> None:
    """A list may be gone through several times."""
    lists = {"office": {"steps": [{"to": "tanaka", "method": "sms", "wait": "10m"}], "rounds": 3}}
    with OnCall(tmp_path, settings(lists=lists, routes=[{"list": "office"}])) as on_call:
        on_call.notify(alert())
        on_call.wait(5 * HOUR)
        assert [entry[0] for entry in on_call.xoxzo.log()] == [0, 600, 1200]


def test_surely_unsent(tmp_path: Path) -> None:
    """While there is no connection nothing is used up: the first step is made as soon as there is one."""
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
    """What is refused for good leads to the next step at once, and an unreached list is begun again."""
    with OnCall(tmp_path) as on_call:
        on_call.xoxzo.fault = "rejected"
        on_call.notify(alert())
        on_call.wait(200)
        assert on_call.events().count("refused") == 4
        on_call.xoxzo.fault = None
        on_call.wait(150)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka")]


def test_a_doubted_message_is_not_sent_again(tmp_path: Path) -> None:
    """A message whose answer was lost counts as sent; the list goes on."""
    with OnCall(tmp_path) as on_call:
        on_call.xoxzo.fault = "lost after"
        on_call.notify(alert())
        on_call.wait(10)
        on_call.xoxzo.fault = None
        on_call.wait(295)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka"), ("call", "tanaka")]


def test_a_doubted_call_is_repeated_later(tmp_path: Path) -> None:
    """A call whose answer was lost may be ringing: the phone is left alone for a while, and then it rings again."""
    lists = {"oncall": {"steps": [{"to": "tanaka", "method": "call", "wait": "10s", "repeats": 1}]}}
    with OnCall(tmp_path, settings(lists=lists, routes=[])) as on_call:
        on_call.xoxzo.fault = "lost after"
        on_call.notify(alert())
        on_call.wait(60)
        on_call.xoxzo.fault = None
        assert len(on_call.xoxzo.log()) == 1
        on_call.wait(65)
        assert [entry[1] for entry in on_call.xoxzo.log()] == ["call", "call"]


def test_asking_fails_for_a_while(tmp_path: Path) -> None:
    """A call is not given up because nobody could say how it is going; after a quarter of an hour it is."""
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
    """Nobody is called about two incidents at once: the second call waits for the end of the first."""
    lists = {"oncall": {"steps": [{"to": "tanaka", "method": "call", "wait": "1h", "repeats": 0}]}}
    with OnCall(tmp_path, settings(lists=lists, routes=[])) as on_call:
        on_call.notify(alert(), group="a")
        on_call.wait(1)
        on_call.notify(alert(), group="b")
        on_call.wait(HOUR)
        first, second = on_call.xoxzo.received
        assert second.at - first.at >= on_call.xoxzo.ring_seconds


def test_spend_limit(tmp_path: Path) -> None:
    """No more than so many go out in an hour; the rest waits for its turn."""
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
    """Credits are a brake as well, as far as they can be told beforehand."""
    limit = {"credits": 130, "call_price": 40}
    lists = {"oncall": {"steps": [{"to": "tanaka", "method": "call", "wait": 0, "repeats": 9}]}}
    with OnCall(tmp_path, settings(spend_limit=limit, lists=lists, routes=[])) as on_call:
        on_call.notify(alert())
        on_call.wait(HOUR - 10)
        assert len(on_call.xoxzo.log()) == 3


def test_stopped_and_started(tmp_path: Path) -> None:
    """A receiver that is stopped and started goes on where it was: a ringing call is taken up, nothing is repeated."""
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
    """What was claimed when the process died is in doubt: it is not sent again, and the list goes on."""
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
    """An acknowledgement that was written into the file is found before anything else goes out."""
    from xoxzo.cloudpy.integrations.alertmanager.receiver import acknowledge

    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(60)
        with Store(on_call.path, create=False) as store:
            assert acknowledge(store, ident, "me", on_call.now).phase is Phase.ACKNOWLEDGED
            assert acknowledge(store, ident, "you", on_call.now).acknowledged_by == "me"
        on_call.wait(HOUR)
        assert len(on_call.xoxzo.log()) == 1


def test_a_changed_file(tmp_path: Path) -> None:
    """An incident whose list is no more takes the one that fits now, and those who have gone are not told."""
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


def test_a_fault_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told, shown by the health, and the alert goes on when there is room again."""
    with OnCall(tmp_path) as on_call:
        monkeypatch.setattr(on_call.store, "claim", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
        on_call.notify(alert())
        on_call.wait(10)
        assert "no space left" in on_call.receiver.health()["failure"]
        monkeypatch.undo()
        on_call.wait(10)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka")]


def test_forgotten(tmp_path: Path) -> None:
    """What nobody has spoken of for a month is removed; what Alertmanager still tells of is not told again."""
    with OnCall(tmp_path) as on_call:
        _, ended = on_call.notify(alert(), group="a")
        _, lasting = on_call.notify(alert(), group="b")
        for _ in range(40):
            on_call.wait(86_400)
            assert on_call.notify(alert(), group="b") == ("repeat", lasting)
        assert on_call.store.incident(ended) is None
        assert on_call.store.attempts(ended) == []
        assert len(on_call.xoxzo.log()) == 10


def test_keeping_house_may_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is busy when old incidents are to be removed is told, and no reason to stop."""

    def busy(*_: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(Store, "purge", busy)
    with OnCall(tmp_path) as on_call:
        on_call.notify(alert())
        on_call.wait(60)
        assert "fault" in on_call.events()
        assert len(on_call.xoxzo.log()) == 1


def test_stopping_does_not_wait_for_ever(tmp_path: Path) -> None:
    """What is being sent gets a while to come to its end, and no more; nothing is begun any more."""
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


def test_removed_underfoot(tmp_path: Path) -> None:
    """An incident that somebody has taken out of the file is looked after no more."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(0.05)
        on_call.store._connection.execute("DELETE FROM incident")
        on_call.wait(HOUR)
        assert on_call.store.incident(ident) is None
        assert len(on_call.xoxzo.log()) == 1
        assert not on_call.receiver._tasks


def test_woken_as_it_ends(tmp_path: Path) -> None:
    """An incident that wakes up in the moment in which its task has ended gets another one, which is kept."""
    with OnCall(tmp_path) as on_call:
        _, ident = on_call.notify(alert())
        ended = on_call.loop.create_task(_nothing())
        on_call.loop.run_until_complete(ended)
        on_call.receiver._remove_task(ident, ended)
        assert list(on_call.receiver._tasks) == [ident]


async def _nothing() -> None:
    pass


def test_ids_are_not_used_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An id that is taken is not given again."""
    letters = iter("AAAAAAAABBBB")
    monkeypatch.setattr("secrets.choice", lambda _: next(letters))
    with OnCall(tmp_path) as on_call:
        assert [on_call.notify(alert(), group=group)[1] for group in "ab"] == ["AAAA", "BBBB"]


def test_what_errors_leave() -> None:
    """What was refused before the network surely never goes out."""
    assert outcome_of(InvalidArgument("sender", "must be a sender")) is Outcome.REFUSED


def test_an_outcome_of_yesterday() -> None:
    """What comes of a step that is past moves nothing."""
    policy = settings().policies["oncall"]
    incident = Incident(ident="A", group_key="k", policy="oncall", step=1)
    late = NotificationAttempt(
        key="A-1", incident="A", run=1, version=1, round=1, step=0, tries=0, kind=Kind.SMS, person="tanaka"
    )
    assert apply_outcomes(incident, policy, [replace(late, outcome=Outcome.SENT)], 0.0) == incident


def test_by_templates(tmp_path: Path) -> None:
    """An account that may not send free texts sends by templates, with the alert in their variables."""
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
