"""Exit statuses and error messages."""

from __future__ import annotations

import io
import json
import sys
from decimal import Decimal

import click
import pytest
from faulty_server import FaultyServer, hang, raw, reply

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.cli.core import exit_codes
from xoxzo.cloudpy.cli.core.exit_codes import to_command_error

SMS = ("sms", "send", "+818011112222", "Hi", "--sender", "Shop", "--yes")


@pytest.fixture
def at(bare, monkeypatch):
    """Types a command whose requests go to a server with a chosen misbehaviour."""

    def run(behaviour, *words: str):
        # How long a command waits to learn whether a simulator answers there; this server is none.
        monkeypatch.setattr("xoxzo.cloudpy.cli.core.local_simulator._TIMEOUT_SECONDS", 0.2)
        with FaultyServer(behaviour) as server:
            monkeypatch.setenv("XOXZO_API_HOST", server.url)
            return bare(*words)

    return run


@pytest.mark.parametrize(
    ("behaviour", "words", "status", "advice"),
    [
        (reply(400, '{"recipient": ["Invalid recipient"], "sender": ["no"]}'), SMS, 3, "sender: no"),
        (reply(401, '{"detail": "Invalid sid/token"}'), SMS, 4, "xoxzo doctor"),
        (reply(403, '{"non_field_errors": ["Not enough credits, required: 10"]}'), SMS, 3, "xoxzo credits"),
        (reply(403, '{"detail": "You do not"}'), SMS, 3, "xoxzo template send"),
        (reply(404), ("sms", "get", "x"), 3, "Ids differ between accounts"),
        (reply(404), ("sin", "list"), 3, "ended on 2024-04-30"),
        (
            reply(429, '{"detail": "Request was throttled. Expected available in 90 seconds."}'),
            SMS,
            5,
            "Wait 90 seconds",
        ),
        (reply(418), SMS, 3, ""),
        (reply(500), SMS, 7, "xoxzo sms list"),
        (reply(500), (*SMS, "--reference", "r1"), 7, "xoxzo sms find r1"),
        (reply(500), ("call", "say", "+818011112222", "Hi", "--caller", "8150"), 7, "A phone may ring"),
        (reply(500), ("lookup", "+818011112222"), 7, "may have been charged"),
        (reply(500), ("credits",), 6, "may be given again"),
        (raw(b"HTTP/1.1 2"), SMS, 7, "xoxzo sms list"),
        (reply(201, "{}"), SMS, 7, "xoxzo sms list"),
        (hang, (*SMS, "--timeout", "0.2"), 7, "xoxzo sms list"),
        (hang, ("credits", "--timeout", "0.2"), 6, "may be given again"),
    ],
)
def test_each_answer_has_its_status_and_advice(at, behaviour, words, status, advice) -> None:
    """What the API answers, or does not, becomes the documented status and a line that says what to do next."""
    done = at(behaviour, *words)
    assert done.exit_code == status, done.output
    assert advice in done.stderr
    assert "818011112222" not in done.output


def test_no_server_is_surely_not_sent(bare, monkeypatch) -> None:
    """Without a connection nothing was sent, and the error says so."""
    monkeypatch.setenv("XOXZO_API_HOST", "http://127.0.0.1:1")
    done = bare(*SMS)
    assert done.exit_code == 6
    assert "Nothing was sent: check the network" in done.stderr


def test_json_reports_errors_as_json(at) -> None:
    """With --json a refusal is an object on standard error, and standard output stays empty."""
    done = at(reply(429, '{"detail": "throttled"}', Retry_After="90"), "credits", "--json")
    assert done.stdout == ""
    parsed = json.loads(done.stderr)["error"]
    assert (parsed["exit"], parsed["class"], parsed["status"], parsed["maybe_sent"]) == (5, "RateLimited", 429, False)
    assert parsed["retry_after"] == 90
    assert parsed["advice"] == ["Wait 90 seconds and give the same command again."]


def test_the_gravest_status_wins() -> None:
    """What may be sent is graver than everything, wrong credentials than one refusal, anything than nothing."""
    assert exit_codes.worst() == 0
    assert exit_codes.worst(0, 3, 7, 4) == 7
    assert exit_codes.worst(6, 3) == 3
    assert exit_codes.worst(0, 5) == 5


def test_errors_of_the_library_are_refusals() -> None:
    """Each kind of the tree has its status; another exception stays unchanged."""
    cases = {
        errors.InvalidArgument("jp_kp", "is wrong"): 2,
        errors.ConfigurationError("no credentials: …", code="no_credentials"): 4,
        errors.ConfigurationError("base_url must be …"): 2,
        errors.SimulatorError("none answers"): 6,
        errors.CampaignError("cannot go on"): 2,
        exit_codes.CommandError("so", status=3): 3,
    }
    for error, status in cases.items():
        refused = to_command_error(error)
        assert refused is not None
        assert refused.status == status, error
    assert str(to_command_error(errors.InvalidArgument("jp_kp", "is wrong"))) == "jp-kp: is wrong"
    assert to_command_error(KeyError("x")) is None


def test_a_wait_that_ran_out_is_not_over() -> None:
    """Nothing is wrong with what was waited for: waiting may go on."""
    refused = to_command_error(errors.TimedOut("deadline", operation="sms.wait", attempts=3))
    assert refused is not None
    assert (refused.status, refused.message) == (6, "sms.wait: the deadline passed (request -, 3 attempts)")
    assert refused.advice == ("It has not ended yet: give the same command again to continue waiting.",)


def test_an_error_is_shown_in_japanese(monkeypatch) -> None:
    """The sentence, what may have been sent and the advice are translated; the server's words stay."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    error = errors.ServerError(502, operation="sms.send", detail="Bad gateway", maybe_sent=True, request_id="r")
    refused = to_command_error(error)
    assert refused is not None
    assert (
        refused.message == "sms.send: ステータス 502, Bad gateway (リクエスト r) ただし、実行された可能性があります。"
    )
    assert Decimal(refused.status) == 7


def test_faults_of_our_own_are_not_hidden(bare, monkeypatch) -> None:
    """An exception of another library keeps its trace."""
    monkeypatch.setattr("xoxzo.cloudpy.cli.core.configuration.path", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bare("config", "path")


def test_a_refusal_ends_its_lines_where_the_terminal_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal the sentence is broken between words; advice, which may be a command, is not."""

    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "30")
    refused = exit_codes.CommandError("one two three four five six seven", "Type: " + "x" * 40)
    exit_codes.print_error(click.Context(click.Command("made"), info_name="xoxzo made"), refused)
    lines = click.unstyle(screen.getvalue()).splitlines()
    assert lines == ["xoxzo made: one two three four", "five six seven", f"  Type: {'x' * 40}"]
