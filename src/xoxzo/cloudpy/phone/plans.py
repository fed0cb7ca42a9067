"""Interpret typed text by the numbering plans of all countries. Only this module imports ``phonenumbers``.

The text is reduced to a sign and digits first, and each international number that they may mean is tried; exactly one
must be in use. This is stricter than ``phonenumbers`` alone, which reads letters as keys of a phone, removes what it
takes for an extension or a second number, and skips any text in front. Each of these would be a silent guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.phone.e164 import Assumption, Kind, Note, ParsedNumber, recipient_error

Remarks = Sequence[Note | Assumption]
_COUNTRY = re.compile(r"[A-Z]{2}")
_KINDS: dict[int, Kind] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PAGER: "pager",
}
_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))


def parse_with_plans(text: object, country: str) -> ParsedNumber:
    """Implement `xoxzo.cloudpy.phone.parse`; importing this module needs ``phonenumbers``."""
    code = phonenumbers.country_code_for_region(country) if _COUNTRY.fullmatch(country) else None
    if not code:
        raise InvalidArgument("country", "must be two capital letters that stand for a country, for instance JP")
    digits, changes = _clean(text)
    found: dict[str, ParsedNumber] = {}
    for candidate, remarks in _candidates(digits, country, str(code)):
        if number := _look_up(candidate, [*changes, *remarks]):
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


def _look_up(digits: str, remarks: Remarks) -> ParsedNumber | None:
    """Find digits, which begin with a country code, in the numbering plan of that country.

    A trunk prefix may follow the country code. ``None`` if the range is not in use, or if ``phonenumbers`` changes more
    than the trunk prefix (in Argentina it turns a 15 into a 9): that would be a guess.
    """
    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    # Japan has numbers that begin with two zeros. They cannot be called from abroad, nor through Xoxzo.
    if not phonenumbers.is_valid_number(number) or recipient_error(e164):
        return None
    region = phonenumbers.region_code_for_number(number)
    # What is dialled before a national number and nowhere else: 0 in Japan, in some countries nothing.
    trunk_prefix = phonenumbers.ndd_prefix_for_region(region or "", strip_non_digits=True) or ""
    code = str(number.country_code)
    national = e164.removeprefix("+" + code)
    has_trunk_prefix = bool(trunk_prefix) and digits == code + trunk_prefix + national
    if not has_trunk_prefix and digits != code + national:
        return None
    if has_trunk_prefix and Note.COUNTRY_ADDED not in remarks:
        remarks = [*remarks, Note.TRUNK_DROPPED]
    # People do not write the 1 of the United States or Russia's 8, so only a missing 0 is remarkable.
    if not has_trunk_prefix and Note.COUNTRY_ADDED in remarks and trunk_prefix == "0":
        remarks = [*remarks, Assumption.TRUNK_MISSING]
    return ParsedNumber(
        e164=e164,
        kind=_KINDS.get(phonenumbers.number_type(number), "other"),
        country=region if region != phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else None,
        assumptions=tuple(remark for remark in remarks if isinstance(remark, Assumption)),
        notes=tuple(remark for remark in remarks if isinstance(remark, Note)),
    )


def _unused_range(digits: str) -> InvalidArgument:
    """Return the error for digits that are a number in no country."""
    if not digits.startswith("+"):
        return InvalidArgument(
            "text",
            "has {count} digits and is in no range that is in use: too short, too long or mistyped",
            count=len(digits),
        )
    # No country code is a prefix of another.
    prefix = next((digits[1:end] for end in (2, 3, 4) if digits[1:end] in _CODES), None)
    if prefix is None:
        return InvalidArgument("text", "begins with no country code that exists")
    return InvalidArgument(
        "text",
        "has {count} digits after +{prefix} and is in no range that is in use: too short, too long or mistyped",
        count=len(digits) - len(prefix) - 1,
        prefix=prefix,
    )


# Full-width ASCII and the ideographic space. Digits of other scripts are not converted, so they are refused.
_FULL_WIDTH = {0xFF00 + code: 0x20 + code for code in range(1, 95)} | {0x3000: 0x20}
# Characters used as hyphens in Japanese text: hyphens, dashes, the minus sign, the long-vowel mark in both widths, box
# drawing lines.
_HYPHENS = "‐‑‒–—―⁃−˗﹘﹣ーｰ─━"
_SEPARATORS = re.compile(rf"[\s\-().\[\]〔〕{_HYPHENS}]+")

_LABEL = re.compile(r"(?:tel|[℡☎☏])[.:]?\s*(?=[+(\[0-9])", re.IGNORECASE)
_QUOTED = re.compile(r"""'([^'"]*)|="([^'"]*)\"""")
_FLOAT = re.compile(r"(\+?[0-9]+)\.0")

# Scientific notation; digits on both sides of a single dot; a single digit after the last dot.
_DECIMAL = re.compile(r"\A[+-]?[0-9]+(?:\.[0-9]+\Z|(?:\.[0-9]+)?E[+-]?[0-9])|\.\s*[0-9]\D*\Z", re.IGNORECASE)
# Digits after a line break or a separator, and a + anywhere but at the start.
_SECOND_NUMBER = re.compile(r"[0-9][^0-9+]*(?:[\n\r\v\f\x85\u2028\u2029,;/|&、・]\D*[0-9]|\+)")
_NUMBER = re.compile(r"\+?[0-9]+")

# E.164 allows 15 digits, and the longest prefix before them, 010, has 3.
_MAX_DIGITS = 18
_MAX_CHARACTERS = 100


def _clean(text: object) -> tuple[str, list[Note | Assumption]]:
    """Return the ASCII digits of a typed number, with a + in front if one was typed; and a remark for each change."""
    text = plain(text)
    if not isinstance(text, str):
        raise InvalidArgument("text", "must be text, not {type}, which keeps no 0 in front", type=type(text).__name__)
    if len(text) > _MAX_CHARACTERS:
        raise InvalidArgument("text", "has {count} characters: too many for one number", count=len(text))
    remarks: list[Note | Assumption] = []
    for change, remark in _CHANGES:
        changed = change(text)
        if changed != text and remark not in remarks:
            remarks.append(remark)
        text = changed
    if not _NUMBER.fullmatch(text):
        raise InvalidArgument("text", _objection(text))
    if (count := len(text.removeprefix("+"))) > _MAX_DIGITS:
        raise InvalidArgument("text", "has {count} digits: too long for one number, are there two?", count=count)
    return text, remarks


def _without_invisible(text: str) -> str:
    # Mainly marks of writing direction: contact lists wrap numbers in them.
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _without_separators(text: str) -> str:
    """Remove the separators between the digits of one number; return any other text unchanged, for `_objection`."""
    if _DECIMAL.search(text) or _SECOND_NUMBER.search(text):
        return text
    return _SEPARATORS.sub("", text)


_CHANGES: tuple[tuple[Callable[[str], str], Note | Assumption], ...] = (
    (_without_invisible, Note.INVISIBLE),
    (lambda text: text.translate(_FULL_WIDTH), Note.FULL_WIDTH),
    (str.strip, Note.SEPARATORS),
    (lambda text: found[1] or found[2] or "" if (found := _QUOTED.fullmatch(text)) else text, Note.QUOTED),
    (lambda text: _LABEL.sub("", text, count=1) if _LABEL.match(text) else text, Note.LABEL),
    (lambda text: _FLOAT.sub(r"\1", text) if _FLOAT.fullmatch(text) else text, Assumption.FLOAT),
    (_without_separators, Note.SEPARATORS),
)


def _objection(text: str) -> str:
    if not re.search(r"[0-9]", text):
        return N_("has no readable digits: they must be ASCII or full-width")
    if _DECIMAL.search(text):
        return N_(
            "is a decimal number, as spreadsheets write them: digits may have been lost; format the column as text"
        )
    if _SECOND_NUMBER.search(text):
        return N_("has more than one number, or a separator")
    return N_("has something besides one number: letters, words or symbols")
