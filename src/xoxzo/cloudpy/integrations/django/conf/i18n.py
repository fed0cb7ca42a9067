"""Texts for people in the language that Django has active, from the catalogue of this library."""

from __future__ import annotations

from django.utils.functional import lazy
from django.utils.translation import get_language

from xoxzo.cloudpy.common.locale import translations


def active_language() -> str:
    """Return the active language by its ISO 639 code."""
    return (get_language() or "en").partition("-")[0]


def translate(message: str) -> str:
    """Return a message in the active language."""
    return translations(active_language()).gettext(message)


_ = lazy(translate, str)
"""Return a text that is translated where it is shown."""
