"""The language of a reader of the console, and why a status changed in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from xoxzo.cloudpy.simulator.engine.reasons import Reason

Language = Literal["en", "ja"]


def preferred_language(accept: str, chosen: str) -> Language:
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


def translate_reason(gettext: Callable[[str], str], why: str) -> str:
    """Return why a status changed, in a reader's language; what the catalogue does not know stays English."""
    return gettext(why.template).format(**why.values) if isinstance(why, Reason) else gettext(why)


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
