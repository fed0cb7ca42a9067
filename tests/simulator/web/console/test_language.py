"""The language of the console: which it is, and that its pages are translated."""

from __future__ import annotations

import pytest
from console_client import Visitor

from xoxzo.cloudpy.common.locale import translations
from xoxzo.cloudpy.simulator.engine.rules import Reason
from xoxzo.cloudpy.simulator.web.console import page_request


@pytest.mark.parametrize(
    ("accept", "chosen", "spoken"),
    [
        ("", "", "en"),
        ("ja", "", "ja"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "", "ja"),
        ("en-GB,en;q=0.9,ja;q=0.8", "", "en"),
        ("en;q=0.3, ja;q=0.7", "", "ja"),
        ("fr, ja;q=0.1", "", "ja"),
        ("ja;q=nonsense", "", "en"),
        ("ja;level=1", "", "ja"),
        ("ja", "en", "en"),
        ("en", "ja", "ja"),
        ("ja", "xx", "ja"),
    ],
)
def test_the_browser_or_a_choice_decides(accept: str, chosen: str, spoken: str) -> None:
    """A choice goes before what the browser wants, and what it wants most before the rest."""
    assert page_request.preferred_language(accept, chosen) == spoken


def test_pages_speak_japanese(visitor: Visitor) -> None:
    """A Japanese browser gets Japanese pages, refusals included."""
    page = visitor.get("/console/faults", accept_language="ja")
    assert '<html lang="ja">' in page.text
    assert "すべて正常に戻す" in page.words
    refusal = visitor.post("/console/faults/add", {"kind": "slow", "seconds": "-1"}, accept_language="ja")
    assert refusal.json()["message"] == "秒数は 0 から 1 日の間で入力してください。"
    refusal = visitor.post("/console/faults/add", {"kind": "slow", "times": "many"}, accept_language="ja")
    assert refusal.json()["message"] == "「回数」は数値で入力してください。"
    refusal = visitor.post("/console/faults/add", {"kind": "bird"}, accept_language="ja")
    assert refusal.json()["message"].startswith("種類は次のいずれかです: throttled, ")
    page = visitor.get("/console/messages?q=kind:bird", accept_language="ja")
    assert "'bird' という種類はありません。使えるもの: sms, call, reply" in page.words


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        ("by command", "手動"),
        (Reason("rule {n}", n=12), "ルール 12"),
        (Reason("delayed by {n} s", n="1e+06"), "1e+06 秒の遅延"),
        (Reason("the action URL answered {n}", n=404), "アクション URL の応答: 404"),
        (Reason("{host} is not on this machine", host="shop.example"), "shop.example はこのマシンではありません"),
        ("ConnectError: {n} refused", "ConnectError: {n} refused"),
        ("rule 12", "rule 12"),
    ],
)
def test_reasons_are_translated(why: str, expected: str) -> None:
    """Reasons that are in the catalogue are shown in Japanese with their values; any other text stays as it is."""
    assert page_request.translate_reason(translations("ja").gettext, why) == expected


def test_choices_are_kept_in_cookies(visitor: Visitor) -> None:
    """Language and theme are chosen by a form, which leads back to the page, and kept out of reach of scripts."""
    answer = visitor.post("/console/preferences", {"language": "ja", "back": "/console/clock"}, accept="text/html")
    assert (answer.status, answer.headers["location"]) == (303, "/console/clock")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("xoxzo_console_language=ja; Path=/;")
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie
    page = visitor.get("/console/clock", cookie="other=1; xoxzo_console_language=ja; xoxzo_console_theme=dark")
    assert '<html lang="ja" data-theme="dark">' in page.text
    page = visitor.get("/console/clock", cookie="xoxzo_console_language=<b>; xoxzo_console_theme=system")
    assert '<html lang="en">' in page.text


@pytest.mark.parametrize(
    "back", ["//evil.example", "http://evil.example", "/\\evil.example", "/sms/", "", "/é", "/console/a b"]
)
def test_a_choice_leads_to_pages_of_the_console_alone(visitor: Visitor, back: str) -> None:
    """A form cannot lead to another site."""
    answer = visitor.post("/console/preferences", {"theme": "dark", "back": back}, accept="text/html")
    assert answer.headers["location"] == "/"
