"""The translations of the command line, the simulator's console and the campaign report: one gettext catalogue.

English stands in the code; `ja/LC_MESSAGES/xoxzo.po` has the Japanese. `scripts/translations.py` collects the messages
and compiles the catalogue, which the wheel holds compiled.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal
    from gettext import NullTranslations

DOMAIN = "xoxzo"
FOLDER = __file__.removesuffix("__init__.py")
"""The folder of the catalogues, as ``gettext.bindtextdomain`` takes it."""


def N_(message: str) -> str:  # noqa: N802 - the name that gettext's tools know
    """Mark a message for the catalogue; it is translated later, where it is shown."""
    return message


def accepted_language(accepted: str, default: str) -> str:
    """Return ``ja`` or ``en``: the first of both in an Accept-Language header, else the default."""
    wanted = (part.strip()[:2].lower() for part in accepted.split(","))
    return next((code for code in wanted if code in {"ja", "en"}), default)


@cache
def translations(language: str) -> NullTranslations:
    """Return the translations into a language, by its ISO 639 code; English where there is no catalogue for it."""
    from gettext import translation

    return translation(DOMAIN, FOLDER, [language], fallback=True)


def format_credits(amount: Decimal | float | None, ngettext: Callable[[str, str, int], str]) -> str:
    """Format an amount of credits with its unit; 1 credit is 1 yen before tax (API section 1.7)."""
    number = f"{amount or 0:,.2f}".rstrip("0").rstrip(".")
    return ngettext("{number} credit", "{number} credits", 1 if number == "1" else 2).format(number=number)
