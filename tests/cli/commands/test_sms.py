"""`xoxzo sms`: every command of it, in this process."""

from __future__ import annotations

import json
import signal

import pytest
from cli_configuration import lines

from xoxzo.cloudpy import AuthenticationFailed, BadRequest, NotEnoughCredits, RateLimited
from xoxzo.cloudpy.cli.core import configuration
from xoxzo.cloudpy.client._sync.sms import Sms
from xoxzo.cloudpy.protocols import Attempt

FAILING = "+819000000001"
SHOP = ("--sender", "Shop")


def test_send_reports_each_result(shell) -> None:
    """A line for each recipient, with the id first in a pipe."""
    done = shell("sms", "send", "+818011112222", "+818033334444", "Hi", *SHOP)
    assert done.exit_code == 0
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[1:] for row in rows] == [["+81••••2222", "sent", ""], ["+81••••4444", "sent", ""]]
    assert all(len(row[0]) == 32 for row in rows)


@pytest.mark.filterwarnings("default::xoxzo.cloudpy.UnverifiedValueWarning")
def test_a_sender_that_xoxzo_may_refuse_is_warned_of(shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line on standard error, in the user's language, or as JSON; the messages go out all the same."""
    send = ("sms", "send", "+818011112222", "+818033334444", "Hi", "--sender")
    done = shell(*send, "klis-nine")
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 2)
    assert done.stderr == (
        "Warning: sender: 'klis-nine' is not letters and digits alone; whether Xoxzo takes such a sender is not known\n"
    )
    [warning] = [json.loads(line) for line in shell(*send, "My Shop", "--json").stderr.splitlines()]
    assert warning["warning"]["message"].startswith("sender: 'My Shop' is not")
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert shell(*send, "Shop.jp").stderr.startswith("警告: sender: 'Shop.jp' には半角英数字以外の文字があります。")


def test_test_numbers_can_be_typed_as_at_home(shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a simulator; with the real service such a number is refused, since nobody has it."""
    done = shell("sms", "send", "090-0000-0001", "Hi", *SHOP, "--json", "--show-numbers")
    assert (done.exit_code, lines(done)[0]["recipient"]) == (0, FAILING)
    monkeypatch.setattr(configuration, "may_be_simulator", lambda _: False)
    done = shell("sms", "send", "090-0000-0001", "Hi", *SHOP, "--yes")
    assert (done.exit_code, "no range that is in use" in done.stderr) == (2, True)


def test_every_option_of_a_send_arrives(shell) -> None:
    """Options become the request's fields."""
    options = ("--reference", "r1", "--tag", "a", "--tag", "b", "--callback-url", "http://127.0.0.1:9/c")
    link = ("--track-link", "--lt-callback-url", "http://127.0.0.1:9/l")
    done = shell(
        "sms", "send", "+818011112222", "see http://a.example now", *SHOP, *options, *link, "--dry-run", "--json"
    )
    assert lines(done)[0]["body"] == {
        "recipient": "+81••••2222",
        "sender": "Shop",
        "message": "see http://a.example now",
        "callbackurl": "http://127.0.0.1:9/c",
        "tags": "a,b,r1",
        "track_link": "true",
        "lt_callbackurl": "http://127.0.0.1:9/l",
    }
    done = shell(
        "sms", "send", "+818011112222", "Hi", *SHOP, "--jp-kp", "--jp-kp-sender", "0312341234", "--dry-run", "--json"
    )
    assert (lines(done)[0]["body"]["jp_kp"], lines(done)[0]["body"]["jp_kp_sender"]) == ("true", "0312341234")


def test_what_breaks_a_rule_is_refused_before_anybody_is_sent_to(shell) -> None:
    """The error gives the rule, and that nothing was sent."""
    done = shell("sms", "send", "+818011112222", "Hi", *SHOP, "--lt-callback-url", "http://a.example")
    assert done.exit_code == 2
    assert "lt-callback-url: needs track_link=True" in done.stderr
    assert done.stderr.rstrip().endswith("; nothing was sent.")
    assert shell("sms", "send", "+818011112222", "あ" * 661, *SHOP).exit_code == 2


def test_a_text_that_could_be_a_number_goes_by_an_option(shell, tmp_path) -> None:
    """As the last argument it would be taken for a forgotten text; --text and --file say what it is."""
    (tmp_path / "text").write_text("0120-444-444\n", "utf-8")
    assert shell("sms", "send", "+818011112222", "0120-444-444", *SHOP).exit_code == 2
    for option in (("--text", "0120-444-444"), ("--file", str(tmp_path / "text"))):
        done = shell("sms", "send", "+818011112222", *option, *SHOP, "--dry-run", "--json")
        assert lines(done)[0]["body"]["message"] == "0120-444-444"


def test_one_refusal_does_not_stop_the_others(shell, monkeypatch) -> None:
    """An error of one recipient is reported for that one, and the most serious status is the program's."""
    outcomes = iter([None, BadRequest(400, operation="sms.send"), RateLimited(429, operation="sms.send"), None])
    send = Sms.send

    def fail(self, **given):
        error = next(outcomes)
        if error is not None:
            raise error
        return send(self, **given)

    monkeypatch.setattr(Sms, "send", fail)
    done = shell("sms", "send", *(f"+8180111122{n}" for n in range(22, 26)), "Hi", *SHOP, "--json")
    assert [(row["result"], row["exit"]) for row in lines(done)] == [
        ("sent", 0),
        ("rejected", 3),
        ("not sent", 5),
        ("sent", 0),
    ]
    assert done.exit_code == 3
    assert done.stderr == ""


@pytest.mark.parametrize("status", [401, 403])
def test_what_would_meet_everybody_stops_the_rest(shell, monkeypatch, status) -> None:
    """Wrong credentials and an empty account are not tried out on everybody."""

    def fail(self, **given):
        raise (AuthenticationFailed if status == 401 else NotEnoughCredits)(status, operation="sms.send")

    monkeypatch.setattr(Sms, "send", fail)
    done = shell("sms", "send", "+818011112222", "+818033334444", "Hi", *SHOP)
    assert [line.split("\t")[2] for line in done.stdout.splitlines()] == [
        "not sent" if status == 401 else "rejected",
        "not tried",
    ]
    assert done.exit_code == {401: 4, 403: 3}[status]
    assert done.stderr.count("sms.send: status") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_in_a_send_reports_what_is_known_of_each(shell, monkeypatch, number) -> None:
    """The one that was under way may be sent, those after it were not tried; so it is with SIGTERM and SIGHUP."""

    def interrupt(self, **given):
        event = Attempt(operation="sms.send", request_id="r", number=1, outcome="cancelled", maybe_sent=True)
        for hook in self._driver.settings.event_hooks:
            hook(event)
        signal.raise_signal(number)

    monkeypatch.setattr(Sms, "send", interrupt)
    done = shell("sms", "send", "+818011112222", "+818033334444", "Hi", *SHOP)
    assert [line.split("\t")[2] for line in done.stdout.splitlines()] == ["may have been sent", "not tried"]
    assert done.exit_code == 7


def test_get_shows_what_is_known(shell) -> None:
    """Each id has its record; an unknown id has an error, and the rest is shown all the same."""
    msgid = lines(shell("sms", "send", "+818011112222", "Hi", *SHOP, "--json"))[0]["msgid"]
    done = shell("sms", "get", "nothing", msgid, "--json", "--show-numbers")
    assert done.exit_code == 3
    [record] = lines(done)
    assert (record["msgid"], record["recipient"], record["sender"], record["parts"]) == (
        msgid,
        "+818011112222",
        "Shop",
        1,
    )
    assert record["sent_time"].endswith("Z")
    assert json.loads(done.stderr)["error"]["class"] == "NotFound"
    assert lines(shell("sms", "get", msgid, "--dry-run", "--json"))[0]["method"] == "GET"


def test_wait_ends_as_the_message_does(shell) -> None:
    """0 for one that arrived, 3 for one that failed, 6 when time ran out; ids may be piped in."""
    ids = "".join(
        row["msgid"] + "\n" for row in lines(shell("sms", "send", "+818011112222", FAILING, "Hi", *SHOP, "--json"))
    )
    done = shell("sms", "wait", "-", text=ids)
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == ["DELIVERED", "FAIL"]
    assert done.exit_code == 3
    assert shell("sms", "wait", ids.split()[0], "--until", "DELIVERING").exit_code == 0
    stuck = lines(shell("sms", "send", "+819000000002", "Hi", *SHOP, "--json"))[0]["msgid"]
    done = shell("sms", "wait", stuck, "--for", "0.01")
    assert (done.exit_code, done.stdout) == (6, "")
    assert "continue waiting" in done.stderr


def test_list_and_find(shell) -> None:
    """A list can be narrowed to a state and a tag; a reference is found, or nothing is proved."""
    shell("sms", "send", "+818011112222", FAILING, "Hi", *SHOP, "--reference", "r1")
    shell("sms", "send", "+818011112222", "Hi", *SHOP, "--tag", "t1")
    every = lines(shell("sms", "list", "--since", "7d", "--json"))
    assert len(every) == 3
    assert [row["tags"] for row in lines(shell("sms", "list", "--tag", "t1", "--json"))] == [["t1"]]
    assert shell("sms", "list", "--status", "nonsense").stdout == ""
    done = shell("sms", "find", "r1", "--since", "yesterday")
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 2)
    done = shell("sms", "find", "r2")
    assert (done.exit_code, done.stdout) == (3, "")
    assert "does not prove" in done.stderr


def test_parts_measures(bare) -> None:
    """Length, parts and price need no network; a text that is too long ends with 3."""
    output = json.loads(bare("sms", "parts", "h" * 140 + "é", "--json").stdout)
    assert output == {
        "parts": 3,
        "units": 141,
        "limit": 660,
        "ascii_only": False,
        "first_not_ascii": "é",
        "cost": 30,
        "notes": [],
    }
    done = bare("sms", "parts", "a" * 661)
    assert (done.exit_code, "parts\t\n" in done.stdout) == (3, True)
    assert "cost\t4.5\n" in bare("sms", "parts", "a", "--price", "4.5").stdout
    assert "no price is published" in bare("sms", "parts", "a", "--country", "US").stdout
    assert bare("sms", "parts", "a", "--country", "usa").exit_code == 2
