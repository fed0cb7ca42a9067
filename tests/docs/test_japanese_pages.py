"""Japanese pages: each says of which English text it is the version, and shows the same commands and programs."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

import translations

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([*REPOSITORY.glob("*.ja.md"), *(REPOSITORY / "docs").rglob("*.ja.md")])
ORIGIN = re.compile(r"<!-- Japanese version of (\S+), sha256 ([0-9a-f]{12}) -->\n")
SYNONYMS = {
    "一斉送信": "キャンペーン", "利用ログ": "利用履歴", "送信済みリスト": "送信済み?一覧", "保存先": "保存場所",
    "送信しない時間帯": "控える時間帯", "レート制限": "速度制限", "分割数": "通数",
    "携帯電話会社": "通信(?:事業者|会社)|キャリア", "送信元": "送信者|差出人", "宛先": "受信者|受取人",
    "配信レポート": "配信通知", "会議通話": "電話会議", "終了コード": "終了ステータス", "参照名": "参照キー",
    "台帳": "元帳", "認証情報": "資格情報", "料金": "費用|コスト", "送信トレイ": "送信箱",
    "受信プログラム": "受信機|受信側", "着信番号": "ダイヤルイン", "差し込み項目": "プレースホルダ",
    "送信計画": "送信プラン", "マシン": "コンピュータ|パソコン", "フォルダー": "フォルダ(?!ー)|ディレクトリ",
    "再試行": "リトライ", "既定": "デフォルト", "進行状況": "進捗", "配信停止": "オプトアウト",
    "サーバー": "サーバ(?!ー)",
}  # fmt: skip
"""The word of the glossary, and the other ones for the same thing."""
BLOCK = re.compile(r"^```(?!text)\w.*?\n.*?^```$", re.DOTALL | re.MULTILINE)


def test_there_are_pages() -> None:
    """The README at least is there in Japanese."""
    assert REPOSITORY / "README.ja.md" in PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_it_is_no_older_than_the_english_page(page: Path) -> None:
    """Who changes the English page reads the Japanese one too, and writes the new checksum into its first line."""
    found = ORIGIN.match(page.read_text(encoding="utf-8"))
    assert found, f"the first line of {page.name} must name the English page and its checksum"
    english = page.with_name(found[1])
    checksum = hashlib.sha256(english.read_bytes()).hexdigest()[:12]
    assert found[2] == checksum, f"{english.name} has changed: bring {page.name} up to date, then write {checksum}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_it_shows_the_same_commands_and_programs(page: Path) -> None:
    """Blocks are the same, in the same order."""
    english = page.with_name(page.name.replace(".ja.md", ".md"))
    assert BLOCK.findall(page.read_text(encoding="utf-8")) == BLOCK.findall(english.read_text(encoding="utf-8"))


def test_one_thing_has_one_word() -> None:
    """The catalogue and the pages use the glossary's word, never a synonym."""
    texts = {str(message.id): str(message.string) for message in translations.stored() if message.id}
    texts |= {str(page.relative_to(REPOSITORY)): BLOCK.sub("", page.read_text(encoding="utf-8")) for page in PAGES}
    found = [
        f"{place}: {match[0]}, use {word}"
        for word, others in SYNONYMS.items()
        for place, text in texts.items()
        for match in re.finditer(others, text)
    ]
    assert not found, "\n".join(found)


def test_the_catalogue_has_a_space_between_japanese_and_ascii() -> None:
    """As in the output of other commands: `SMS を送信`."""
    joint = re.compile("[ぁ-んァ-ヶー一-龠々][A-Za-z0-9]|[A-Za-z0-9][ぁ-んァ-ヶー一-龠々]")
    assert [message.id for message in translations.stored() if joint.search(str(message.string))] == []
