"""Look up numbers in the numbering plans of all countries. Only this module imports ``phonenumbers``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

if TYPE_CHECKING:
    from xoxzo.cloudpy.phone.parsed import Kind

_KINDS: dict[int, Kind] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PAGER: "pager",
}
_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))


class AllocatedNumber(NamedTuple):
    """A number in a range that is in use."""

    e164: str
    kind: Kind
    country: str | None
    """ISO 3166-1 alpha-2; ``None`` for a number of no country."""
    trunk_prefix: str
    """What its country dials before a national number, ``0`` in Japan; empty where nothing is dialled."""
    has_trunk_prefix: bool
    """Whether the trunk prefix was typed after the country code."""


def country_code(country: str) -> str | None:
    """Return a country's dialling code, ``81`` for ``JP``, or ``None`` when there is no such country."""
    code = phonenumbers.country_code_for_region(country)
    return str(code) if code else None


def leading_country_code(digits: str) -> str | None:
    """Return the country code that digits begin with, or ``None``. No country code is a prefix of another."""
    return next((digits[:length] for length in (1, 2, 3) if digits[:length] in _CODES), None)


def look_up(digits: str) -> AllocatedNumber | None:
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
    return AllocatedNumber(e164, kind, country, trunk_prefix, has_trunk_prefix)
