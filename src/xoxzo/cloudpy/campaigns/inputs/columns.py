"""Choose the column of the phone numbers, and the column of each placeholder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from xoxzo.cloudpy.campaigns.inputs.names import fold
from xoxzo.cloudpy.campaigns.inputs.tables import OWN_COLUMNS, is_phone_number
from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xoxzo.cloudpy.campaigns.inputs.tables import Table

_NUMBER_NAMES = re.compile(
    r"電話|携帯|ケータイ|けいたい|モバイル|phone|mobile|^tel|cell|number|recipient|msisdn|sms|宛先", re.IGNORECASE
)
_SIMILAR_SHARE = 0.8
"""A column with this share of the most numbers could be meant as well."""


class Columns(msgspec.Struct, frozen=True):
    """What is read from which column.

    Attributes:
        number: the column of the phone numbers.
        variables: for each placeholder the column of its values.
    """

    number: str
    variables: dict[str, str]


def choose_columns(
    table: Table, placeholders: Iterable[str], *, number: str | None = None, mapping: Mapping[str, str] | None = None
) -> Columns:
    """Choose the columns that were named, else those whose values or names fit.

    Args:
        table: the file.
        placeholders: the names in the message's ``{}``.
        number: the column of the phone numbers, where it is named.
        mapping: the column of each placeholder, where its name differs.

    Raises:
        CampaignError: a column does not exist, or none or several could be meant.
    """
    names = [name for name in table.columns if name not in OWN_COLUMNS]
    every = ", ".join(names)
    if number is None:
        number = _number_column(table, names)
    elif number not in names:
        raise CampaignError(
            "no_such_column", "there is no column {column!r}; there are {columns}", column=number, columns=every
        )
    folded = {fold(name): name for name in names}
    found = {}
    for placeholder in placeholders:
        wanted = (mapping or {}).get(placeholder, placeholder)
        column = wanted if wanted in names else folded.get(fold(wanted))
        if column is None:
            raise CampaignError(
                "no_column_for_placeholder",
                "there is no column for {{{placeholder}}}; there are {columns}",
                placeholder=placeholder,
                columns=every,
            )
        found[placeholder] = column
    return Columns(number, found)


def _number_column(table: Table, names: list[str]) -> str:
    counts = {name: sum(is_phone_number(row.cells.get(name, "")) for row in table.sample) for name in names}
    most = max(counts.values(), default=0)
    if not most:
        named = [name for name in names if _NUMBER_NAMES.search(name)]
        if len(named) == 1:
            return named[0]
        raise CampaignError(
            "no_number_column", "no column holds phone numbers; name it: there are {columns}", columns=", ".join(names)
        )
    fitting = [name for name, count in counts.items() if count >= most * _SIMILAR_SHARE]
    named = [name for name in fitting if _NUMBER_NAMES.search(name)]
    if len(fitting) > 1 and len(named) != 1:
        raise CampaignError(
            "several_number_columns",
            "several columns hold phone numbers ({columns}): name the one to send to",
            columns=", ".join(fitting),
        )
    return (named or fitting)[0]
