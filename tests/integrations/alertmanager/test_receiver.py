"""The receiver with its store and the real client, on a clock of the tests' own."""

import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace
from on_call import SATO, SUZUKI, TANAKA, OnCall, Phones, alert, settings

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager.escalation import after
from xoxzo.cloudpy.integrations.alertmanager.records import Deed, Incident, Kind, Outcome, Phase
from xoxzo.cloudpy.integrations.alertmanager.sending import judge
from xoxzo.cloudpy.integrations.alertmanager.store import Store

NIGHT = {"hours": "22:00-07:00", "zone": "Asia/Tokyo", "break_through": ["critical"]}
HOUR = 3600


def test_nobody_answers(tmp_path: Path) -> None:
    """An alert goes through its list: a message, calls with their repeats, the next people, and then it ends."""
    with OnCall(tmp_path) as world:
        verdict, ident = world.hear(alert())
        world.wait(HOUR)
        assert (verdict, world.store.incident(ident).phase) == ("opened", Phase.ENDED)
        log = world.phones.log()
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
    with OnCall(tmp_path, phones=Phones(answering={answerer: "ANSWERED"})) as world:
        _, ident = world.hear(alert())
        world.wait(5 * HOUR)
        assert world.store.incident(ident).phase is Phase.ACKNOWLEDGED
        assert world.store.incident(ident).by in {"tanaka", "suzuki", "sato"}
        assert len([1 for _, kind, _ in world.phones.log() if kind == "call"]) == calls


def test_too_short_a_talk_is_no_answer(tmp_path: Path) -> None:
    """Where a talk of some length is asked for, picking up and dropping the phone acknowledges nothing."""
    given = settings(talk=30)
    with OnCall(tmp_path, given, Phones(answering={TANAKA: "ANSWERED"})) as world:
        _, ident = world.hear(alert())
        world.wait(5 * HOUR)
        assert world.store.incident(ident).phase is Phase.ENDED


def test_repeats_of_alertmanager(tmp_path: Path) -> None:
    """What Alertmanager posts again is not sent again, whether anybody has acknowledged or not."""
    with OnCall(tmp_path, phones=Phones(answering={TANAKA: "ANSWERED"})) as world:
        world.hear(alert("A"), alert("B"))
        for _ in range(5):
            world.wait(200)
            assert world.hear(alert("B"), alert("A"))[0] == "repeat"
        world.wait(5 * HOUR)
        assert world.hear(alert("A"))[0] == "repeat"
        world.wait(HOUR)
        assert [entry[1:] for entry in world.phones.log()] == [("sms", "tanaka"), ("call", "tanaka")]


def test_acknowledged_by_hand(tmp_path: Path) -> None:
    """An acknowledgement ends the escalation at once; a second one, and one of nothing, change nothing."""
    with OnCall(tmp_path) as world:
        _, ident = world.hear(alert())
        world.wait(60)
        assert world.acknowledge(ident).phase is Phase.ACKNOWLEDGED
        assert world.acknowledge(ident).by == "a person"
        assert world.acknowledge("NONE") is None
        world.wait(5 * HOUR)
        assert world.phones.log() == [(0, "sms", "tanaka")]


def test_news_while_it_goes_on(tmp_path: Path) -> None:
    """A further alert is told at once to whoever got a message, and sets nothing back."""
    with OnCall(tmp_path) as world:
        world.hear(alert("A"))
        world.wait(100)
        assert world.hear(alert("A"), alert("B"))[0] == "news"
        world.wait(300)
        log = world.phones.log()
        texts = [one.text for one in world.phones.reached]
    assert [entry[:2] for entry in log[:2]] == [(0, "sms"), (100, "sms")]
    assert "A, B" in texts[1]
    assert 300 <= log[2][0] <= 302


def test_news_during_a_call(tmp_path: Path) -> None:
    """Who answers a call that did not speak of the newest alert has acknowledged the others: it begins anew."""
    with OnCall(tmp_path, phones=Phones(answering={TANAKA: "ANSWERED"})) as world:
        _, ident = world.hear(alert("A"))
        world.wait(305)
        assert world.phones.log()[-1][1] == "call"
        world.hear(alert("A"), alert("B"))
        world.wait(60)
        assert world.store.incident(ident).run == 2
        assert "A, B" in world.phones.reached[-1].text
        world.wait(HOUR)
        assert world.store.incident(ident).phase is Phase.ACKNOWLEDGED


def test_news_after_an_acknowledgement(tmp_path: Path) -> None:
    """A further alert of a group that somebody takes care of begins with the first step."""
    with OnCall(tmp_path) as world:
        _, ident = world.hear(alert("A"))
        world.wait(60)
        world.acknowledge(ident)
        assert world.hear(alert("A"), alert("B"))[0] == "news"
        world.wait(60)
        assert [entry[1:] for entry in world.phones.log()] == [("sms", "tanaka")] * 2


def test_flapping(tmp_path: Path) -> None:
    """An alert that fires again with a later beginning is news, also where nobody told that it had resolved."""
    with OnCall(tmp_path) as world:
        _, ident = world.hear(alert())
        world.acknowledge(ident)
        assert world.hear(alert(since=0))[0] == "repeat"
        assert world.hear(alert(since=9))[0] == "news"


def test_a_worse_list(tmp_path: Path) -> None:
    """An alert that takes another list has the group go through that one, from its first step."""
    with OnCall(tmp_path) as world:
        _, ident = world.hear(alert("A", severity="warning"))
        world.wait(60)
        world.hear(alert("A", severity="warning"), alert("B"))
        world.wait(400)
        assert world.store.incident(ident).plan == "oncall"
        assert [entry[1:] for entry in world.phones.log()] == [
            ("sms", "tanaka"),
            ("sms", "suzuki"),
            ("sms", "tanaka"),
            ("call", "tanaka"),
        ]


def test_resolved(tmp_path: Path) -> None:
    """When all is well, those who were told get a message, the escalation ends, and the next alert is a new one."""
    with OnCall(tmp_path) as world:
        _, ident = world.hear(alert())
        world.wait(100)
        assert world.hear(alert(resolved=True)) == ("resolved", ident)
        assert world.hear(alert(resolved=True))[0] == "ignored"
        world.wait(5 * HOUR)
        assert world.store.incident(ident).phase is Phase.CLOSED
        assert world.phones.log() == [(0, "sms", "tanaka"), (100, "sms", "tanaka")]
        assert world.phones.reached[-1].text == f"RESOLVED HostDown #{ident}"
        assert world.hear(alert())[1] != ident


def test_resolved_before_anybody_was_told(tmp_path: Path) -> None:
    """What came and went while everybody was left alone is never told."""
    with OnCall(tmp_path, settings(quiet={"hours": "11:00-13:00"})) as world:
        world.hear(alert())
        world.wait(60)
        world.hear(alert(resolved=True))
        world.wait(5 * HOUR)
        assert world.phones.log() == []


def test_ignored_and_unrouted(tmp_path: Path) -> None:
    """What resolves without ever having fired here, and what takes no list, opens nothing."""
    given = settings(routes=[{"match": {"team": "db"}, "list": "office"}])
    with OnCall(tmp_path, given) as world:
        assert world.hear(alert(resolved=True)) == ("ignored", "")
        assert world.hear(alert()) == ("unrouted", "")
        assert world.hear(alert(team="db"))[0] == "opened"


def test_quiet_hours(tmp_path: Path) -> None:
    """At night a warning waits for the morning, by each person's own clock; a critical alert does not."""
    lists = {"office": {"steps": [{"to": ["tanaka", "sato"], "method": "sms", "wait": "1h", "repeats": 1}]}}
    given = settings(quiet=NIGHT, lists=lists, routes=[{"list": "office"}])
    with OnCall(tmp_path, given) as world:
        world.wait(11 * HOUR)
        world.hear(alert("A", severity="warning"))
        world.wait(12 * HOUR)
        # Seven in Tokyo, and seven in Kuala Lumpur.
        assert world.phones.log() == [
            (19 * HOUR, "sms", "tanaka"),
            (20 * HOUR, "sms", "tanaka"),
            (20 * HOUR, "sms", "sato"),
        ]
    with OnCall(tmp_path, given) as world:
        world.wait(11 * HOUR)
        world.hear(alert("B"), group="b")
        world.wait(60)
        assert [entry[1:] for entry in world.phones.log()] == [("sms", "tanaka"), ("sms", "sato")]


def test_worse_news_break_through(tmp_path: Path) -> None:
    """A critical alert that joins a group wakes those who were left alone."""
    with OnCall(tmp_path, settings(quiet={**NIGHT, "hours": "11:00-13:00"})) as world:
        world.hear(alert("A", severity="page"))
        world.wait(60)
        assert world.phones.log() == []
        world.hear(alert("A", severity="page"), alert("B"))
        world.wait(60)
        assert world.phones.log() == [(60, "sms", "tanaka")]


def test_rounds(tmp_path: Path) -> None:
    """A list may be gone through several times."""
    lists = {"office": {"steps": [{"to": "tanaka", "method": "sms", "wait": "10m"}], "rounds": 3}}
    with OnCall(tmp_path, settings(lists=lists, routes=[{"list": "office"}])) as world:
        world.hear(alert())
        world.wait(5 * HOUR)
        assert [entry[0] for entry in world.phones.log()] == [0, 600, 1200]


def test_surely_unsent(tmp_path: Path) -> None:
    """While there is no connection nothing is used up: the first step is made as soon as there is one."""
    with OnCall(tmp_path) as world:
        world.phones.fault = "refused"
        world.hear(alert())
        world.wait(1000)
        assert world.receiver.health()["status"] == "failing"
        world.phones.fault = None
        world.wait(100)
        assert [entry[1:] for entry in world.phones.log()] == [("sms", "tanaka")]
        assert world.receiver.health() == {"status": "ok", "open": 1, "failure": None}


def test_refused(tmp_path: Path) -> None:
    """What is refused for good leads to the next step at once, and an unreached list is begun again."""
    with OnCall(tmp_path) as world:
        world.phones.fault = "rejected"
        world.hear(alert())
        world.wait(200)
        assert world.events().count("refused") == 4
        world.phones.fault = None
        world.wait(150)
        assert [entry[1:] for entry in world.phones.log()] == [("sms", "tanaka")]


def test_a_doubted_message_is_not_sent_again(tmp_path: Path) -> None:
    """A message whose answer was lost counts as sent; the list goes on."""
    with OnCall(tmp_path) as world:
        world.phones.fault = "lost after"
        world.hear(alert())
        world.wait(10)
        world.phones.fault = None
        world.wait(295)
        assert [entry[1:] for entry in world.phones.log()] == [("sms", "tanaka"), ("call", "tanaka")]


def test_a_doubted_call_is_repeated_later(tmp_path: Path) -> None:
    """A call whose answer was lost may be ringing: the phone is left alone for a while, and then it rings again."""
    lists = {"oncall": {"steps": [{"to": "tanaka", "method": "call", "wait": "10s", "repeats": 1}]}}
    with OnCall(tmp_path, settings(lists=lists, routes=[])) as world:
        world.phones.fault = "lost after"
        world.hear(alert())
        world.wait(60)
        world.phones.fault = None
        assert len(world.phones.log()) == 1
        world.wait(65)
        assert [entry[1] for entry in world.phones.log()] == ["call", "call"]


def test_asking_fails_for_a_while(tmp_path: Path) -> None:
    """A call is not given up because nobody could say how it is going; after a quarter of an hour it is."""
    with OnCall(tmp_path, phones=Phones(answering={TANAKA: "ANSWERED"})) as world:
        _, ident = world.hear(alert())
        world.wait(301)
        world.phones.fault = "refused"
        world.wait(200)
        world.phones.fault = None
        world.wait(60)
        assert world.store.incident(ident).phase is Phase.ACKNOWLEDGED
    with OnCall(tmp_path, phones=Phones(ringing=10_000)) as world:
        _, ident = world.hear(alert(), group="b")
        world.wait(1500)
        assert [entry[1] for entry in world.phones.log()] == ["sms", "call", "call"]


def test_one_call_at_a_time(tmp_path: Path) -> None:
    """Nobody is called about two incidents at once: the second call waits for the end of the first."""
    lists = {"oncall": {"steps": [{"to": "tanaka", "method": "call", "wait": "1h", "repeats": 0}]}}
    with OnCall(tmp_path, settings(lists=lists, routes=[])) as world:
        world.hear(alert(), group="a")
        world.wait(1)
        world.hear(alert(), group="b")
        world.wait(HOUR)
        first, second = world.phones.reached
        assert second.at - first.at >= world.phones.ringing


def test_brake(tmp_path: Path) -> None:
    """No more than so many go out in an hour; the rest waits for its turn."""
    given = settings(brake={"messages": 3}, lists={"office": {"steps": [{"to": "tanaka", "method": "sms"}]}}, routes=[])
    with OnCall(tmp_path, given) as world:
        for number in range(5):
            world.hear(alert(str(number)), group=str(number))
            world.wait(10)
        world.wait(600)
        assert len(world.phones.log()) == 3
        assert "braked" in world.events()
        world.wait(HOUR)
        assert [entry[0] // HOUR for entry in world.phones.log()] == [0, 0, 0, 1, 1]


def test_brake_by_credits(tmp_path: Path) -> None:
    """Credits are a brake as well, as far as they can be told beforehand."""
    brake = {"credits": 130, "call_price": 40}
    lists = {"oncall": {"steps": [{"to": "tanaka", "method": "call", "wait": 0, "repeats": 9}]}}
    with OnCall(tmp_path, settings(brake=brake, lists=lists, routes=[])) as world:
        world.hear(alert())
        world.wait(HOUR - 10)
        assert len(world.phones.log()) == 3


def test_stopped_and_started(tmp_path: Path) -> None:
    """A receiver that is stopped and started goes on where it was: a ringing call is taken up, nothing is repeated."""
    world = OnCall(tmp_path, phones=Phones(answering={TANAKA: "ANSWERED"}))
    _, ident = world.hear(alert())
    world.wait(302)
    world.stop()
    world.start()
    world.wait(HOUR)
    assert world.store.incident(ident).phase is Phase.ACKNOWLEDGED
    assert [entry[1] for entry in world.phones.log()] == ["sms", "call"]
    world.__exit__()


@pytest.mark.parametrize("seconds", [0.05, 0.1001])
def test_killed_while_sending(seconds: float, tmp_path: Path) -> None:
    """What was claimed when the process died is in doubt: it is not sent again, and the list goes on."""
    world = OnCall(tmp_path)
    world.hear(alert())
    world.wait(seconds)
    world.die()
    world.start()
    world.wait(303)
    assert [entry[1] for entry in world.phones.log()][-1:] == ["call"]
    assert [entry[1] for entry in world.phones.log()].count("sms") <= 1
    world.__exit__()


def test_acknowledged_from_another_process(tmp_path: Path) -> None:
    """An acknowledgement that was written into the file is found before anything else goes out."""
    from xoxzo.cloudpy.integrations.alertmanager.receiver import acknowledge

    with OnCall(tmp_path) as world:
        _, ident = world.hear(alert())
        world.wait(60)
        with Store(world.path, create=False) as store:
            assert acknowledge(store, ident, "me", world.now).phase is Phase.ACKNOWLEDGED
            assert acknowledge(store, ident, "you", world.now).by == "me"
        world.wait(HOUR)
        assert len(world.phones.log()) == 1


def test_a_changed_file(tmp_path: Path) -> None:
    """An incident whose list is no more takes the one that fits now, and those who have gone are not told."""
    world = OnCall(tmp_path)
    world.hear(alert())
    world.wait(60)
    world.stop()
    lists = {"new": {"steps": [{"to": "suzuki", "method": "sms"}], "resolved": True}}
    world.settings = settings(people={"suzuki": SUZUKI}, lists=lists, routes=[{"list": "new"}])
    world.start()
    world.wait(400)
    world.hear(alert(resolved=True))
    world.wait(60)
    assert [entry[1:] for entry in world.phones.log()] == [("sms", "tanaka"), ("sms", "suzuki"), ("sms", "suzuki")]
    world.stop()
    world.settings = settings(lists=lists, people={"suzuki": SUZUKI}, routes=[{"match": {"a": "b"}, "list": "new"}])
    world.start()
    world.__exit__()


def test_a_fault_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told, shown by the health, and the alert goes on when there is room again."""
    with OnCall(tmp_path) as world:
        monkeypatch.setattr(world.store, "claim", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
        world.hear(alert())
        world.wait(10)
        assert "no space left" in world.receiver.health()["failure"]
        monkeypatch.undo()
        world.wait(10)
        assert [entry[1:] for entry in world.phones.log()] == [("sms", "tanaka")]


def test_forgotten(tmp_path: Path) -> None:
    """What nobody has spoken of for a month is removed; what Alertmanager still tells of is not told again."""
    with OnCall(tmp_path) as world:
        _, ended = world.hear(alert(), group="a")
        _, lasting = world.hear(alert(), group="b")
        for _ in range(40):
            world.wait(86_400)
            assert world.hear(alert(), group="b") == ("repeat", lasting)
        assert world.store.incident(ended) is None
        assert world.store.deeds(ended) == []
        assert len(world.phones.log()) == 10


def test_keeping_house_may_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is busy when old incidents are to be removed is told, and no reason to stop."""

    def busy(*_: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(Store, "forget", busy)
    with OnCall(tmp_path) as world:
        world.hear(alert())
        world.wait(60)
        assert "fault" in world.events()
        assert len(world.phones.log()) == 1


def test_stopping_does_not_wait_for_ever(tmp_path: Path) -> None:
    """What is being sent gets a while to come to its end, and no more; nothing is begun any more."""
    world = OnCall(tmp_path)
    world.hear(alert())
    world.phones.dead = True
    world.wait(1)
    world.stop()
    world.phones.dead = False
    world.loop.run_until_complete(_wake(world))
    world.loop.close()


async def _wake(world: OnCall) -> None:
    world.receiver._wake("any")
    assert not world.receiver._tasks


def test_removed_underfoot(tmp_path: Path) -> None:
    """An incident that somebody has taken out of the file is looked after no more."""
    with OnCall(tmp_path) as world:
        _, ident = world.hear(alert())
        world.wait(0.05)
        world.store._connection.execute("DELETE FROM incident")
        world.wait(HOUR)
        assert world.store.incident(ident) is None
        assert len(world.phones.log()) == 1
        assert not world.receiver._tasks


def test_woken_as_it_ends(tmp_path: Path) -> None:
    """An incident that wakes up in the moment in which its task has ended gets another one, which is kept."""
    with OnCall(tmp_path) as world:
        _, ident = world.hear(alert())
        ended = world.loop.create_task(_nothing())
        world.loop.run_until_complete(ended)
        world.receiver._forget(ident, ended)
        assert list(world.receiver._tasks) == [ident]


async def _nothing() -> None:
    pass


def test_ids_are_not_used_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An id that is taken is not given again."""
    letters = iter("AAAAAAAABBBB")
    monkeypatch.setattr("secrets.choice", lambda _: next(letters))
    with OnCall(tmp_path) as world:
        assert [world.hear(alert(), group=group)[1] for group in "ab"] == ["AAAA", "BBBB"]


def test_what_errors_leave() -> None:
    """What was refused before the network surely never goes out."""
    assert judge(InvalidArgument("sender", "must be a sender")) is Outcome.REFUSED


def test_an_outcome_of_yesterday() -> None:
    """What comes of a step that is past moves nothing."""
    plan = settings().plans["oncall"]
    incident = Incident(ident="A", key="k", plan="oncall", step=1)
    late = Deed(key="A-1", incident="A", run=1, version=1, lap=1, step=0, tries=0, kind=Kind.SMS, person="tanaka")
    assert after(incident, plan, [replace(late, outcome=Outcome.SENT)], 0.0) == incident


def test_by_templates(tmp_path: Path) -> None:
    """An account that may not send free texts sends by templates, with the alert in their variables."""
    given = settings(
        texts={
            "sms_template": {"id": 6, "variables": {"what": "{names}"}},
            "resolved_template": {"id": 7, "variables": {"id": "{id}"}},
        },
        brake={"credits": 200, "call_price": 10},
    )
    with OnCall(tmp_path, given) as world:
        _, ident = world.hear(alert())
        world.wait(60)
        world.hear(alert(resolved=True))
        world.wait(60)
        assert [one.text for one in world.phones.reached] == ["6 {'what': 'HostDown'}", f"7 {{'id': '{ident}'}}"]
        assert [cost for _, cost in world.store.lately(world.now)] == [20, 20]
