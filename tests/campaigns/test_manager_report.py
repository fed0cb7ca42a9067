"""What a manager gets: a report in their language, time zone and currency on one sheet, and a table for Excel."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import python_calamine
from campaign_makers import QUICK, people

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Campaign, Content, OptOuts, State
from xoxzo.cloudpy.campaigns.ledger.base import ClaimRequest
from xoxzo.cloudpy.campaigns.records import Outcome
from xoxzo.cloudpy.campaigns.report.export import EXPORT_COLUMNS, export, export_csv, own_columns
from xoxzo.cloudpy.campaigns.report.html import default_zone
from xoxzo.cloudpy.simulator import Simulator

TOKYO = ZoneInfo("Asia/Tokyo")
TEXT = Content(kind="text", sender="Shop", message="{氏名}様")


def write_list(path: Path) -> Path:
    """Write a list as Excel in Japan saves it, with an id, a formula, a blank row and a bad one."""
    rows = [
        "顧客番号,氏名,電話番号,state,備考",
        "00123,花子,090-1000-0000,東京,=1+1",
        "",
        "00124,太郎,09010000001,大阪,",
    ]
    rows += ["00125,次郎,03-1234-5678,,", "00126,三郎,09010000002,福岡,-"]
    path.write_text("\n".join(rows) + "\n", encoding="cp932")
    return path


def test_the_report_speaks_to_its_reader(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Japanese and Japan's time for a list of Japan, yen beside credits, one line a reason, opt-outs apart."""
    OptOuts(tmp_path).add(["09010000000"])
    with Campaign.create("spring", write_list(tmp_path / "a.csv"), TEXT, store=tmp_path, skip_bad=True) as campaign:
        campaign.run(client, QUICK, follow=2.0)
        OptOuts(tmp_path).add(["09010000002"], source="link")
        page = campaign.render_report(zone=TOKYO, yen_per_credit=Decimal("12.5"))
        english = campaign.render_report(language="en", zone=ZoneInfo("America/New_York"))
        created = datetime.fromtimestamp(campaign.ledger.get("created"), UTC)
        assert campaign.ledger.get("zones") == ["Asia/Tokyo"]
        zone = default_zone(campaign.ledger)
        assert zone == (None if datetime.now().astimezone().utcoffset() else TOKYO)
    assert '<html lang="ja">' in page
    assert f"{created.astimezone(TOKYO):%Y-%m-%d %H:%M}" in page
    assert "JST" in page
    assert f"{created.astimezone(ZoneInfo('America/New_York')):%Y-%m-%d %H:%M}" in english
    assert "¥250" in page, "two messages of ten credits"
    assert "¥" not in english
    left_out = english.partition("<h2>Left out</h2>")[2]
    assert "<td>opted out</td><td>1</td>" in left_out
    assert "電話番号 is not a mobile number (fixed)</td><td>1</td>" in left_out
    assert "1 recipient has opted out after this message." in left_out
    assert "opt" not in english.partition("<h2>What went wrong</h2>")[2].partition("<h2>Left out</h2>")[0]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_the_report_prints_on_one_sheet(tmp_path: Path) -> None:
    """Also with many states, reasons and carriers, in both languages."""
    rows = [{"tel": f"0{90 - 10 * (n % 3)}{10000000 + 1234567 * (n % 50) + n}", "氏名": "a"} for n in range(400)]
    rows += [{"tel": f"{n}", "氏名": "a"} for n in range(1, 12)] + [{"tel": "03-1234-5678", "氏名": "a"}]
    with Campaign.create("spring", rows, TEXT, store=tmp_path, skip_bad=True) as campaign:
        ledger = campaign.ledger
        claim = ledger.claim(ClaimRequest(ident=1, limit=380))
        errors = [f"BadRequest 400 field{n}" for n in range(12)]
        states = [State.DELIVERED, State.FAILED, State.REJECTED, State.UNKNOWN]
        ledger.record(
            Outcome(n, claim.ident, states[n % 4], f"m{n}", errors[n % 12] if n % 4 else "", 1e9 + n, 1e9 + n, 10)
            for n in range(1, 380)
        )
        for language in ("en", "ja"):
            page = tmp_path / f"{language}.html"
            page.write_text(campaign.render_report(language=language, yen_per_credit=Decimal(10)), encoding="utf-8")
            command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
            folder = f"--user-data-dir={tmp_path / 'browser'}"
            pdf = page.with_suffix(".pdf")
            subprocess.run(
                [*command, folder, f"--print-to-pdf={pdf}", str(page)], check=True, capture_output=True, timeout=120
            )
            assert len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) == 1, language


def test_a_workbook_keeps_numbers_ids_formulas_and_times(
    simulator: Simulator, client: AsyncClient, tmp_path: Path
) -> None:
    """Numbers and ids are text, times are dates in the zone, and the list's own columns stand beside, row by row."""
    source = write_list(tmp_path / "a.csv")
    OptOuts(tmp_path).add(["09010000001"], source="=phone", since=datetime(2026, 5, 1, 3, tzinfo=UTC))
    with Campaign.create("spring", source, TEXT, store=tmp_path, skip_bad=True) as campaign:
        campaign.run(client, QUICK, follow=2.0)
        path = tmp_path / "out.xlsx"
        assert export(campaign.ledger, path, zone=TOKYO) == 3
        sheet = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        own = ["顧客番号", "氏名", "電話番号", "state (list)", "備考"]
        assert sheet[0] == [*EXPORT_COLUMNS, "zone", *own]
        assert {row[len(EXPORT_COLUMNS)] for row in sheet[1:]} == {"Asia/Tokyo"}
        rows = [dict(zip(sheet[0], row, strict=True)) for row in sheet[1:]]
        assert [row["number"] for row in rows] == ["+819010000000", "+819010000001", "+819010000002"]
        assert [row["顧客番号"] for row in rows] == ["00123", "00124", "00126"]
        assert [row["電話番号"] for row in rows] == ["090-1000-0000", "09010000001", "09010000002"]
        assert (rows[0]["備考"], rows[2]["備考"], rows[0]["state (list)"]) == ("=1+1", "-", "東京")
        assert rows[1]["opted_out"] == datetime(2026, 5, 1, 12, tzinfo=TOKYO).replace(tzinfo=None)
        assert (rows[1]["opt_out_source"], rows[1]["state"]) == ("=phone", "SKIPPED")
        sent = next(campaign.recipient_statuses()).sent
        assert abs((rows[0]["sent"] - datetime.fromtimestamp(sent, TOKYO).replace(tzinfo=None)).total_seconds()) < 1
        out = io.StringIO()
        export_csv(campaign.ledger, out, zone=TOKYO)
        lines = list(csv.DictReader(io.StringIO(out.getvalue())))
        assert (lines[0]["備考"], lines[1]["opt_out_source"]) == ("'=1+1", "'=phone")
        assert lines[1]["opted_out"] == "2026-05-01T12:00:00+09:00"
        source.write_text("other\n", encoding="utf-8")
        names, cells = own_columns(campaign.ledger)
        assert (names, [list(cells(one)) for one in campaign.ledger.recipients(1, 1)]) == (("氏名",), [["花子"]])
        source.unlink()
        assert own_columns(campaign.ledger)[0] == ("氏名",)


def test_rows_of_a_program_have_their_variables_beside(tmp_path: Path) -> None:
    """What was no file is exported with what the message needed."""
    content = Content(kind="text", sender="Shop", message="{name}様")
    with Campaign.create("spring", people(2), content, store=tmp_path) as campaign:
        names, cells = own_columns(campaign.ledger)
        assert names == ("name",)
        assert [list(cells(one)) for one in campaign.ledger.recipients()] == [["n0"], ["n1"]]
