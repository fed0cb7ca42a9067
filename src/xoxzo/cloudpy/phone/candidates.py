"""Interpret typed digits by the numbering plans of all countries. Only this module imports ``phonenumbers``.

Each international number that the digits may mean is tried; exactly one must be in use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.phone.cleaning import clean
from xoxzo.cloudpy.phone.parsed import Assumption, Kind, Note, ParsedNumber
from xoxzo.cloudpy.phone.rules import recipient_error

Remarks = Sequence[Note | Assumption]
_COUNTRY = re.compile(r"[A-Z]{2}")


def parse_with_plans(text: object, country: str) -> ParsedNumber:
    """Implement `xoxzo.cloudpy.phone.parse`; importing this module needs ``phonenumbers``."""
    code = _country_code(country) if _COUNTRY.fullmatch(country) else None
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
    number = _look_up(digits)
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


def _trunk_remarks(number: _AllocatedNumber, *, national: bool) -> Remarks:
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
    prefix = _leading_country_code(digits[1:])
    if prefix is None:
        return InvalidArgument("text", "begins with no country code that exists")
    return InvalidArgument(
        "text",
        "has {count} digits after +{prefix} and is in no range that is in use: too short, too long or mistyped",
        count=len(digits) - len(prefix) - 1,
        prefix=prefix,
    )


_KINDS: dict[int, Kind] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PAGER: "pager",
}
_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))


class _AllocatedNumber(NamedTuple):
    """A number in a range that is in use."""

    e164: str
    kind: Kind
    country: str | None
    """ISO 3166-1 alpha-2; ``None`` for a number of no country."""
    trunk_prefix: str
    """What its country dials before a national number, ``0`` in Japan; empty where nothing is dialled."""
    has_trunk_prefix: bool
    """Whether the trunk prefix was typed after the country code."""


def _country_code(country: str) -> str | None:
    """Return a country's dialling code, ``81`` for ``JP``, or ``None`` when there is no such country."""
    code = phonenumbers.country_code_for_region(country)
    return str(code) if code else None


def _leading_country_code(digits: str) -> str | None:
    """Return the country code that digits begin with, or ``None``. No country code is a prefix of another."""
    return next((digits[:length] for length in (1, 2, 3) if digits[:length] in _CODES), None)


def _look_up(digits: str) -> _AllocatedNumber | None:
    """Find a number in the numbering plan of its country.

    Args:
        digits: ASCII digits with the country code, without +; a trunk prefix may follow the country code.

    Returns:
        The number; ``None`` if its range is not in use, or if ``phonenumbers`` changes more than the trunk prefix (in
        Argentina it turns a 15 into a 9): that would be a guess.
    """
    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    code = str(number.country_code)
    region = phonenumbers.region_code_for_number(number)
    trunk_prefix = phonenumbers.ndd_prefix_for_region(region or "", strip_non_digits=True) or ""
    national = e164.removeprefix("+" + code)
    has_trunk_prefix = bool(trunk_prefix) and digits == code + trunk_prefix + national
    if not has_trunk_prefix and digits != code + national:
        return None
    kind = _KINDS.get(phonenumbers.number_type(number), "other")
    country = region if region != phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else None
    return _AllocatedNumber(e164, kind, country, trunk_prefix, has_trunk_prefix)
