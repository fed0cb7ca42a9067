"""One request to the console as its pages see it, and what they answer."""

from __future__ import annotations

import math
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from xoxzo.cloudpy.common.locale import N_, translations
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.engine.rules.formats import is_digits
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.web.console.preferences import Language

CSRF_TOKEN = secrets.token_urlsafe(24)
"""What a post has to carry; another one in each process."""

_FIELD_NAMES = {"seconds": N_("Seconds"), "percent": N_("Chance, %"), "times": N_("How many times")}
"""What the pages call a field; those without an input are shown by their own name."""


class PageNotFound(Exception):
    """There is no such page."""


class PageRequest(Struct, frozen=True, kw_only=True):
    """A request: who asks for what, in which language."""

    simulator: Simulation
    path: str
    """The path of the request, percent-encoded."""
    ident: str = ""
    """The id that the path names, or an empty text."""
    query: Mapping[str, str] = {}
    form: Mapping[str, str] = {}
    language: Language = "en"
    theme: str = ""
    """``light``, ``dark`` or, for what the system wants, an empty text."""
    sound: bool = False
    """Whether a ringing phone plays a sound."""
    origin: str = ""
    """Where the simulator was reached, such as ``http://127.0.0.1:8080``."""

    def gettext(self, message: str) -> str:
        """Return the translation of a message into the reader's language."""
        return translations(self.language).gettext(message) if message else message

    def pgettext(self, context: str, message: str) -> str:
        """Return the translation of a message that has several meanings, in the one that the context names."""
        return translations(self.language).pgettext(context, message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return the translation of a message, in the form for a number."""
        return translations(self.language).ngettext(singular, plural, n)

    def text(self, name: str) -> str:
        """Return a field of the form without outer blanks; an empty text when it is missing."""
        return self.form.get(name, "").strip()

    def number(self, name: str, default: float | None = None) -> float:
        """Return a field of the form as a number, `default` if it is empty; raise `SimulatorError` if it is none."""
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
        """Return a field of the form as a whole number; raise `SimulatorError` if it is none."""
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

    def done(self, message: str, to: str, **values: object) -> ActionResult:
        """Return a message that something was done, in the reader's language; `to` is the page that shows it."""
        return ActionResult(self.gettext(message).format(**values), to)


class Page(Struct, frozen=True):
    """A page to be shown."""

    template: str
    title: str
    """In the reader's language."""
    topics: tuple[str, ...]
    """Events that change it."""
    facts: dict[str, Any] = {}


class ActionResult(Struct, frozen=True):
    """Something was done."""

    message: str
    """What, in the reader's language."""
    to: str = "/"
    """The page that shows it, for browsers that run no script."""


Action = Callable[[PageRequest], ActionResult | Awaitable[ActionResult]]
"""What a form of the console does."""


def command(do: Callable[[PageRequest], Mapping[str, object] | None], message: str, to: str) -> Action:
    """Return an action: it does something, whose returned values are put into the message, and leads to a page."""

    def action(request: PageRequest) -> ActionResult:
        return request.done(message, to, **(do(request) or {}))

    return action
