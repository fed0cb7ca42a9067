"""Find the row that names the columns; where that is not certain, ask, since a recipient would be lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from xoxzo.cloudpy.campaigns.inputs.names import OWN_COLUMNS, RawRow, fold, has_digits, is_phone_number
from xoxzo.cloudpy.errors import CampaignError

HEAD_ROWS = 20
"""Rows, without the blank ones, among which the header is looked for."""
_MAX_NAME = 40
_PHONE_WORDS = (
    "電話 携帯 ケータイ けいたい でんわ モバイル スマホ 宛先 連絡先 phone telephone tel mobile cell cellular "
    "cellphone msisdn sms smartphone handphone contact recipient telefon telefono teléfono telefone téléphone "
    "handy mobil móvil celular portable gsm 手机 手機 电话 전화 휴대폰 휴대전화 핸드폰 연락처 โทรศัพท์ เบอร์โทร "
    "มือถือ điệnthoại sđt telepon telpon hp"
    " телефон тел"
)
_OTHER_WORDS = (
    "番号 号 お客様 お客さま 顧客 会員 利用者 患者 生徒 保護者 本人 自宅 会社 勤務先 緊急 代表 第 の 用 先 名 "
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


def _words(text: str) -> str:
    return "|".join(sorted({_plain(word) for word in text.split()}, key=len, reverse=True))


def _plain(name: str) -> str:
    return _ANY_DIGIT_OR_SIGN.sub("", fold(name))


_PHONE_NAME = re.compile(
    f"(?:{_words(_OTHER_WORDS)})*(?:{_words(_PHONE_WORDS)})(?:{_words(_PHONE_WORDS + ' ' + _OTHER_WORDS)})*"
)
_NAME = re.compile(f"(?:{_words(_PHONE_WORDS + ' ' + _OTHER_WORDS)})+")


def names_phone_numbers(name: str) -> bool:
    """Return whether a column's name says, in nothing but known words, that it holds phone numbers."""
    plain = _plain(name)
    return len(plain) <= _MAX_NAME and _PHONE_NAME.fullmatch(plain) is not None


def find_header(head: Sequence[RawRow], wanted: Sequence[str], country: str) -> tuple[int, RawRow | None]:
    """Return the row that names the columns, after its position; -1 and ``None`` where the first row is a recipient.

    Args:
        head: the first rows that are not blank, at least one.
        wanted: names of columns that must exist.
        country: the country of numbers without a country code.

    Raises:
        CampaignError: neither is certain.
    """
    names = {fold(name) for name in wanted if not name.isdecimal()}
    found = next((n for n, row in enumerate(head) if _is_header(row[1], head[n + 1 :], names, country)), None)
    if found is None:
        if _has_number(head[0][1], country):
            return -1, None
        raise CampaignError(
            "header_unclear",
            "line {line} may name the columns or be a recipient: --header or --no-header says which, --header-row N "
            "that line N names them",
            line=head[0][0],
        )
    width = _filled(head[found][1])
    if any(_filled(cells) * 2 > width or _has_number(cells, country) for _line, cells, _fault in head[:found]):
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
    if _has_number(cells, country) or any(
        count > 1 for count in Counter(filter(None, cells)).values() if len(cells) < 3
    ):
        return False
    columns = [(fold(cell), [row[1][n] for row in below if n < len(row[1])]) for n, cell in enumerate(cells)]
    # The type of a number (携帯, 自宅) is there in other rows as well; a name is not. 9.01E+09 is none, either.
    named = [
        (name, values)
        for name, values in columns
        if sum(map(str.isdecimal, name)) * 2 < len(name) and all(fold(value) != name for value in values)
    ]
    if any(name in wanted for name, _values in named):
        return True
    if any(names_phone_numbers(name) and any(map(has_digits, values)) for name, values in named):
        return True
    known = sum(len(name) <= _MAX_NAME and _NAME.fullmatch(_plain(name)) is not None for name, _values in named)
    return known > 1 and known * 2 >= _filled(cells)


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _has_number(cells: Sequence[str], country: str) -> bool:
    return any(is_phone_number(cell, country) for cell in cells)
