"""Which column holds the numbers, and which one each variable."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from xoxzo.cloudpy.campaigns.inputs.tables import OWN_COLUMNS
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument
from xoxzo.cloudpy.phone import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xoxzo.cloudpy.campaigns.inputs.tables import Table

_NUMBER = re.compile(
    r"電話|携帯|ケータイ|けいたい|モバイル|phone|mobile|^tel|cell|number|recipient|msisdn|sms|宛先", re.IGNORECASE
)


class Columns(msgspec.Struct, frozen=True):
    """What is read from where.

    Attributes:
        number: the column of the phone numbers.
        variables: for each placeholder the column of its values.
    """

    number: str
    variables: dict[str, str]


def choose_columns(
    table: Table, placeholders: Iterable[str], *, number: str | None = None, mapping: Mapping[str, str] | None = None
) -> Columns:
    """Say which column is which: what was named, else the one whose values or name fit.

    Args:
        table: the file.
        placeholders: the names that the text has in ``{}``.
        number: the column of the phone numbers, where it is named.
        mapping: placeholders with their columns, where they differ.

    Raises:
        CampaignError: a column is not there, or none or several could be meant.
    """
    names = [name for name in table.columns if name not in OWN_COLUMNS]
    if number is None:
        number = _of_numbers(table, names)
    elif number not in names:
        raise CampaignError(f"there is no column {number!r}; there are {', '.join(names)}")
    folded = {_fold(name): name for name in names}
    found = {}
    for placeholder in placeholders:
        wanted = (mapping or {}).get(placeholder, placeholder)
        column = wanted if wanted in names else folded.get(_fold(wanted))
        if column is None:
            raise CampaignError(f"there is no column for {{{placeholder}}}; there are {', '.join(names)}")
        found[placeholder] = column
    return Columns(number, found)


def _of_numbers(table: Table, names: list[str]) -> str:
    scores = {name: sum(_is_number(row.cells.get(name, "")) for row in table.sample) for name in names}
    best = max(scores.values(), default=0)
    if not best:
        named = [name for name in names if _NUMBER.search(name)]
        if len(named) == 1:
            return named[0]
        raise CampaignError(f"no column holds phone numbers; name it: there are {', '.join(names)}")
    fitting = [name for name, score in scores.items() if score >= best * 0.8]
    named = [name for name in fitting if _NUMBER.search(name)]
    if len(fitting) > 1 and len(named) != 1:
        raise CampaignError(f"several columns hold phone numbers ({', '.join(fitting)}): name the one to send to")
    return (named or fitting)[0]


def _is_number(cell: str) -> bool:
    with suppress(InvalidArgument):
        parse(cell)
        return True
    return False


def _fold(name: str) -> str:
    return re.sub(r"[\s_\-]+", "", name).casefold()
