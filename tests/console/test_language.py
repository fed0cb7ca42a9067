"""English and Japanese: which is spoken, and that nothing is left unsaid."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from visitor import Visitor

from xoxzo.cloudpy.simulator.api.http import DATABASE_UNWRITABLE
from xoxzo.cloudpy.simulator.engine.engine import STOPPED, UNWRITTEN
from xoxzo.cloudpy.simulator.web import console
from xoxzo.cloudpy.simulator.web.console import language
from xoxzo.cloudpy.simulator.web.console.pages import carrier, clock, faults, form_fields, phones

HOME = Path(console.__file__).parent
SIMULATOR = HOME.parent.parent
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")
SAME = {"Content-Type", "Id", "User-Agent", "X-Request-Id", "SID", "URL", "K-premium", "Xoxzo"}
"""Words that are the same in Japanese."""


def sentences() -> set[str]:
    """Collect every sentence that a page can say."""
    found: set[str] = {name for pair in faults.SAID.values() for name in pair}
    found |= {
        *language.FILLED,
        *form_fields._NAMES.values(),
        *clock.NEXT_EVENTS.values(),
    }
    found -= {""}
    found |= {*carrier.OUTCOMES.values(), *phones.HABITS.values(), *(name for _, name in clock.STEPS)}
    for path in (*HOME.rglob("*.html"), *HOME.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found |= {name for _, name in re.findall(r"""\bsay\(\s*(["'])(.*?)\1""", text)}
        for pattern in (r'counted\([^,]+, "([^"]*)", "([^"]*)"\)', r'say\("([^"]*)" if [^)]*? else "([^"]*)"[,)]'):
            found |= {name for pair in re.findall(pattern, text) for name in pair}
        for table in re.findall(r"{% set (?:words|names|labels|titles) = {(.*?)} %}", text, re.DOTALL):
            found |= set(re.findall(r':\s*"([^"]*)"', table))
    return found


def test_every_sentence_has_its_japanese() -> None:
    """What pages say is there in Japanese, with the same blanks to fill in."""
    words = language.japanese()
    assert sentences() - set(words) == set()
    for english, japanese in words.items():
        assert JAPANESE.search(japanese) or english in SAME, english
        assert blanks(english) == blanks(japanese), english


def test_no_japanese_is_left_over() -> None:
    """The file holds nothing that no page and no refusal says."""
    engine = "".join(path.read_text(encoding="utf-8") for path in SIMULATOR.rglob("*.py"))
    assert [english for english in set(language.japanese()) - sentences() if english not in engine] == []


SOURCES = (
    "commands/",
    "engine/",
    "queries/",
    "runtime/engine_loop",
    "runtime/phone",
    "runtime/simulation",
    "web/console/",
)
"""What of the simulator gives reasons and refusals that a page shows."""
ELSEWHERE = {"at must have a time zone and not have passed on the simulator's clock"}
"""Refusals of what is done in Python alone."""


def source_nodes() -> Iterator[ast.AST]:
    """Walk through the code that gives reasons and refusals."""
    for path in SIMULATOR.rglob("*.py"):
        if path.relative_to(SIMULATOR).as_posix().startswith(SOURCES):
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def refusals() -> set[str]:
    """Collect the templates of all errors."""
    found = set()
    for node in source_nodes():
        match node:
            case (
                ast.Call(
                    func=ast.Name(id="SimulatorError" | "ItemNotFound" | "NotSaved"),
                    args=[_, ast.Constant(value=str(template)), *_],
                )
                | ast.Assign(targets=[ast.Name(id="template")], value=ast.Constant(value=str(template)))
            ):
                found.add(template)
    return (found | {DATABASE_UNWRITABLE, phones.NOT_E164}) - ELSEWHERE


def reasons() -> set[str]:
    """Collect why a status changed, its values as empty braces."""
    found = {STOPPED, UNWRITTEN}
    for node in source_nodes():
        match node:
            case ast.Assign(targets=[ast.Name(id="message")], value=ast.Constant() | ast.JoinedStr() as text):
                found.add(written(text))
            case ast.keyword(arg="why", value=ast.Constant() as text):
                found.add(written(text))
            case ast.Call(func=ast.Attribute(attr="_fail"), args=[_, ast.Constant() as text]):
                found.add(written(text))
    return found - {""}


def written(text: ast.expr) -> str:
    """Return a text as it stands in the code, its values as empty braces; nothing for what is no text there."""
    match text:
        case ast.Constant(value=str(plain)):
            return plain
        case ast.JoinedStr(values=parts):
            return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)
        case _:
            return ""


def test_every_refusal_has_its_japanese() -> None:
    """The template of every error has its Japanese, with the same blanks."""
    found = refusals()
    assert len(found) > 35
    words = language.japanese()
    assert [template for template in found if template not in words] == []
    assert [template for template in found if blanks(template) != blanks(words[template])] == []


def test_every_reason_has_its_japanese() -> None:
    """Why a status changed is told in Japanese, with its values."""
    found = reasons()
    assert len(found) > 10
    say = language.speaker("ja")
    told = {reason: language.told(say, reason.replace("{}", "97")) for reason in found}
    assert [reason for reason, japanese in told.items() if not JAPANESE.search(japanese)] == []
    assert [reason for reason, japanese in told.items() if reason.count("{}") != japanese.count("97")] == []


def blanks(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


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
    assert language.wanted(accept, chosen) == spoken


def test_pages_speak_japanese(visitor: Visitor) -> None:
    """A Japanese browser gets Japanese pages, refusals included."""
    page = visitor.get("/console/faults", accept_language="ja")
    assert '<html lang="ja">' in page.text
    assert "すべて正常に戻す" in page.words
    refusal = visitor.post("/console/faults/add", {"kind": "slow", "seconds": "-1"}, accept_language="ja")
    assert refusal.json()["said"] == "秒数は 0 から1日の間で入力してください。"
    refusal = visitor.post("/console/faults/add", {"kind": "slow", "times": "many"}, accept_language="ja")
    assert refusal.json()["said"] == "「回数」は数字で入力してください。"
    refusal = visitor.post("/console/faults/add", {"kind": "bird"}, accept_language="ja")
    assert refusal.json()["said"].startswith("種類は次のいずれかです: throttled, ")
    page = visitor.get("/console/messages?q=kind:bird", accept_language="ja")
    assert "'bird' という種類はありません。使えるもの: sms, call, reply" in page.words


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("by hand", "手動"),
        ("rule 12", "ルール 12"),
        ("delayed by 1e+06 s", "1e+06 秒の遅延"),
        ("the action URL answered 404", "アクションURLの応答: 404"),
        ("ConnectError: {n} refused", "ConnectError: {n} refused"),
        ("shop.example is not on this machine", "shop.example はこのマシンではありません"),
        ("rule 12 of 13", "rule 12 of 13"),
    ],
)
def test_reasons_are_translated(why: str, said: str) -> None:
    """Why something happened is told in Japanese, and as it is where nobody could know it before."""
    assert language.told(language.speaker("ja"), why) == said


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
