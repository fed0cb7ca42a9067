"""What may be shown of a phone number or of a server's words, in every repr, log line and error."""

import re

_DIGITS = re.compile(r"\+?\d{5,}")
_QUOTED = re.compile(r'"[^"]*"')
_LONGEST = 200


def mask_number(number: str) -> str:
    """Return a phone number as it may be shown: ``+81••••5678``.

    The sign, the first two and the last four digits stay when at least four are hidden between them; of anything
    shorter nothing stays.
    """
    sign, digits = ("+", number[1:]) if number.startswith("+") else ("", number)
    if len(digits) < 10:
        return sign + "••••"
    return f"{sign}{digits[:2]}••••{digits[-4:]}"


def mask_words(words: str) -> str:
    """Return a server's or a library's sentence without what could be a number or a text of ours.

    Runs of five digits and more are masked as numbers, whatever stands in double quotes is left out, since servers
    repeat a refused value there, and the whole is cut at 200 characters.
    """
    words = _QUOTED.sub('"…"', words)
    words = _DIGITS.sub(lambda found: mask_number(found.group()), words)
    return words if len(words) <= _LONGEST else words[:_LONGEST] + "…"
