"""From a page to the bytes that are sent: Jinja2 with everything escaped."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import shown
from .alerts import TOPICS
from .visit import TOKEN, Page, Visit

if TYPE_CHECKING:
    from collections.abc import Callable

_HOME = Path(__file__).parent


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
    )
    made.filters |= {
        "message": shown.message,
        "plain": shown.plain,
        "money": shown.money,
        "time": shown.time_of,
        "number": shown.number,
        "segment": lambda text: quote(text, safe=""),
    }
    made.globals |= {"csrf": TOKEN, "always": TOPICS}
    return made


def render(page: Page, visit: Visit, alerts: dict[str, Any]) -> bytes:
    """Return a page as HTML.

    Args:
        page: What is shown.
        visit: Who asked.
        alerts: What every page shows: the clock, and what needs attention.
    """
    say: Callable[..., str] = visit.say

    def counted(count: int, one: str, many: str) -> str:
        return say(one if count == 1 else many, n=f"{count:,}")

    facts = {"say": say, "counted": counted, "visit": visit, "page": page, "alerts": alerts, **page.facts}
    return environment().get_template(page.template).render(facts).encode("utf-8", "replace")
