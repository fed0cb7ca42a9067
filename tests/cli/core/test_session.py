"""What all commands of the API have in common: options, --dry-run, Ctrl-C, the line that says where requests go."""

from __future__ import annotations

import json

import pytest
from cli_configuration import written

from xoxzo.cloudpy.cli.core import sending, session

SEND = ("sms", "send", "080-1111-2222", "こんにちは", "--sender", "Shop")


def test_without_credentials_the_same_command_is_shown_with_the_simulator(bare, monkeypatch) -> None:
    """The error names what is missing, and the command to type instead, quoted for a shell, without the profile."""
    words = ["xoxzo", "sms", "send", "08011112222", "it's こんにちは", "--profile", "shop", "--profile=x", ""]
    monkeypatch.setattr(session.sys, "argv", words)
    done = bare(*SEND)
    assert done.exit_code == 4
    assert done.stdout == ""
    assert "set XOXZO_API_SID and XOXZO_API_AUTH_TOKEN" in done.stderr
    assert """    xoxzo sms send 08011112222 'it'"'"'s こんにちは' '' --simulator\n""" in done.stderr


def test_a_dry_run_shows_the_request_and_makes_none(shell) -> None:
    """Method, address and fields are shown, numbers masked, and nothing is sent."""
    done = shell(*SEND, "--dry-run", "--json")
    output = json.loads(done.stdout)
    assert (done.exit_code, output["method"]) == (0, "POST")
    assert output["url"].endswith("/sms/messages/")
    assert output["body"] == {"recipient": "+81••••2222", "sender": "Shop", "message": "こんにちは"}
    output = json.loads(shell(*SEND, "--dry-run", "--json", "--show-numbers").stdout)
    assert output["body"]["recipient"] == "+818011112222"
    assert shell("sms", "list", "--json").stdout == ""


def test_a_dry_run_needs_neither_credentials_nor_a_simulator(bare) -> None:
    """To look costs nothing, so nothing has to be set up for it; JSON bodies are shown, too."""
    output = json.loads(bare(*SEND, "--dry-run", "--json").stdout)
    assert output["url"] == "https://api.xoxzo.com/sms/messages/"
    output = json.loads(bare(*SEND, "--dry-run", "--json", "--simulator").stdout)
    assert output["url"] == "http://127.0.0.1:8080/sms/messages/"
    sent = bare("template", "send", "6", "+818011112222", "--var", "name=x", "--sender", "Shop", "--dry-run", "--json")
    assert json.loads(sent.stdout)["body"]["variables"] == {"name": "x"}
    assert json.loads(bare("credits", "--dry-run", "--json").stdout)["method"] == "GET"


def test_every_recipient_of_a_dry_run_is_shown(bare) -> None:
    """A dry run of a send to several stops at none of them."""
    done = bare("sms", "send", "+818011112222", "+818033334444", "Hi", "--sender", "Shop", "--dry-run", "--json")
    assert [json.loads(line)["body"]["recipient"][-4:] for line in done.stdout.splitlines()] == ["2222", "4444"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--simulator", "--profile", "a"), "exclude each other"),
        (("--timeout", "0"), "must be more than 0 seconds"),
        (("--timeout", "nan"), "must be more than 0 seconds"),
    ],
)
def test_options_that_make_no_sense_are_refused(bare, words, expected) -> None:
    """A contradiction is a usage error."""
    done = bare("credits", *words)
    assert (done.exit_code, expected in done.stderr) == (2, True)


def test_recipients_can_be_limited(shell, home) -> None:
    """`allowed_recipients` refuses everybody else before the network."""
    written(home, 'allowed_recipients = ["+818011112222"]\n')
    assert shell(*SEND).exit_code == 0
    done = shell("sms", "send", "+818033334444", "Hi", "--sender", "Shop")
    assert (done.exit_code, done.stdout) == (2, "")


def test_defaults_come_from_the_configuration(shell, home) -> None:
    """Sender, caller and country need not be typed each time."""
    written(home, 'sender = "Top"\ncountry = "MY"\ncaller = "60312345678"\n')
    done = shell("sms", "send", "012-345 6789", "Hi", "--json", "--show-numbers")
    assert json.loads(done.stdout)["recipient"] == "+60123456789"
    assert json.loads(shell("sms", "list", "--json").stdout)["sender"] == "Top"
    assert shell("call", "say", "012-345 6789", "Hi", "--lang", "en").exit_code == 0


def test_the_simulator_of_this_machine_is_used(bare, simulator_url, monkeypatch) -> None:
    """--simulator asks for no credentials."""
    monkeypatch.setenv("XOXZO_SIMULATOR", simulator_url)
    assert bare("credits", "--simulator").exit_code == 0


@pytest.mark.parametrize(
    ("words", "operation", "advice"),
    [
        (SEND, "", ""),
        (SEND, "sms.send", "Check before you send again: xoxzo sms list"),
        (("call", "say", "080-1111-2222", "Hi", "--caller", "81501112222"), "calls.say", "A phone may ring: ask there"),
        (("otp", "request", "https://example.com", "080-1111-2222"), "otp.request", "A code may be on its way"),
    ],
)
def test_ctrl_c_says_what_it_has_left_behind(shell, monkeypatch, words, operation, advice) -> None:
    """Before a request has left it ends with 130, after that with 7 and with where to look for what was sent."""

    def interrupt(session, *_, **__):
        session.maybe_sent = operation
        raise KeyboardInterrupt

    monkeypatch.setattr(sending, "read_recipients", interrupt)
    done = shell(*words)
    sentence = "Stopped, and what was being sent may be on its way." if operation else "Stopped."
    assert (done.exit_code, f"{sentence}\n" in done.stderr) == (7 if operation else 130, True)
    assert advice in done.stderr
