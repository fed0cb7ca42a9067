"""`xoxzo alertmanager` as a process: with posted alerts and a real Alertmanager, calling the simulator's phones."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from alertmanager_simulation import alert, body
from click.testing import CliRunner, Result

from xoxzo.cloudpy.cli.app import xoxzo
from xoxzo.cloudpy.integrations.alertmanager.config.loading import example
from xoxzo.cloudpy.integrations.alertmanager.store import Store

XOXZO = str(Path(sys.executable).with_name("xoxzo"))
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
TOKEN = "a token of the tests"
SETTINGS = """
sender = "Alerts"
caller = "815012345678"
{extra}
texts = {{ call = "{{names}}" }}
[people]
anne = "{anne}"
bert = "{bert}"
[lists.oncall]
resolved = true
steps = [{{ to = "anne", method = "sms", wait = "{wait}" }}, {{ to = "bert", method = "call", wait = "1s" }}]
[heartbeats.watchdog]
match = {{ alertname = "Watchdog" }}
list = "oncall"
"""


def exchange(method: str, url: str, content: Any = None, token: str | None = TOKEN) -> tuple[int, Any]:
    """Make a request with JSON in it; return status and parsed answer."""
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    data = content if isinstance(content, bytes | None) else json.dumps(content).encode()
    request = Request(url, data, headers, method=method)
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def until(found: Callable[[], Any], what: object = "") -> Any:
    """Wait until something is there."""
    give_up = time.monotonic() + 40
    while not (value := found()):
        assert time.monotonic() < give_up, what
        time.sleep(0.05)
    return value


@dataclass
class OnDuty:
    """A receiver in a process, and the two who are on call."""

    folder: Path
    url: str
    simulator: str
    anne: str
    bert: str
    process: subprocess.Popen[bytes]
    output: Path
    killed: bool = False

    def kill(self) -> None:
        """End it as a power cut does."""
        self.killed = True
        self.process.kill()
        self.process.wait(20)

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Return its log lines of one kind."""
        parsed = [json.loads(line) for line in self.output.read_text().splitlines()]
        return [one for one in parsed if one["event"] == event]

    def phone(self, number: str) -> Any:
        """Return what a phone has got."""
        return exchange("GET", f"{self.simulator}/_simulator/phones/{number}", token=None)[1]


@contextmanager
def on_duty(
    folder: Path,
    simulator: str,
    account: tuple[str, str],
    *options: str,
    wait: str = "1s",
    extra: str = "",
    **more: str,
) -> Iterator[OnDuty]:
    """Run a receiver for a while; it exits with 0 when it is stopped."""
    # The same two whenever a receiver is run for one account.
    anne, bert = (f"+8180{10_000_000 * place + int(account[0][:5], 16):08}" for place in (3, 5))
    config, output = folder / "oncall.toml", folder / f"{time.monotonic_ns()}.log"
    config.write_text(SETTINGS.format(anne=anne, bert=bert, wait=wait, extra=extra))
    command = [XOXZO, "alertmanager", "--config", config, "--state", folder / "state.db", "--listen", "127.0.0.1:0"]
    account_of = {"XOXZO_API_HOST": simulator, "XOXZO_API_SID": account[0], "XOXZO_API_AUTH_TOKEN": account[1]}
    environment = os.environ | account_of | {"XOXZO_ALERTMANAGER_TOKEN": TOKEN} | more
    with (
        output.open("wb") as file,
        subprocess.Popen([*command, "--json", *options], stderr=file, env=environment) as process,
    ):
        duty = OnDuty(folder, "", simulator, anne, bert, process, output)
        try:
            until(lambda: duty.lines("listening") or process.poll() is not None)
            duty.url = duty.lines("listening")[0]["url"].removesuffix("/alerts")
            yield duty
        finally:
            process.terminate()
            status = process.wait(60)
    assert status == (-signal.SIGKILL if duty.killed else 0), output.read_text()
    assert duty.killed or duty.lines("stopped")


def run(*arguments: str | Path, **environment: str) -> Result:
    """Run the command in this process."""
    return CliRunner(env=environment).invoke(xoxzo, ["alertmanager", *map(str, arguments)])


def test_from_the_payload_to_an_answered_call(simulator_url: str, account: tuple[str, str], tmp_path: Path) -> None:
    """A message, then a call that is answered; repeats and a stop in between double nothing; in the end all is well."""
    with on_duty(tmp_path, simulator_url, account) as duty:
        assert exchange("POST", f"{duty.url}/alerts", body(alert()), token="wrong")[0] == 401
        status, answer = exchange("POST", f"{duty.url}/alerts", body(alert()))
        assert (status, answer["verdict"]) == (200, "opened")
        assert exchange("POST", f"{duty.url}/alerts", body(alert()))[1] == {**answer, "verdict": "repeat"}
        until(lambda: duty.lines("calling"), duty.output.read_text)
    with on_duty(tmp_path, simulator_url, account) as second:
        # Where the machine is slow, the first one may have come that far.
        until(lambda: duty.lines("acknowledged") or second.lines("acknowledged"), second.output.read_text)
        duty = second
        assert [message["text"] for message in duty.phone(duty.anne)["messages"]] == [
            f"FIRING critical HostDown: HostDown of somewhere #{answer['incident']}"
        ]
        assert [call["status"] for call in duty.phone(duty.bert)["calls"]] == ["ANSWERED"]
        assert exchange("GET", f"{duty.url}/health", token=None) == (200, {"status": "ok", "open": 0, "failure": None})
        shown = run("status", "--state", tmp_path / "state.db").output
        assert f"{answer['incident']}  acknowledged by bert" in shown
        assert "      call bert answered" in shown
        parsed = json.loads(run("status", "--json", "--state", tmp_path / "state.db").output)
        assert (parsed["id"], parsed["step"], parsed["alerts"]) == (answer["incident"], 2, ["HostDown"])
        assert exchange("POST", f"{duty.url}/alerts", body(alert(resolved=True)))[1]["verdict"] == "resolved"
        until(lambda: len(duty.phone(duty.anne)["messages"]) == 2 and duty.phone(duty.bert)["messages"])
    written = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert duty.anne not in written
    assert f"+81••••{duty.anne[-4:]}" in written
    assert account[1] not in written + repr((tmp_path / "state.db").read_bytes())
    assert TOKEN not in written + repr((tmp_path / "state.db").read_bytes())


class Relay(ThreadingHTTPServer):
    """Stands before a simulator, and keeps the answer to the first SMS to itself."""

    daemon_threads = True

    def __init__(self, simulator: str) -> None:
        super().__init__(("127.0.0.1", 0), _Relaying)
        self.simulator = simulator
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.taken = threading.Event()
        """The simulator has the first SMS, and its sender has no answer."""


class _Relaying(BaseHTTPRequestHandler):
    server: Relay

    def _relay(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        passed = {
            name: value for name, value in self.headers.items() if name.lower() in {"authorization", "content-type"}
        }
        request = Request(self.server.simulator + self.path, content or None, passed, method=self.command)
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=20) as answer:
                status, reported = answer.status, answer.read()
        except HTTPError as error:
            status, reported = error.code, error.read()
        if self.command == "POST" and self.path.startswith("/sms/messages/") and not self.server.taken.is_set():
            self.server.taken.set()
            self.connection.recv(1)  # until the client has disconnected
            return
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(reported)))
        self.end_headers()
        self.wfile.write(reported)

    do_GET = do_POST = _relay  # noqa: N815 - the names that the library looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def relaying(simulator: str) -> Iterator[Relay]:
    """Run a relay for a while."""
    with Relay(simulator) as relay:
        thread = threading.Thread(target=relay.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield relay
        finally:
            relay.shutdown()
            thread.join()


def test_killed_in_the_middle_of_an_alert(simulator_url: str, account: tuple[str, str], tmp_path: Path) -> None:
    """Killed while an SMS goes out, and while a phone rings: the SMS goes out once, and calls until one is answered."""
    state = tmp_path / "state.db"

    def control(method: str, path: str, content: Any = None) -> Any:
        return exchange(method, f"{simulator_url}/_simulator/{path}", content, token=None)[1]

    def is_ringing() -> bool:
        return "call bert ringing" in run("status", "--state", state).output

    with relaying(simulator_url) as relay:
        with on_duty(tmp_path, relay.url, account) as first:
            rule = control("POST", "rules", {"pattern": first.bert, "outcome": "hold", "kind": "call"})["ident"]
            reported = exchange("POST", f"{first.url}/alerts", body(alert()))[1]
            assert relay.taken.wait(40)
            first.kill()
        with on_duty(tmp_path, relay.url, account) as second:
            assert exchange("POST", f"{second.url}/alerts", body(alert()))[1] == {**reported, "verdict": "repeat"}
            until(is_ringing, second.output.read_text)
            second.kill()
        [ringing] = control("GET", f"phones/{second.bert}")["calls"]
        control("POST", f"rules/{rule}/remove", {})
        with on_duty(tmp_path, relay.url, account) as third:
            control("POST", f"calls/{ringing['id']}/decline", {})
            until(lambda: third.lines("acknowledged"), third.output.read_text)
        assert [message["text"] for message in control("GET", f"phones/{third.anne}")["messages"]] == [
            f"FIRING critical HostDown: HostDown of somewhere #{reported['incident']}"
        ]
        calls = {call["id"]: call["status"] for call in control("GET", f"phones/{third.bert}")["calls"]}
    assert calls.pop(ringing["id"]) == "NO ANSWER"
    assert list(calls.values()) == ["ANSWERED"]


def test_acknowledged_by_command(simulator_url: str, account: tuple[str, str], tmp_path: Path) -> None:
    """By the command, with the id that stands in the message, or over HTTP with the token, an escalation ends."""
    state = str(tmp_path / "state.db")
    with on_duty(tmp_path, simulator_url, account, wait="1h") as duty:
        for group in "abc":
            ident = exchange("POST", f"{duty.url}/alerts", body(alert(), group=group))[1]["incident"]
            if group == "a":
                assert exchange("POST", f"{duty.url}/acknowledge/{ident}")[1]["phase"] == "acknowledged"
            else:
                which = f"#{ident.lower()}" if group == "b" else "--all"
                assert run("ack", "--state", state, which, USER="carol").output == f"{ident} acknowledged\n"
        until(lambda: duty.lines("sent"))
        assert {one["phase"] for one in duty.lines("acknowledged")} == {"acknowledged"}
        assert run("status", "--state", state).output.count("acknowledged") == 3


def test_a_page(simulator_url: str, account: tuple[str, str], tmp_path: Path) -> None:
    """A page reaches a person, who acknowledges it by the link in the SMS, or by calling the dial-in number."""
    extra = 'public_url = "http://localhost"\ndial_in = "815011112222"'
    secret = {"XOXZO_CALLBACK_SECRET": "a secret of the tests, long enough"}
    with on_duty(tmp_path, simulator_url, account, wait="1h", extra=extra, **secret) as duty:
        given = ["--config", tmp_path / "oncall.toml", "--listen", duty.url.removeprefix("http://")]

        def page(*words: str, token: str = TOKEN) -> Result:
            return run("page", *given, *words, XOXZO_ALERTMANAGER_TOKEN=token)

        first = json.loads(page("anne", "--json").output)["incident"]
        assert "must be one of anne, bert, oncall" in page("nobody").output
        assert page("anne", token="").exit_code == 3
        [message] = until(lambda: duty.phone(duty.anne)["messages"], duty.output.read_text)
        link = re.findall(r"http://localhost(/a/\w+)", message["text"])[0]
        for content, phase in ((None, "ended"), (b"version=1", "acknowledged")):
            with build_opener(ProxyHandler({})).open(Request(duty.url + link, content), timeout=20) as answer:
                assert answer.headers["referrer-policy"] == "no-referrer"
            until(lambda phase=phase: f"{first}  {phase}" in run("status", "--state", tmp_path / "state.db").output)
        assert page("oncall", "--message", "help").output.endswith(": the receiver notifies oncall.\n")
        until(lambda: len(duty.phone(duty.anne)["messages"]) == 2, duty.output.read_text)
        checked = run("--config", tmp_path / "oncall.toml", "--check", **secret).output
        url = checked.split("xoxzo din action DIN_UID http://localhost")[1].strip()
        with build_opener(ProxyHandler({})).open(f"{duty.url}{url}?caller={duty.anne[1:]}", timeout=20) as answer:
            assert answer.read() == b'say en "You have acknowledged: Page."'
        assert [one["by"] for one in duty.lines("acknowledged")] == ["anne", "anne, by calling"]
    refused = page("anne")
    assert (refused.exit_code, "no receiver answers at 127.0.0.1 port" in refused.output) == (6, True)


def test_a_page_to_another_server(tmp_path: Path) -> None:
    """What answers but is no receiver is reported with its status."""

    class Other(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(500)
            self.end_headers()
            self.wfile.write(b"[]" if "list" in self.path else b"<html>")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        thread = threading.Thread(target=other.serve_forever, args=(0.05,))
        thread.start()
        for name in ("anne", "list"):
            refused = run("page", name, "--listen", f"0.0.0.0:{other.server_address[1]}")
            assert (refused.exit_code, "HTTP 500" in refused.output) == (3, True)
        other.shutdown()
        thread.join()


def test_dry_run(tmp_path: Path, simulator_url: str, account: tuple[str, str]) -> None:
    """A dry run needs no credentials, tells what it would send, leaves no state, and ends well on Ctrl-C."""
    nothing = {"XOXZO_API_SID": "", "XOXZO_API_AUTH_TOKEN": "", "XOXZO_API_HOST": ""}
    with on_duty(tmp_path, simulator_url, account, "--dry-run", **nothing) as duty:
        exchange("POST", f"{duty.url}/alerts", body(alert()))
        reported = until(lambda: duty.lines("would-send"))[0]
        assert (reported["to"], reported["kind"], reported["message"][:6]) == ("anne", "sms", "FIRING")
        assert not duty.phone(duty.anne)["messages"]
        duty.process.send_signal(signal.SIGINT)
        assert duty.process.wait(60) == 0
    assert not (tmp_path / "state.db").exists()


@pytest.mark.skipif(ALERTMANAGER is None, reason="prometheus-alertmanager is not installed")
def test_a_real_alertmanager(simulator_url: str, account: tuple[str, str], tmp_path: Path) -> None:
    """An alert posted to a real Alertmanager reaches the phones; its repeats do not; its end is sent."""
    with on_duty(tmp_path, simulator_url, account) as duty, _alertmanager(tmp_path, duty.url) as api:
        labels = {"alertname": "DiskFull", "severity": "critical", "instance": "db-1"}
        fired = {"labels": labels, "annotations": {"summary": "ディスクの空きがありません"}}
        assert exchange("POST", f"{api}/api/v2/alerts", [fired], token=None)[0] == 200
        until(lambda: duty.lines("acknowledged"), duty.output.read_text)
        until(lambda: [one for one in duty.lines("received") if one["verdict"] == "repeat"], duty.output.read_text)
        [message] = duty.phone(duty.anne)["messages"]
        assert message["text"].startswith("FIRING critical DiskFull: ディスクの空きがありません #")
        assert len(duty.phone(duty.bert)["calls"]) == 1
        watchdog = {"labels": {"alertname": "Watchdog"}}
        assert exchange("POST", f"{api}/api/v2/alerts", [watchdog], token=None)[0] == 200
        with Store(tmp_path / "state.db") as state:
            until(lambda: state.heartbeat("watchdog")[0], duty.output.read_text)
        over = fired | {"endsAt": datetime.now(UTC).isoformat()}
        assert exchange("POST", f"{api}/api/v2/alerts", [over], token=None)[0] == 200
        until(lambda: len(duty.phone(duty.anne)["messages"]) == 2, duty.output.read_text)
        until(lambda: duty.phone(duty.bert)["messages"], duty.output.read_text)


@contextmanager
def _alertmanager(folder: Path, url: str) -> Iterator[str]:
    (folder / "token").write_text(TOKEN)
    (folder / "alertmanager.yml").write_text(
        "route: {receiver: phones, group_by: [alertname], group_wait: 50ms, group_interval: 500ms,"
        " repeat_interval: 1s}\n"
        f"receivers: [{{name: phones, webhook_configs: [{{url: '{url}/alerts', send_resolved: true, "
        f"http_config: {{authorization: {{credentials_file: '{folder / 'token'}'}}}}}}]}}]\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [
        str(ALERTMANAGER),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    output = folder / "alertmanager.out"
    with output.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file, cwd=folder) as process:
        try:
            until(lambda: process.poll() is not None or _answers(address), output.read_text)
            yield f"http://{address}"
        finally:
            process.terminate()


def _answers(address: str) -> bool:
    host, _, port = address.partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError:
        return False
    return True


def test_check_and_show(tmp_path: Path) -> None:
    """The settings, and what a payload would lead to, can be looked at before anything runs."""
    config, shown = tmp_path / "a.toml", tmp_path / "payload.json"
    config.write_text(run("example", "--language", "ja").output)
    assert config.read_text() == example("ja")
    checked = run("--config", config, "--check")
    assert checked.exit_code == 0
    assert "after 3 min  call tanaka" in checked.output
    shown.write_bytes(body(alert(severity="warning")))
    assert "list  office" in run("--config", config, "--show", shown).output
    shown.write_text("nothing")
    refused = run("--config", config, "--show", shown)
    assert (refused.exit_code, "is not a notification" in refused.output) == (2, True)


def test_the_settings_are_shown_in_japanese(tmp_path: Path) -> None:
    """The plan and the errors of the settings are in the reader's language, well aligned."""
    config = tmp_path / "a.toml"
    config.write_text(run("example", XOXZO_LANG="ja").output)
    assert config.read_text() == example("ja")
    shown = run("--config", config, "--check", XOXZO_LANG="ja").output
    assert "リスト    oncall、2 回まで、誰かが確認するか復旧するまで\n          すぐに  tanaka に SMS\n" in shown
    assert "1 分割 (上限 2)、1 人あたり約 3–10 クレジット" in shown
    config.write_text(config.read_text().replace("sender =", "# sender ="))
    refused = run("--config", config, "--check", XOXZO_LANG="ja")
    assert f"{config}: sender: 書いてください (必須)\n  書ける内容を見るには: xoxzo" in refused.output
    refused = run("status", "--state", tmp_path / "none.db", XOXZO_LANG="ja")
    assert "状態の記録がありません。まだ何も受信していません\n  別のファイル" in refused.output


def test_without_credentials(tmp_path: Path) -> None:
    """Without credentials it does not start; the error says what is missing, and names the simulator."""
    config = tmp_path / "a.toml"
    config.write_text(example("en"))
    refused = run("--config", config, HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))
    assert refused.exit_code == 4
    assert "XOXZO_API_SID" in refused.output
    assert "--simulator" in refused.output


def test_the_simulator_s_test_numbers(tmp_path: Path) -> None:
    """They can be tried with `--check` and on a simulator; with the real service nobody would be reached."""
    config = tmp_path / "a.toml"
    config.write_text(re.sub(r"\+81[0-9]+", "+819000000001", example("en"), count=1))
    assert run("--config", config, "--check").exit_code == 0
    refused = run("--config", config, XOXZO_API_SID="a", XOXZO_API_AUTH_TOKEN="b", XOXZO_API_HOST="https://127.0.0.1:9")
    assert (refused.exit_code, "no range that is in use" in refused.output) == (2, True), refused.output


def test_the_option_before_a_subcommand_wins_over_the_variable(tmp_path: Path) -> None:
    """The settings are those of the subcommand's option, else of the group's, else of the variable."""
    files = [tmp_path / f"{name}.toml" for name in ("variable", "group", "subcommand")]
    for file in files:
        file.write_text(f'state = "{file.with_suffix(".db")}"\n' + example("en"))
    variable, group, subcommand = files
    for words, used in (
        (["status"], variable),
        (["--config", group, "status"], group),
        (["status", "--config", subcommand], subcommand),
        (["--config", group, "status", "--config", subcommand], subcommand),
    ):
        refused = run(*words, XOXZO_ALERTMANAGER_CONFIG=str(variable))
        assert f"{used.stem}.db" in refused.output, (words, refused.output)


@pytest.mark.parametrize(
    ("words", "status", "expected"),
    [
        ([], 2, "--config"),
        (["--config", "{config}", "--profile", "x", "--simulator"], 2, "exclude each other"),
        (["--config", "{config}", "--listen", "here"], 2, "--listen"),
        (["--config", "{config}", "--dry-run", "--listen", "0.0.0.0:0"], 2, "XOXZO_ALERTMANAGER_TOKEN"),
        (["ack"], 2, "Give ids"),
        (["ack", "--all", "K7QD"], 2, "Give ids"),
        (["ack", "K7QD", "--state", "{folder}/none"], 2, "nothing was received"),
        (["ack", "K7QD", "--config", "{config}"], 2, "nothing was received"),
        (["--config", "{config}", "status"], 2, "nothing was received"),
        (["ack", "K7QD", "--state", "{folder}/state"], 3, "there is no incident K7QD"),
    ],
)
def test_refusals(words: list[str], status: int, expected: str, tmp_path: Path) -> None:
    """An error is one line, with its status."""
    Store(tmp_path / "state").close()
    config = tmp_path / "a.toml"
    config.write_text(example("en"))
    given = [word.format(config=config, folder=tmp_path) for word in words]
    refused = run(*given, XDG_STATE_HOME=str(tmp_path / "x"), HOME=str(tmp_path))
    assert (refused.exit_code, expected in refused.output) == (status, True), refused.output
