"""Compare names of columns as people mean them, and tell the cells that are empty."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Besides blanks and hyphens: what is invisible (category Cf) is removed as well.
_SEPARATORS = re.compile(r"[\s_\-]+")

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
