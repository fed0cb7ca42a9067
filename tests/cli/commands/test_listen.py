"""`xoxzo listen` and `xoxzo trigger`, each as a process, talking to each other and to a simulator."""

from __future__ import annotations

import json
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from faulty_server import FaultyServer, reply
from hypothesis import given, strategies
from listen_process import listening

from xoxzo.cloudpy import SimulatorError
from xoxzo.cloudpy.cli.commands import trigger as trigger_module
from xoxzo.cloudpy.cli.commands.listen import ReceivedCallback, command as listen_command, forward_url
from xoxzo.cloudpy.cli.commands.trigger import PURPOSES, command as trigger_command
from xoxzo.cloudpy.cli.core.http_probe import probe

SECRET = "a secret of the tests"
GIVEN = {"XOXZO_CALLBACK_SECRET": SECRET}
Listening = Callable[..., Any]


def trigger(*arguments: str, **environment: str) -> Result:
    """Run `xoxzo trigger` in this process."""
    return CliRunner(env=environment).invoke(trigger_command, [str(argument) for argument in arguments])


@pytest.mark.parametrize("kind", PURPOSES)
def test_everything_that_can_be_triggered_is_received(kind: str, tmp_path: Path) -> None:
    """A verifying listener accepts each sample callback, and prints its fields."""
    with listening(tmp_path, "--json", "--verify", XOXZO_CALLBACK_SECRET=SECRET) as listener:
        options = [kind, listener.url, "--sign", "--reference", "booking-1", "--json"]
        for form in ("--form", "--as-json"):
            result = trigger(*options, form, XOXZO_CALLBACK_SECRET=SECRET)
            assert result.exit_code == 0, result.output
            answer = json.loads(result.output)["answer"]
            assert answer == ('say en "Hello"' if kind == "call.incoming" else "")
        reported = listener.events(2)
    assert {one["event"] for one in reported} == {PURPOSES[kind]}
    assert {one["reference"] for one in reported} == {"booking-1"}
    assert {one["answered"] for one in reported} == {200}
    wanted = {"sms.failed": "FAIL", "call.unanswered": "NO ANSWER", "sms.delivered": "DELIVERED"}
    assert {one.get("status") for one in reported} == {wanted.get(kind, reported[0].get("status"))}


def test_cut_body(tmp_path: Path) -> None:
    """A body that is shorter than its Content-Length is answered with 400, and neither shown nor written."""
    log = tmp_path / "received.jsonl"
    with listening(tmp_path, "--json", "--log", str(log)) as listener:
        host, port = listener.url.removeprefix("http://").split(":")
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(head + b"msgid=cut-off&status=DELIVERED&cost=1")
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(65_536).split()[1] == b"400"
        trigger("sms.delivered", listener.url)
        assert [one["msgid"] == "cut-off" for one in listener.events(1)] == [False]
    assert "cut-off" not in log.read_text()


def test_chunked_body(tmp_path: Path) -> None:
    """A body in chunks is read like any other, on IPv6, too; one that is cut or too large is refused."""
    with listening(tmp_path, "--json", "--host", "::1") as listener:
        port = int(listener.url.removeprefix("http://[::1]:"))
        for chunks, status in (
            (b"9\r\nmsgid=m1&\r\n10;x=y\r\nstatus=DELIVERED\r\n0\r\n\r\n", b"200"),
            (b"9\r\nmsgid", b"400"),
            (b"9\r\nmsgid=m1&\r\nf4240\r\n", b"413"),
            (b"-1\r\n", b"413"),
        ):
            with socket.create_connection(("::1", port), timeout=60) as connection:
                connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
                connection.shutdown(socket.SHUT_WR)
                assert connection.recv(65_536).split()[1] == status
        assert [one["msgid"] for one in listener.events(1)] == ["m1"]


@pytest.fixture(scope="module")
def with_sins(start_simulator: Callable[..., Any]) -> Iterator[str]:
    """A simulator that has the retired numbers that receive SMS, too."""
    with start_simulator("--legacy-sin") as url:
        yield url


@pytest.mark.parametrize("kind", list(PURPOSES))
def test_a_simulator_really_does_it(kind: str, with_sins: str, tmp_path: Path) -> None:
    """With a simulator, the same callbacks come of a real message or call there."""
    with listening(tmp_path, "--json") as listener:
        result = trigger(kind, listener.url, "--simulator", with_sins, "--reference", "booking-1", "--json")
        assert result.exit_code == 0, result.output
        [reported] = listener.events(1)
    assert reported["event"] == PURPOSES[kind]
    assert reported["answered"] == 200
    steps = [json.loads(line) for line in result.output.splitlines()]
    if kind == "call.incoming":
        assert [step["text"] for step in steps if step["name"] == "say"] == ["Hello"]
    else:
        assert [step["outcome"] for step in steps] == ["delivered"]
        assert reported.get("tags") == (None if kind == "sms.incoming" else ["booking-1"])


def test_for_people(tmp_path: Path) -> None:
    """There is one line per callback, with masked numbers, without texts, and without colours in a file."""
    with listening(tmp_path) as listener:
        assert trigger("sms.delivered", listener.url).exit_code == 0
        assert trigger("sms.incoming", listener.url).exit_code == 0
        assert trigger("call.incoming", listener.url, "--caller", "").exit_code == 0
        delivered, incoming, call = listener.lines(3)
    assert "delivery-report" in delivered
    assert "DELIVERED" in delivered
    assert "recipient +81••••2222" in delivered
    assert delivered.endswith("→ 200")
    assert "message …" in incoming
    assert "caller" not in call
    assert "\x1b" not in delivered


def test_content_on_demand(tmp_path: Path) -> None:
    """Numbers and texts are shown in full with the option."""
    with listening(tmp_path, "--show-content") as listener:
        trigger("sms.incoming", listener.url)
        [line] = listener.lines(1)
    assert "sender +818033334444" in line
    assert "message はい" in line


def test_terminal_is_not_led_astray(tmp_path: Path) -> None:
    """Control characters in a callback are escaped; an id that has some is refused."""
    with listening(tmp_path, "--verify", **GIVEN) as listener:
        trigger("sms.delivered", listener.url, "--sign", "--reference", "a\x1b[2Jb\nc", **GIVEN)
        trigger("sms.delivered", listener.url, "--sign", "--id", "\x1b[2J", **GIVEN)
        lines = listener.lines(2)
    assert r"reference a\x1b[2Jb\x0ac" in lines[0]
    assert "the msgid has control characters" in lines[1]
    assert "\x1b" not in "".join(lines)


def test_forged(tmp_path: Path) -> None:
    """A listener that verifies refuses what was not signed, and a trigger ends with 3 when it is refused."""
    with listening(tmp_path, "--verify", XOXZO_CALLBACK_SECRET=SECRET) as listener:
        assert trigger("sms.delivered", listener.url).exit_code == 3
        signed = trigger("sms.delivered", listener.url, "--sign", XOXZO_CALLBACK_SECRET="another secret of the tests")
        assert signed.exit_code == 3
        lines = listener.lines(2)
    assert all("refused" in line and line.endswith("→ 403") for line in lines)


def test_no_callback(tmp_path: Path) -> None:
    """A request that is no callback is shown as such, and answered: the listener judges nothing."""
    with listening(tmp_path) as listener:
        assert trigger("sms.delivered", listener.url, "--as-json").exit_code == 0
        connection = socket.create_connection(("127.0.0.1", int(listener.url.rpartition(":")[2])), timeout=10)
        with connection:
            connection.sendall(b"POST /x HTTP/1.0\r\ncontent-length: 3\r\n\r\na=b")
            assert b" 200 " in connection.recv(1000)
        lines = listener.lines(2)
    assert "refused" in lines[1]


@pytest.mark.parametrize("length", ["1000001", "many", "9" * 5000])
def test_too_large(length: str, tmp_path: Path) -> None:
    """A body that is too large, or has no length that is a number, is not read."""
    with listening(tmp_path) as listener:
        connection = socket.create_connection(("127.0.0.1", int(listener.url.rpartition(":")[2])), timeout=10)
        with connection:
            connection.sendall(b"POST /x HTTP/1.0\r\ncontent-length: " + length.encode() + b"\r\n\r\n")
            assert b" 413 " in connection.recv(1000)


def test_forwarded_and_replayed(tmp_path: Path) -> None:
    """Requests go on to another address, answered as that one answers, and again when the file is replayed."""
    log = tmp_path / "received.jsonl"
    with listening(tmp_path, "--json", "--verify", "--answer", "voicemail", XOXZO_CALLBACK_SECRET=SECRET) as shop:
        with listening(tmp_path, "--json", "--forward", f"{shop.url}/xoxzo", "--log", str(log)) as listener:
            called = trigger("call.incoming", listener.url, "--sign", "--json", **GIVEN)
            assert json.loads(called.output)["answer"] == "voicemail"
            assert trigger("sms.delivered", listener.url, "--sign", "--reference", "a", **GIVEN).exit_code == 0
            assert trigger("sms.delivered", listener.url).exit_code == 3
            assert [one["answered"] for one in listener.events(3)] == [200, 200, 403]
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
        log.write_text("\n\n".join([*log.read_text().splitlines()[:2], ""]))
        replayed = CliRunner().invoke(listen_command, ["--replay", str(log), "--forward", shop.url, "--json"])
        assert replayed.exit_code == 0, replayed.output
        assert [json.loads(line)["answered"] for line in replayed.output.splitlines()] == [200, 200]
        assert [one["event"] for one in shop.events(5)].count("delivery-report") == 2
    gone = CliRunner().invoke(listen_command, ["--replay", str(log), "--forward", shop.url, "--json"])
    assert gone.exit_code == 3


def test_an_unreachable_forward_target(tmp_path: Path) -> None:
    """When nothing answers behind it, a listener says so and answers 502, so that the callback comes again."""
    with listening(tmp_path, "--forward", "http://127.0.0.1:9") as listener:
        result = trigger("sms.delivered", listener.url, "--json")
        [line] = listener.lines(1)
    assert (result.exit_code, json.loads(result.output)["status"]) == (3, 502)
    assert "refused" in line.lower()


def test_help_names_all_events() -> None:
    """The help of `xoxzo trigger` names everything that can be triggered."""
    reported = " ".join(trigger("--help").output.split())
    assert all(kind in reported for kind in PURPOSES)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stops(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C, SIGTERM and a closed terminal end it with status 0."""
    with listening(tmp_path) as listener:
        listener.process.send_signal(number)
        assert listener.process.wait(60) == 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--replay", "{file}"], "--replay needs --forward"),
        (["--replay", "{file}", "--forward", "http://127.0.0.1:9"], "line 1 is not one"),
        (["--verify", "--port", "0"], "XOXZO_CALLBACK_SECRET is not set"),
        (["--port", "{taken}"], "in use\n  Take another port: --port 0"),
        (["--host", "é" * 70], "encoding of hostname failed"),
        (["--log", ""], ". cannot be written: "),
        (["--forward", "x"], "'--forward': must be an absolute http:// or https:// URL"),
        (["--answer", "x"], "'--answer': the line is none of playback, say, transfer and voicemail"),
        (["--answer", 'say xx "Hello"'], "'--answer': say needs one of the languages en, ja"),
        (["--answer", "\udcff"], "'--answer': the answer is not UTF-8"),
    ],
)
def test_listen_wrongly(options: list[str], expected: str, tmp_path: Path) -> None:
    """An error is one line, with status 2."""
    file = tmp_path / "wrong.jsonl"
    file.write_text('{"at": 1}\n')
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        filled = [option.format(file=file, taken=taken.getsockname()[1]) for option in options]
        result = CliRunner().invoke(listen_command, filled)
    assert result.exit_code == 2
    assert expected in result.output


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        (["sms.delivered", "shop.example"], 2, "url"),
        (["sms.delivered", "http://127.0.0.1:9/", "--sign"], 2, "XOXZO_CALLBACK_SECRET is not set"),
        (["sms.delivered", "http://127.0.0.1:9/", "--recipient", "08011112222"], 2, "recipient"),
        (["sms.delivered", "http://127.0.0.1:9/", "--sender", "no sender"], 2, "sender"),
        (["sms.delivered", "http://127.0.0.1:9/"], 6, "xoxzo listen --port 9"),
        (["sms.delivered", "http://127.0.0.1:9/", "--json"], 6, "error"),
        (["sms.delivered", "http://nobody.invalid/"], 6, "is the address right"),
        (["sms.delivered", "http://127.0.0.1:9/", "--simulator", "nowhere"], 2, "simulator"),
        (["sms.delivered", "http://127.0.0.1:9/", "--simulator", "http://127.0.0.1:9"], 6, "no simulator answers"),
        (["unknown", "http://127.0.0.1:9/"], 2, "unknown"),
    ],
)
def test_trigger_wrongly(arguments: list[str], status: int, expected: str) -> None:
    """An error has its status: 2 for wrong usage, 6 without a response."""
    result = trigger(*arguments)
    assert result.exit_code == status, result.output
    assert expected in result.output


def test_a_simulator_without_receiving_numbers(simulator_url: str, start_simulator: Callable[..., Any]) -> None:
    """If the simulator has no number that receives SMS, the error says what to do."""
    result = trigger("sms.incoming", "http://127.0.0.1:9/", "--simulator", simulator_url)
    assert result.exit_code == 6
    assert "--legacy-sin" in result.output
    with start_simulator("--legacy-sin", "--set", "sin_ranges=[]") as url:
        result = trigger("sms.incoming", "http://127.0.0.1:9/", "--simulator", url)
    assert "no number left that can be subscribed" in result.output


def test_a_simulator_with_one_account(start_simulator: Callable[..., Any], tmp_path: Path) -> None:
    """A simulator that takes one account only gets it from the environment; the error says so."""
    with start_simulator("--sid", "shop", "--token", "secret") as url, listening(tmp_path, "--json") as listener:
        for token, status, printed in (
            (None, 4, "Set XOXZO_API_SID"),
            ("another", 4, "Set XOXZO_API_SID"),
            ("a secret", 2, "a blank"),
            ("secret", 0, "delivered"),
        ):
            account = {} if token is None else {"XOXZO_API_SID": "shop", "XOXZO_API_AUTH_TOKEN": token}
            result = trigger("sms.delivered", listener.url, "--simulator", url, **account)
            assert (result.exit_code, printed in result.output) == (status, True), result.output
        assert [one["event"] for one in listener.events(1)] == ["delivery-report"]


def test_an_action_url_that_fails(simulator_url: str) -> None:
    """When an action URL does not answer, the call fails, and the command ends with 3."""
    result = trigger("call.incoming", "http://127.0.0.1:9/", "--simulator", simulator_url)
    assert result.exit_code == 3, result.output


def test_what_a_receiver_refuses(simulator_url: str, tmp_path: Path) -> None:
    """When the receiver answers a simulator's callback with anything but 200, the command ends with 3."""
    with listening(tmp_path, "--verify", XOXZO_CALLBACK_SECRET=SECRET) as listener:
        for kind in ("sms.delivered", "call.answered"):
            result = trigger(kind, listener.url, "--simulator", simulator_url, "--json")
            assert (result.exit_code, json.loads(result.output)["status"]) == (3, 403), result.output


def test_nothing_answers_the_simulator(start_simulator: Callable[..., Any]) -> None:
    """When the simulator has given up on a receiver that never answered, the command ends with 6."""
    with start_simulator("--set", "callback_tries=1") as url:
        result = trigger("sms.delivered", "http://127.0.0.1:9/", "--simulator", url)
    assert result.exit_code == 6, result.output


def test_no_simulator(tmp_path: Path, simulator_url: str) -> None:
    """A server that is no simulator is reported as such, and so is a refusal by the simulator."""
    with listening(tmp_path) as listener, pytest.raises(SimulatorError, match="is not a simulator"):
        trigger_module.control(listener.url, "GET", "/_simulator/health")
    with pytest.raises(SimulatorError, match="refused"):
        trigger_module.control(simulator_url, "GET", "/_simulator/calls/unheardOf")


def test_nothing_comes(simulator_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing is delivered, the command does not wait for ever."""
    monkeypatch.setattr(trigger_module, "_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(
        trigger_module, "FAILING", "+819000000002"
    )  # a phone that is switched off: no report ever comes
    result = trigger("sms.failed", "http://127.0.0.1:9/", "--simulator", simulator_url)
    assert result.exit_code == 6
    assert "nothing was delivered within 0.3 s" in result.output


def test_no_number_left(start_simulator: Callable[..., Any]) -> None:
    """Without a dial-in number there are no incoming calls, and the error says so."""
    with start_simulator("--set", "din_ranges=[]") as url:
        result = trigger("call.incoming", "http://127.0.0.1:9/", "--simulator", url)
    assert result.exit_code == 6
    assert "no number left that can be subscribed" in result.output


def test_long_answers() -> None:
    """No more than 64 KiB of an answer is taken."""
    with FaultyServer(reply(200, b"x" * 200_000)) as server:
        outcome = probe("GET", server.url, {})
    assert (outcome.status, len(outcome.body)) == (200, 65_536)


@pytest.mark.parametrize(
    ("target", "joined"),
    [
        ("/a/delivery-report/token", "http://shop/x/delivery-report/token"),
        ("/incoming-call/token?caller=1", "http://shop/x/incoming-call/token?caller=1"),
        ("/hook", "http://shop/x/hook"),
        ("/", "http://shop/x/"),
        ("/a/b/c?d=e", "http://shop/x/a/b/c?d=e"),
    ],
)
def test_where_it_goes_on(target: str, joined: str) -> None:
    """Purpose and token of a signed URL are forwarded, the full path of any other, each with its query."""
    assert forward_url("http://shop/x/", target) == joined


@given(strategies.binary(), strategies.text(), strategies.sampled_from(["GET", "POST"]))
def test_kept(body: bytes, target: str, method: str) -> None:
    """A request comes back from a file byte for byte."""
    text = body.decode("utf-8", "surrogateescape")
    one = ReceivedCallback(at=datetime.now(UTC), method=method, target=target, content_type="text/plain", body=text)
    again = ReceivedCallback.from_line(one.to_line())
    assert again.octets == body
    assert (again.method, again.at) == (one.method, one.at)
