"""Language and theme of a reader of the console, and why a status changed in that language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from msgspec import Struct

from xoxzo.cloudpy.simulator.engine.errors import Reason

Language = Literal["en", "ja"]


def preferred_language(accept: str, chosen: str) -> Language:
    """Return a reader's language: the one chosen on a page, else by the browser's Accept-Language header."""
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


LANGUAGE = "xoxzo_console_language"
THEME = "xoxzo_console_theme"
SOUND = "xoxzo_console_sound"

_YEAR = 365 * 86_400
_CHOICES = {LANGUAGE: ("en", "ja"), THEME: ("light", "dark", "system"), SOUND: ("on", "off")}


class Preferences(Struct, frozen=True):
    """What was chosen before; an empty text where nothing was."""

    language: str
    theme: str
    sound: bool


def read_preferences(headers: Mapping[bytes, bytes]) -> Preferences:
    """Read the choices from a request's cookies; what no page would write is ignored."""
    found = dict.fromkeys(_CHOICES, "")
    for pair in headers.get(b"cookie", b"")[:8_000].decode("latin-1").split(";"):
        name, _, value = pair.strip().partition("=")
        if value in _CHOICES.get(name, ()):
            found[name] = value
    theme = found[THEME]
    return Preferences(found[LANGUAGE], "" if theme == "system" else theme, found[SOUND] == "on")


def preference_cookies(form: Mapping[str, str]) -> tuple[str, tuple[tuple[bytes, bytes], ...]]:
    """Return the path to go back to, and the cookies for what a form chose: ``language``, ``theme`` or ``sound``."""
    cookies = [
        (b"set-cookie", f"{name}={value}; Path=/; Max-Age={_YEAR}; SameSite=Strict; HttpOnly".encode())
        for name in _CHOICES
        for value in [form.get(name.rpartition("_")[2])]
        if value in _CHOICES[name]
    ]
    return back_to(form.get("back", "/")), tuple(cookies)


def back_to(path: str) -> str:
    """Return the path of a page of the console; anything else, such as another site, becomes the first page."""
    plain = path.isascii() and path.isprintable() and "\\" not in path and " " not in path
    return path if plain and (path == "/" or path.startswith(("/?", "/console/"))) else "/"
