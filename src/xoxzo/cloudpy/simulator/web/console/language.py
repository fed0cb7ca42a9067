"""The language of a reader of the console, and why a status changed in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Literal

from xoxzo.cloudpy.common.locale import N_

Language = Literal["en", "ja"]

_BLANK = re.compile(r"({[a-z]+})")


def wanted(accept: str, chosen: str) -> Language:
    """Return the language of a reader.

    Args:
        accept: The browser's Accept-Language header.
        chosen: What was chosen on a page before, or an empty text.
    """
    if chosen in {"en", "ja"}:
        return "ja" if chosen == "ja" else "en"
    best: dict[str, float] = {"en": 0.0, "ja": 0.0}
    for part in accept[:500].lower().split(","):
        tag, _, weight = part.partition(";")
        name = tag.strip().partition("-")[0]
        if name in best:
            best[name] = max(best[name], _weight(weight))
    return "ja" if best["ja"] > best["en"] else "en"


FILLED = (
    N_("rule {n}"),
    N_("delayed by {n} s"),
    N_("the action URL answered {n}"),
    N_("{host} is not on this machine"),
    N_("no answer within {n} s"),
    N_("the answer is longer than {n} bytes"),
    N_("say needs one of the languages {known}"),
)
"""Reasons of status changes with values in them: the sentence, each value by a name in braces."""


def translate_reason(gettext: Callable[[str], str], why: str) -> str:
    """Return why a status changed, in a reader's language; what is not known stays English."""
    for sentence, pattern in _patterns().items():
        if match := pattern.fullmatch(why):
            return gettext(sentence).format(**match.groupdict())
    return gettext(why)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """Return what each sentence of `FILLED` looks like when it is filled in."""
    return {sentence: re.compile("".join(map(_part, _BLANK.split(sentence))), re.DOTALL) for sentence in FILLED}


def _part(part: str) -> str:
    if not _BLANK.fullmatch(part):
        return re.escape(part)
    return f"(?P<{part[1:-1]}>{'[0-9][0-9.e+-]*' if part == '{n}' else '.+'})"


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
