"""Rules for single cells: names of columns, blanks and phone numbers."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from xoxzo.cloudpy.campaigns.records import Reason
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.phone import parse

RawRow = tuple[int, list[str], Reason | None]
"""The line that a row begins in, its cells, and what is wrong with it."""
_MIN_DIGITS = 6
# Besides blanks and hyphens: what is invisible (category Cf) is removed as well.
_SEPARATORS = re.compile(r"[\s_\-]+")

OWN_COLUMNS = ("xoxzo_line", "xoxzo_column", "xoxzo_reason")
"""The columns that a file of bad rows has beside those of the rows themselves."""
BLANKS = frozenset(
    {"", "nan", "NaN", "NaT", "None", "<NA>", "NULL", "null", "\\N"}
    | {"#N/A", "#N/A N/A", "#NA", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
    | {"#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#GETTING_DATA", "#ERROR!"}
)
"""Cells that hold nothing: what pandas, databases and the formula errors of spreadsheets leave in an export."""


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """Return a name without what makes no difference: width, composition, case, blanks, hyphens, the invisible."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(one for one in _SEPARATORS.sub("", plain) if unicodedata.category(one) != "Cf")


def is_blank(cell: str) -> bool:
    """Return whether a cell holds nothing."""
    return cell.strip() in BLANKS


def has_digits(cell: str) -> bool:
    """Return whether a cell holds enough digits for a phone number, rightly typed or not."""
    return sum(map(str.isdigit, cell)) >= _MIN_DIGITS


def is_phone_number(cell: str, country: str = "JP") -> bool:
    """Return whether a cell holds a phone number."""
    if not has_digits(cell):
        return False
    try:
        parse(cell, country)
    except InvalidArgument:
        return False
    return True
