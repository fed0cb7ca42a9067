"""Check phone numbers for Xoxzo, and convert typed numbers to E.164.

`recipient_error` and `caller_error` check the format only; every send calls them. `parse` needs the extra
``phone`` (``pip install "xoxzo-cloudpy[phone]"``), whose library ``phonenumbers`` is imported by its first call.
"""

from __future__ import annotations

import re
import unicodedata

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.phone.e164 import Assumption, Kind, Note, ParsedNumber, caller_error, recipient_error

__all__ = ["Assumption", "Kind", "Note", "ParsedNumber", "caller_error", "parse", "recipient_error"]

# The simulator's numbers with fixed outcomes; hyphens and blanks are left out before.
_TEST_NUMBER = re.compile(r"(?:0|\+81)(900000000[123])")


def parse(text: str, country: str = "JP", *, test_numbers: bool = False) -> ParsedNumber:
    """Convert a typed phone number to E.164, and report what was changed and assumed.

    Full-width digits, hyphens of every kind, brackets, spaces, a ``TEL`` in front, the national 0 and ``+81(0)90…`` are
    accepted. A missing 0, a country code without ``+`` and an international prefix (``00``, in Japan also ``010``) are
    accepted with an assumption. Any other text is refused rather than guessed: two numbers, words, an extension, a
    number that a spreadsheet has rounded.

    The number must be in a range that the installed ``phonenumbers`` knows to be in use; it knows Japan's 060 since
    9.0.33. Nothing checks that somebody has the number. A number that is already in E.164 does not need this function:
    `recipient_error` checks the format without a table of ranges.

    Args:
        text: the typed text, at most 100 characters.
        country: the country of a number without a country code, as ISO 3166-1 alpha-2.
        test_numbers: accept the simulator's numbers with fixed outcomes, such as 090-0000-0001, which nobody has.

    Returns:
        The number with its kind, assumptions and notes. A number that was in E.164 has neither assumptions nor notes.

    Raises:
        InvalidArgument: the text is not one number, or can be read as two different numbers, or ``country`` does not
            exist. The reason never contains the text.
        ConfigurationError: ``phonenumbers`` is not installed.
    """
    try:
        from xoxzo.cloudpy.phone.plans import parse_with_plans
    except ModuleNotFoundError as error:
        line = N_('reading typed numbers needs an extra: pip install "xoxzo-cloudpy[phone]"')
        raise ConfigurationError(line) from error
    if test_numbers:
        digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", str(text)))
        if found := _TEST_NUMBER.fullmatch(digits):
            notes = (Note.TEST_NUMBER,)
            return ParsedNumber(e164=f"+81{found[1]}", kind="mobile", country="JP", assumptions=(), notes=notes)
    return parse_with_plans(text, country)
