"""Money and people: when there is a question, and what happens without an answer."""

from __future__ import annotations

import socket

from faulty_server import FaultyServer, reply

from xoxzo.cloudpy.cli.core import configuration
from xoxzo.cloudpy.cli.core.exit_codes import NOT_SENT, REJECTED, USAGE

SEND = ("sms", "send", "+818011112222", "Hi", "--sender", "Shop")
LONG = "あ" * 660


def sent(shell) -> int:
    """Count what was sent."""
    return len(shell("sms", "list", "--json").stdout.splitlines())


def test_a_simulator_never_needs_confirmation(shell, answers) -> None:
    """Nothing costs there."""
    asked = answers(False)
    assert shell(*SEND).exit_code == 0
    assert shell("sms", "send", "+818011112222", LONG, "--sender", "Shop").exit_code == 0
    assert asked == []


def test_a_tunnel_on_this_machine_needs_confirmation(shell, answers, monkeypatch) -> None:
    """An address of this machine that does not answer as a simulator may lead to the real service."""
    asked = answers(False)
    with FaultyServer(reply(404, "{}")) as server:
        monkeypatch.setenv(configuration.HOST, server.url)
        done = shell(*SEND)
        assert (done.exit_code, asked) == (REJECTED, ["Send it?"])
        assert len(server.requests) == 1
        assert server.requests[0].startswith(b"GET /_simulator/health ")


def test_where_nothing_listens_nothing_is_requested(shell, answers, monkeypatch) -> None:
    """A simulator that does not run is named, with what starts one, before any question."""
    asked = answers(True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        monkeypatch.setenv(configuration.HOST, url)
        done = shell(*SEND)
    assert (done.exit_code, done.stdout, asked) == (NOT_SENT, "", [])
    assert f"nothing listens at {url}; nothing was sent." in done.stderr
    assert "xoxzo simulator" in done.stderr


def test_the_first_live_send_from_a_terminal_needs_confirmation(live, answers) -> None:
    """Recipients, parts and cost are shown; after a yes the next one is not asked about."""
    asked = answers(True)
    done = live(*SEND)
    assert done.exit_code == 0
    for piece in ("An SMS from Shop", "recipients: 1 (+81••••2222)", "parts of each: 1", "cost: about 10 credits"):
        assert piece in done.stderr
    assert live(*SEND).exit_code == 0
    assert asked == ["Send it?"]
    assert sent(live) == 2


def test_a_no_sends_nothing(live, answers) -> None:
    """A no ends with 3, and the next send needs confirmation again."""
    asked = answers(False)
    for _ in range(2):
        done = live(*SEND)
        assert (done.exit_code, done.stdout) == (REJECTED, "")
        assert "Nothing was sent." in done.stderr
    assert asked == ["Send it?"] * 2
    assert sent(live) == 0


def test_what_is_dear_needs_confirmation_each_time(live, answers) -> None:
    """Above the limit a confirmation is needed, even after the account's first send."""
    asked = answers(True)
    two = ("sms", "send", "+818011112222", "8033334444", LONG, "--sender", "Shop")
    assert live(*SEND).exit_code == 0
    done = live(*two)
    assert "parts of each: 10" in done.stderr
    assert "cost: about 200 credits" in done.stderr
    assert "+81••••4444: the national 0 in front was missing" in done.stderr
    assert live(*two).exit_code == 0
    assert len(asked) == 3


def test_a_script_gets_no_prompt_but_has_a_limit(live) -> None:
    """Without a terminal a cheap send goes out, a dear one only with --yes."""
    assert live(*SEND).exit_code == 0
    dear = ("sms", "send", "+818011112222", "+818033334444", LONG, "--sender", "Shop")
    done = live(*dear)
    assert done.exit_code == USAGE
    assert "it costs about 200 credits, and there is no terminal to ask for confirmation" in done.stderr
    assert live(*dear, "--yes").exit_code == 0
    assert sent(live) == 3


def test_an_unknown_price_needs_confirmation(live, answers) -> None:
    """Without a published price there is a question, or a refusal; --price settles it."""
    foreign = ("sms", "send", "+12015550123", "Hi", "--sender", "Shop")
    done = live(*foreign)
    assert done.exit_code == USAGE
    assert "its cost is not known" in done.stderr
    assert live(*foreign, "--price", "7").exit_code == 0
    answers(True)
    done = live(*foreign)
    assert "not known: no price is published" in done.stderr


def test_the_limit_can_be_moved(live, home) -> None:
    """`confirm_above` moves it for everything."""
    assert live("config", "set", "confirm_above", "9.5").exit_code == 0
    assert live(*SEND).exit_code == USAGE
    assert live("config", "set", "confirm_above", "1000").exit_code == 0
    assert live("sms", "send", "+818011112222", "+818033334444", LONG, "--sender", "Shop").exit_code == 0


def test_a_call_costs_at_least_its_first_minute(live, answers) -> None:
    """The prompt says that a call's cost has no limit; a conference is charged per participant."""
    answers(True)
    done = live("call", "say", "+818011112222", "Hi", "--lang", "en", "--caller", "81501112222")
    assert "cost: at least 10 credits" in done.stderr
    done = live("conference", "create", "+818011112222", "+60123456789", "--caller", "81501112222", "--country", "MY")
    assert done.exit_code == 0
    answers(False)
    numbers = [f"+8180111122{number}" for number in range(10, 21)]
    done = live(
        "call", "play", *numbers, "--url", "http://a.example/a.mp3", "--caller", "81501112222", "--jp-din-caller"
    )
    assert "recipients: 11 (+81••••2210, +81••••2211, +81••••2212, +81••••2213, +81••••2214 …)" in done.stderr
    assert "cost: at least 165 credits" in done.stderr
    assert done.exit_code == REJECTED


def test_a_number_is_shown_with_its_price(live, answers) -> None:
    """A subscription is confirmed with the number and the cost of 30 days, or by --yes."""
    uid = live("din", "search", "--prefix", "8150").stdout.split("\t")[0]
    asked = answers(True)
    done = live("din", "subscribe", uid)
    assert "Number 8150" in done.stderr
    assert "cost: about 650 credits" in done.stderr
    assert live("din", "release", uid).exit_code == 0
    assert asked == ["Send it?", f"Release {uid} for good?"]
    assert "cost: not known" in live("din", "subscribe", "JP00000000000000").stderr
    assert live("din", "subscribe", uid, "--yes").exit_code == 0
    answers(False)
    assert live("din", "release", uid).exit_code == REJECTED


def test_nothing_is_done_for_good_without_a_word(live) -> None:
    """Without a terminal, what cannot be undone wants --yes."""
    uid = live("din", "search", "--prefix", "8150").stdout.split("\t")[0]
    assert live("din", "subscribe", uid, "--yes").exit_code == 0
    done = live("din", "release", uid)
    assert (done.exit_code, "--yes does it without asking." in done.stderr) == (USAGE, True)
    assert live("din", "release", uid, "--yes").exit_code == 0


def test_where_nothing_can_be_kept_the_send_goes_on(live, answers, home, monkeypatch) -> None:
    """If the confirmation cannot be stored, a note says so, and nothing else changes."""
    answers(True)
    (home / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "file"))
    done = live(*SEND)
    assert done.exit_code == 0
    assert "cannot be written" in done.stderr


def test_prompts_need_a_terminal(monkeypatch) -> None:
    """Both standard input and standard error must be a terminal."""
    from xoxzo.cloudpy.cli.core import sending

    class Stream:
        def __init__(self, terminal: bool) -> None:
            self.isatty = lambda: terminal

    for typed, shown in ((True, True), (True, False), (False, True)):
        monkeypatch.setattr(sending.sys, "stdin", Stream(typed))
        monkeypatch.setattr(sending.sys, "stderr", Stream(shown))
        assert sending._is_interactive() is (typed and shown)
