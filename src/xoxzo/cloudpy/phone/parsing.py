"""Convert typed phone numbers to E.164, and report every assumption."""

from __future__ import annotations

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.phone.parsed import ParsedNumber  # noqa: TC001 - tools resolve the annotation at run time


def parse(text: str, country: str = "JP") -> ParsedNumber:
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

    Returns:
        The number with its kind, assumptions and notes. A number that was in E.164 has neither assumptions nor notes.

    Raises:
        InvalidArgument: the text is not one number, or can be read as two different numbers, or ``country`` does not
            exist. The reason never contains the text.
        ConfigurationError: ``phonenumbers`` is not installed.
    """
    try:
        from xoxzo.cloudpy.phone.candidates import parse_with_plans
    except ModuleNotFoundError as error:
        line = N_('reading typed numbers needs an extra: pip install "xoxzo-cloudpy[phone]"')
        raise ConfigurationError(line) from error
    return parse_with_plans(text, country)
