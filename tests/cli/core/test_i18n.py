"""The language of the command line: which it is, and that nothing is said in one alone."""

import ast
import itertools
import re
import string

import pytest
from said import ROOM, commands, help_texts, sentences

from xoxzo.cloudpy.cli.commands.campaign import progress, render
from xoxzo.cloudpy.cli.core import exit_codes, i18n
from xoxzo.cloudpy.cli.japanese import WORDS
from xoxzo.cloudpy.cli.japanese.raised import WORDS as ERRORS
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.phone import Doubt, Note, parse


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "XOXZO_LANG": "en"}, "en"),
        ({"LC_ALL": "C", "XOXZO_LANG": "ja"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": ""}, "ja"),
    ],
)
def test_the_locale_decides(environment, spoken, monkeypatch) -> None:
    """XOXZO_LANG comes first, then LC_ALL, LC_MESSAGES and LANG; what is empty does not count."""
    for name in ("XOXZO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert i18n.language() == spoken


def fields(text: str) -> set[str]:
    """Give the names in braces of a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_sentence_is_said_in_japanese() -> None:
    """Whatever the code says through `tr` and `plural` has a Japanese sentence with the same values in it."""
    missing = {text: where for text, where in sentences() if text not in WORDS}
    assert missing == {}


def test_every_help_is_said_in_japanese() -> None:
    """Each paragraph of a command's help, and each option's, has a Japanese one."""
    missing = {text: name for name, command in commands() for text in help_texts(command) if text not in WORDS}
    assert missing == {}


def test_what_stands_in_tables_is_said_in_japanese() -> None:
    """The advice after errors, and what the library remarks on a number, are translated, too."""
    told = [*exit_codes._CHECK_ADVICE.values(), *exit_codes._CLASS_ADVICE.values(), *map(str, Doubt), *map(str, Note)]
    told += [*render.COUNTERS.values(), *(words for _, words, _ in progress.COUNTERS), *progress.NOTICE_COLOURS]
    told += ["created", "running", "cut off", "paused", "stopped", "finished", "cancelled", "expired", "purged"]
    assert [text for text in told if text not in WORDS] == []


def test_translations_keep_the_values() -> None:
    """A translation names the values of its sentence and no other."""
    wrong = []
    for english, japanese in WORDS.items():
        try:
            if fields(english) != fields(japanese):
                wrong.append(english)
        except ValueError:  # a sentence with braces of its own is never filled in
            continue
    assert wrong == []


def test_a_sentence_without_a_translation_stays(monkeypatch) -> None:
    """What nobody has translated is said in English."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    assert i18n._("{count} pigeons", count=3) == "3 pigeons"
    assert i18n._("{ stands for itself") == "{ stands for itself"
    assert i18n.ngettext("Did you mean {possibility}?", "unused", 1) == "{possibility} ではありませんか?"


@pytest.mark.parametrize(("text", "length"), [("0801111", "7"), ("+811", "1"), ("1" * 19, "19"), ("0" * 101, "101")])
def test_reasons_of_the_library_are_translated_with_their_numbers(text, length, monkeypatch) -> None:
    """A number that is refused is refused in Japanese, whatever its length."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    with pytest.raises(InvalidArgument) as refused:
        parse(text)
    said = i18n.reason(refused.value.reason)
    assert length in said
    assert "digit" not in said
    assert i18n.reason("something with 3 numbers") == "something with 3 numbers"


PROGRAMS_ALONE = {
    # What only a program can hand over, or what the command line has found out before.
    "must be text, not {0}", "must be text, not {0}, which keeps no {1} in front", "must be True or False, not {0}",
    "must be a list of tags, not one text", "must be a list of numbers, not one text",
    "must be a whole number above {0}",
    "must be a date or text as YYYY-MM-DD", "must be a date: the API compares whole days in UTC",
    "excludes {0}: it makes the address itself", "is required, or callbacks to make one",
    "is required with callbacks: the address that they make is bound to it",
    "must be a Decimal or an int, not {0}", "must be a mapping of names to texts", "must have names that are texts",
    "must be texts that can be encoded, and {0} is none", "or name must be given: there is nothing to change",
}  # fmt: skip


def refusals():
    """Give the rules that the library refuses by, with what is filled in as ``{0}``, ``{1}`` …."""
    for room in ("operations", "phone", "text", "models"):
        for path in sorted((ROOM.parent / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and path.name != "raw.py":
                    place = {"InvalidArgument": 1, "matching": 3}.get(node.func.id)
                    yield from texts(node.args[place]) if place else ()


def texts(node):
    """Give the texts of an expression, as keys of the catalogue."""
    pieces = node.values if isinstance(node, ast.JoinedStr) else [node]
    if all(isinstance(piece, ast.Constant | ast.FormattedValue) for piece in pieces):
        text = "".join(piece.value if isinstance(piece, ast.Constant) else "0" for piece in pieces)
        places = itertools.count()
        yield re.sub(r"[0-9]+", lambda _: f"{{{next(places)}}}", text)


MET_IN_THE_SHELL = {
    "campaigns": {
        # What only a program can do wrong.
        "must be given as its number", "recipients cannot be added to a campaign that is complete",
        "must be pause, cancel or resume",
    },
    "integrations/alertmanager": {"x was claimed before"},
    "configuration.py": {
        "max_connections must be {0} or more", "max_retries must be {0} or more", "x must be a number above {0}",
        "app_info must be printable ASCII, for instance shop/{0}.{1}",
    },
}  # fmt: skip
"""Rooms whose errors somebody at a terminal meets, and what nobody can lead to there."""


def errors(room: str):
    """Give what a room raises, with ``x`` for each name in it."""
    places = {"CampaignError": 0, "ConfigurationError": 0, "InvalidArgument": 1, "_need": 2}
    path = ROOM.parent / room
    for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in places:
                said = node.args[places[node.func.id]]
                pieces = said.values if isinstance(said, ast.JoinedStr) else [said]
                if all(isinstance(piece, ast.Constant | ast.FormattedValue) for piece in pieces):
                    yield "".join(piece.value if isinstance(piece, ast.Constant) else "x" for piece in pieces)


@pytest.mark.parametrize("room", MET_IN_THE_SHELL)
def test_errors_are_said_in_japanese(room, monkeypatch) -> None:
    """Whatever a room says to somebody at a terminal is said in Japanese, whether numbers or names stand in it."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    left = set()
    for text in errors(room):
        places = itertools.count()
        numbered = re.sub(r"[0-9]+", lambda _, places=places: f"{{{next(places)}}}", text)
        forms = (text, re.sub(r"\bx\b", "7", text), text.replace("x: x x", "x: this is no TOML: x"))
        # Of a file of settings the place comes first, and the rule is said by itself.
        if text not in {"x", "x: x", "x: x x", "missing: x", "unknown: x", "must be x"} and all(
            i18n.reason(form) == form for form in forms
        ):
            left.add(numbered)
    assert left == MET_IN_THE_SHELL[room]


def _bare(text: str) -> str:
    """Leave numbers and places out."""
    return re.sub(r"[{}0-9]+", "", text)


def test_rules_of_the_library_are_said_in_japanese() -> None:
    """What a person can break by typing is refused in the reader's language."""
    known = {_bare(text) for text in WORDS}
    missing = {text for text in refusals() if _bare(text) not in known}
    assert {text for text in missing if text.partition(": ")[0] not in WORDS} == PROGRAMS_ALONE


def test_what_was_compared_is_named_in_japanese(monkeypatch) -> None:
    """Names stay, what is wrong with them is translated."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    said = i18n.reason("must be those that the template names: missing name, day; unknown nam")
    assert said == "テンプレートの差し込み項目と一致していません: 不足: name, day; 余分: nam"
    assert i18n.reason("must not: be translated") == "must not: be translated"


def test_errors_are_japanese_with_the_names_in_them(monkeypatch) -> None:
    """Paths, addresses and names stand in the Japanese sentence as they stood in the English one."""
    assert i18n.reason("a{b} is damaged") == "a{b} is damaged"
    monkeypatch.setenv("XOXZO_LANG", "ja")
    assert i18n.reason("a{b} is damaged") == "a{b} は壊れています"
    assert i18n.reason("cannot listen on x port 1: Address already in use") == (
        "x port 1 で待ち受けできません: すでに使われています"
    )
    assert i18n.reason("there is no setting 'a'; did you mean b?") == "設定 'a' はありません。b ではありませんか?"
    assert i18n.reason("there is no setting 'a'") == "設定 'a' はありません"


def test_errors_that_are_matched_are_raised_so() -> None:
    """Each error that is matched by its words stands in the code with these words."""
    raised = set()
    for path in sorted(ROOM.parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                raised.add("".join(piece.value if isinstance(piece, ast.Constant) else "{}" for piece in node.values))
    matched = {re.sub(r"\{\w+\}", "{}", text): text for text in ERRORS}
    assert len(matched) == len(ERRORS)
    # A value of its own may stand where the code has a place.
    unknown = [text for text in matched if not any(_fits(text, english) for english in raised)]
    assert unknown == []


def _fits(text: str, english: str) -> bool:
    pattern = ".+".join(map(re.escape, english.split("{}")))
    return bool(english.strip("{}")) and re.fullmatch(pattern, text) is not None


def test_headings_of_campaigns_are_japanese_too(bare, monkeypatch) -> None:
    """Options that stand under headings of their own are translated with them."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    shown = bare("campaign", "run", "--help").output
    for piece in ("送る内容:", "宛先の一覧:", "守る条件:", "接続先:", "承認済みテンプレートの番号。"):
        assert piece in shown


def test_click_speaks_japanese_too(bare, monkeypatch) -> None:
    """Usage, headings, mistakes and suggestions come from the same catalogue."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    shown = bare("sms", "--help").output
    for piece in ("使い方:", "オプション:", "コマンド:", "例:", "この説明を表示して終了します。", "SMS を送信し"):
        assert piece in shown
    assert "'send' ではありませんか?" in bare("sms", "sned").output
    assert "'--json' ではありませんか?" in bare("credits", "--jsn").output
    assert "引数がありません: 'MSGID...'" in bare("sms", "get").output
    assert "'TEMPLATE' の値が正しくありません" in bare("template", "show", "x").output
