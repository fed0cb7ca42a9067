"""One request to the console as its pages see it, with its reader's language and theme, and what they answer."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct
from starlette.requests import cookie_parser

from xoxzo.cloudpy.common.locale import N_, translations
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.rules import Reason, is_digits
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation

Language = Literal["en", "ja"]
Values = Mapping[str, object]
"""What is put into the message that something was done."""


def preferred_language(accept: str, chosen: str) -> Language:
    """Return a reader's language: the one chosen on a page, else by the browser's Accept-Language header."""
    if chosen in {"en", "ja"}:
        return "ja" if chosen == "ja" else "en"
    best: dict[str, float] = {"en": 0.0, "ja": 0.0}
    for part in accept[:500].lower().split(","):
        tag, _, parameter = part.partition(";")
        name, (kind, _, value) = tag.strip().partition("-")[0], parameter.strip().partition("=")
        try:
            weight = float(value) if kind.strip() == "q" else 1.0
        except ValueError:
            weight = 0.0
        if name in best:
            best[name] = max(best[name], weight)
    return "ja" if best["ja"] > best["en"] else "en"


def translate_reason(gettext: Callable[[str], str], why: str) -> str:
    """Return why a status changed, in a reader's language; what the catalogue does not know stays English."""
    return gettext(why.template).format(**why.values) if isinstance(why, Reason) else gettext(why)


_COOKIE = "xoxzo_console_"
_YEAR = 365 * 86_400
_CHOICES = {"language": ("en", "ja"), "theme": ("light", "dark", "system"), "sound": ("on", "off")}


def read_preferences(headers: Mapping[bytes, bytes]) -> dict[str, Any]:
    """Return language, theme and sound as `PageRequest` has them, by the cookies and what the browser accepts.

    What no page would write into a cookie is ignored.
    """
    cookies = cookie_parser(headers.get(b"cookie", b"").decode("latin-1"))
    chosen = {name: cookies.get(_COOKIE + name, "") for name in _CHOICES}
    theme = chosen["theme"] if chosen["theme"] in {"light", "dark"} else ""
    accept = headers.get(b"accept-language", b"").decode("latin-1")
    language = preferred_language(accept, chosen["language"])
    return {"language": language, "theme": theme, "sound": chosen["sound"] == "on"}


def preference_cookies(form: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that set the cookies for what a form chose: ``language``, ``theme`` or ``sound``."""
    return tuple(
        (b"set-cookie", f"{_COOKIE}{name}={form[name]}; Path=/; Max-Age={_YEAR}; SameSite=Strict; HttpOnly".encode())
        for name, choices in _CHOICES.items()
        if form.get(name) in choices
    )


def back_to(path: str) -> str:
    """Return the path of a page of the console; anything else, such as another site, becomes the first page."""
    plain = path.isascii() and path.isprintable() and "\\" not in path and " " not in path
    return path if plain and (path == "/" or path.startswith(("/?", "/console/"))) else "/"


CSRF_TOKEN = secrets.token_urlsafe(24)
"""What a post has to carry; another one in each process."""

_FIELD_NAMES = {"seconds": N_("Seconds"), "percent": N_("Chance, %"), "times": N_("How many times")}
"""What the pages call a field; those without an input are shown by their own name."""


class PageNotFound(Exception):
    """There is no such page."""


class PageRequest(Struct, frozen=True):
    """A request: who asks for what, in which language."""

    simulator: Simulation
    path: str
    """The path of the request, percent-encoded."""
    query: Mapping[str, str]
    origin: str
    """Where the simulator was reached, such as ``http://127.0.0.1:8080``."""
    language: Language
    theme: str
    """``light``, ``dark`` or, for what the system wants, an empty text."""
    sound: bool
    """Whether a ringing phone plays a sound."""
    ident: str = ""
    """The id that the path or the form names, or an empty text."""
    form: Mapping[str, str] = {}

    def gettext(self, message: str) -> str:
        """Return the translation of a message into the reader's language."""
        return translations(self.language).gettext(message) if message else message

    def text(self, name: str) -> str:
        """Return a field of the form without outer blanks; an empty text when it is missing."""
        return self.form.get(name, "").strip()

    def number(self, name: str, default: float | None = None) -> float:
        """Return a field of the form as a number, `default` if it is empty; raise `SimulatorError` if it is not one."""
        written = self.text(name)
        if not written and default is not None:
            return default
        try:
            value = float(written)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise SimulatorError("not_a_number", "“{name}” must be a number.", name=self._field_name(name))
        return value

    def integer(self, name: str) -> int:
        """Return a field of the form as a whole number; raise `SimulatorError` if it is not one."""
        value = self.number(name)
        if value != int(value):
            raise SimulatorError("not_an_integer", "“{name}” must be a whole number.", name=self._field_name(name))
        return int(value)

    def _field_name(self, name: str) -> str:
        return self.gettext(_FIELD_NAMES.get(name, name))

    @property
    def cursor(self) -> int | None:
        """The cursor in the query of a list's page; ``None`` for the first page."""
        written = self.query.get("before", "")
        return int(written) if is_digits(written) else None


class Page(Struct, frozen=True):
    """A page to be shown."""

    template: str
    title: str
    """In the reader's language."""
    topics: tuple[str, ...]
    """Events that change it."""
    facts: dict[str, Any] = {}
