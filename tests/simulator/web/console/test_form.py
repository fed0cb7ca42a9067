"""Every page is well formed: what browsers, scripts and screen readers take for granted."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from console_client import Visitor
from simulator_callers import Caller

VOID = {"meta", "link", "input", "br", "img", "hr"}
SELF_CLOSED = {"path", "rect", "circle", "polyline", "polygon"}
PHONE = "+818012345678"


class Reader(HTMLParser):
    """Notes what is wrong with a page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.ids: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.tokens = 0
        self.posts = 0
        self.levels: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.update(filter(None, [given.get("id")]))
        around = [name for name, _ in self.open]
        if tag == "form":
            self.posts += given.get("method") == "post"
            self._unless("form" not in around, "a form in a form")
        if tag == "input" and given.get("name") == "csrf":
            self.tokens += 1
        if tag in {"input", "select"} and given.get("type") != "hidden":
            self._unless("label" in around or "aria-label" in given, f"{given} has no label")
        if "data-live" in given:
            self._unless("id" in given, f"{tag} is live and has no id")
        if tag in {"h1", "h2", "h3"}:
            self.levels.append(int(tag[1]))
        if tag not in VOID | SELF_CLOSED:
            self.open.append((tag, given))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID | SELF_CLOSED:
            last, _ = self.open.pop()
            self._unless(last == tag, f"{last} is closed by {tag}")

    def _unless(self, right: bool, wrong: str) -> None:
        if not right:
            self.wrong.append(f"line {self.getpos()[0]}: {wrong}")


@pytest.fixture
def paths(caller: Caller) -> list[str]:
    """The paths of all pages, when there is much to show."""
    caller.post("/sms/templates/", {"name": "one", "content": "Hi {x}"})
    caller.subscribe()
    for line in caller.get("/sms/sins/")[1][:2]:
        caller.post("/sms/sins/subscriptions/", {"sin_uid": line["sin_uid"]})
    caller.send(recipient="+819012345678")
    caller.simulator.carrier.add_rule("", "hold")
    caller.simulator.carrier.add_rule("", "hold", kind="call")
    caller.simulator.faults.add("slow", chance=0.5)
    caller.simulator.faults.add("slow", times=2)
    msgid = caller.send(message="確認コード 4821", tags="a,b")
    caller.send()
    callid = caller.place(recording_url=None, tts_message="hello", tts_lang="en")
    caller.step(60)
    caller.place()
    caller.step(2)
    of_one = [f"messages/{msgid}", f"calls/{callid}", f"phones/{quote(PHONE)}", "phones?number=1"]
    every = ["messages", "messages?q=zzz", "carrier", "office", "faults", "clock", "overview", "nothing", *of_one]
    return ["/", *(f"/console/{path}" for path in every)]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_pages_are_well_formed(visitor: Visitor, paths: list[str], language: str) -> None:
    """Tags are closed, ids differ, fields have names, forms carry the token, and headings begin with the first."""
    for path in paths:
        reader = Reader()
        reader.feed(visitor.get(path, accept_language=language).text)
        assert reader.wrong == [], path
        assert reader.open == [], path
        assert [name for name, count in reader.ids.items() if count > 1] == [], path
        assert reader.tokens == reader.posts > 0, path
        assert reader.levels[0] == 1, path
