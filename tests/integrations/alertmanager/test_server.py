"""The HTTP server, the payload, the event log and the state file."""

from __future__ import annotations

import asyncio
import base64
import hmac
import io
import json
import sqlite3
import stat
import time
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alertmanager_simulation import OnCall, alert, body, notification, settings
from starlette.testclient import TestClient

from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager import incidents, server
from xoxzo.cloudpy.integrations.alertmanager.event_log import EventLog
from xoxzo.cloudpy.integrations.alertmanager.incidents import Incident, Kind, NotificationAttempt, Outcome, Verdict
from xoxzo.cloudpy.integrations.alertmanager.message_text import Rendered
from xoxzo.cloudpy.integrations.alertmanager.senders import Sender
from xoxzo.cloudpy.integrations.alertmanager.store import Store, default_path

TOKEN = "a token of the tests"
JSON = {"content-type": "application/json"}
BEARER = {"authorization": f"Bearer {TOKEN}"}


class Receiver:
    """Records what the server passes on."""

    def __init__(self) -> None:
        self.failure: str | None = None
        self.received: list[incidents.Notification] = []
        self.settings = settings()

    def receive(self, notification: incidents.Notification) -> tuple[Verdict, str]:
        if self.failure:
            raise sqlite3.OperationalError(self.failure)
        self.received.append(notification)
        return Verdict.OPENED, "K7QD"

    def acknowledge(self, ident: str, by: str) -> Incident | None:
        return Incident(ident=ident, group_key="k", policy="p", acknowledged_by=by) if ident == "K7QD" else None

    def health(self) -> dict[str, Any]:
        return {"status": "failing" if self.failure else "ok", "failure": self.failure}


def serve(token: str, host: str = "127.0.0.1:9095", grafana: str = "") -> tuple[TestClient, Receiver, io.StringIO]:
    """Return the server with its receiver and its log."""
    receiver, log = Receiver(), io.StringIO()
    secrets = server.Secrets(token=token, grafana=grafana)
    app = server.application(receiver, EventLog(time.time, file=log), secrets)  # type: ignore[arg-type]
    return TestClient(app, base_url=f"http://{host}"), receiver, log


def test_with_a_token() -> None:
    """With a token, requests that carry it are accepted from any machine, and no others."""
    client, receiver, log = serve(TOKEN, "alerts.example")
    answer = client.post("/alerts", content=body(alert()), headers=JSON | BEARER)
    assert (answer.status_code, answer.json()) == (200, {"verdict": "opened", "incident": "K7QD"})
    assert len(receiver.received) == 1
    basic = {"authorization": "Basic " + base64.b64encode(f"grafana:{TOKEN}".encode()).decode()}
    assert client.put("/alerts", content=body(alert()), headers=JSON | basic).status_code == 200
    receiver.received.pop()
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}):
        assert client.post("/alerts", content=body(alert()), headers=JSON | headers).status_code == 401
    assert len(receiver.received) == 1
    assert TOKEN not in log.getvalue()


def test_without_a_token() -> None:
    """Without a token, only requests from this machine are accepted, and none that a web page could make."""
    assert serve("")[0].post("/alerts", content=body(alert()), headers=JSON).status_code == 200
    assert serve("", "localhost")[0].post("/alerts", content=body(alert()), headers=JSON).status_code == 200
    assert serve("", "rebound.example")[0].post("/alerts", content=body(alert()), headers=JSON).status_code == 403
    plain = {"content-type": "text/plain"}
    assert serve("")[0].post("/alerts", content=body(alert()), headers=plain).status_code == 403


def test_acknowledging() -> None:
    """An acknowledgement over HTTP always needs the token."""
    client, _, _ = serve(TOKEN)
    answer = client.post("/acknowledge/k7qd", headers=BEARER)
    assert (answer.status_code, answer.json()) == (200, {"incident": "K7QD", "phase": "open"})
    assert client.post("/acknowledge/NONE", headers=BEARER).status_code == 404
    assert client.post("/acknowledge/K7QD").status_code == 401
    assert serve("")[0].post("/acknowledge/K7QD", headers=JSON).status_code == 403


def test_health() -> None:
    """If it cannot be stored, the response makes Alertmanager post it again, and the health check fails."""
    client, receiver, _ = serve("")
    assert client.get("/health").status_code == 200
    receiver.failure = "disk full"
    assert client.get("/health").status_code == 503
    assert client.post("/alerts", content=body(alert()), headers=JSON).status_code == 503
    assert client.post("/alerts", content=b"x" * 4_100_000, headers=JSON).status_code == 413
    assert client.get("/alerts").status_code == 405


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "cannot be read as JSON"),
        (b"\xff", "cannot be read as JSON"),
        (b'{"x": ' + b"[" * 100_000, "cannot be read as JSON"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field `version`"),
        (body(alert()).replace(b'"version": "4"', b'"version": "5"'), "version: must be 4"),
        (body(alert()).replace(b'"firing"', b'"burning"'), "Invalid enum value"),
        (body(alert()).replace(b"2026-11-26T", b"yesterday "), "Invalid RFC3339"),
        (body(status="firing"), "must have an alert"),
        (b'{"text": "a template of mine"}', "if your own template replaces the body there, remove it"),
    ],
)
def test_no_payload(content: bytes, expected: str) -> None:
    """An invalid payload is rejected with 400 and the reason."""
    with pytest.raises(InvalidArgument, match=expected):
        incidents.parse_notification(content)
    client, _, log = serve("")
    answer = client.post("/alerts", content=content, headers=JSON)
    assert answer.status_code == 400
    assert "status=400" in log.getvalue()


def test_grafana() -> None:
    """Grafana's webhook is received by POST and PUT, with its own fields, and with null where others have values."""
    grafana = json.loads(body(alert())) | {"version": "1", "orgId": 1, "state": "alerting", "message": "load"}
    grafana["alerts"][0] |= {"startsAt": "2026-11-29T13:12:07+09:00", "values": {"A": 9}, "silenceURL": ""}
    grafana["alerts"].append(
        {"status": "firing", "labels": None, "annotations": None, "values": None, "startsAt": None}
    )
    grafana["alerts"].append(alert("C", a="") | {"startsAt": "2026-11-29T13:12:07", "enrichments": {"x": [None]}})
    grafana["alerts"][2]["labels"]["a"] = None
    grafana |= {"receiver": None, "truncatedAlerts": None, "commonLabels": None}
    # Alertmanager's newest fields.
    grafana |= {"notification_reason": "new alerts added", "routeLabels": {"a": "b"}}
    client, receiver, _ = serve("")
    for method in ("POST", "PUT"):
        assert client.request(method, "/alerts", content=json.dumps(grafana), headers=JSON).status_code == 200
        firing = receiver.received.pop().firing
        assert [one.labels.get("alertname") for one in firing] == ["HostDown", None, "C"]
        assert min(one.starts_at for one in firing).year == 1
        assert "a" not in firing[2].labels


def test_grafana_signs() -> None:
    """With Grafana's secret, a request is accepted if its body is signed, with the time if its header is named."""
    secret, content = "grafana's secret, shared", body(alert())

    def signed(what: bytes) -> dict[str, str]:
        return {"x-grafana-alerting-signature": hmac.digest(secret.encode(), what, "sha256").hex()}

    for token in (None, TOKEN):
        client, receiver, _ = serve(token, "alerts.example", secret)
        assert client.post("/alerts", content=content, headers=JSON | signed(content)).status_code == 200
        for headers in ({}, signed(content + b" "), {b"x-grafana-alerting-signature": b"\xe9"}):
            assert client.post("/alerts", content=content, headers=JSON | headers).status_code == 401
        assert client.post("/heartbeat/a", headers=JSON | signed(b"")).status_code == 401
        receiver.settings = settings(grafana={"timestamp_header": "X-Time"})
        now = int(time.time())
        for stamp, status in ((str(now), 200), (str(now - 3600), 401), ("", 401), ("9" * 40, 401)):
            time_and_body = f"{stamp}:".encode() + content
            headers = {"x-time": stamp.encode()} | signed(time_and_body)
            assert client.post("/alerts", content=content, headers=JSON | headers).status_code == status, stamp


def test_identity() -> None:
    """A group is identified by key and receiver, an alert by its fingerprint, or by its labels without one."""
    one = notification(alert("A", instance="1"), alert("B", resolved=True))
    assert one.key == 'phones\n{}:{group="a"}'
    assert [found.identity for found in one.firing] == ["A1"]
    bare = notification(alert("A") | {"fingerprint": ""}).alerts[0]
    assert bare.identity == "[('alertname', 'A'), ('severity', 'critical')]"


def test_truncated(tmp_path: Path) -> None:
    """When Alertmanager leaves out alerts, those that were known stay known."""
    with OnCall(tmp_path) as on_call:
        on_call.notify(alert("A"), alert("B"))
        assert on_call.notify(alert("A"), truncated=1)[0] == "repeat"
        assert on_call.notify(alert("A"), alert("B"))[0] == "repeat"
        assert on_call.notify(alert("A"))[0] == "repeat"
        assert on_call.notify(alert("A"), alert("B"))[0] == "news"


def test_log_lines() -> None:
    """Lines are `name=value` pairs or JSON; special characters are quoted, empty fields are left out."""
    log = io.StringIO()
    EventLog(lambda: 0.5, file=log).write("sent", to="tanaka", text='a "b"\x9b', nothing=None, empty="", parts=0)
    assert log.getvalue() == 'time=1970-01-01T00:00:00.500Z event=sent to=tanaka text="a \\"b\\"\\u009b" parts=0\n'
    log = io.StringIO()
    EventLog(lambda: 0.5, as_json=True, file=log).write("sent", kind=Kind.SMS, error=ValueError("\u202ex"))
    assert log.getvalue().strip().isprintable()
    assert json.loads(log.getvalue()) == {
        "time": "1970-01-01T00:00:00.500Z",
        "event": "sent",
        "kind": "sms",
        "error": "\u202ex",
    }
    log.close()
    EventLog(lambda: 0.5, file=log).write("sent")


def test_dry_run() -> None:
    """A dry run logs the message and a masked number, and its calls are not answered."""
    log = io.StringIO()
    sender = Sender(None, settings(), EventLog(time.time, file=log))
    outcomes = []
    for kind in Kind:
        attempt = NotificationAttempt(
            key="k", incident="K7QD", run=1, version=1, round=1, step=0, tries=0, kind=kind, person="tanaka"
        )
        outcomes.append(asyncio.run(sender.send(attempt, Rendered(message="the text"))).outcome)
    assert outcomes == ["sent", "unanswered", "sent", "sent"]
    assert 'number=+81••••0001 message="the text"' in log.getvalue()


def test_token_and_address() -> None:
    """A server that other machines can reach needs a token of at least 16 characters, or Grafana's secret."""

    def check(host: str, public_url: str = "", **given: str) -> None:
        server.check_secrets(server.Secrets(**given), settings(public_url=public_url), host)

    check("127.0.0.1", token="", grafana="")
    check("0.0.0.0", token=TOKEN)
    check("0.0.0.0", grafana=TOKEN)
    for given, expected in [
        (("0.0.0.0", "", {"token": ""}), "other machines"),
        # A proxy may call the server by its local name.
        (("::1", "https://on-call.example", {"grafana": TOKEN}), "https://on-call.example can be reached"),
        (("::1", "", {"token": "short"}), "TOKEN must have 16 printable"),
        (("::1", "", {"grafana": "short"}), "GRAFANA_SECRET must have 16"),
    ]:
        with pytest.raises(ConfigurationError, match=expected):
            check(given[0], given[1], **given[2])
    with server.listen("127.0.0.1", 0) as listener, pytest.raises(ConfigurationError, match="cannot listen"):
        server.listen("127.0.0.1", listener.getsockname()[1])
    with pytest.raises(ConfigurationError, match="cannot listen"):
        server.listen("no.such.host.invalid", 0)


def attempt(**changes: Any) -> NotificationAttempt:
    """Return an attempt."""
    given = {"key": "k", "incident": "K7QD", "run": 1, "version": 1, "round": 1, "step": 0, "tries": 0, "person": "p"}
    return NotificationAttempt(**{**given, "kind": Kind.SMS, **changes})


def test_store(tmp_path: Path) -> None:
    """Only the owner can read the file; an attempt is claimed once, and again only if it was not sent."""
    path = tmp_path / "folder" / "state.db"
    with Store(path) as store:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        store.claim(attempt(), Decimal(10))
        with pytest.raises(ConfigurationError, match="claimed before"):
            store.claim(attempt(), Decimal(10))
        store.record_outcome(attempt(outcome=Outcome.UNSENT))
        assert store.recent_costs(0.0) == []
        store.claim(attempt(at=5.0), Decimal(20))
        assert store.recent_costs(10.0) == [(5.0, Decimal(10))]
        assert store.recent_costs(4000.0) == []
        with suppress(ZeroDivisionError), store.transaction():
            store.save(Incident(ident="A", group_key="k", policy="p"))
            raise ZeroDivisionError
        assert store.incident("A") is None
        with suppress(ZeroDivisionError), store.transaction():
            store._connection.execute("ROLLBACK")  # as SQLite does by itself when the disk is full
            raise ZeroDivisionError
        store.close()


def test_one_receiver_for_each_file(tmp_path: Path) -> None:
    """Two receivers cannot use the same file."""
    with Store(tmp_path / "a") as store, Store(tmp_path / "a") as other:
        store.lock()
        with pytest.raises(ConfigurationError, match="another receiver"):
            other.lock()
    with Store(":memory:") as store:
        store.lock()


def test_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other files are left alone, and reading does not create a file."""
    with pytest.raises(ConfigurationError, match="nothing was received yet"):
        Store(tmp_path / "a", create=False)
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        Store(tmp_path)
    other = sqlite3.connect(tmp_path / "b")
    other.execute("CREATE TABLE x (y)")
    other.close()
    with pytest.raises(ConfigurationError, match=r"another version .* move it away"):
        Store(tmp_path / "b")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_path() == tmp_path / "xoxzo" / "alertmanager.db"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_path() == tmp_path / ".local" / "state" / "xoxzo" / "alertmanager.db"
    assert [found.name for found in tmp_path.iterdir()] == ["b"]
