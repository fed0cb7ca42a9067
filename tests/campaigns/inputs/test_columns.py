"""Which column holds the recipients' phone numbers, and which the values of placeholders."""

from __future__ import annotations

import re

import pytest

from xoxzo.cloudpy.campaigns.inputs.columns import choose_columns, columns_with_numbers
from xoxzo.cloudpy.campaigns.inputs.tables import read_rows
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

M1, M2, M3 = "090-1111-2222", "080-1111-3333", "070-1111-4444"
FIXED = "03-1234-5678"
WITHOUT_0 = "9011112222"


def chosen(columns: dict[str, list[str]], **options: object) -> str:
    """Return the column of the numbers, or the code of the error that asks for it."""
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    try:
        return choose_columns(read_rows(rows), [], **options).number
    except CampaignError as error:
        return error.code if re.search("--number|--country", str(error)) else "no option is named"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        # The name decides between columns of numbers, however full they are.
        ({"携帯電話": [M1, "", M2], "緊急連絡先": [M2, M3, M1]}, "携帯電話"),
        ({"会員番号": [WITHOUT_0] * 3, "電話番号": [M1, M2, ""]}, "電話番号"),
        ({"Order": [WITHOUT_0], "Contact": [M1]}, "Contact"),
        ({"customerTel": [M1], "backup": [M2]}, "customerTel"),
        # A phone that SMS can reach is preferred to others, where its name says so.
        ({"電話番号": [FIXED, FIXED, ""], "携帯電話番号": [M1, M2, M3]}, "携帯電話番号"),
        ({"電話番号": [FIXED, M1, ""], "携帯電話番号": [M1, M2, M3]}, "several_number_columns"),
        ({"携帯": [M1], "緊急連絡先電話": [M2]}, "several_number_columns"),
        # A column that says phone is never silently beaten, even by one that is full of mobile numbers.
        ({"電話番号": [FIXED, FIXED, FIXED], "紹介者": [M1, M2, M3]}, "several_number_columns"),
        ({"電話番号": ["9.01E+09", "9.01E+09", ""], "連絡先": [M1, M2, M3]}, "several_number_columns"),
        ({"電話番号": ["", "", ""], "連絡先": [M1, M2, M3]}, "several_number_columns"),
        ({"電話の可否": ["可", "不可", ""], "連絡先": [M1, M2, M3]}, "連絡先"),
        ({"Phone 1 - Type": ["Mobile"], "Phone 1 - Value": [M1], "Phone 2 - Value": [""]}, "Phone 1 - Value"),
        # Numbers alone do not make a column of recipients.
        ({"会員番号": [WITHOUT_0, "9011113333"], "氏名": ["a", "b"]}, "uncertain_number_column"),
        ({"紹介者": [M1], "氏名": ["a"]}, "uncertain_number_column"),
        ({"紹介者携帯": [M1], "氏名": ["a"]}, "uncertain_number_column"),
        ({"Preferred phone": [M1], "氏名": ["a"]}, "Preferred phone"),
        ({"備考": [M1, "なし", "なし"], "氏名": ["a", "b", "c"]}, "uncertain_number_column"),
        ({"a": [M1], "b": [M2]}, "several_number_columns"),
        ({"hotel": [M1], "cancelled": [M2]}, "several_number_columns"),
        # What is wrong with the cells of a column that can only be meant is reported row by row.
        ({"電話": ["x", "y"], "固定": ["x", "y"]}, "電話"),
        ({"電話": [FIXED], "氏名": ["a"]}, "電話"),
        ({"a": ["x"], "b": ["y"]}, "no_number_column"),
    ],
)
def test_the_column_of_numbers(columns: dict[str, list[str]], expected: str) -> None:
    """The name decides before the numbers do; where a choice would be a guess, --number is asked for."""
    assert chosen(columns) == expected


@pytest.mark.parametrize(
    ("country", "columns", "expected"),
    [
        ("US", {"order": ["9012670001"], "contact": ["(415) 555-2671"], "name": ["Ann"]}, "contact"),
        ("US", {"name": ["Ann"], "where": ["415.555.2671"]}, "where"),
        ("US", {"phone": [M1, M2, M3]}, "wrong_country"),
        ("JP", {"phone": ["(415) 555-2671", "(415) 555-2672", "(415) 555-2673"]}, "wrong_country"),
        ("JP", {"phone": ["090-1111-222", "090-1111-333", "090-1111-444"]}, "phone"),
        ("US", {"phone": ["x", "y", "z"]}, "phone"),
    ],
)
def test_the_country_counts(country: str, columns: dict[str, list[str]], expected: str) -> None:
    """Numbers are read by the rules of the campaign's country; a wrong one is reported once, and not for each row."""
    assert chosen(columns, country=country) == expected


def test_calls_reach_fixed_lines() -> None:
    """Where fixed lines can be called, their column is as good as that of mobiles, and is asked about."""
    columns = {"携帯電話": [M1], "自宅電話": [FIXED]}
    assert chosen(columns) == "携帯電話"
    assert chosen(columns, mobile_only=False) == "several_number_columns"
    assert chosen(columns, mobile_only=False, number=" 自宅 電話") == "自宅電話"


def test_headers_are_folded() -> None:
    """Width, composition, case, blanks, hyphens and invisible characters make no difference; two such columns do."""
    table = read_rows(
        [{"Tel": M1, "First Name": "a", "\u200bお名前（漢字）": "b", "か\u3099": "c", "A-1": "d", "a1": "e"}]
    )
    found = choose_columns(table, ["first_name", "お名前(漢字)", "が", "a1"]).variables
    assert list(found.values()) == ["First Name", "\u200bお名前（漢字）", "か\u3099", "a1"]
    with pytest.raises(CampaignError, match="'A1' could be several columns: A-1, a1"):
        choose_columns(table, ["A1"])
    assert choose_columns(table, ["Name"], mapping={"name": "first name"}).variables == {"Name": "First Name"}
    with pytest.raises(CampaignError, match=r"no placeholder \{nmae\}"):
        choose_columns(table, ["first name"], mapping={"nmae": "A-1"})


def test_columns_of_one_name_matter_when_asked_for() -> None:
    """The bad file's own columns are never chosen; a column that does not exist is named."""
    table = read_rows([{"tel": M1, "memo (1)": "a", "memo (2)": "b", "xoxzo_line": M2}])
    assert choose_columns(table, []).number == "tel"
    with pytest.raises(CampaignError, match=r"no column for \{memo\}; there are tel, memo \(1\), memo \(2\)"):
        choose_columns(table, ["memo"])
    with pytest.raises(CampaignError, match="there is no column 'xoxzo_line'"):
        choose_columns(table, [], number="xoxzo_line")


def test_all_columns_of_opt_outs_count() -> None:
    """Whoever has two numbers has opted out with both; without such names, all columns full of numbers count."""
    assert columns_with_numbers(read_rows([{"携帯": M1, "自宅電話": FIXED, "会員番号": WITHOUT_0}]), "JP") == [
        "携帯",
        "自宅電話",
    ]
    assert columns_with_numbers(read_rows([{"a": M1, "b": FIXED, "会員番号": WITHOUT_0}]), "JP") == ["a", "b"]
    assert columns_with_numbers(read_rows([{"会員番号": WITHOUT_0}]), "JP") == ["会員番号"]
    with pytest.raises(CampaignError, match="no column holds phone numbers"):
        columns_with_numbers(read_rows([{"a": "x"}]), "JP")


def test_no_such_country() -> None:
    """It is refused by itself, before any number is read."""
    from xoxzo.cloudpy.campaigns.inputs.columns import check_country

    assert check_country(" jp ") == "JP"
    with pytest.raises(InvalidArgument, match="country: must be two capital letters"):
        check_country("Japan")
