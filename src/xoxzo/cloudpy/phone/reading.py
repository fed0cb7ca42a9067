"""Which number a text is: every way to take its digits is tried, and exactly one must be a number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.phone import plan
from xoxzo.cloudpy.phone.cleaning import clean
from xoxzo.cloudpy.phone.parsed import Doubt, Note, ParsedNumber
from xoxzo.cloudpy.phone.rules import objection_to_recipient

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Remarks = Sequence[Note | Doubt]

_COUNTRY = re.compile(r"[A-Z]{2}")


def read(text: object, country: str) -> ParsedNumber:
    """Do what `xoxzo.cloudpy.phone.parse` promises, now that ``phonenumbers`` is there."""
    code = plan.country_code(country) if _COUNTRY.fullmatch(country) else None
    if code is None:
        raise InvalidArgument("country", "must be two capital letters that stand for a country, for instance JP")
    digits, changes = clean(text)
    found: dict[str, ParsedNumber] = {}
    for candidate, assumed in _candidates(digits, country, code):
        if number := _number(candidate, [*changes, *assumed]):
            found.setdefault(number.e164, number)
    if len(found) > 1:
        raise InvalidArgument("text", "can be read as two different numbers: write + and the country code in front")
    if not found:
        raise InvalidArgument("text", _objection(digits))
    return next(iter(found.values()))


def _candidates(digits: str, country: str, code: str) -> Iterator[tuple[str, Remarks]]:
    """Give every way to take the digits as an international number, the likeliest first, and what it assumes."""
    if digits.startswith("+"):
        yield digits[1:], ()
        return
    yield code + digits, (Note.COUNTRY_ADDED,)
    if digits.startswith(code):
        yield digits, (Doubt.PLUS_MISSING,)
    # What is dialled before a country code: 00 in most countries, 010 in Japan.
    if digits.startswith("00"):
        yield digits[2:], (Doubt.PREFIX_READ,)
    if digits.startswith("010") and country == "JP":
        yield digits[3:], (Doubt.PREFIX_READ,)


def _number(digits: str, remarks: Remarks) -> ParsedNumber | None:
    listed = plan.look_up(digits)
    # Japan has numbers that begin with two zeros. They cannot be called from abroad, nor through Xoxzo.
    if listed is None or objection_to_recipient(listed.e164):
        return None
    remarks = [*remarks, *_about_trunk(listed, national=Note.COUNTRY_ADDED in remarks)]
    return ParsedNumber(
        e164=listed.e164,
        kind=listed.kind,
        country=listed.country,
        doubts=tuple(remark for remark in remarks if isinstance(remark, Doubt)),
        notes=tuple(remark for remark in remarks if isinstance(remark, Note)),
    )


def _about_trunk(listed: plan.Listed, *, national: bool) -> Remarks:
    """Say what the national 0, or its absence, means: it belongs before a national number and nowhere else."""
    if listed.has_trunk:
        return () if national else (Note.TRUNK_DROPPED,)
    # Only where it is 0 do people always write it: nobody misses the 1 of the United States, or the 8 of Russia.
    return (Doubt.TRUNK_MISSING,) if national and listed.trunk == "0" else ()


def _objection(digits: str) -> str:
    where = ""
    if digits.startswith("+"):
        code = plan.code_in_front(digits[1:])
        if code is None:
            return "begins with no country code that exists"
        digits, where = digits.removeprefix("+" + code), f" after +{code}"
    count = len(digits)
    return f"has {count} digits{where} and is in no range that is in use: too short, too long or mistyped"
