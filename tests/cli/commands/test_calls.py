"""`xoxzo call`, `conference`, `otp`, `lookup` and `credits`, in this process."""

from __future__ import annotations

import json
from urllib.request import urlopen

from cli_configuration import lines

from xoxzo.cloudpy.cli.core.exit_codes import REJECTED, USAGE
from xoxzo.cloudpy.cli.core.output.values import Output

CALLER = ("--caller", "81501112222")
MP3 = ("--url", "http://www.example.com/hello.mp3")
WEBSITE = "https://shop.example"


def test_phones_ring_and_are_waited_for(shell) -> None:
    """A call is answered with 0, and one that is not with 3."""
    done = shell("call", "play", "+818011112222", "+819000000003", *MP3, *CALLER, "--json")
    assert [row["result"] for row in lines(done)] == ["started", "started"]
    ids = "".join(row["callid"] + "\n" for row in lines(done))
    done = shell("call", "wait", "-", "--json", text=ids)
    assert [row["status"] for row in lines(done)] == ["ANSWERED", "NO ANSWER"]
    assert done.exit_code == REJECTED
    done = shell("call", "get", ids.split()[0])
    assert (done.exit_code, done.stdout.split("\t")[1:3]) == (0, ["ANSWERED", "+81••••2222"])


def test_a_text_is_spoken(shell, tmp_path) -> None:
    """The text comes from an argument, a file or standard input."""
    (tmp_path / "text").write_text("ご注文の品が届きました\n", "utf-8")
    shown = shell("call", "say", "+818011112222", "--file", str(tmp_path / "text"), *CALLER, "--dry-run", "--json")
    body = lines(shown)[0]["body"]
    assert (body["tts_message"], body["tts_lang"], body["caller"]) == ("ご注文の品が届きました", "ja", "81••••2222")
    assert shell("call", "say", "+818011112222", "-", *CALLER, "--lang", "en", text="Hi").exit_code == 0


def test_a_call_that_breaks_a_rule_is_refused(shell) -> None:
    """No phone is called, and the error gives the rule."""
    done = shell("call", "play", "+818011112222", "--url", "https://a.example/a.mp3", *CALLER)
    assert (done.exit_code, "https is not supported" in done.stderr) == (USAGE, True)
    assert "Give --caller" in shell("call", "play", "+818011112222", *MP3).stderr
    done = shell("conference", "create", "+818011112222", *CALLER)
    assert (done.exit_code, "nothing was sent" in done.stderr) == (USAGE, True)


def test_a_conference_is_created_and_queried(shell) -> None:
    """Each participant has a call of its own."""
    [made] = lines(shell("conference", "create", "+818011112222", "8033334444", *CALLER, "--lang", "ja", "--json"))
    assert [one["participant"] for one in made["participants"]] == ["+81••••2222", "+81••••4444"]
    [found] = lines(shell("conference", "get", made["conferenceid"], "--json"))
    assert len(found["participants"]) == 2
    assert found["participants"][0]["recipient"] == "+81••••2222"
    assert shell("conference", "get", "nothing").exit_code == REJECTED


def test_a_person_sees_a_conference_as_a_table(shell, monkeypatch) -> None:
    """The conference comes first, then a line for each participant."""
    [made] = lines(shell("conference", "create", "+818011112222", "8033334444", *CALLER, "--json"))
    monkeypatch.setattr(Output, "draws", property(lambda self: not self.machine))
    shown = shell("conference", "get", made["conferenceid"]).stdout
    assert "conferenceid" in shown.splitlines()[0]
    assert "+81••••4444" in shown


def test_a_code_is_sent_and_checked(shell, simulator_url) -> None:
    """0 for the right code and 3 for a wrong one, which is no error."""
    number = "+818011115555"
    assert shell("otp", "register", WEBSITE).exit_code == 0
    [asked] = lines(shell("otp", "request", WEBSITE, number, "--json"))
    assert (asked["phone_number"], asked["otp_id"]) == ("+81••••5555", asked["msgid"])
    wrong = shell("otp", "verify", WEBSITE, number, "000000", "--json")
    assert (wrong.exit_code, lines(wrong)[0]["verified"], wrong.stderr) == (REJECTED, False, "")
    with urlopen(f"{simulator_url}/_simulator/phones/{number}") as answer:
        text = json.load(answer)["messages"][-1]["text"]
    code = "".join(character for character in text if character.isdigit())
    done = shell("otp", "verify", WEBSITE, number, "-", "--json", text=f"{code}\n")
    assert (done.exit_code, lines(done)[0]["verified"]) == (0, True)


def test_carriers_are_looked_up(shell) -> None:
    """Each number has its carrier; one without is no error."""
    done = shell("lookup", "080-1111-2222", "0312345678", "--json")
    assert done.exit_code == 0
    assert [row["found"] for row in lines(done)] == [True, False]


def test_the_balance(shell) -> None:
    """As an object, and as a line."""
    assert lines(shell("credits", "--json")) == [{"credits": 100000}]
    assert shell("credits").stdout == "credits\t100000\n"
