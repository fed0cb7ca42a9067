"""Choose the column of the phone numbers, and the column of each placeholder; ask where a choice would be a guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

import msgspec

from xoxzo.cloudpy.campaigns.inputs.cells import OWN_COLUMNS, fold, is_blank, number_in
from xoxzo.cloudpy.campaigns.inputs.tables import Table
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument
from xoxzo.cloudpy.phone import parse

MOBILE_KINDS = frozenset({"mobile", "fixed_or_mobile"})
"""The kinds of numbers that can receive an SMS."""

_MOBILE = r"携帯|ケータイ|けいたい|スマホ|モバイル|手机|手機|휴대|mobile|(?<![a-z])cell(?![a-z])|celular|m[oó]vil"
_MOBILE_NAMES = re.compile(_MOBILE)
_PHONE_NAMES = re.compile(
    rf"{_MOBILE}|電話|宛先|送信先|电话|전화|โทร|फ़ोन|phone|(?<![a-z])(?:tel(?!l|e(?!f|p))|t[eé]l[eé]fon|sms)"
    "|msisdn|recipient|^numbers?$"
)
# Of columns with numbers of somebody else.
_OTHER_NAMES = re.compile(r"緊急|紹介|emergency|(?<!p)refer")
_ID_NAMES = re.compile(
    r"(?<!^)番号|コード|伝票|郵便|口座|number|order|invoice|member|account|zip|(?<![a-z])(?:ids?|no|code|key|sku)(?![a-z])"
)
_CAPITAL_WITHIN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# A column counts as one of numbers with this share of them, of its cells or of the numbers of another column.
_ENOUGH = 0.5
# So many cells show that the country is wrong, and not the cells.
_MIN_CELLS = 3


class Columns(msgspec.Struct, frozen=True):
    """What is read from which column."""

    number: str
    variables: dict[str, str]
    """For each placeholder the column of its values."""


def check_country(country: str) -> str:
    """Return a country's code in capital letters; `InvalidArgument` if there is no such country."""
    if not isinstance(country, str):
        raise InvalidArgument("country", "must be text, not {type}", type=type(country).__name__)
    code = country.strip().upper()
    parse("+818011112222", code)
    return code


class _Score:
    """What a column's name and its first cells show."""

    def __init__(self, table: Table, column: str, country: str, *, mobile_only: bool) -> None:
        name = unicodedata.normalize("NFKC", _CAPITAL_WITHIN.sub(" ", column)).casefold()
        self.column = column
        self.says_phone = bool(_PHONE_NAMES.search(name))
        self.says_mobile = bool(_MOBILE_NAMES.search(name))
        self.says_other = bool(_OTHER_NAMES.search(name))
        self.says_id = bool(_ID_NAMES.search(name))
        self.cells = [cell for row in table.sample if not is_blank(cell := row.cells.get(column, ""))]
        found = [number for cell in self.cells if (number := number_in(cell, country))]
        sendable = [number for number in found if not mobile_only or number.kind in MOBILE_KINDS]
        self.numbers, self.sendable = len(found), len(sendable)
        self.certain = sum(not number.assumptions for number in sendable)
        self.may_hold = self.says_phone and (not self.cells or any(sum(map(str.isdecimal, c)) > 4 for c in self.cells))
        """Whether its name says phone and its cells do not say that it is about something else."""
        self.holds_enough = self.sendable > 0 and self.sendable >= len(self.cells) * _ENOUGH
        """Whether most of its cells are numbers that can be sent to."""


def choose_columns(
    table: Table,
    placeholders: Iterable[str],
    *,
    number: str | None = None,
    mapping: Mapping[str, str] | None = None,
    country: str = "JP",
    mobile_only: bool = True,
) -> Columns:
    """Choose the columns that were named, else those whose values and names fit.

    The number's column may be named, and by `mapping` those of placeholders whose names differ. `CampaignError` where a
    column does not exist, or none or several could be meant.
    """
    names = [name for name in table.columns if name not in OWN_COLUMNS]
    every = ", ".join(names)

    def find(wanted: str) -> str | None:
        fitting = [wanted] if wanted in names else [name for name in names if fold(name) == fold(wanted)]
        if len(fitting) > 1:
            raise CampaignError(
                "several_columns",
                "{wanted!r} could be several columns: {columns}",
                wanted=wanted,
                columns=", ".join(fitting),
            )
        return fitting[0] if fitting else None

    scores = {name: _Score(table, name, country, mobile_only=mobile_only) for name in names}
    chosen = _number_column(scores.values(), country) if number is None else find(number)
    if chosen is None:
        raise CampaignError(
            "no_such_column", "there is no column {column!r}; there are {columns}", column=number, columns=every
        )
    _check_country(scores[chosen], country)
    given = {fold(placeholder): column for placeholder, column in (mapping or {}).items()}
    found = {}
    for placeholder in placeholders:
        column = find(given.get(fold(placeholder), placeholder))
        if column is None:
            raise CampaignError(
                "no_column_for_placeholder",
                "there is no column for {{{placeholder}}}; there are {columns}",
                placeholder=placeholder,
                columns=every,
            )
        found[placeholder] = column
    if unused := set(given) - {fold(placeholder) for placeholder in found}:
        raise CampaignError(
            "no_such_placeholder", "the message has no placeholder {{{name}}}, which --column gives", name=min(unused)
        )
    return Columns(chosen, found)


def columns_with_numbers(table: Table, country: str) -> list[str]:
    """Return all columns of phone numbers of any kind: those whose names say so, or else those that hold some.

    `CampaignError` if there is none.
    """
    scores = [_Score(table, name, country, mobile_only=False) for name in table.columns if name not in OWN_COLUMNS]
    named = [score for score in scores if score.may_hold]
    holding = [score for score in scores if score.holds_enough]
    found = named or [score for score in holding if not score.says_id] or holding
    if not found:
        raise CampaignError(
            "no_number_column",
            "no column holds phone numbers of {country}; --country names another country: there are {columns}",
            country=country,
            columns=", ".join(score.column for score in scores),
        )
    return [score.column for score in found]


def _number_column(scores: Collection[_Score], country: str) -> str:
    named = [score for score in scores if score.says_phone]
    holding = [score for score in named if score.numbers]
    candidates = [score for score in scores if score.sendable]
    if not candidates and not holding:
        # The error names what is wrong with each row.
        named = [score for score in named if score.may_hold and score.cells] or named
        if len(named) == 1:
            return named[0].column
        raise CampaignError(
            "no_number_column",
            "no column holds phone numbers of {country}; --number names the column, --country the country: "
            "there are {columns}",
            country=country,
            columns=", ".join(score.column for score in scores),
        )
    if holding:
        # A phone that is called mobile is preferred to phones that no SMS reaches, and to nothing else.
        mobile = [score for score in holding if score.says_mobile and score.holds_enough]
        best = mobile if len(mobile) == 1 and not any(s.sendable for s in holding if s not in mobile) else holding
        others = [score for score in candidates if score not in best and score.sendable >= best[0].numbers * _ENOUGH]
        if len(best) == 1 and best[0].holds_enough and not best[0].says_other:
            others = []
        chosen = [*best, *others]
        is_sure = not best[0].says_other
    else:
        candidates = [score for score in candidates if not score.says_id] or candidates
        most = max(score.sendable for score in candidates)
        candidates = [score for score in candidates if score.sendable >= most * _ENOUGH]
        chosen = [*candidates, *(score for score in named if score.may_hold)]
        only = chosen[0]
        is_sure = not (only.says_id or only.says_other) and only.certain >= only.sendable * _ENOUGH
        # A list of nothing but numbers can mean nothing else.
        is_sure = only.holds_enough and (is_sure or len(scores) == 1)
    if len(chosen) > 1:
        raise CampaignError(
            "several_number_columns",
            "several columns could be the recipients' phone numbers ({columns}): name the one to send to by --number",
            columns=", ".join(score.column for score in chosen),
        )
    if not is_sure:
        raise CampaignError(
            "uncertain_number_column",
            "column {column!r} holds numbers, but perhaps not the recipients': if so, --number {column!r} selects it",
            column=chosen[0].column,
        )
    return chosen[0].column


def _check_country(score: _Score, country: str) -> None:
    """Refuse a country that fits no cell where another one fits: the cells are not to blame."""
    if score.numbers or len(score.cells) < _MIN_CELLS:
        return
    import phonenumbers

    cells = score.cells[: _MIN_CELLS * 2]
    # A mistyped Japanese number may well be one of another country.
    if country == "JP" and any(re.match("0[5-9]0", unicodedata.normalize("NFKC", cell)) for cell in cells):
        return
    if any(all(number_in(cell, other) for cell in cells) for other in phonenumbers.SUPPORTED_REGIONS):
        raise CampaignError(
            "wrong_country",
            "no cell of the column {column!r} is a number of {country}: give the country of the numbers by --country",
            column=score.column,
            country=country,
        )
