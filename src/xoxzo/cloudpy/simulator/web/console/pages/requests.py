"""The request log: the latest requests to the API with their answers, and one of them as a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.api.request_log import STATUS_CLASSES, LoggedRequest
from xoxzo.cloudpy.simulator.errors import ItemNotFound
from xoxzo.cloudpy.simulator.queries.timeline import form_fields, timeline
from xoxzo.cloudpy.simulator.web.console.page_request import Page, PageNotFound, PageRequest
from xoxzo.cloudpy.simulator.web.console.pages.faults import NAMES

HOME = "/console/requests"

_ONE_PAGE = 50
_MAX_TEXT_LENGTH = 500
_MAX_MADE = 10


def show_list(request: PageRequest) -> Page:
    """Show the requests that fit, the newest first."""
    text, status = (request.query.get(name, "")[:_MAX_TEXT_LENGTH].strip() for name in ("q", "status"))
    problem, log = "", None
    try:
        log = request.simulator.api.log.find(status, text, _ONE_PAGE, request.cursor, request.origin)
    except SimulatorError as error:
        problem = error.render(request.gettext)
    facts = {"text": text, "status": status, "classes": STATUS_CLASSES, "log": log, "problem": problem}
    return Page("requests.html", request.gettext("Request log"), ("request",), {**facts, "before": request.cursor})


def show_one(request: PageRequest) -> Page:
    """Show one request with its answer, and lead to what it made."""
    try:
        found = request.simulator.api.log.get(int(request.ident) if request.ident.isdecimal() else 0, request.origin)
    except ItemNotFound:
        raise PageNotFound from None
    content_type = dict(found.headers).get("content-type", "")
    made = []
    for ident in _idents(found):
        with suppress(ItemNotFound):
            made.append(timeline(request.simulator.engine, ident).found)
    facts = {
        "found": found,
        "fields": form_fields(found.body, content_type),
        "body": _indented(found.body),
        "answer": _indented(found.answer),
        "made": made,
        "fault_names": NAMES,
    }
    return Page("request.html", f"{found.method} {found.path}", (), facts)


def _idents(found: LoggedRequest) -> Iterator[str]:
    """Yield the first msgids and callids that an answer names, if it is that of a request that created something."""
    if found.method == "POST" and found.status == 201:
        with suppress(ValueError):
            answer = json.loads(found.answer)
            for item in (answer if isinstance(answer, list) else [answer])[:_MAX_MADE]:
                if isinstance(item, dict):
                    yield from (str(item[name]) for name in ("msgid", "callid") if name in item)


def _indented(text: str) -> str:
    """Return JSON with one value a line, and any other text as it is."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text
