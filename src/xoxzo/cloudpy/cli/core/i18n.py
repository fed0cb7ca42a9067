"""The language of the command line: gettext's functions, for the language that the environment sets.

The English message is in the code; its translation is in the catalogue of `xoxzo.cloudpy.common.locale`, and so are
Click's own messages.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from gettext import bindtextdomain, textdomain
from typing import TYPE_CHECKING, Literal

from xoxzo.cloudpy.cli.core.output.terminal import visible
from xoxzo.cloudpy.common.locale import DOMAIN, FOLDER, N_, translations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xoxzo.cloudpy.errors import XoxzoError

__all__ = ["N_", "Word", "_", "chosen_language", "click_translations", "did_you_mean", "language", "ngettext"]
__all__ += ["render_error"]

VARIABLE = "XOXZO_LANG"
_GETTEXT_VARIABLE = "LANGUAGE"
_VARIABLES = (VARIABLE, _GETTEXT_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG")
_TRANSLATED_FIELDS = frozenset({"kind", "state"})
"""Fields of errors whose values are words of this library, such as a campaign's state."""


class Word(str):
    """A word of this library in a result: programs get it unchanged, people get its translation."""

    __slots__ = ()


def language() -> Literal["en", "ja"]:
    """Return ``ja`` or ``en``: by ``XOXZO_LANG``, else by the variables that gettext reads, in its order."""
    return chosen_language() or "en"


def chosen_language() -> Literal["en", "ja"] | None:
    """Return the language that the user has chosen; ``None`` for a system without one, such as ``C.UTF-8``."""
    chosen = next(filter(None, map(os.environ.get, _VARIABLES)), "").lower()
    if chosen.startswith("ja"):
        return "ja"
    return None if chosen.partition(".")[0] in {"", "c", "posix"} else "en"


def _(message: str, /, **fields: object) -> str:
    """Return the translation of a message, with the values of its fields."""
    translation = translations(language()).gettext(message) if message else message
    return translation.format(**fields) if fields else translation


def ngettext(singular: str, plural: str, n: int, /, **fields: object) -> str:
    """Return the translation of a message in the form for a number, with the values of its fields; `n` is `count`."""
    return translations(language()).ngettext(singular, plural, n).format(**{"count": f"{n:,}", **fields})


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """Return a question that suggests the known word most similar to a misspelt one; empty if none is similar."""
    from difflib import get_close_matches

    # One entry of the catalogue serves this and the question for several: it may name either field.
    guesses = map(repr, get_close_matches(typed, list(known), n=1))
    return next((_("Did you mean {possibility}?", possibility=guess, possibilities=guess) for guess in guesses), "")


def render_error(error: XoxzoError) -> str:
    """Return the message of an error of the library in the user's language, control characters escaped."""
    from xoxzo.cloudpy.errors import InvalidArgument

    fields = {name: _(str(value)) if name in _TRANSLATED_FIELDS else value for name, value in error.fields.items()}
    if "reason" in fields and isinstance(error.__cause__, InvalidArgument):  # the error of one number of a list
        fields["reason"] = render_error(error.__cause__)
    return visible(_(error.template, **fields), lines=True)


@contextmanager
def click_translations() -> Iterator[None]:
    """Let Click find the translations of its own messages, in the language of `language`, while a command runs."""
    bindtextdomain(DOMAIN, FOLDER)
    domain, before = textdomain(), os.environ.get(_GETTEXT_VARIABLE)
    textdomain(DOMAIN)
    if (chosen := chosen_language()) is not None:
        os.environ[_GETTEXT_VARIABLE] = chosen
    try:
        yield
    finally:
        textdomain(domain)
        os.environ.pop(_GETTEXT_VARIABLE, None)
        if before is not None:
            os.environ[_GETTEXT_VARIABLE] = before
