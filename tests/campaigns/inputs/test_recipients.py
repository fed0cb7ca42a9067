"""Numbers of people who must not be sent to: each is understood, or refused."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import xlsxwriter

from xoxzo.cloudpy.campaigns import Campaign, Content, State
from xoxzo.cloudpy.campaigns.inputs.recipients import read_numbers_file
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

CONTENT = Content(kind="text", sender="Shop", message="hi {name}")
PEOPLE = [{"tel": "090-1111-7777", "name": "a"}, {"tel": "090-1111-2222", "name": "b"}]


@pytest.mark.parametrize("number", ["+819011117777", "090-1111-7777", "０９０ー１１１１ー７７７７", "81 90 1111 7777"])
@pytest.mark.parametrize("later", [False, True])
def test_an_opt_out_is_read_as_people_write_numbers(tmp_path: Path, number: str, later: bool) -> None:
    """The plan's recipients, cost and samples leave it out, whether it came with the list or later."""
    with Campaign.create("c", PEOPLE, CONTENT, store=tmp_path, suppress=[] if later else [number]) as campaign:
        if later:
            assert campaign.suppress([number]) == 1
        plan = campaign.plan()
        assert (plan.recipients, plan.suppressed, plan.cost) == (1, 1, 10)
        assert plan.samples == (("+81••••2222", "hi b"),)
        assert campaign.tally()[State.WAITING] == 2


@pytest.mark.parametrize(
    "given", [["nonsense"], [""], [None], [819011117777], "090-1111-7777", b"090", ["090-1111-777"]]
)
@pytest.mark.parametrize("later", [False, True])
def test_what_is_no_number_is_refused(tmp_path: Path, given: object, later: bool) -> None:
    """It would be taken and ignored; a text alone is no list, and the error names the position, never the number."""
    with contextlib.ExitStack() as stack:
        if later:
            campaign = stack.enter_context(Campaign.create("c", PEOPLE, CONTENT, store=tmp_path))
        with pytest.raises(InvalidArgument, match=r"suppress: (number 1 |must be a list)") as caught:
            campaign.suppress(given) if later else Campaign.create("c", PEOPLE, CONTENT, store=tmp_path, suppress=given)
    assert "1111" not in str(caught.value)


def test_the_country_is_that_of_the_list(tmp_path: Path) -> None:
    """A number without a country code is of the campaign's country; another can be named."""
    people = [{"tel": "(415) 555-2671"}, {"tel": "+819011117777"}]
    content = Content(kind="text", sender="Shop", message="hi")
    with Campaign.create("c", people, content, store=tmp_path, country="us") as campaign:
        assert campaign.suppress(["415-555-2671"]) == 1
        assert campaign.suppress(["090-1111-7777"], country="JP") == 1
        assert campaign.plan().recipients == 0
        assert campaign.plan().samples == ()


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize(
    "text",
    [
        "電話番号,理由\n090-1111-7777,不要\n",
        '"理由";"電話番号"\n"不要";"090-1111-7777"\n',
        "携帯\t自宅電話\n\n090-1111-7777\t\n",
        "09011117777\n",
    ],
)
def test_opt_outs_are_read_from_any_list(tmp_path: Path, text: str, encoding: str) -> None:
    """Whatever a list of recipients can be: its encoding, delimiter, header and quotation marks."""
    path = tmp_path / "stop.csv"
    path.write_bytes(text.encode(encoding))
    assert read_numbers_file(path, "JP") == (["+819011117777"], [])


def test_rows_without_a_readable_number_are_told(tmp_path: Path) -> None:
    """Each with its line: somebody has opted out, and it is not known who. An empty file has nobody."""
    path = tmp_path / "stop.csv"
    path.write_text("電話番号,氏名\n090-1111-7777,a\n,山田\n090-1111-777,b\n080-1111-2222,c,d\n", encoding="utf-8")
    numbers, bad = read_numbers_file(path, "JP")
    assert [row.line for row in bad] == [3, 4, 5]
    assert "+819011117777" in numbers
    path.write_text("", encoding="utf-8")
    assert read_numbers_file(path, "JP") == ([], [])
    with pytest.raises(CampaignError):
        read_numbers_file(tmp_path / "none.csv", "JP")


def test_a_first_line_that_is_nothing_known_is_told(tmp_path: Path) -> None:
    """It may be somebody whose number is spoilt; the options that say what it is are about the list of recipients."""
    path = tmp_path / "stop.txt"
    path.write_text("9.01E+09\n090-1111-7777\n", encoding="utf-8")
    numbers, bad = read_numbers_file(path, "JP")
    assert (numbers, [row.line for row in bad]) == (["+819011117777"], [1])


def test_hidden_rows_of_opt_outs_count(tmp_path: Path) -> None:
    """A filter in a workbook takes nobody's opt-out back."""
    path = tmp_path / "stop.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_column(0, 0, ["電話番号", "090-1111-7777", "080-1111-2222"])
        sheet.set_row(2, None, None, {"hidden": True})
    assert read_numbers_file(path, "JP") == (["+819011117777", "+818011112222"], [])
