"""English and Japanese: which of them somebody reads, and how a text reads there.

English is what the code says; each room that talks to people keeps one mapping from its English texts to Japanese.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = "en"
JAPANESE = "ja"


def language(environ: Mapping[str, str]) -> str:
    """Return the language that an environment asks for: ``"ja"``, or ``"en"`` for everything else.

    Args:
        environ: The variables, as in ``os.environ``. The first that is set of ``LC_ALL``, ``LC_MESSAGES`` and ``LANG``
            counts, as POSIX has it.
    """
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            return choose(value)
    return ENGLISH


def choose(tag: str) -> str:
    """Return the language of a locale (``ja_JP.UTF-8``) or of a language tag (``ja-JP``)."""
    return JAPANESE if tag.lower().replace("-", "_").partition("_")[0] == JAPANESE else ENGLISH


class Wording:
    """The texts of one room.

    Args:
        japanese: The Japanese of each English text; ``{name}`` stands for a value in both.
        language: ``"en"`` or ``"ja"``.
    """

    __slots__ = ("_japanese", "language")

    def __init__(self, japanese: Mapping[str, str], language: str = ENGLISH) -> None:
        self._japanese = japanese
        self.language = language

    def __call__(self, english: str, /, **values: object) -> str:
        """Return a text in the language, with its values put in; one without a translation stays English."""
        text = self._japanese.get(english, english) if self.language == JAPANESE else english
        return text.format(**values) if values else text
