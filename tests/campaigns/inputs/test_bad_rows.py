"""The file of bad rows: corrected and used as a list, it sends what the list would have sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from xoxzo.cloudpy.campaigns import BadRows, Campaign, Content
from xoxzo.cloudpy.campaigns.inputs.cells import without_formula
from xoxzo.cloudpy.campaigns.inputs.tables import read_table
from xoxzo.cloudpy.campaigns.report.export import write_bad_rows

CONTENT = Content(kind="text", sender="Shop", message="{item}")
CONTENT_ALONE = Content(kind="text", sender="Shop", message="Hi")
ITEMS = ["-20%OFF", "@salon", "=1+1", "+plus", "'quoted", "'=both", "''", "-20", "plain", "a,b", 'say "x"', "1,000\n円"]


def test_corrected_rows_send_the_same_words(tmp_path: Path) -> None:
    """The apostrophe that keeps spreadsheets from evaluating a cell is taken off again, and no other one."""
    rows = [{"tel": f"090-1111-22{n:02}x", "item": item} for n, item in enumerate(ITEMS)]
    with pytest.raises(BadRows) as caught:
        Campaign.create("a", rows, CONTENT, store=tmp_path, number="tel")
    path = tmp_path / "list.bad.csv"
    assert write_bad_rows(caught.value.rows, path) == path
    text = path.read_text(encoding="utf-8-sig")
    assert "'-20%OFF" in text
    path.write_text("".join(text.replace("x,", ",")), encoding="utf-8-sig")
    with Campaign.create("b", path, CONTENT, store=tmp_path) as campaign:
        assert [one.variables["item"] for one in campaign.ledger.recipients()] == ITEMS


def test_rows_that_were_corrected_are_never_overwritten(tmp_path: Path) -> None:
    """Other bad rows go into a file with a number; the same ones are written once."""
    with pytest.raises(BadRows) as caught:
        Campaign.create("a", [{"tel": "09011112222"}, {"tel": "x"}, {"tel": "y"}], CONTENT_ALONE, store=tmp_path)
    first, second = caught.value.rows
    path = tmp_path / "list.bad.csv"
    assert [write_bad_rows([one], path).name for one in (first, first, second, second, first)] == [
        "list.bad.csv",
        "list.bad.csv",
        "list-2.bad.csv",
        "list-2.bad.csv",
        "list.bad.csv",
    ]
    path.write_text("corrected", encoding="utf-8")
    assert write_bad_rows([first], path).name == "list-3.bad.csv"
    assert path.read_text(encoding="utf-8") == "corrected"


def test_lists_of_others_keep_their_apostrophes(tmp_path: Path) -> None:
    """Only a file that we have written, by its columns or its name, has the marks that are taken off."""
    for name, header, expected in [
        ("a.csv", "tel,item", "'-5%"),
        ("a.bad.csv", "tel,item", "-5%"),
        ("b.csv", "tel,item,xoxzo_reason", "-5%"),
    ]:
        path = tmp_path / name
        path.write_text(f"{header}\n09011112222,'-5%\n", encoding="utf-8")
        [row] = read_table(path).rows
        assert row.cells["item"] == expected


@given(st.text(max_size=20))
def test_no_cell_is_a_formula(cell: str) -> None:
    """What a spreadsheet would evaluate has an apostrophe in front; signed digits alone stay numbers."""
    guarded = without_formula(cell)
    assert guarded in {cell, "'" + cell}
    assert not guarded.startswith(("=", "@", "\t", "\r"))
    assert not guarded.startswith(("+", "-")) or guarded[1:].isdecimal()


def test_half_a_character_is_written_all_the_same(tmp_path: Path) -> None:
    """The reason why a row is bad does not keep it from being written down."""
    rows = [{"tel": "09011112222", "item": "\ud800"}]
    with pytest.raises(BadRows) as caught:
        Campaign.create("a", rows, CONTENT, store=tmp_path)
    assert write_bad_rows(caught.value.rows, tmp_path / "bad.csv") == tmp_path / "bad.csv"
    assert "09011112222,?" in (tmp_path / "bad.csv").read_text(encoding="utf-8-sig")


def test_a_plan_tells_why_rows_are_left_out(tmp_path: Path) -> None:
    """For each reason how many rows there are, and the first of their lines; reasons without end are cut."""
    rows = [{"tel": "080-1111-2222", "item": "a"}, {"tel": "08011112222", "item": "b"}]
    rows += [{"tel": "x", "item": "c"}] * 7 + [{"tel": f"090{'1' * n}", "item": "d"} for n in range(30)]
    with Campaign.create("a", rows, CONTENT, store=tmp_path, number="tel", skip_bad=True) as campaign:
        plan = campaign.plan()
    assert (plan.rows, plan.numbers, plan.bad, plan.repeated) == (39, 3, 36, 1)
    letters, *others = plan.left_out
    assert (letters.column, letters.reason.code, letters.count) == ("tel", "invalid_number", 7)
    assert letters.lines == [3, 4, 5, 6, 7]
    assert len(others) == 19


def test_a_bad_file_without_names_is_read_again(tmp_path: Path) -> None:
    """A list without a header becomes a file whose columns are called 1, 2, 3."""
    path = tmp_path / "list.csv"
    path.write_text("090-1111-2222,山田\n080-1111-333,鈴木\n", encoding="utf-8")
    content = Content(kind="text", sender="Shop", message="{2}様")
    with pytest.raises(BadRows) as caught:
        Campaign.create("a", path, content, store=tmp_path)
    bad = tmp_path / "list.bad.csv"
    write_bad_rows(caught.value.rows, bad)
    bad.write_text(bad.read_text(encoding="utf-8-sig").replace("080-1111-333", "080-1111-3333"), encoding="utf-8")
    with Campaign.create("b", bad, content, store=tmp_path) as campaign:
        assert [one.variables for one in campaign.ledger.recipients()] == [{"2": "鈴木"}]
