"""Interpret typed digits: try each possible international number; exactly one must be in use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.phone import numbering_plan
from xoxzo.cloudpy.phone.cleaning import clean
from xoxzo.cloudpy.phone.parsed import Assumption, Note, ParsedNumber
from xoxzo.cloudpy.phone.rules import recipient_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Remarks = Sequence[Note | Assumption]

_COUNTRY = re.compile(r"[A-Z]{2}")


def parse_with_plans(text: object, country: str) -> ParsedNumber:
    """Implement `xoxzo.cloudpy.phone.parse`; importing this module needs ``phonenumbers``."""
    code = numbering_plan.country_code(country) if _COUNTRY.fullmatch(country) else None
    if code is None:
        raise InvalidArgument("country", "must be two capital letters that stand for a country, for instance JP")
    digits, changes = clean(text)
    found: dict[str, ParsedNumber] = {}
    for candidate, remarks in _candidates(digits, country, code):
        if number := _parsed_number(candidate, [*changes, *remarks]):
            found.setdefault(number.e164, number)
    if len(found) > 1:
        raise InvalidArgument("text", "can be read as two different numbers: write + and the country code in front")
    if not found:
        raise _unused_range(digits)
    return next(iter(found.values()))


def _candidates(digits: str, country: str, code: str) -> Iterator[tuple[str, Remarks]]:
    """Yield each international number that the digits may mean, the most likely first, with its remarks."""
    if digits.startswith("+"):
        yield digits[1:], ()
        return
    yield code + digits, (Note.COUNTRY_ADDED,)
    if digits.startswith(code):
        yield digits, (Assumption.PLUS_MISSING,)
    # What is dialled before a country code: 00 in most countries, 010 in Japan.
    if digits.startswith("00"):
        yield digits[2:], (Assumption.PREFIX_READ,)
    if digits.startswith("010") and country == "JP":
        yield digits[3:], (Assumption.PREFIX_READ,)


def _parsed_number(digits: str, remarks: Remarks) -> ParsedNumber | None:
    number = numbering_plan.look_up(digits)
    # Japan has numbers that begin with two zeros. They cannot be called from abroad, nor through Xoxzo.
    if number is None or recipient_error(number.e164):
        return None
    remarks = [*remarks, *_trunk_remarks(number, national=Note.COUNTRY_ADDED in remarks)]
    return ParsedNumber(
        e164=number.e164,
        kind=number.kind,
        country=number.country,
        assumptions=tuple(remark for remark in remarks if isinstance(remark, Assumption)),
        notes=tuple(remark for remark in remarks if isinstance(remark, Note)),
    )


def _trunk_remarks(number: numbering_plan.AllocatedNumber, *, national: bool) -> Remarks:
    """Return what the trunk prefix, or its absence, means: it is dialled before a national number and nowhere else."""
    if number.has_trunk_prefix:
        return () if national else (Note.TRUNK_DROPPED,)
    # A missing prefix is remarkable only where it is 0: people do not write the 1 of the United States or Russia's 8.
    return (Assumption.TRUNK_MISSING,) if national and number.trunk_prefix == "0" else ()


def _unused_range(digits: str) -> InvalidArgument:
    """Return the error for digits that are a number in no country."""
    if not digits.startswith("+"):
        return InvalidArgument(
            "text",
            "has {count} digits and is in no range that is in use: too short, too long or mistyped",
            count=len(digits),
        )
    prefix = numbering_plan.leading_country_code(digits[1:])
    if prefix is None:
        return InvalidArgument("text", "begins with no country code that exists")
    return InvalidArgument(
        "text",
        "has {count} digits after +{prefix} and is in no range that is in use: too short, too long or mistyped",
        count=len(digits) - len(prefix) - 1,
        prefix=prefix,
    )
