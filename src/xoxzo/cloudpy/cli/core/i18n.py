"""What the command line says, in the language of who reads it.

The English sentence stands in the code, where it is used, and is the key to the Japanese one in `japanese`: a message,
a paragraph of a command's help, the help of an option. The catalogue is loaded only when Japanese is spoken.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

VARIABLE = "XOXZO_LANG"
_OURS = frozenset({"kind", "state"})
"""Names of values in errors that are words of ours, and no names of the reader's."""
_LOCALE = (VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG")


class Word(str):
    """A word of ours in what a command writes: data in a pipe and in JSON, and translated for a person."""

    __slots__ = ()


def language() -> str:
    """Return ``ja`` or ``en``: by ``XOXZO_LANG``, else by the locale as POSIX reads it."""
    chosen = next((value for name in _LOCALE if (value := os.environ.get(name))), "")
    return "ja" if chosen.lower().startswith("ja") else "en"


def _(text: str, /, **values: object) -> str:
    """Say a sentence in the reader's language.

    Args:
        text: the English one; ``{name}`` in it stands for a value.
        values: what is filled in; without any, braces stand for themselves.
    """
    if language() == "ja":
        from xoxzo.cloudpy.cli.japanese import WORDS

        text = WORDS.get(text, text)
    return text.format(**values) if values else text


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """Ask whether the known word that is most like a misspelt one was meant; nothing where none is like it."""
    from difflib import get_close_matches

    alike = get_close_matches(typed, list(known), n=1)
    return _("Did you mean {possibility}?", possibility=repr(alike[0])) if alike else ""


def reason(text: str, /) -> str:
    """Say a sentence of the library in the reader's language, whatever numbers stand in it.

    Args:
        text: the English one. In the catalogue its numbers stand as ``{0}``, ``{1}`` …, in their order; in that of
            errors with names in them, `japanese.raised`, each name as ``{name}``.
    """
    if language() != "ja":
        return text
    from xoxzo.cloudpy.cli.japanese import WORDS

    if text in WORDS:
        return WORDS[text]
    import re

    numbers = re.findall(r"[0-9]+", text)
    places = iter(range(len(numbers)))
    key = re.sub(r"[0-9]+", lambda _: f"{{{next(places)}}}", text)
    if key in WORDS:
        return WORDS[key].format(*numbers)
    if (error := _raised(text)) is not None:
        return error
    # What was compared stands after a colon: "missing name, day; unknown nam".
    head, colon, rest = text.partition(": ")
    pieces = [piece.partition(" ") for piece in rest.split("; ")]
    said = "; ".join(f"{WORDS.get(word + ':', word)}{blank}{names}" for word, blank, names in pieces)
    return f"{WORDS[head]}{colon}{said}" if head in WORDS else text


def _raised(text: str) -> str | None:
    """Say an error that has names in it: of files, of addresses, of campaigns."""
    import re

    from xoxzo.cloudpy.cli.japanese.raised import WORDS

    for english, japanese in WORDS.items():
        # Two names may not run into each other; what is matched last is the longest.
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(english))
        if found := re.fullmatch(pattern, text, re.DOTALL):
            said = {name: _(value) if name in _OURS else value for name, value in found.groupdict().items()}
            return japanese.format(**said)
    return None


def ngettext(one: str, many: str, count: int, /) -> str:
    """Choose a sentence by number, as ``ngettext`` does."""
    return _(one if count == 1 else many)


def teach_click() -> None:
    """Have Click's own words (``Usage:``, ``Missing argument`` …) come from the same catalogue.

    Click looks them up by the names ``_`` and ``ngettext`` in each of its modules; there is no other door.
    """
    import sys

    for name, module in list(sys.modules.items()):
        if name.startswith("click."):
            for known, ours in (("_", _), ("ngettext", ngettext)):
                if hasattr(module, known):
                    setattr(module, known, ours)
