"""What may be shown of a phone number or of a server's words, in every repr, log line and error."""

import re
from urllib.parse import unquote

_NUMBER = re.compile(r"\+?\d(?:[\s().\-‐-―]*\d){4,}")
_SEPARATOR = re.compile(r"[\s().\-‐-―]")
_OPENING = re.compile(r"""["“„‘「『]|(?<!\w)'""")
_CLOSING = "\"”“’'」』"
_READ = 2000
_LONGEST = 200


def mask_number(number: str) -> str:
    """Return a phone number as it may be shown: ``+81••••5678``.

    The sign, the first two and the last four digits stay when at least four are hidden between them; of anything
    shorter nothing stays. Blanks, hyphens, dots and brackets between the digits are left out.
    """
    number = _SEPARATOR.sub("", number)
    sign, digits = ("+", number[1:]) if number.startswith("+") else ("", number)
    if len(digits) < 10:
        return sign + "••••"
    return f"{sign}{digits[:2]}••••{digits[-4:]}"


def mask_digits(words: str) -> str:
    """Return words with every number of five digits and more in them masked."""
    return _NUMBER.sub(lambda found: mask_number(found.group()), words)


def mask_words(words: str) -> str:
    """Return a server's or a library's sentence without what could be a number or a text of ours.

    Five digits and more in a row, separated or not, are masked as a number; whatever stands in quotation marks, from
    the first to the last, is left out, since servers repeat a refused value there; and the whole is cut at 200
    characters.
    """
    # A reply may be a megabyte long.
    words = mask_digits(_without_quotations(words[:_READ]))
    return words if len(words) <= _LONGEST else words[:_LONGEST] + "…"


def mask_path(path: str) -> str:
    """Return a URL's path with ``REDACTED`` in place of each segment that is a number of five digits and more."""
    return "/".join("REDACTED" if _NUMBER.fullmatch(unquote(segment)) else segment for segment in path.split("/"))


def _without_quotations(words: str) -> str:
    opening = _OPENING.search(words)
    if opening is None:
        return words
    # A quoted value may hold quotation marks itself, and one that is never closed goes to the end.
    closing = max(words.rfind(mark, opening.end()) for mark in _CLOSING)
    return f'{words[: opening.start()]}"…"{words[closing + 1 :] if closing > 0 else ""}'
