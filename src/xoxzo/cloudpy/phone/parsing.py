"""From what people type to E.164, with every assumption named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import ConfigurationError

if TYPE_CHECKING:
    from xoxzo.cloudpy.phone.parsed import ParsedNumber


def parse(text: str, country: str = "JP") -> ParsedNumber:
    """Turn what people type into E.164, and tell what had to be assumed.

    Full-width digits, hyphens of every kind, brackets, blanks, a ``TEL`` in front, the national 0 and ``+81(0)90…`` are
    no matter. A missing 0, a country code without ``+`` and an international prefix (``00``, in Japan ``010`` as well)
    are doubts. Whatever else the text holds is refused rather than guessed: two numbers, words, an extension, a number
    that a spreadsheet has rounded.

    A number is read only if its range is in use, as far as the installed ``phonenumbers`` knows; Japan's 060 is known
    since 9.0.33. Whether somebody has the number is for the network to find out. A number that is in E.164 already can
    be sent to without this function: `objection_to_recipient` needs no knowledge of ranges.

    Args:
        text: what was typed, at most 100 characters.
        country: where a number without a country code belongs, as ISO 3166-1 alpha-2.

    Returns:
        The number with its kind, doubts and notes. What is E.164 already has neither doubts nor notes.

    Raises:
        InvalidArgument: the text cannot be read, or can be read as two numbers; or there is no such country. The
            reason never repeats the text.
        ConfigurationError: ``phonenumbers`` is not installed.
    """
    try:
        from xoxzo.cloudpy.phone.reading import read
    except ModuleNotFoundError as error:
        line = 'reading typed numbers needs an extra: pip install "xoxzo-cloudpy[phone]"'
        raise ConfigurationError(line) from error
    return read(text, country)
