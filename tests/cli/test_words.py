"""The language of the command line: which it is, and that nothing is said in one alone."""

import string

import pytest
from said import commands, help_texts, sentences

from xoxzo.cloudpy.cli import statuses, words
from xoxzo.cloudpy.cli.japanese import WORDS
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.phone import Doubt, Note, parse

OTHERS = frozenset({"xoxzo campaign"})
"""Whose words are not in the catalogue yet."""


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
    assert words.language() == spoken


def fields(text: str) -> set[str]:
    """Give the names in braces of a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_sentence_is_said_in_japanese() -> None:
    """Whatever the code says through `tr` and `plural` has a Japanese sentence with the same values in it."""
    missing = {text: where for text, where in sentences() if text not in WORDS}
    assert missing == {}


def test_every_help_is_said_in_japanese() -> None:
    """Each paragraph of a command's help, and each option's, has a Japanese one."""
    missing = {
        text: name for name, command in commands(left_out=OTHERS) for text in help_texts(command) if text not in WORDS
    }
    assert {text: name for text, name in missing.items() if name not in OTHERS} == {}


def test_what_stands_in_tables_is_said_in_japanese() -> None:
    """The advice after errors, and what the library remarks on a number, are translated, too."""
    told = [*statuses._LOOK.values(), *statuses._NEXT.values(), *map(str, Doubt), *map(str, Note)]
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
    assert words.tr("{count} pigeons", count=3) == "3 pigeons"
    assert words.tr("{ stands for itself") == "{ stands for itself"
    assert words.plural("Did you mean {possibility}?", "unused", 1) == "{possibility} ではありませんか?"


@pytest.mark.parametrize(("text", "length"), [("0801111", "7"), ("+811", "1"), ("1" * 19, "19"), ("0" * 101, "101")])
def test_reasons_of_the_library_are_translated_with_their_numbers(text, length, monkeypatch) -> None:
    """A number that is refused is refused in Japanese, whatever its length."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    with pytest.raises(InvalidArgument) as refused:
        parse(text)
    said = words.reason(refused.value.reason)
    assert length in said
    assert "digit" not in said
    assert words.reason("something with 3 numbers") == "something with 3 numbers"


def test_click_speaks_japanese_too(bare, monkeypatch) -> None:
    """Usage, headings, mistakes and suggestions come from the same catalogue."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    shown = bare("sms", "--help").output
    for piece in ("使い方:", "オプション:", "コマンド:", "例:", "この説明を表示して終了します。", "SMS を送信し"):
        assert piece in shown
    assert "'send' ではありませんか?" in bare("sms", "sned").output
    assert "'--json' ではありませんか?" in bare("credits", "--jsn").output
    assert "引数を指定してください 'MSGID...'" in bare("sms", "get").output
    assert "'TEMPLATE' の値が正しくありません" in bare("template", "show", "x").output
