"""From a page to bytes: Jinja2 with everything escaped, and texts, numbers and times as pages show them."""

from __future__ import annotations

import re
import sys
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from urllib.parse import quote, unquote_plus

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from xoxzo.cloudpy.common.locale import N_, translations
from xoxzo.cloudpy.simulator.queries.overview import count_held, count_pending_templates, list_ringing
from xoxzo.cloudpy.simulator.queries.search import toggled, without_status
from xoxzo.cloudpy.simulator.web.console.page_request import CSRF_TOKEN, Page, PageRequest, translate_reason

_HOME = Path(__file__).parent

TOPICS = ("faults", "clock", "carrier", "template", "call", "console")
"""Events that change what every page shows."""


class _Compiled(FileSystemBytecodeCache):
    """Keeps compiled templates where Python keeps compiled modules: the first page then takes a third of the time."""

    def __init__(self) -> None:
        self._home = _HOME / "templates" / "__pycache__"
        super().__init__(str(self._home), f"%s.{sys.implementation.cache_tag}.jinja")

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):  # where it cannot be written, each process compiles again
            if not sys.dont_write_bytecode:
                self._home.mkdir(exist_ok=True)
                super().dump_bytecode(bucket)


@cache
def environment() -> Environment:
    """Return the templates, each compiled when it is first used."""
    made = Environment(
        loader=FileSystemLoader(_HOME / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=_Compiled(),
        extensions=["jinja2.ext.i18n"],
    )
    made.filters |= {
        **{one.__name__: one for one in (message, plain, money, number, body_line)},
        "time": time_of,
        "segment": lambda text: quote(text, safe=""),
    }
    made.globals |= {"csrf": CSRF_TOKEN, "always": TOPICS, "N_": N_}
    return made


def render(page: Page, request: PageRequest) -> bytes:
    """Return a page as HTML, which answers a request."""

    def counted(count: int, one: str, many: str) -> str:
        return words.ngettext(one, many, count).format(n=f"{count:,}")

    words = translations(request.language)
    simulator, held = request.simulator, page.facts.get("held_in_all")
    facts = {
        "gettext": request.gettext,
        "ngettext": words.ngettext,
        "pgettext": words.pgettext,
        "translate_reason": partial(translate_reason, request.gettext),
        "counted": counted,
        "request": request,
        "toggled": toggled,
        "without_status": without_status,
        "page": page,
        # What every page shows: the time, and what waits for somebody.
        "alerts": {
            "now": simulator.now.timestamp(),
            "stopped": simulator.clock_stopped,
            "faults": sum(1 for _ in simulator.faults),
            "waiting": count_pending_templates(simulator.engine),
            "held": count_held(simulator.engine) if held is None else held,
            "ringing": list_ringing(simulator.engine),
        },
        **page.facts,
    }
    return environment().get_template(page.template).render(facts).encode("utf-8", "replace")


MAX_TEXT_LENGTH = 20_000
"""Characters of one text; longer ones are cut and end in …."""

_LINK = re.compile(r"https?://[^\s<>\"'\u3000、。「」『』（）]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}"
# Characters that turn the direction of what follows: a text may not change how the page around it reads.
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")

_NUMBER = re.compile(r"\+?[1-9][0-9]{7,14}")
# Country codes have three digits but for these, and those of one that begin with 1 or 7.
_TWO_DIGITS = re.compile(r"2[07]|3[0-469]|4[^2]|5[1-8]|6[0-6]|8[1246]|9[0-58]")


def message(text: str) -> Markup:
    """Return a text of a message: links can be followed, and characters that would not be seen are named."""
    found = Markup()
    at = 0
    text = _cut(text)
    for match in _LINK.finditer(text):
        url = match[0].rstrip(_TRAILING)
        if any(map(_is_hidden, url)):
            continue
        found += plain(text[at : match.start()]) + Markup(
            '<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>'
        ).format(url)
        at = match.start() + len(url)
    return found + plain(text[at:])


def plain(text: str) -> Markup:
    """Return a text as it is; characters that would not be seen, or would turn others around, are named."""
    text = _cut(text)
    if not any(map(_is_hidden, text)):
        return escape(text)
    name = Markup('<span class="hidden-letter">U+{:04X}</span>')
    return Markup().join(name.format(ord(letter)) if _is_hidden(letter) else escape(letter) for letter in text)


def body_line(text: str) -> str:
    """Return the beginning of a body for a list: a form as people read it, and anything else as it is."""
    start = text[:2_000]
    return (start if start.startswith(("{", "[")) else unquote_plus(start))[:160]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT_LENGTH else text[:MAX_TEXT_LENGTH] + "…"


def _is_hidden(letter: str) -> bool:
    return letter in _TURNING or (letter not in "\n\t" and unicodedata.category(letter) in {"Cc", "Cs"})


def money(amount: Decimal | float) -> str:
    """Return an amount of credits: thousands apart, and no more decimals than there are."""
    exact = Decimal(str(amount)) if isinstance(amount, float) else Decimal(amount)
    written = f"{exact:,f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def time_of(at: float, form: str = "time") -> Markup:
    """Return a moment as an element that the browser writes in its own zone; `form`: time, date, both or short."""
    when = datetime.fromtimestamp(at, UTC)
    forms = {"time": "%H:%M:%S", "date": "%Y-%m-%d", "both": "%Y-%m-%d %H:%M:%S", "short": "%H:%M"}
    return Markup('<time datetime="{}" data-form="{}" title="{} UTC">{}</time>').format(
        when.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), form, when.strftime("%Y-%m-%d %H:%M:%S"), when.strftime(forms[form])
    )


def number(text: str) -> str:
    """Return a phone number in groups, as people read it; anything else stays as it is."""
    if not _NUMBER.fullmatch(text):
        return text
    plus, digits = ("+", text[1:]) if text.startswith("+") else ("", text)
    length = 1 if digits[0] in "17" else 2 if _TWO_DIGITS.match(digits) else 3
    code, rest = digits[:length], digits[length:]
    # From the right, in fours, as in Japan; what is left over comes first.
    first = len(rest) % 4 or 4
    groups = [rest[:first], *(rest[at : at + 4] for at in range(first, len(rest), 4))]
    return f"{plus}{code} {' '.join(groups)}"
