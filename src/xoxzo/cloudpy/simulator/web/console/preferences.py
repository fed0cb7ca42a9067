"""Language and theme, which a reader may choose; a cookie keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGE = "xoxzo_console_language"
THEME = "xoxzo_console_theme"

_YEAR = 365 * 86_400
_CHOICES = {LANGUAGE: ("en", "ja"), THEME: ("light", "dark", "system")}


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was chosen before; an empty text where nothing was."""

    language: str
    theme: str


def read_preferences(headers: Mapping[bytes, bytes]) -> Preferences:
    """Read the choices from a request's cookies; what no page would write is ignored."""
    found = dict.fromkeys(_CHOICES, "")
    for pair in headers.get(b"cookie", b"")[:8_000].decode("latin-1").split(";"):
        name, _, value = pair.strip().partition("=")
        if value in _CHOICES.get(name, ()):
            found[name] = value
    theme = found[THEME]
    return Preferences(found[LANGUAGE], "" if theme == "system" else theme)


def preference_cookies(form: Mapping[str, str]) -> tuple[str, tuple[tuple[bytes, bytes], ...]]:
    """Return where to go on, and the cookies that keep what a form chose.

    Args:
        form: ``language`` or ``theme``, and ``back``, the page that it was chosen on.
    """
    cookies = [
        (b"set-cookie", f"{name}={value}; Path=/; Max-Age={_YEAR}; SameSite=Strict; HttpOnly".encode())
        for name, value in ((LANGUAGE, form.get("language")), (THEME, form.get("theme")))
        if value in _CHOICES[name]
    ]
    return back_to(form.get("back", "/")), tuple(cookies)


def back_to(path: str) -> str:
    """Return the path of a page of the console; anything else, such as another site, becomes the first page."""
    plain = path.isascii() and path.isprintable() and "\\" not in path and " " not in path
    return path if plain and (path == "/" or path.startswith(("/?", "/console/"))) else "/"
