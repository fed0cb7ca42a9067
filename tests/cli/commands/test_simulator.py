"""`xoxzo simulator` as a program: its first line, its log, its end."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from simulator_callers import CALL, SMS, web
from simulator_process import COMMAND, FORM, end, running

from xoxzo.cloudpy.cli.commands.simulator import command
from xoxzo.cloudpy.simulator.engine.context import Event
from xoxzo.cloudpy.simulator.queries.formats import event_json, event_line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_starts_logs_masked_and_stops(number: signal.Signals) -> None:
    """The first line is the address; the log shows no number and no text; a signal is a clean end."""
    with running() as (process, line):
        title, _, url = line.partition(": ")
        assert title == "Xoxzo simulator"
        with web(url.strip()) as page:
            page("POST", "/sms/messages/", urlencode(SMS).encode(), **FORM)
            page("GET", "/sms/messages/?x=1")
            page("POST", "/sms/messages/", b"", **FORM)
        output, errors, status = end(process, number)
    assert (status, errors) == (0, "")
    assert "+81••••5678" in output
    assert SMS["recipient"] not in output
    assert "hello" not in output
    assert "400  message: This field is required." in output


def test_content_is_shown_on_request() -> None:
    """With the option, numbers and texts are shown."""
    with running("--show-content") as (process, line):
        with web(line.partition(": ")[2].strip()) as page:
            page("POST", "/sms/messages/", urlencode({**SMS, "message": "こんにちは"}).encode(), **FORM)
        output, _, _ = end(process)
    assert '+818012345678  "こんにちは"' in output


def test_one_pair_and_json() -> None:
    """The pair comes from option and environment; the log is one JSON object a line."""
    with running("--json", "--sid", "sid", "--credits", "60", XOXZO_SIMULATOR_TOKEN="token") as (process, line):
        started = json.loads(line)
        assert started["event"] == "started"
        with web(started["url"]) as page:
            assert page.json("GET", "/you/credits/") == (200, {"credits": 60.0})
            assert page("GET", "/you/credits/", Authorization="Basic YTpi")[0] == 401
            page("POST", "/voice/simple/playbacks/", urlencode(CALL).encode(), **FORM)
        output, _, _ = end(process)
    events = [json.loads(text) for text in output.splitlines()]
    assert [event["event"] for event in events] == ["refused", "call"]
    assert events[1]["to"] == "+81••••5678"


def test_the_options_reach_the_simulator() -> None:
    """A stepped clock can be advanced, the retired paths are there, the seed repeats ids."""
    ids = []
    for _ in range(2):
        with running("--clock", "stepped", "--legacy-sin", "--seed", "1") as (process, line):
            with web(line.partition(": ")[2].strip()) as page:
                assert page.json("POST", "/_simulator/clock/advance", {"seconds": 1})[0] == 200
                assert page.json("GET", "/sms/sins/")[0] == 200
                ids.append(page("POST", "/sms/messages/", urlencode(SMS).encode(), **FORM)[2])
            assert end(process)[2] == 0
    assert ids[0] == ids[1]


def test_any_setting_can_be_given() -> None:
    """The profile comes first, then options, then each assignment; a zero is a value like any other."""
    options = ("--profile", "new-account", "--credits", "0", "--set", "postpaid=true", "--set", "otp_tries=1")
    with running(*options) as (process, line):
        with web(line.partition(": ")[2].strip()) as page:
            assert page.json("GET", "/you/credits/") == (200, {"credits": 0.0})
            assert page("POST", "/sms/messages/", urlencode(SMS).encode(), **FORM)[0] == 403
            assert page.json("POST", "/otp/register-website/", {"website": "a"})[0] == 201
            asked = {"website": "a", "phone_number": SMS["recipient"]}
            assert page.json("POST", "/otp/request/", asked)[0] == 201
            assert page.json("GET", "/you/credits/") == (200, {"credits": -3.0})
        output, _, status = end(process)
    assert status == 0
    assert "otp       registered" in output
    assert "あなた" not in output


def test_numbers_can_have_fixed_outcomes() -> None:
    """`--number` fixes the outcome of a number, beside what `--set numbers` says; a wrong one is refused."""
    given = ("--number", "+818012345678=fail", "--set", 'numbers={"+818012345679": "hold"}', "--clock", "stepped")
    with running(*given) as (process, line):
        with web(line.partition(": ")[2].strip()) as page:
            for number in ("+818012345678", "+818012345679"):
                page("POST", "/sms/messages/", urlencode({**SMS, "recipient": number}).encode(), **FORM)
            assert page.json("POST", "/_simulator/clock/advance", {"seconds": 9})[0] == 200
            listed = page.json("GET", "/sms/messages/")[1]
            assert {one["recipient"][-1]: one["status"] for one in listed} == {"8": "FAIL", "9": "DELIVERING"}
        assert end(process)[2] == 0
    for wrong in ("+818012345678", "08012345678=fail", "+818012345678=explode"):
        refused = subprocess.run(
            [*COMMAND, "--number", wrong, "--port", "0"], capture_output=True, encoding="utf-8", check=False, timeout=60
        )
        assert refused.returncode == 2
        assert "must be a number in E.164, with its +, and one of deliver" in refused.stderr


def test_a_strict_profile_throttles() -> None:
    """The second call of the sent list is 429, in the log as well."""
    with running("--profile", "strict") as (process, line):
        with web(line.partition(": ")[2].strip()) as page:
            assert [page("GET", "/sms/messages/")[0] for _ in range(2)] == [200, 429]
        output, _, _ = end(process)
    assert "429  Request was throttled. Expected available in 1200 seconds." in output


def test_settings_are_shown_as_they_are_set() -> None:
    """The table is written, nothing is started, and no token is shown."""
    options = ["--profile", "strict", "--set", "list_interval=60", "--sid", "one", "--show-settings"]
    environment = os.environ | {"XOXZO_SIMULATOR_TOKEN": "Secret7"}
    finished = subprocess.run(
        [*COMMAND, *options], capture_output=True, encoding="utf-8", check=True, timeout=60, env=environment
    )
    lines = finished.stdout.splitlines()
    assert lines[0] == "| setting | value | row | meaning |"
    assert any(line.startswith("| `list_interval` | 60.0 | 11 |") for line in lines)
    assert any(line.startswith("| `requests_per_second` | 10 | 11 |") for line in lines)
    assert "Secret7" not in finished.stdout + finished.stderr


def test_a_token_in_the_environment_alone_is_no_mistake() -> None:
    """Without a SID it is left aside, and every pair is admitted."""
    with running(XOXZO_SIMULATOR_TOKEN="token") as (process, line):
        with web(line.partition(": ")[2].strip()) as page:
            assert page("GET", "/you/credits/")[0] == 200
        assert end(process)[2] == 0


def test_an_unread_log_stops_nothing() -> None:
    """When the reader of the log goes away, requests are still answered."""
    with running() as (process, line):
        assert process.stdout is not None
        process.stdout.close()
        with web(line.partition(": ")[2].strip()) as page:
            for _ in range(3):
                assert page("POST", "/sms/messages/", urlencode(SMS).encode(), **FORM)[0] == 201


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--host", "256.1.1.1"], "xoxzo simulator: cannot listen on 256.1.1.1"),
        (["--sid", "x"], "Error: --sid needs --token"),
        (["--token", "x"], "Error: --token needs --sid"),
        (["--set", "token=x"], "Error: --token needs --sid"),
        (["--set", "sid=x"], "Error: --sid needs --token"),
        (["--set", "otp_trys=3"], "Error: there is no setting 'otp_trys'; did you mean otp_tries?"),
        (["--set", "otp_tries=x"], "Error: otp_tries must be of the type int"),
        (["--set", "allowed_addresses=x"], "xoxzo simulator: 'x' in allowed_addresses is neither"),
        (["--profile", "other"], "Error: Invalid value for '--profile'"),
        (["--credits", "-1"], "Error: Invalid value for '--credits'"),
    ],
)
def test_an_error_is_one_line(options: list[str], line: str) -> None:
    """No traceback, status 2."""
    finished = subprocess.run([*COMMAND, *options], capture_output=True, encoding="utf-8", check=False, timeout=60)
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1].startswith(line)
    assert "Traceback" not in finished.stderr


def test_a_busy_port_is_reported_in_a_line() -> None:
    """The port is named, with the reason."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        finished = subprocess.run(
            [*COMMAND, "--port", port], capture_output=True, encoding="utf-8", check=False, timeout=60
        )
    assert finished.returncode == 2
    assert finished.stderr == f"xoxzo simulator: cannot listen on 127.0.0.1 port {port}: Address already in use\n"


def test_other_interfaces_come_with_a_warning() -> None:
    """Listening on all interfaces, or on a name that may be one, is noted on standard error."""
    with running("--host", "0.0.0.0") as (process, line):
        assert line.startswith("Xoxzo simulator: http://127.0.0.1:")
        assert end(process)[1].startswith("Warning: 0.0.0.0 may be reached")
    with running("--host", "localhost") as (process, _):
        assert not end(process)[1]


@pytest.mark.parametrize("options", [[], ["--sid", "one", "--token", "two"]])
def test_a_terminal_gets_a_hint(options: list[str]) -> None:
    """On a terminal it says what to do next, and never a token that was given."""
    here, there = pty.openpty()
    with subprocess.Popen([*COMMAND, "--port", "0", *options], stdout=there, encoding="utf-8") as process:
        os.close(there)
        text = b""
        while b"Ctrl-C" not in text:
            text += os.read(here, 4096)
        process.terminate()
    os.close(here)
    assert b"XOXZO_API_AUTH_TOKEN=" in text
    assert b"two" not in text


def test_lines_stay_lines() -> None:
    """Control characters cannot lead a terminal astray; what a URL carries in its query is not shown."""
    event = Event(
        0, "call", "12345678-x", {"step": "transfer", "number": "+819012345678"}, {"from": ""}, "a\x1b[2J\nb\x9b\u202e"
    )
    assert event_line(event, False) == "00:00:00  call      transfer  number +81••••5678  from withheld  [12345678]"
    assert event_line(event, True).isprintable()
    assert event_json(event, True).isprintable()
    assert json.loads(event_json(event, True))["text"] == "a\x1b[2J\nb\x9b\u202e"
    asked = Event(
        0, "call", "x", {"step": "asking", "url": "http://a/?secret=1", "error": None}, {"to": "+819012345678"}
    )
    assert "secret" not in event_line(asked, False)
    assert "secret" in event_json(asked, True)
    refused = Event(0, "refused", "GET /x/\x1b", {"status": 400, "because": []})
    assert event_line(refused, False) == "00:00:00  refused   GET /x/\\x1b  400"


def test_a_signal_at_any_moment_of_the_wait_stops_it() -> None:
    """Whatever the waiting thread is doing when the signal comes, its handler does not wait for the thread itself."""
    program = (
        "import signal, sys\n"
        "from xoxzo.cloudpy.common.signals import stop_signals\n"
        "def everywhere(*_):\n"
        "    sys.setprofile(None)\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "    sys.setprofile(everywhere)\n"
        "with stop_signals() as stopped:\n"
        "    sys.setprofile(everywhere)\n"
        "    signalled = stopped(20)\n"
        "    sys.setprofile(None)\n"
        "print(signalled)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == "True\n"


def test_wait_ready(simulator_url: str) -> None:
    """It ends when a simulator answers, and with 6 when none does in time, or something else does."""
    ready = CliRunner().invoke(command, ["wait-ready", "--url", simulator_url + "/"])
    assert (ready.exit_code, ready.output) == (0, "")
    gone = CliRunner().invoke(command, ["wait-ready", "--url", "http://127.0.0.1:9", "--timeout", "0.1"])
    never = CliRunner().invoke(command, ["wait-ready", "--url", "http://127.0.0.1:9", "--timeout", "nan"])
    assert never.exit_code == 6
    assert gone.exit_code == 6
    assert "no simulator answers at http://127.0.0.1:9 within 0.1 s" in gone.output
