"""Rules for cells: blanks, phone numbers, formulas, names of columns; and which row names the columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache

from xoxzo.cloudpy.campaigns.records import Reason
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument
from xoxzo.cloudpy.phone import ParsedNumber, parse

RawRow = tuple[int, list[str], Reason | None]
"""The line that a row begins in, its cells, and what is wrong with it."""
_MIN_DIGITS = 6
# Besides blanks and hyphens: what is invisible (category Cf) is removed as well.
_SEPARATORS = re.compile(r"[\s_\-]+")

OWN_COLUMNS = ("xoxzo_line", "xoxzo_column", "xoxzo_reason")
"""The columns that a file of bad rows has beside those of the rows themselves."""
BLANKS = frozenset(
    {"", "nan", "NaN", "NaT", "None", "<NA>", "NULL", "null", "\\N"}
    | {"#N/A", "#N/A N/A", "#NA", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
    | {"#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#GETTING_DATA", "#ERROR!"}
)
"""Cells that hold nothing: what pandas, databases and the formula errors of spreadsheets leave in an export."""
HEAD_ROWS = 20
"""Rows, without the blank ones, among which the header is looked for."""
_MAX_NAME = 40
_PHONE_WORDS = (
    "電話 携帯 ケータイ けいたい でんわ モバイル スマホ 宛先 連絡先 phone telephone tel mobile cell cellular "
    "cellphone msisdn sms smartphone handphone contact recipient telefon telefono teléfono telefone téléphone "
    "handy mobil móvil celular portable gsm 手机 手機 电话 전화 휴대폰 휴대전화 핸드폰 연락처 โทรศัพท์ เบอร์โทร "
    "มือถือ điệnthoại sđt telepon telpon hp телефон тел"
)
_OTHER_WORDS = (
    " 番号 号 お客様 お客さま 顧客 会員 利用者 患者 生徒 保護者 本人 自宅 会社 勤務先 緊急 代表 第 の 用 先 名 "
    "お名前 名前 なまえ 氏名 姓 姓名 名字 苗字 宛名 敬称 漢字 ローマ字 フリガナ ふりがな カナ かな 読み よみ ヨミ "
    "セイ メイ メール アドレス 住所 郵便 都道府県 市区町村 番地 建物 生年月日 誕生日 性別 年齢 備考 メモ "
    "コメント コード 日 日付 日時 時間 時刻 曜日 予約 来店 金額 価格 料金 請求 合計 商品 品名 注文 伝票 数量 "
    "ポイント ランク 種別 種類 区分 状態 ステータス 作成 登録 更新 年月日 担当 担当者 部署 役職 店舗 店 支店 企業 "
    "団体 組織 グループ タグ 件名 内容 url no num number nr numero número nummer nomor value label type country "
    "code home work main primary other business personal emergency name first last middle given family sur full "
    "nick user customer client member person guest patient student employee staff owner id uid key index mail e "
    "address street city town state province zip post postal birth birthday date time day month year amount price "
    "cost total fee balance memo note notes comment comments remark remarks description status company "
    "organization organisation department title prefix suffix gender sex age language locale tag tags group "
    "groups list source order item product quantity qty point points rank plan shop store branch created updated "
    "modified at on by of the vorname nachname nombre apellido apellidos nom prénom nome 名称 地址 备注 이름 성명 "
    "주소 메모 ชื่อ นามสกุล tên họ nama alamat"
    " 번호 号码 號碼 номер имя фамилия 配信 配信停止 停止 退会 解約 拒否 希望 送信 受信 日本 海外 国 国番号"
)
_ANY_DIGIT_OR_SIGN = re.compile(r"[\d\W_]+")
_FORMULA_MARKS = frozenset("=@\t\r+-'")


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """Return a name without what makes no difference: width, composition, case, blanks, hyphens, the invisible."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(one for one in _SEPARATORS.sub("", plain) if unicodedata.category(one) != "Cf")


def _plain(name: str) -> str:
    return _ANY_DIGIT_OR_SIGN.sub("", fold(name))


def _any_of(words: str) -> str:
    return f"(?:{'|'.join(sorted(set(map(_plain, words.split())), key=len, reverse=True))})"


_NAME = re.compile(f"{_any_of(_PHONE_WORDS + _OTHER_WORDS)}+")
_PHONE_NAME = re.compile(f"{_any_of(_OTHER_WORDS)}*{_any_of(_PHONE_WORDS)}{_any_of(_PHONE_WORDS + _OTHER_WORDS)}*")


def is_blank(cell: str) -> bool:
    """Return whether a cell holds nothing."""
    return cell.strip() in BLANKS


def has_digits(cell: str) -> bool:
    """Return whether a cell holds enough digits for a phone number, rightly typed or not."""
    return sum(map(str.isdigit, cell)) >= _MIN_DIGITS


def number_in(cell: str, country: str) -> ParsedNumber | None:
    """Return the phone number that a cell holds, if any."""
    with suppress(InvalidArgument):
        # Most cells are no numbers, and reading one takes a while.
        return parse(cell, country) if has_digits(cell) else None
    return None


def has_number(cells: Iterable[str], country: str) -> bool:
    """Return whether one of several cells holds a phone number."""
    return any(number_in(cell, country) for cell in cells)


def without_formula(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe in front, if need be."""
    is_number = cell[:1] in {"+", "-"} and cell[1:].isdecimal()
    return "'" + cell if cell[:1] in _FORMULA_MARKS and not is_number else cell


def with_formula(cell: str) -> str:
    """Return what a cell was before `without_formula`."""
    return cell[1:] if cell[:1] == "'" and without_formula(cell[1:]) == cell else cell


def names_phone_numbers(name: str) -> bool:
    """Return whether a column's name says, in nothing but known words, that it holds phone numbers."""
    return _is_made_by(_PHONE_NAME, name)


def _is_made_by(pattern: re.Pattern[str], name: str) -> bool:
    plain = _plain(name)
    return len(plain) <= _MAX_NAME and pattern.fullmatch(plain) is not None


def find_header(head: Sequence[RawRow], wanted: Sequence[str], country: str) -> tuple[int, RawRow | None]:
    """Return the row that names the columns, after its position; -1 and ``None`` where the first row is a recipient.

    `CampaignError` asks where that is not certain, since a recipient would be lost. The rows of the head, at least one,
    are not blank; the `wanted` columns must exist.
    """
    names = {fold(name) for name in wanted if not name.isdecimal()}
    found = next((n for n, row in enumerate(head) if _is_header(row[1], head[n + 1 :], names, country)), None)
    if found is None:
        if has_number(head[0][1], country):
            return -1, None
        raise CampaignError(
            "header_unclear",
            "line {line} may name the columns or be a recipient: --header or --no-header says which, --header-row N "
            "that line N names them",
            line=head[0][0],
        )
    width = _filled(head[found][1])
    if any(_filled(cells) * 2 > width or has_number(cells, country) for _line, cells, _fault in head[:found]):
        raise CampaignError(
            "header_unclear",
            "line {header} seems to name the columns, but line {line} above it may be a recipient: --header-row "
            "{header} leaves out what is above, --no-header reads all lines as recipients",
            line=head[0][0],
            header=head[found][0],
        )
    return found, head[found]


def _is_header(cells: Sequence[str], below: Sequence[RawRow], wanted: set[str], country: str) -> bool:
    if not set(OWN_COLUMNS).isdisjoint(cells):
        return True
    if has_number(cells, country) or (len(cells) == 2 and cells[0] == cells[1] != ""):
        return False
    known = 0
    for n, name in enumerate(map(fold, cells)):
        values = [row[1][n] for row in below if n < len(row[1])]
        # The type of a number (携帯, 自宅) is there in other rows as well; a name is not. 9.01E+09 is none, either.
        if sum(map(str.isdecimal, name)) * 2 < len(name) and all(fold(value) != name for value in values):
            if name in wanted or (names_phone_numbers(name) and any(map(has_digits, values))):
                return True
            known += _is_made_by(_NAME, name)
    return known > 1 and known * 2 >= _filled(cells)


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)
