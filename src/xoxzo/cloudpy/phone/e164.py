"""Check the format of numbers in E.164 (API sections 1.8 and 15.1), and define the result of parsing a typed one."""

from __future__ import annotations

import enum
import re
from typing import Literal

import msgspec

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.common.masking import mask_number

is_recipient = re.compile(r"\+(?!810)[1-9][0-9]{6,14}").fullmatch
"""Whether a number can be a recipient; `recipient_error` says why one cannot."""

_CALLER = re.compile(r"\+?[0-9]{1,15}")


def recipient_error(number: str) -> str | None:
    """Return the rule that a number breaks as a recipient; ``None`` if it can be one.

    A recipient is in E.164: ``+``, country code, number without the national trunk 0, at most 15 ASCII digits. Nothing
    checks that the number exists.
    """
    if is_recipient(number):
        return None
    if not number.startswith("+"):
        return N_("must be in E.164: begin with + and the country code, as in +8180…")
    if number.startswith("+810"):
        return N_("must not have a 0 after +81: +8180…, not +81080…")
    return N_("must be in E.164: + and 7 to 15 digits, without blanks or hyphens")


def caller_error(number: str) -> str | None:
    """Return the rule that a number breaks as a caller (API section 5.1); ``None`` if it can be one."""
    return None if _CALLER.fullmatch(number) else N_("must be 1 to 15 digits, with or without a leading +")


Kind = Literal["mobile", "fixed", "fixed_or_mobile", "voip", "toll_free", "pager", "other"]


class Note(enum.StrEnum):
    """A harmless change of the format. Each value is a sentence that can be shown to a user."""

    SEPARATORS = "hyphens, blanks, dots or brackets were dropped"
    """``080-1111-2222``"""
    FULL_WIDTH = "full-width characters were read as ASCII"
    """``０８０１１１１２２２２``"""
    INVISIBLE = "characters that cannot be seen were dropped"
    """Marks of writing direction and the like, for instance from contact lists."""
    LABEL = "a label such as TEL in front was dropped"
    """``TEL 08011112222``"""
    QUOTED = "a spreadsheet's mark for text was dropped"
    """``'08011112222``"""
    COUNTRY_ADDED = "the country code was added"
    """``08011112222``"""
    TRUNK_DROPPED = "the national 0 after the country code was dropped"
    """``+81(0)8011112222``"""
    TEST_NUMBER = "a test number of the simulator: nobody has it"
    """``09000000001``"""


class Assumption(enum.StrEnum):
    """An assumption: something was missing or unusual, so the person may have meant another number.

    Each value is a sentence that can be shown to a user.
    """

    TRUNK_MISSING = "the national 0 in front was missing; spreadsheets take it away"
    """``8011112222``"""
    PLUS_MISSING = "the first digits were read as a country code, without + in front"
    """``818011112222``"""
    PREFIX_READ = "00 or 010 in front was read as the international prefix"
    """``00818011112222``"""
    FLOAT = "a .0 at the end was dropped; spreadsheets put it there"
    """``8011112222.0``"""


class ParsedNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A phone number in E.164. Its ``repr`` masks the number."""

    e164: str
    """The number as Xoxzo accepts it, for instance ``+818011112222``."""
    kind: Kind
    """``mobile``, the only kind that receives SMS in Japan; ``fixed``; ``voip`` (050); ``toll_free`` (0120, 0800);
    ``pager``, which is all of Japan's 020, machines included; ``fixed_or_mobile`` in countries such as the United
    States, whose numbers do not show it; ``other`` for all further numbers, such as premium-rate."""
    country: str | None
    """The country of the number as ISO 3166-1 alpha-2; ``None`` for a number of no country."""
    assumptions: tuple[Assumption, ...]
    """The assumptions that were made. Empty if the text can be read in one way only."""
    notes: tuple[Note, ...]
    """The harmless changes that were made."""

    def __repr__(self) -> str:
        assumptions, notes = [assumption.name for assumption in self.assumptions], [note.name for note in self.notes]
        return (
            f"ParsedNumber(e164={mask_number(self.e164)!r}, kind={self.kind!r}, country={self.country!r}, "
            f"{assumptions=}, {notes=})"
        )
