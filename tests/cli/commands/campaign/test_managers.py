"""`xoxzo campaign report`, `export`, `compare` and `--split`, as a manager uses them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import python_calamine
from cli_configuration import written
from click.testing import CliRunner, Result

from xoxzo.cloudpy.campaigns import Campaign
from xoxzo.cloudpy.cli.app import xoxzo

Run = Callable[..., Result]
TEXT = ["--text", "{name}様 https://shop.example/sale", "--sender", "Shop"]


def test_halves_of_a_list_are_sent_different_texts_and_compared(run: Run) -> None:
    """`--split` names the campaigns, the plan says where the others are, and `compare` says what may be chance."""
    rows = "".join(f"n{n},090{10000000 + n}\n" for n in range(40))
    Path("many.csv").write_text(f"name,tel\n{rows}", encoding="utf-8")
    for part in ("1/2", "2/2"):
        assert f"in the other parts of {part}" in run("plan", "many.csv", *TEXT, "--split", part).stdout
        result = run("run", "many.csv", *TEXT, "--split", part, "--track-link", "--yes", "--follow", "5")
        assert result.exit_code == 0, result.output
    shown = run("compare", "many-1of2", "many-2of2").stdout
    assert "delivered: the difference may be chance: " in shown
    assert "credits" in shown
    assert "These are not random parts" not in shown
    found = json.loads(run("compare", "many-1of2", "many-2of2", "--json").stdout)
    assert (found["is_random"], sum(one["sent"] for one in found["variants"])) == (True, 40)
    assert run("create", "later", "many.csv", *TEXT).exit_code == 0
    assert "later is created: this may change." in run("compare", "many-1of2", "later").stdout
    for refused, why in (
        (("compare", "later", "later"), "Give two campaigns that differ."),
        (("plan", "many.csv", *TEXT, "--split", "50%"), "split: must be the part"),
        (("export", "later", "-o", "later.pdf"), "later.pdf: the name must end with .xlsx or .csv"),
    ):
        result = run(*refused)
        assert (result.exit_code, why in result.stderr) == (2, True), result.stderr
    assert run("run", "people.csv", *TEXT, "--yes").exit_code == 0
    assert "These are not random parts of one list" in run("compare", "many-1of2", "people").stdout
    assert run("plan", "many.csv", *TEXT, "--split", "3/2").exit_code == 2
    assert "there is no campaign none" in run("compare", "none", "people").stderr


def test_the_report_and_the_table_are_in_the_readers_zone_and_language(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By option; else by the user's settings; else by the list. A table is a workbook unless named otherwise."""
    assert run("run", "people.csv", *TEXT, "--yes", "--follow", "5").exit_code == 0
    page = run("report", "people", "-o", "-", "--language", "ja", "--yen-per-credit", "10").stdout
    assert '<html lang="ja">' in page
    assert "¥300" in page
    for name in ("XOXZO_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    for chosen, language in (("C.UTF-8", "ja"), ("en_US.UTF-8", "en"), ("ja_JP.UTF-8", "ja")):
        monkeypatch.setenv("LANG", chosen)
        assert f'<html lang="{language}">' in run("report", "people", "-o", "-").stdout, chosen
    assert "EST" in run("report", "people", "-o", "-", "--timezone", "America/New_York").stdout.replace("EDT", "EST")
    result = run("report", "people", "--timezone", "Asia/Nowhere")
    assert (result.exit_code, "Asia/Nowhere" in result.stderr) == (2, True)
    assert run("report", "people", "--yen-per-credit", "ten").exit_code == 2
    assert run("export", "people").exit_code == 0
    rows = python_calamine.CalamineWorkbook.from_path("people.xlsx").get_sheet_by_index(0).to_python()
    assert [row[-1] for row in rows] == ["tel", "09010000000", "090-1000-0001", "０９０１００００００２"]
    out = run("export", "people", "-o", "-", "--timezone", "Asia/Tokyo").stdout
    assert "+09:00" in out.splitlines()[1]
    assert json.loads(run("export", "people", "--json").stdout.splitlines()[0])["opted_out"] is None


def test_a_campaign_goes_on_with_its_own_part_and_link(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another part of the list or another address of the opt-out pages is refused, as other options are."""
    monkeypatch.setenv("XOXZO_CALLBACK_SECRET", "a secret of the tests")
    text = ["--text", "hello {opt_out}", "--sender", "Shop", "--name", "half", "--yes"]
    started = run(
        "run", "people.csv", *text, "--split", "1/2", "--opt-out-url", "https://a.example/o", "--max-cost", "0"
    )
    assert started.exit_code == 2, started.output
    assert run("create", "half", "people.csv", *text[:4], "--opt-out-url", "https://a.example/o").exit_code == 0
    result = run("run", "people.csv", *text, "--split", "2/2", "--opt-out-url", "https://b.example/o")
    assert result.exit_code != 0
    assert "--split: none before, 2/2 now" in result.stderr
    assert "--opt-out-url: https://a.example/o before, https://b.example/o now" in result.stderr
    assert run("run", "people.csv", *text, "--opt-out-url", "https://a.example/o/").exit_code == 0
    assert "needs the URL of the opt-out pages" in run("plan", "people.csv", *text[:4]).stderr


def test_sender_and_country_come_from_the_configuration(run: Run, home: Path) -> None:
    """As for `xoxzo sms send`: of the profile, else of the file; what an option gives counts before both."""
    written(home, 'sender = "Shop"\ncaller = "815011112222"\ncountry = "US"\n')
    Path("us.csv").write_text("tel\n(415) 555-2671\n", encoding="utf-8")
    planned = run("plan", "us.csv", "--text", "a", "--any-number")
    assert "column tel, country US: 1 of 1 cells" in planned.stdout
    assert run("create", "us", "us.csv", "--text", "a", "--any-number").exit_code == 0
    assert run("create", "jp", "people.csv", "--say", "a", "--country", "JP").exit_code == 0
    with Campaign.open("us") as us, Campaign.open("jp") as jp:
        assert (us.content.sender, us.country) == ("Shop", "US")
        assert (jp.content.sender, jp.country) == ("815011112222", "JP")
    assert run("create", "other", "us.csv", "--text", "a", "--any-number", "--sender", "Cafe").exit_code == 0
    with Campaign.open("other") as campaign:
        assert campaign.content.sender == "Cafe"
    assert CliRunner().invoke(xoxzo, ["optout", "add", "(415) 555-2671"]).exit_code == 0
    assert "recipients   0" in run("plan", "us.csv", "--text", "a", "--any-number").stdout
