"""`xoxzo campaign`: from a list to a report, and every way in which it can be wrong."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cli_configuration import written
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from xoxzo.cloudpy.campaigns import Campaign, Content
from xoxzo.cloudpy.campaigns.ledger import SqliteLedger
from xoxzo.cloudpy.cli.app import xoxzo
from xoxzo.cloudpy.cli.commands.campaign.render import Balance, duration
from xoxzo.cloudpy.errors import CampaignError
from xoxzo.cloudpy.simulator import Simulator

Run = Callable[..., Result]
SEND = "POST /sms/messages/"
TEXT = ["--text", "{name}様", "--sender", "Shop"]


def sent(simulator: Simulator) -> int:
    return sum(len(messages) for messages in simulator.engine.sms.by_phone.values())


def test_a_plan_shows_everything_and_sends_nothing(run: Run, simulator: Simulator) -> None:
    """Recipients, columns, parts, cost, balance, time and samples; with and without JSON; no campaign is kept."""
    result = run("plan", "people.csv", *TEXT, "--rate", "1", "--max-cost", "1,000", "--quiet", "21:00-08:00")
    assert result.exit_code == 0, result.output
    assert "recipients   3\n" in result.stdout
    assert "read as      delimited text, utf-8, delimiter: comma, header in line 1\n" in result.stdout
    assert "numbers      column tel, country JP: 3 of 3 cells are phone numbers (100 %)\n" in result.stdout
    assert "columns      {name} ← name\n" in result.stdout
    assert "cost         about 30 credits\n" in result.stdout
    assert "balance      100,000 credits\n" in result.stdout
    assert "time         3 s at 1 a second, " in result.stdout
    assert "parts        1 part each\n" in result.stdout
    assert "hours        not 21:00-08:00, by each recipient's clock\n" in result.stdout
    assert "at most      1,000 credits\n" in result.stdout
    assert "sample       +81••••0000  a様\n" in result.stdout
    parsed = json.loads(run("plan", "people.csv", *TEXT, "--json").stdout)
    assert list(parsed)[1:8] == ["recipients", "parts", "cost", "unpriced", "costs", "seconds", "begins"]
    assert (parsed["recipients"], parsed["cost"], parsed["parts"]) == (3, 30, {"1": 3})
    assert not sent(simulator)
    assert run("list").stdout == ""


def test_a_plan_in_json(run: Run) -> None:
    """The schedule and those who opted out are objects, and times are ISO 8601 in UTC."""
    assert CliRunner().invoke(xoxzo, ["optout", "add", "09010000000", "--source", "call"]).exit_code == 0
    order = ["plan", "people.csv", *TEXT, "--json", "--at", "2099-01-01 10:00"]
    parsed = json.loads(run(*order).stdout)
    assert (parsed["schedule"]["at"], parsed["begins"]) == ("2099-01-01 10:00", "2099-01-01T01:00:00Z")
    [person] = parsed["opted_out"]
    assert (person["line"], person["number"], person["source"]) == (2, "+81••••0000", "call")
    assert datetime.fromisoformat(person["since"]).tzinfo is not None


def test_a_plan_needs_no_account(run: Run, monkeypatch: pytest.MonkeyPatch, simulator: Simulator) -> None:
    """Without credentials, or with ones that are refused, the balance alone is missing; calls have no parts."""
    simulator.faults.add("drop")
    assert "balance      not known: " in run("plan", "people.csv", *TEXT).stdout
    monkeypatch.delenv("XOXZO_API_SID")
    result = run("plan", "people.csv", "--say", "hello", "--sender", "81312345678")
    assert "balance      not known: XOXZO_API_AUTH_TOKEN is set, and XOXZO_API_SID is not.\n" in result.stdout
    assert "parts        calls\n" in result.stdout
    assert "3 without a known price" in result.stdout


def test_a_run_asks_first(run: Run, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal it wants --yes; a no leaves nothing behind."""
    result = run("run", "people.csv", *TEXT)
    assert result.exit_code == 2
    assert "--yes sends without asking" in result.stderr
    monkeypatch.setattr("xoxzo.cloudpy.cli.commands.campaign.send._is_terminal", lambda: True)
    result = run("run", "people.csv", *TEXT, text="n\n")
    assert result.exit_code == 3
    assert "Nothing was sent." in result.stderr
    assert not sent(simulator)
    assert not list(Path("campaigns").glob("[!o]*"))
    assert run("run", "people.csv", *TEXT, text="y\n").exit_code == 0
    assert sent(simulator) == 3


def test_a_campaign_from_list_to_report(run: Run, simulator: Simulator) -> None:
    """Run, status, list, export, report, purge: what each prints, and a second run that sends nothing."""
    result = run("run", "people.csv", *TEXT, "--yes", "--follow", "5", "--tag", "spring")
    assert result.exit_code == 0, result.output
    assert "people finished\n  delivered             3\n" in result.stdout
    assert "people: 0 of 3 · about 0 credits\n" in result.stderr
    assert "people: 3 of 3 · 3 sent · 3 delivered · about 30 credits\n" in result.stderr
    again = run("run", "people.csv", "--yes")
    assert again.exit_code == 2
    assert "give another --name" in again.stderr
    assert "people finished\n" in run("status", "people").stdout
    parsed = json.loads(run("status", "people", "--json").stdout)
    assert (parsed["state"], parsed["delivered"], parsed["charged"]) == ("finished", 3, 30)
    assert run("list").stdout.endswith("finished           3 of         3  people\n")
    assert json.loads(run("list", "--json").stdout)["name"] == "people"
    assert "3 recipients in people.csv" not in run("export", "people", "-o", "out.csv").stderr
    assert Path("out.csv").read_text(encoding="utf-8-sig").count("DELIVERED") == 3
    assert run("report", "people").exit_code == 0
    assert "<svg" in Path("people.html").read_text(encoding="utf-8")
    assert run("report", "people", "-o", "none/x.html").exit_code == 2
    assert run("purge", "people", text="n\n").exit_code == 2
    assert "3 recipients were made anonymous" in run("purge", "people", "--yes").stderr
    assert sent(simulator) == 3


def test_json_is_all_that_stdout_holds(run: Run) -> None:
    """One object per line: the plan, the events, the result; numbers are masked, and only samples have texts."""
    result = run("run", "people.csv", *TEXT, "--yes", "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["event"] for event in events if event["event"] != "progress"] == [
        "plan",
        "started",
        "ended",
        "result",
    ]
    assert events[-1]["state"] == "finished"
    assert "+8190" not in result.stdout


def test_a_question_without_an_answer_leaves_nothing(
    run: Run, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C at the question forgets the campaign: the same command asks again, and does not take it for begun."""
    monkeypatch.setattr("xoxzo.cloudpy.cli.commands.campaign.send._is_terminal", lambda: True)
    for _ in range(2):
        left = run("run", "people.csv", *TEXT)
        assert (left.exit_code, "Send to 3 people?" in left.stderr) == (130, True)
        assert run("list").stdout == ""
    assert not sent(simulator)


def test_a_campaign_that_was_never_begun_needs_confirmation(run: Run, simulator: Simulator) -> None:
    """A campaign that was left at its question is shown and asked about again, and is sent after a yes."""
    content = Content(kind="text", sender="Shop", message="{name}様")
    Campaign.create("people", "people.csv", content).close()
    refused = run("run", "people.csv", *TEXT)
    assert refused.exit_code == 2
    assert "recipients   3\n" in refused.stdout
    assert "no terminal to ask for confirmation" in refused.stderr
    assert not sent(simulator)
    assert run("run", "people.csv", *TEXT, "--yes").exit_code == 0
    assert sent(simulator) == 3


def test_bad_rows_are_reported_in_japanese(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors in a row, a file or an option are in the reader's language, with the names in them."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    Path("bad.csv").write_text("name,tel\na,09010000000\n,09010000001\nc,0312345678\n", encoding="utf-8")
    shown = run("plan", "bad.csv", *TEXT).stderr
    assert "3 行目: name: 空ですが、文章には {name} が必要です\n" in shown
    assert "携帯電話の番号ではありません (固定電話)" in shown
    kept = Path("bad.bad.csv").read_text(encoding="utf-8-sig")
    assert ",3,name,空ですが、文章には {name} が必要です\n" in kept
    assert ",4,tel,携帯電話の番号ではありません (固定電話)\n" in kept
    problem = run("plan", "people.csv", *TEXT, "--number", "phone").stderr
    assert problem == "xoxzo campaign plan: 列 'phone' はありません。あるのは name, tel です\n"
    assert "xoxzo campaign plan: 送信できない行が 2 件あるため、何も送信していません。\n" in shown
    shown = run("plan", "people.csv", *TEXT, "--stop-share", "2").stderr
    assert shown.startswith("xoxzo campaign plan: stop-share: ")
    hour = (datetime.now(ZoneInfo("Asia/Tokyo")).hour + 12) % 24  # not now
    quiet = f"{hour:02}:00-{hour:02}:30"
    shown = run("plan", "people.csv", *TEXT, "--rate", "2", "--quiet", quiet, "--max-cost", "50").stdout
    assert f"送信時間帯   {quiet} を除く (宛先の現地時刻)\n" in shown
    assert "料金の上限   50 クレジット\n" in shown
    assert "所要時間     2 秒 (毎秒 2 件)、" in shown


def test_bad_rows_stop_everything_until_they_are_left_out(run: Run, simulator: Simulator) -> None:
    """They are reported with line and reason and written to a file, and nothing is sent before."""
    with Path("people.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"x{n},nonsense\n" for n in range(7))
    result = run("run", "people.csv", *TEXT, "--yes")
    assert result.exit_code == 2
    assert "line 5: tel has no readable digits" in result.stderr
    assert "… and 2 more\n" in result.stderr
    assert "7 rows cannot be sent to; nothing was sent." in result.stderr
    assert Path("people.bad.csv").read_text(encoding="utf-8-sig").count("nonsense") == 7
    assert not sent(simulator)
    result = run("run", "people.csv", *TEXT, "--yes", "--skip-bad")
    assert result.exit_code == 0
    assert "7 rows were left out; they are in people.bad.csv" in result.stderr
    assert sent(simulator) == 3


def test_a_file_that_changed_is_not_mixed_with_the_old_one(run: Run, simulator: Simulator) -> None:
    """A stopped campaign goes on with the people it was made for; a changed file wants a name of its own."""
    assert run("run", "people.csv", *TEXT, "--yes", "--max-cost", "30").exit_code == 0
    Path("b.csv").write_text(Path("people.csv").read_text(encoding="utf-8"), encoding="utf-8")
    simulator.faults.add("drop", SEND)
    assert run("run", "b.csv", *TEXT, "--yes", "--settle", "0.1", "--concurrency", "1").exit_code == 7
    with Campaign.open("b") as campaign:
        campaign.ledger.put({"state": "stopped"})
    Path("b.csv").write_text("tel,name\n08099990000,z\n", encoding="utf-8")
    result = run("run", "b.csv", "--yes")
    assert result.exit_code == 2
    assert "b was started with something else; nothing was sent." in result.stderr
    assert "b.csv has changed\n" in result.stderr


def test_another_content_is_not_sent_to_the_rest(run: Run, simulator: Simulator) -> None:
    """A run with a corrected text is refused and shows the campaign's text; the same options continue it."""
    assert run("run", "people.csv", *TEXT, "--yes", "--price", "10", "--max-cost", "30").exit_code == 0
    with Campaign.open("people") as campaign:
        campaign.ledger.put({"state": "stopped"})
    other = ["--text", "corrected", "--sender", "Mall", "--tag", "spring", "--track-link", "--price", "11"]
    other += ["--max-cost", "50", "--quiet", "21:00-08:00", "--expires", "2099-01-01T00:00Z", "--rate", "0.5"]
    result = run("run", "people.csv", *other, "--yes")
    assert result.exit_code == 2
    assert "people was started with something else; nothing was sent." in result.stderr
    assert "Continue it with other limits: xoxzo campaign resume people" in result.stderr
    for line in (
        "--text: {name}様 before, corrected now",
        "--sender: Shop before, Mall now",
        "--tag: none before, spring now",
        "--track-link: no before, yes now",
        "--price: 10 before, 11 now",
        "--max-cost: 30 before, 50 now",
        "--at, --window, --quiet: none before, not 21:00-08:00, by each recipient's clock now",
        "--expires: none before, 209",
        "--rate: none before, 0.5 now",
    ):
        assert line in result.stderr
    assert "--template: none before, 6 now" in run("run", "people.csv", "--template", "6", "--yes").stderr
    for options in ([*TEXT, "--yes"], ["--yes"], [*other, "--yes", "--as-before"]):
        assert run("run", "people.csv", *options).exit_code == 0
        with Campaign.open("people") as campaign:
            campaign.ledger.put({"state": "stopped"})
    assert sent(simulator) == 3


def test_a_list_is_not_silently_read_as_before(run: Run, simulator: Simulator) -> None:
    """Whoever corrects the column of the numbers, or how the list is read, is not answered by the old numbers."""
    Path("two.csv").write_text("home,work,n\n09010000000,08010000000,1\n", encoding="utf-8")
    order = ["run", "two.csv", "--text", "{n}", "--sender", "Shop", "--yes"]
    assert run("create", "two", *order[1:-1], "--number", "work", "--delimiter", ",").exit_code == 0
    changed = ["--number", "home", "--country", "US", "--delimiter", "tab", "--header", "--any-number"]
    result = run(*order, *changed, "--column", "n=home")
    assert result.exit_code == 2
    for line in (
        "--number: work before, home now",
        "--country: JP before, US now",
        "--delimiter: , before, tab now",
        "--header: none before, yes now",
        "--any-number: no before, yes now",
        "--column n: n before, home now",
    ):
        assert line in result.stderr
    assert sent(simulator) == 0
    assert run(*order, "--number", "Work", "--country", "jp", "--delimiter", ",").exit_code == 0
    assert simulator.phone("+818010000000").inbox


def test_exports_and_reports_go_to_standard_output(run: Run, simulator: Simulator) -> None:
    """A hyphen is standard output, as everywhere else, and no file of that name appears."""
    assert run("run", "people.csv", *TEXT, "--yes", "--settle", "0.1").exit_code == 0
    lines = run("export", "people", "-o", "-").stdout.splitlines()
    assert lines[0].startswith("line,number,state,msgid,")
    assert len(lines) == 4
    assert run("report", "people", "-o", "-").stdout.startswith("<!doctype html>")
    assert not Path("-").exists()


def test_a_broken_campaign_hides_no_other(run: Run, simulator: Simulator) -> None:
    """The list reports what it cannot read, and goes on."""
    assert run("run", "people.csv", *TEXT, "--yes", "--settle", "0.1").exit_code == 0
    Path("campaigns", "broken.campaign").write_bytes(b"no database" * 100)
    result = run("list")
    assert result.exit_code == 0
    assert "broken.campaign cannot be opened: file is not a database" in result.stderr
    assert "people" in result.stdout


def test_the_budget_is_looked_at_before_and_during(run: Run, simulator: Simulator) -> None:
    """A plan over --max-cost sends nothing and leaves nothing behind; resume remembers the limits."""
    result = run("run", "people.csv", *TEXT, "--yes", "--max-cost", "29")
    assert result.exit_code == 2
    assert "30 credits are more than --max-cost 29; nothing was sent." in result.stderr
    assert not list(Path("campaigns").glob("[!o]*"))
    with Campaign.create("tight", "people.csv", _content()) as campaign:
        campaign.save_limits(campaign.limits)
        campaign.ledger.put({"state": "stopped"})
    result = run("resume", "tight", "--max-cost", "10")
    assert result.exit_code == 3
    assert "tight stopped: the budget is spent\n" in result.stdout
    assert "Continue with: xoxzo campaign resume tight\n" in result.stderr
    assert run("resume", "tight").exit_code == 3
    assert run("resume", "tight", "--max-cost", "30").exit_code == 0
    assert sent(simulator) == 3


def test_to_resume_what_was_never_begun_needs_confirmation(run: Run, simulator: Simulator) -> None:
    """A campaign that a program has made was never said yes to: its plan is shown, and --yes goes on without a word."""
    Campaign.create("made", "people.csv", _content()).close()
    result = run("resume", "made")
    assert result.exit_code == 2
    assert "30 credits" in result.stdout
    assert (
        "xoxzo campaign resume: there is no terminal to ask for confirmation; --yes sends without asking.\n"
        in result.stderr
    )
    assert sent(simulator) == 0
    assert run("resume", "made", "--yes").exit_code == 0
    assert sent(simulator) == 3


def _content() -> object:
    from xoxzo.cloudpy.campaigns import Content

    return Content(kind="text", sender="Shop", message="hello")


def test_a_test_message_comes_first(run: Run, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is sent to one's own number; without a confirmation nothing else is sent."""
    monkeypatch.setattr("xoxzo.cloudpy.cli.commands.campaign.send._is_terminal", lambda: True)
    result = run(
        "run", "people.csv", *TEXT, "--test-to", "０８０-1111-2222", "--test-to", "+81 80 1111 3333", text="y\nn\n"
    )
    assert (result.exit_code, sent(simulator)) == (3, 2)
    assert "The first message was sent to 2 test numbers." in result.stderr
    assert "Nothing was sent to the recipients." in result.stderr
    assert len(simulator.phone("+818011112222").inbox) == 1, "a number is read as people type it"
    refused = run("run", "people.csv", *TEXT, "--test-to", "nobody")
    assert (refused.exit_code, sent(simulator)) == (2, 2)
    assert not list(Path("campaigns").glob("[!o]*"))
    assert run("run", "people.csv", *TEXT, "--test-to", "090-0000-0003", "--yes").exit_code == 0
    assert sent(simulator) == 6


def test_a_rehearsal_only_reads_the_account(run: Run, simulator: Simulator) -> None:
    """It reads balance and template, and sends nothing; `run --rehearse` is the same, and no campaign is left."""
    result = run("rehearse", "people.csv", *TEXT, "--rate", "1", "-o", "report.html")
    assert result.exit_code == 0
    assert "Rehearsal: nothing was sent, nothing is stored.\npeople finished\n" in result.stdout
    assert "The real run would send from" in result.stdout
    assert "people" in Path("report.html").read_text(encoding="utf-8")
    found = json.loads(run("run", "people.csv", *TEXT, "--rehearse", "--json").stdout)
    assert (found["event"], found["delivered"], found["charged"]) == ("rehearsal", 3, 30)
    assert sent(simulator) == 0
    assert {request.method for request in simulator.requests().items} == {"GET"}
    assert not list(Path("campaigns").glob("*.campaign"))
    assert run("rehearse", "people.csv", *TEXT, "--balance", "10").exit_code == 3
    assert run("rehearse", "people.csv", *TEXT, "-o", "missing/report.html").exit_code != 0
    found = json.loads(run("rehearse", "people.csv", *TEXT, "--faults", "100", "--price", "2", "--json").stdout)
    assert found["charged"] == (2 * found["delivered"] or None)


def test_a_rehearsal_needs_no_account(run: Run, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials the balance is unlimited, and the options give the rest."""
    for name in ("XOXZO_API_HOST", "XOXZO_API_SID", "XOXZO_API_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    result = run("rehearse", "people.csv", *TEXT)
    assert (result.exit_code, sent(simulator)) == (0, 0)
    assert "delivered" in result.stdout


def test_the_first_ones_come_first(run: Run, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal the run stops after them, and `resume` goes on; on a terminal it asks first."""
    result = run("run", "people.csv", *TEXT, "--first", "1", "--yes", "--follow", "1")
    assert (result.exit_code, sent(simulator)) == (3, 1)
    assert "people stopped: the first ones were sent to: look at their outcomes\n" in result.stdout
    assert "Continue with: xoxzo campaign resume people" in result.stderr
    assert run("resume", "people", "--first", "1", "--follow", "1").exit_code == 3
    assert sent(simulator) == 2
    assert run("resume", "people").exit_code == 0
    assert sent(simulator) == 3
    monkeypatch.setattr("xoxzo.cloudpy.cli.commands.campaign.send._is_terminal", lambda: True)
    result = run("run", "people.csv", *TEXT, "--name", "two", "--first", "2", "--follow", "1", text="y\ny\n")
    assert result.exit_code == 0
    assert "Send to 2 of 3 people first? [y/N]: y\n" in result.stderr
    assert "Send to the other 1 person now? [y/N]: y\n" in result.stderr
    assert sent(simulator) == 6
    assert (
        run("run", "people.csv", *TEXT, "--name", "three", "--first", "2", "--follow", "1", text="y\nn\n").exit_code
        == 3
    )
    assert sent(simulator) == 8


def test_a_campaign_can_be_rehearsed_with_numbers_of_fixed_outcomes(
    run: Run, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a simulator the three test numbers are recipients; elsewhere they are bad rows, and cannot be continued."""
    Path("fixed.csv").write_text("tel\n090-0000-0001\n09000000002\n+819000000003\n", encoding="utf-8")
    order = ["fixed.csv", "--text", "hello", "--sender", "Shop"]
    assert json.loads(run("plan", *order, "--json").stdout)["recipients"] == 3
    assert run("run", *order, "--yes", "--follow", "1").exit_code == 0
    totals = json.loads(run("status", "fixed", "--json").stdout)
    assert (totals["failed"], totals["sent"], totals["delivered"]) == (1, 1, 1)
    monkeypatch.delenv("XOXZO_API_HOST")
    refused = run("resume", "fixed", "--yes")
    assert "fixed was started on a simulator on this machine: it cannot be continued with Xoxzo" in refused.stderr
    monkeypatch.setattr("xoxzo.cloudpy.cli.commands.campaign.creation.balance_of", lambda _account: Balance(None))
    assert "3 rows cannot be sent to" in run("plan", *order).stderr


def test_every_command_writes_json(run: Run, simulator: Simulator) -> None:
    """Amounts are numbers, an unknown charge is null, and times are ISO 8601 in UTC."""

    def objects(*arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in run(*arguments, "--json").stdout.splitlines()]

    events = objects("run", "people.csv", *TEXT, "--yes", "--settle", "0.1")
    assert events[0]["cost"] == events[-1]["reserved"] == 30
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["at"]) for event in events[1:-1])
    assert "not known yet; about 30 credits estimated" in run("status", "people").stdout
    assert objects("status", "people")[0]["charged"] is None
    assert objects("suppress", "people", "people.txt") == [{"name": "people", "suppressed": 1}]
    over = run("pause", "people")
    assert over.exit_code == 2
    assert "people is finished: there is nothing left to stop" in over.stderr
    give_up = time.monotonic() + 30
    while (settled := objects("settle", "people", "--statuses")[0])["delivered"] < 3 and time.monotonic() < give_up:
        time.sleep(0.05)
    assert (settled["charged"], settled["changed"]) == (30, 0)
    rows = objects("export", "people")
    assert (rows[2]["number"], rows[2]["charged"], rows[2]["sent"][-1]) == ("+819010000002", 10, "Z")
    figures = objects("report", "people")[0]
    assert (figures["total"], figures["charged"], figures["reported_deliveries"]) == (3, 30, 0)
    assert figures["parts"] == [{"parts": 1, "messages": 3, "credits": 30}]
    for verb in ("export", "report"):
        assert "omit -o" in run(verb, "people", "-o", "a", "--json").stderr
    assert objects("purge", "people", "--yes") == [{"name": "people", "purged": 3}]
    Campaign.create("other", "people.csv", _content()).close()
    assert objects("pause", "other") == [{"name": "other", "requested": "pause", "is_running": False}]
    assert objects("cancel", "other") == [{"name": "other", "requested": "cancel", "is_running": False}]
    assert objects("list")[1]["created"].endswith("Z")


def test_a_suppression_list_counts_for_a_run_that_is_continued(run: Run, simulator: Simulator) -> None:
    """People who have opted out since the start get nothing, though the list of recipients is frozen."""
    Campaign.create("people", "people.csv", _content()).close()
    assert run("run", "people.csv", "--suppress", "people.txt", "--yes").exit_code == 0
    assert sent(simulator) == 2


def test_templates_are_looked_up(run: Run, simulator: Simulator) -> None:
    """The approved text is frozen; a template that waits for approval is reported."""
    from xoxzo.cloudpy import Client

    with Client() as client:
        number = client.templates.create(name="t", content="Dear {name}").id
    result = run("run", "people.csv", "--template", str(number), "--sender", "Shop", "--yes")
    assert "has no text in force" in result.stderr
    simulator.approve_template(number)
    assert run("run", "people.csv", "--template", str(number), "--sender", "Shop", "--yes").exit_code == 0
    assert simulator.phone("+819010000001").inbox[0].text == "Dear b"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "people.csv", "--sender", "Shop"], "one of --text, --template, --say and --play"),
        (["plan", "people.csv", "--text", "a", "--say", "b", "--sender", "Shop"], "one of --text"),
        (["plan", "people.csv", "--text", "a"], "Give --sender, or set a default: xoxzo config set sender …"),
        (["plan", "people.csv", *TEXT, "--column", "name"], "--column takes NAME=VALUE"),
        (["plan", "people.csv", *TEXT, "--max-cost", "much"], "'much' is not a number of credits"),
        (["plan", "people.csv", *TEXT, "--expires", "soon"], "'soon' is not a time"),
        (["plan", "people.csv", *TEXT, "--quiet", "night"], "quiet: must be two times of day"),
        (["plan", "people.csv", "--text", "{colour}", "--sender", "Shop"], "no column for {colour}"),
        (["plan", "people.csv", "--template", "999", "--sender", "Shop"], "status 404"),
        (["status", "nobody"], "there is no campaign nobody"),
    ],
)
def test_wrong_use_is_reported(run: Run, arguments: list[str], message: str) -> None:
    """One clear line, and a status that is not 0."""
    result = run(*arguments)
    assert result.exit_code in {2, 3}
    assert message in result.stderr


def test_no_credentials_end_before_anything_is_made(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator is pointed at, and no campaign is left behind; an expiry without a zone is this machine's time."""
    monkeypatch.delenv("XOXZO_API_SID")
    result = run("run", "people.csv", *TEXT, "--yes", "--expires", "2030-01-01T00:00")
    assert result.exit_code == 4
    assert "Or try it on this machine, where nothing is really sent:" in result.stderr
    assert "--simulator\n" in result.stderr
    assert not Path("campaigns").exists()


def test_the_destination_can_be_set(
    run: Run, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By --profile or --simulator, as for every other command; never both."""
    url = os.environ["XOXZO_API_HOST"]
    for name in ("XOXZO_API_HOST", "XOXZO_API_SID", "XOXZO_API_AUTH_TOKEN"):
        monkeypatch.delenv(name)
    assert run("run", "people.csv", *TEXT, "--profile", "a", "--simulator").exit_code == 2
    table = f'[profiles.test]\nhost = "{url}"\nsid = "s"\ntoken = "t"\nallowed_recipients = ["+819010000000"]\n'
    written(tmp_path, table)
    monkeypatch.setenv("XOXZO_SIMULATOR", url)
    assert "balance      100,000 credits\n" in run("plan", "people.csv", *TEXT, "--simulator").stdout
    result = run("run", "people.csv", *TEXT, "--profile", "test", "--yes")
    assert result.exit_code == 3, result.output
    assert "  rejected              2\n" in result.stdout, "who may not be reached by this profile was"
    assert sent(simulator) == 1
    assert run("settle", "people", "--profile", "test", "--statuses").exit_code == 0


def test_other_columns_and_numbers_can_be_named(run: Run) -> None:
    """--column, --any-number, --price, --track-link: each reaches the plan."""
    Path("odd.csv").write_text("call me;fon\nx;03-1234-5678\n", encoding="utf-8")
    arguments = ["--column", "name=call me", "--any-number", "--price", "7", "--track-link"]
    result = run("plan", "odd.csv", *TEXT, *arguments)
    assert "about 12 credits" in result.stdout, result.output


@pytest.mark.parametrize(("seconds", "words"), [(5, "5 s"), (600, "10 min"), (7300, "2 h 02 min")])
def test_durations_are_for_people(seconds: float, words: str) -> None:
    """Seconds, then minutes, then hours."""
    assert duration(seconds) == words


def test_a_ledger_that_fails_in_mid_run_says_how_to_go_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong, that nothing is lost, and the command that goes on; it is not called wrong use."""

    def broken(*_args: object, **_options: object) -> None:
        raise CampaignError("the ledger cannot be written: database or disk is full")

    monkeypatch.setattr(SqliteLedger, "claim", broken)
    result = run("run", "people.csv", *TEXT, "--yes")
    assert result.exit_code == 3
    assert result.stderr.endswith(
        "xoxzo campaign run: the ledger cannot be written: database or disk is full\n"
        "  Nothing is lost. Remove the cause, then: xoxzo campaign resume people\n"
    )


def test_a_resumed_run_keeps_to_what_it_kept_to(run: Run) -> None:
    """Every limit that is not given again is as it was."""
    result = run("run", "people.csv", *TEXT, "--yes", "--concurrency", "3", "--rate", "40", "--stop-share", "0.9")
    assert result.exit_code == 0
    assert run("resume", "people", "--rate", "50").exit_code == 0
    with Campaign.open("people") as campaign:
        limits = campaign.limits
        assert (limits.concurrency, limits.rate, limits.stop_share) == (3, 50.0, 0.9)


def test_help_groups_the_options(run: Run) -> None:
    """Content, recipients, limits, and the rest; an argument is no option."""
    words = run("run", "--help").stdout
    places = [words.index(f"\n{title}:\n") for title in ("Content", "Recipients and columns", "Limits", "Options")]
    assert places == sorted(places)
    assert "--rate FLOAT" in words
    assert "\n  FILE\n" not in words


def test_a_balance_that_does_not_suffice_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With how much is missing; a part has its own cost, and the end at the allowed rate counts quiet hours in."""
    Path("long.csv").write_text("name,tel\n" + f"{'あ' * 100},09010000000\nb,09010000001\n", encoding="utf-8")
    result = run("plan", "long.csv", *TEXT, "--price", "90000", "--rate", "0.001", "--expires", "2030-01-01T00:00Z")
    assert "balance      100,000 credits: 170,000 too few\n" in result.stdout
    assert "parts         1 part  1 ████████████████████████ 90,000 credits\n" in result.stdout
    assert "\n              2 parts 1 ████████████████████████ 180,000 credits\n" in result.stdout
    assert "time         33 min at 0.001 a second, until 20" in result.stdout
    assert "expires      20" in result.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")
def test_a_terminal_shows_one_line_that_moves_and_ctrl_c_is_gentle(run: Run, simulator: Simulator) -> None:
    """A bar with rate and time left; Ctrl-C finishes what is in flight and says how to go on."""
    Path("many.csv").write_text("tel\n" + "".join(f"090{10000000 + n}\n" for n in range(400)), encoding="utf-8")
    simulator.faults.add("throttled", SEND, chance=0.02, seconds=0.1)
    command = [str(Path(sys.executable).with_name("xoxzo")), "campaign", "run", "many.csv", "--yes"]
    command += ["--text", "hello", "--sender", "Shop", "--rate", "100"]
    leader, follower = pty.openpty()
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    output, reported = b"", False
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:
            break
        if not piece:
            break
        output += piece
        if not reported and b"left" in output:
            reported = True
            process.send_signal(signal.SIGINT)
    os.close(leader)
    text = output.decode()
    assert process.wait() == 3, text
    assert "━" in text
    assert "\x1b[2K" in text
    assert "/s · " in text
    assert "many stopped: interrupted" in text
    assert "Continue with: xoxzo campaign resume many" in text
    with Campaign.open("many") as campaign:
        assert campaign.tally().sent == sent(simulator) < 400
        assert not list(campaign.unknown())
    assert run("run", "many.csv", "--rate", "1000").exit_code == 2
    simulator.faults.all_normal()  # a run that was throttled goes on slowly
    assert run("resume", "many", "--rate", "1000").exit_code == 0
    assert sent(simulator) == 400


def test_the_store_is_an_option(run, home: Path) -> None:
    """``--store`` names another store than XOXZO_CAMPAIGNS, for every command."""
    where = ("--store", str(home / "elsewhere"))
    assert run("run", "people.csv", "--text", "hello", "--sender", "Shop", "--yes", *where).exit_code == 0
    assert "people" in run("list", *where).output
    assert run("list").output == ""
    assert run("status", "people", *where).exit_code == 0
    assert "there is no campaign people" in run("status", "people").output


def test_names_are_completed_from_the_store(run, home: Path) -> None:
    """The Tab key offers the campaigns of the selected store."""
    where = ["--store", str(home / "elsewhere")]
    run("run", "people.csv", "--text", "hello", "--sender", "Shop", "--yes", *where)
    completion = ShellComplete(xoxzo, {}, "xoxzo", "_XOXZO_COMPLETE")
    assert [one.value for one in completion.get_completions(["campaign", "status", *where], "p")] == ["people"]
    assert not completion.get_completions(["campaign", "status"], "p")
