"""Acknowledging by link and by call, pages, and heartbeats: over HTTP, on a virtual clock."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from alertmanager_simulation import SATO, SUZUKI, TANAKA, FakeXoxzo, OnCall, alert, settings
from msgspec.structs import replace

from xoxzo.cloudpy.callbacks import Callbacks
from xoxzo.cloudpy.cli.commands.alertmanager import preview
from xoxzo.cloudpy.integrations.alertmanager import acknowledgement, server
from xoxzo.cloudpy.integrations.alertmanager.event_log import EventLog
from xoxzo.cloudpy.integrations.alertmanager.incidents import Phase
from xoxzo.cloudpy.integrations.alertmanager.store import Store

HOUR = 3600
PUBLIC = "https://on-call.example/duty"
CALLBACKS = Callbacks("a secret of the tests, long enough", PUBLIC)
WATCHDOG = {"prometheus": {"match": {"alertname": "Watchdog"}, "timeout": "10m", "list": "oncall"}}


def ask(on_call: OnCall, method: str, url: str, **options: Any) -> httpx2.Response:
    """Make a request to the server of a receiver."""
    log = EventLog(lambda: on_call.now, as_json=True, file=on_call)  # type: ignore[arg-type]
    app = server.application(on_call.receiver, log, server.Secrets(callbacks=CALLBACKS))

    async def exchange() -> httpx2.Response:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:9095") as client:
            return await client.request(method, url, **options)

    return on_call.loop.run_until_complete(exchange())


def link_in(on_call: OnCall) -> str:
    """Return the path of the link in the latest SMS."""
    [link] = re.findall(r"https://\S+", on_call.xoxzo.received[-1].text)
    return urlsplit(link).path


def test_by_link(tmp_path: Path) -> None:
    """The link in an SMS opens a page that asks; only its button acknowledges, for the person who got the SMS."""
    with OnCall(tmp_path, settings(public_url=PUBLIC)) as on_call:
        _, ident = on_call.notify(alert("<b>Disk</b>", instance="db-1"), truncated=3)
        on_call.wait(60)
        assert on_call.xoxzo.received[-1].text.endswith(f"#{ident} Ack: https://on-call.example{link_in(on_call)}")
        link = link_in(on_call)
        for method in ("GET", "HEAD"):
            shown = ask(on_call, method, link)
            assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
            assert on_call.store.incident(ident).phase is Phase.OPEN
        shown = ask(on_call, "GET", link).text
        for expected in ("&lt;b&gt;Disk", "3 more alerts were left out", "Nobody has acknowledged", "<button>Acknow"):
            assert expected in shown
        on_call.notify(alert("A"), alert("B"))
        on_call.wait(60)
        version = {"version": "1"}
        changed = ask(on_call, "POST", link, data=version, headers={"accept-language": "fr, ja;q=0.9"}).text
        assert "ページを開いた後にアラートが追加されました" in changed
        assert "<b>B</b>" in changed
        assert on_call.store.incident(ident).phase is Phase.OPEN
        done = ask(on_call, "POST", link, data={"version": re.findall(r'value="(\d+)"', changed)[0]}).text
        assert "Acknowledged by tanaka." in done
        assert "<button>" not in done
        assert "Acknowledged by tanaka." in ask(on_call, "POST", link, data=version).text
        sent = len(on_call.xoxzo.received)
        on_call.wait(HOUR)
        assert len(on_call.xoxzo.received) == sent


def test_foreign_links(tmp_path: Path) -> None:
    """A link that we have not signed, or whose incident is gone, acknowledges nothing."""
    with OnCall(tmp_path, settings(public_url=PUBLIC)) as on_call:
        _, ident = on_call.notify(alert())
        on_call.wait(60)
        link = link_in(on_call)
        incident = on_call.store.incident(ident)
        others = [link[:-1], link[:-2] + "é1", link[:-15] + "a" * 15, link.replace(ident, "AAAA"), "/duty/a/x"]
        for other in others:
            answer = ask(on_call, "POST", other, data={"version": "1"}, headers={"accept-language": "ja"})
            assert (answer.status_code, "このリンクは無効" in answer.text) == (404, True), other
        assert on_call.store.incident(ident).phase is Phase.OPEN
        with on_call.store.transaction():
            on_call.store.save(replace(incident, secret=""))
        assert ask(on_call, "GET", link).status_code == 404
        assert acknowledgement.link(on_call.settings, replace(incident, secret=""), "tanaka") == ""


def test_by_call(tmp_path: Path) -> None:
    """A person who calls the dial-in number acknowledges what they were notified of, and hears what that is."""
    given = settings(public_url=PUBLIC, dial_in="815011112222")

    def call(on_call: OnCall, number: str, url: str = CALLBACKS.url("incoming-call")) -> str:
        path = urlsplit(url).path
        answer = ask(on_call, "GET", path, params={"caller": number.lstrip("+"), "recipient": "815011112222"})
        return answer.text if answer.status_code == 200 else str(answer.status_code)

    with OnCall(tmp_path, given) as on_call:
        assert call(on_call, TANAKA) == 'say en "There is no alert to acknowledge."'
        _, first = on_call.notify(alert('Disk\n"full"'), group="a")
        _, second = on_call.notify(alert("Load", severity="warning"), group="b")
        on_call.wait(60)
        assert on_call.xoxzo.received[-1].text.endswith("Ack by calling 815011112222")
        for stranger in ("+819099999999", ""):
            assert call(on_call, stranger) == 'say en "This number is for the people on call."'
        assert call(on_call, SATO) == 'say en "There is no alert to acknowledge."'
        assert call(on_call, SUZUKI) == 'say en "You have acknowledged: Load."'
        assert on_call.store.incident(second).acknowledged_by == "suzuki, by calling"
        assert call(on_call, TANAKA, CALLBACKS.url("incoming-call")[:-1]) == "403"
        assert on_call.store.incident(first).phase is Phase.OPEN
        assert call(on_call, TANAKA) == 'say en "You have acknowledged: Disk  full ."'
        assert on_call.store.incident(first).phase is Phase.ACKNOWLEDGED
        on_call.wait(HOUR)
        assert {kind for _, kind, _ in on_call.xoxzo.log()} == {"sms"}


def test_pages(tmp_path: Path) -> None:
    """A page notifies a person or begins a list, in quiet hours, too; it survives a restart, and is acknowledged."""
    quiet = {"hours": "11:00-13:00", "zone": "Asia/Tokyo"}
    json = {"content-type": "application/json"}
    with OnCall(tmp_path, settings(quiet=quiet, public_url=PUBLIC)) as on_call:
        on_call.notify(alert())
        first = ask(on_call, "POST", "/page/tanaka", headers=json).json()["incident"]
        on_call.wait(60)
        assert on_call.xoxzo.received[-1].text.startswith(
            f"FIRING Page: This is a test: please acknowledge it. #{first}"
        )
        assert "Nobody has acknowledged it. All calls" in ask(on_call, "GET", link_in(on_call)).text
        ask(on_call, "POST", link_in(on_call), data={"version": "1"})
        assert on_call.store.incident(first).acknowledged_by == "tanaka"
        ask(on_call, "POST", "/page/suzuki", json={"method": "call", "message": "help"})
        on_call.wait(60)
        assert [entry[1:] for entry in on_call.xoxzo.log()] == [("sms", "tanaka"), ("call", "suzuki")]
        second = ask(on_call, "POST", "/page/oncall", json={"message": "db-1 is on fire"}).json()["incident"]
        on_call.wait(5)
        on_call.crash()
        on_call.start()
        on_call.wait(HOUR / 2)
        texts = [one.text for one in on_call.xoxzo.received if second in one.text]
        assert [text.partition(" Ack")[0] for text in texts] == [f"FIRING Page: db-1 is on fire #{second}"]
        assert [entry[1:] for entry in on_call.xoxzo.log()][2:] == [
            ("sms", "tanaka"),
            ("call", "tanaka"),
            ("call", "tanaka"),
            ("call", "suzuki"),
            ("call", "sato"),
        ]
        for path, content, expected in (
            ("/page/nobody", b"", "name: must be one of tanaka, suzuki, sato, oncall, office"),
            ("/page/oncall", b'{"method": "call"}', "name: must be one of tanaka, suzuki, sato"),
            ("/page/tanaka", b'{"method": "fax"}', "method: must be sms or call"),
            ("/page/tanaka", b"[]", "the body is no JSON object"),
            ("/page/tanaka", b"{", "the body is no JSON object"),
        ):
            refused = ask(on_call, "POST", path, content=content, headers=json)
            assert (refused.status_code, refused.json()["detail"]) == (400, expected)
        assert ask(on_call, "POST", "/page/tanaka").status_code == 403
    without_calls = settings(caller="", lists={"office": {"steps": [{"to": "tanaka", "method": "sms"}]}}, routes=[])
    with OnCall(tmp_path, without_calls) as on_call:
        refused = ask(on_call, "POST", "/page/tanaka", json={"method": "call"})
        assert refused.json()["detail"] == "name: cannot be notified this way: the settings have no caller"


def test_heartbeats(tmp_path: Path) -> None:
    """Without a heartbeat for the time-out people are notified, once; the next one resolves it; other alerts go on."""
    watchdog = alert("Watchdog", severity="none")
    with OnCall(tmp_path, settings(heartbeats=WATCHDOG, quiet={"hours": "11:00-13:00"})) as on_call:
        for _ in range(5):
            assert on_call.notify(watchdog, group="w") == ("heartbeat", "")
            on_call.wait(500)
        assert on_call.xoxzo.log() == []
        assert on_call.notify(watchdog, alert(severity="warning"), group="w")[0] == "opened"
        assert on_call.notify(watchdog, alert(severity="warning", resolved=True), group="w")[0] == "resolved"
        # Prometheus no longer sends it: Alertmanager calls that resolved.
        assert on_call.notify(alert("Watchdog", resolved=True), group="w") == ("heartbeat", "")
        on_call.wait(HOUR)
        assert [entry[1:] for entry in on_call.xoxzo.log()][:2] == [("sms", "tanaka"), ("call", "tanaka")]
        assert on_call.xoxzo.received[0].text.startswith(
            "FIRING HeartbeatMissing: no heartbeat from prometheus for 10 min #"
        )
        sent = len(on_call.xoxzo.received)
        on_call.wait(3 * HOUR)
        assert len(on_call.xoxzo.received) == sent
        assert on_call.notify(watchdog, group="w")[0] == "heartbeat"
        on_call.wait(60)
        resolved = [one.text for one in on_call.xoxzo.received[sent:]]
        assert resolved[0].startswith("RESOLVED HeartbeatMissing #")
        on_call.wait(HOUR)
        assert len([text for one in on_call.xoxzo.received if (text := one.text).startswith("FIRING Heart")]) == 2


def test_heartbeats_of_jobs(tmp_path: Path) -> None:
    """A job posts its heartbeat by name; time in which the receiver does not run does not count."""
    jobs = {"backup": {"timeout": "1h", "list": "office"}}
    with OnCall(tmp_path, settings(heartbeats=jobs)) as on_call:
        headers = {"content-type": "application/json"}
        assert ask(on_call, "POST", "/heartbeat/backup", headers=headers).json() == {"heartbeat": "backup"}
        assert ask(on_call, "POST", "/heartbeat/none", headers=headers).status_code == 404
        assert ask(on_call, "POST", "/heartbeat/backup").status_code == 403
        for _ in range(2):
            on_call.wait(HOUR / 2 - 60)
            on_call.stop()
            on_call.loop.run_until_complete(_sleep(5 * HOUR))
            on_call.start()
        assert on_call.xoxzo.log() == []
        on_call.wait(180)
        assert [kind for _, kind, _ in on_call.xoxzo.log()] == ["sms", "sms"]
        shown = "\n".join(preview.describe(settings(heartbeats=jobs | WATCHDOG)))
        assert "heartbeat  backup: POST /heartbeat/backup; none for 60 min → office" in shown
        assert "prometheus: alertname=Watchdog; none for 10 min → oncall" in shown


def test_heartbeats_of_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a heartbeat cannot be stored, this is logged, and the watch goes on."""

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("disk is full")

    monkeypatch.setattr(Store, "save_heartbeat", full)
    with OnCall(tmp_path, settings(heartbeats=WATCHDOG)) as on_call:
        on_call.wait(20)
        assert "fault" in on_call.events()
        monkeypatch.undo()
        on_call.wait(700)
        assert on_call.xoxzo.log()[0][1:] == ("sms", "tanaka")


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(seconds)


def test_an_answered_call_and_a_link(tmp_path: Path) -> None:
    """After one person has answered, the links of the others show who it was."""
    given = settings(public_url=PUBLIC)
    with OnCall(tmp_path, given, FakeXoxzo(answering={TANAKA: "ANSWERED"})) as on_call:
        on_call.notify(alert())
        on_call.wait(60)
        link = link_in(on_call)
        on_call.wait(HOUR)
        assert "Acknowledged by tanaka." in ask(on_call, "GET", link).text
        on_call.notify(alert(resolved=True))
        assert "It is resolved." in ask(on_call, "GET", link).text
