"""English and Japanese: which one a reader wants, and how a sentence is said in it.

The English sentence is the key; `languages/ja.json` holds the other one.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["en", "ja"]
Say = Callable[..., str]

_HOME = Path(__file__).parent / "languages"


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


def speaker(language: Language) -> Say:
    """Return what says an English sentence in a language; words in braces are filled in."""
    words = japanese() if language == "ja" else {}

    def say(sentence: str, **values: object) -> str:
        found = words.get(sentence, sentence)
        return found.format(**values) if values else found

    return say


REASONS = {
    "rule {n}": re.compile(r"rule ([0-9]+)"),
    "delayed by {n} s": re.compile(r"delayed by ([0-9.e+]+) s"),
    "the action URL answered {n}": re.compile(r"the action URL answered ([0-9]+)"),
}
"""What the engine gives as a reason, with a number in it."""


def reason(say: Say, why: str) -> str:
    """Return why something happened in a reader's language; what is not known to be said otherwise stays English."""
    for sentence, pattern in REASONS.items():
        if match := pattern.fullmatch(why):
            return say(sentence, n=match[1])
    return say(why)


@cache
def japanese() -> dict[str, str]:
    """Return every sentence of the pages with its Japanese."""
    words: dict[str, str] = json.loads((_HOME / "ja.json").read_text(encoding="utf-8"))
    return words


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
