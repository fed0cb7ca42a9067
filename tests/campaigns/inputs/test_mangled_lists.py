"""Whatever a list is like, everybody in it is read with the right cells, or is named in a refusal or a bad row."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings, strategies as st
from mangled_lists import MAKERS, MangledList, Person
from rotation import selected_count

from xoxzo.cloudpy.campaigns.inputs.cells import is_blank, number_in
from xoxzo.cloudpy.campaigns.inputs.tables import Row, Table, read_table
from xoxzo.cloudpy.errors import CampaignError

LISTS = selected_count(5000, 500)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for all lists: hypothesis calls a test many times."""
    return tmp_path_factory.mktemp("lists")


def read(made: MangledList, path: Path) -> tuple[Table, list[Row]] | str:
    """Return what is read, or the code of the refusal."""
    path.write_bytes(made.data)
    try:
        table = read_table(path, **made.options)
        return table, list(table.rows)
    except CampaignError as error:
        return error.code


def is_right(person: Person, row: Row) -> bool:
    """Return whether a row is a person's, with nothing wrong in it."""
    texts, wanted = ([" ".join(cell.split()) for cell in cells] for cells in (row.cells.values(), person.cells))
    if person.is_spoilt and texts[-1:] == [wanted[-1] + '"']:
        return texts[:-1] == wanted[:-1]  # a mark that closes nothing is a part of the value
    return all(text == right for text, right in zip_longest(texts, wanted, fillvalue=""))


def has_number(row: Row) -> bool:
    """Return whether somebody could be sent to."""
    return any(number_in(cell, "JP") for cell in row.cells.values() if not is_blank(cell))


def check(made: MangledList, path: Path) -> None:
    """Check that everybody is read rightly or named."""
    found = read(made, path)
    if isinstance(found, str):
        assert found in made.may_ask, f"refused with {found}"
        return
    assert not made.must_refuse
    table, rows = found
    by_line = {row.line: row for row in rows}
    faults = [(row.line, int(row.fault.fields.get("end", row.line))) for row in rows if row.fault is not None]
    if table.header_row is not None:
        assert made.header == table.columns[: len(made.header or ())]
    for person in made.people:
        row = by_line.get(person.line)
        if row is not None and row.fault is None and is_right(person, row):
            del by_line[person.line]
        elif person.is_spoilt and row is not None and row.fault is None and not has_number(row):
            del by_line[person.line]  # a bad row, then
        elif (person.is_spoilt or table.header_row is None) and any(a <= person.line <= b for a, b in faults):
            pass  # without a header, the width of the rows is not certain either
        else:
            raise AssertionError(f"{person} was not read, and not named: {row}")
    # Nobody else can be sent to: neither a title, nor a mixture of people.
    for row in by_line.values():
        assert row.fault is not None or row.refused or not has_number(row), row


@settings(max_examples=LISTS, database=None, derandomize=True)
@given(st.integers(0, 2**40))
def test_nobody_is_lost_and_nobody_gets_what_is_somebody_elses(folder: Path, seed: int) -> None:
    """Lists are text, workbooks and JSON lines in the forms that programs and people give them."""
    random = Random(seed)
    made = random.choice(MAKERS)(random, seed)
    path = folder / f"list{made.suffix}"
    try:
        check(made, path)
    finally:
        path.unlink()
