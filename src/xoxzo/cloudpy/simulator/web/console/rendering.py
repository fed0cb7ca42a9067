"""From a page to the bytes that are sent: Jinja2 with everything escaped."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from xoxzo.cloudpy.common.locale import N_, translations
from xoxzo.cloudpy.simulator.queries.overview import count_held, count_pending_templates, list_ringing
from xoxzo.cloudpy.simulator.queries.search import toggled, without_status
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation
from xoxzo.cloudpy.simulator.web.console import template_filters
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
        "message": template_filters.message,
        "plain": template_filters.plain,
        "money": template_filters.money,
        "time": template_filters.time_of,
        "number": template_filters.number,
        "body_line": template_filters.body_line,
        "segment": lambda text: quote(text, safe=""),
    }
    made.globals |= {"csrf": CSRF_TOKEN, "always": TOPICS, "N_": N_}
    return made


def render(page: Page, request: PageRequest) -> bytes:
    """Return a page as HTML, which answers a request."""

    def counted(count: int, one: str, many: str) -> str:
        return words.ngettext(one, many, count).format(n=f"{count:,}")

    words = translations(request.language)
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
        "alerts": _alerts(request.simulator, page.facts.get("held_in_all")),
        **page.facts,
    }
    return environment().get_template(page.template).render(facts).encode("utf-8", "replace")


def _alerts(simulator: Simulation, held: int | None) -> dict[str, Any]:
    """Return what every page shows: the time, and how many faults, pending templates and held messages there are."""
    return {
        "now": simulator.now.timestamp(),
        "stopped": simulator.clock_stopped,
        "faults": sum(1 for _ in simulator.faults),
        "waiting": count_pending_templates(simulator.engine),
        "held": count_held(simulator.engine) if held is None else held,
        "ringing": list_ringing(simulator.engine),
    }
