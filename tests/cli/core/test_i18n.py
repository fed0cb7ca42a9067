"""The language of the command line: which it is, and that its catalogue is complete and fits the code."""

from __future__ import annotations

import re
import string
import subprocess
import sys

import pytest

import translations
from xoxzo.cloudpy.cli.core import i18n
from xoxzo.cloudpy.common import locale
from xoxzo.cloudpy.errors import InvalidArgument, SimulatorError
from xoxzo.cloudpy.phone import parse


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "ja:en"}, "ja"),
        ({"LANGUAGE": "ja", "XOXZO_LANG": "en"}, "en"),
        ({"LC_ALL": "C", "XOXZO_LANG": "ja"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": ""}, "ja"),
    ],
)
def test_the_environment_selects_the_language(environment, expected, monkeypatch) -> None:
    """XOXZO_LANG comes first, then what gettext reads: LANGUAGE, LC_ALL, LC_MESSAGES, LANG; empty ones do not count."""
    for name in ("XOXZO_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert i18n.language() == expected


def test_the_catalogue_is_complete() -> None:
    """Every message of code, help, console, report and Click is in the catalogue and translated; nothing is stale."""
    assert list(translations.problems()) == []


def test_an_incomplete_catalogue_is_found(tmp_path, monkeypatch) -> None:
    """What is missing, not translated or no longer used is named."""
    text = translations.PO.read_text("utf-8")
    entry = re.search(r'msgid "Stopped\."\nmsgstr "(.+)"\n', text)
    assert entry is not None
    text = text.replace(entry[0], 'msgid "Nobody says this."\nmsgstr "誰も言わない。"\n')
    text = re.sub(r'(msgid "Nothing was sent\."\nmsgstr )".+"', r'\1""', text)
    changed = tmp_path / "xoxzo.po"
    changed.write_text(text, "utf-8")
    monkeypatch.setattr(translations, "PO", changed)
    found = "\n".join(translations.problems())
    assert "not in the catalogue: 'Stopped.'" in found
    assert "no longer used: 'Nobody says this.'" in found
    assert "not translated: 'Nothing was sent.'" in found


def fields(text: str) -> set[str]:
    """Return the fields of a message: names in braces, and Click's in percent signs."""
    try:
        braces = {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}
    except ValueError:  # a message with braces of its own is never formatted
        braces = set()
    return braces | set(re.findall(r"%\(\w+\)s", text))


def test_translations_have_the_fields_of_their_messages() -> None:
    """A translation names the fields of its message and no other."""
    wrong = []
    for message in translations.stored():
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, list | tuple) else (message.string,)
        if message.id and any(fields(text) != fields(ids[-1]) for text in texts):
            wrong.append(message.id)
    assert wrong == []


ENGLISH = re.compile(r"(?<![\w`{'\"./%(=:-])[a-z]{3,}(?: [a-z]{2,})+(?![\w`}'\".=:-])")
COMMANDS = re.compile(r"`[^`]*`|xoxzo [\w -]+|apt-get.*|\(.*?\)|[\w.-]+=|pip install.*|unset|say ja|\w+ に")


def test_no_translation_is_half_english() -> None:
    """No two English words in a row stand in a translation, except in commands to type."""
    half = []
    for message in translations.stored():
        texts = message.string if isinstance(message.string, list | tuple) else (message.string,)
        half += [text for text in texts if message.id and ENGLISH.search(COMMANDS.sub(" ", text))]
    assert half == []


def test_the_compiled_catalogue_is_used(monkeypatch) -> None:
    """The language is looked up for each message; what is not in the catalogue stays English."""
    assert i18n._("Stopped.") == "Stopped."
    monkeypatch.setenv("XOXZO_LANG", "ja")
    assert i18n._("Stopped.") == "中断しました。"
    assert i18n._("{count} pigeons") == "{count} pigeons"
    assert i18n._("") == ""
    assert i18n._("status {status}", status=404) == "ステータス 404"
    assert i18n.ngettext("{count} message", "{count} messages", 2000) == "2,000 件"
    assert i18n.ngettext("{count} {bird}", "{count} {bird}s", 2000, bird="pigeon") == "2,000 pigeons"
    assert locale.translations("fr").gettext("Stopped.") == "Stopped."


@pytest.mark.parametrize(("text", "length"), [("0801111", "7"), ("+811", "1"), ("1" * 19, "19"), ("0" * 101, "101")])
def test_errors_are_translated_with_their_fields(text, length, monkeypatch) -> None:
    """A number that is refused is refused in Japanese, whatever its length."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    with pytest.raises(InvalidArgument) as refused:
        parse(text)
    message = i18n.render_error(refused.value)
    assert length in message
    assert "digit" not in message


def test_fields_that_are_words_of_ours_are_translated(monkeypatch) -> None:
    """The state of a campaign is a word to translate, its name is not."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    error = SimulatorError("code", "{name} {state}", name="paused", state="paused")
    assert i18n.render_error(error) == "paused 一時停止"


def test_headings_of_campaigns_are_japanese_too(bare, monkeypatch) -> None:
    """Options that stand under headings of their own are translated with them."""
    monkeypatch.setenv("XOXZO_LANG", "ja")
    shown = bare("campaign", "run", "--help").output
    for piece in ("送る内容:", "宛先リスト:", "送信の制限:", "接続先:", "承認済みテンプレートの番号。"):
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


@pytest.mark.parametrize(
    "variables", [{"LANGUAGE": "ja"}, {"LC_ALL": "ja_JP.UTF-8"}, {"XOXZO_LANG": "ja", "LANG": "C"}]
)
def test_click_follows_the_environment(variables) -> None:
    """Click's messages are Japanese by the variables of gettext and by ours, in a program of its own."""
    command = [sys.executable, "-m", "xoxzo.cloudpy.cli", "sms", "get"]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONUTF8": "1", **variables}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False, timeout=60)
    assert done.stderr.startswith("使い方:")


def test_the_environment_stays_as_it_was(bare, monkeypatch) -> None:
    """Running a command leaves neither LANGUAGE nor gettext's domain changed."""
    import gettext
    import os

    for value in (None, "de"):
        monkeypatch.delenv("LANGUAGE", raising=False) if value is None else monkeypatch.setenv("LANGUAGE", value)
        before = gettext.textdomain()
        bare("--version")
        assert (os.environ.get("LANGUAGE"), gettext.textdomain()) == (value, before)
