"""Recognise by its content what a file is and how its text is encoded; refuse by name what is no list."""

from __future__ import annotations

import codecs
import os
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import CampaignError

BROKEN_ZIP = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged or protected archive raises."""
_HEAD_BYTES = 1 << 16
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BINARY = (
    (re.compile(rb"%PDF-"), N_("PDF")),
    (
        re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP|II\*\x00|MM\x00\*|....ftyp(?:hei|mif|avif)", re.DOTALL),
        N_("image"),
    ),
    (re.compile(rb"\x1f\x8b|BZh[1-9]|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\xfd7zXZ|\x28\xb5\x2f\xfd"), N_("archive")),
    (re.compile(rb"SQLite format 3\x00"), N_("SQLite database")),
    (re.compile(rb"PAR1"), N_("Parquet file")),
    (re.compile(rb"\x09[\x00\x02\x04]..[\x00-\x07]\x00", re.DOTALL), N_("workbook of Excel 4 or older")),
)
_TEXT = (
    (re.compile(r"<(?:!doctype html|html|head|body|table|meta|style|div|script|!--)", re.IGNORECASE), N_("HTML page")),
    (re.compile(r"MIME-Version:|Return-Path:|Received:", re.IGNORECASE), N_("web page or mail (MIME)")),
    (
        re.compile(r"<\?xml[^>]*>\s*(?:<\?mso-application[^>]*>\s*)?<(?:\w+:)?Workbook\b"),
        N_("XML workbook of Excel 2003"),
    ),
    (re.compile(r"<\?xml\b|<[A-Za-z][\w:]*(?:\s[^<>]*)?>\s*<"), N_("XML file")),
    (re.compile(r"BEGIN:(?:VCARD|VCALENDAR)", re.IGNORECASE), N_("vCard or calendar file")),
    (re.compile(r"\{\\rtf"), N_("RTF document")),
    (re.compile(r"\[\s*(?:[\[{\"\]]|-?\d+[\s,\]])"), N_("JSON array")),
    (re.compile(r"\{\s*[\r\n]\s*\"|\{\s*\"[^\"]*\"\s*:\s*[\[{]?\s*[\r\n]"), N_("JSON document of several lines")),
)
_ZIPPED = (
    ("xl/workbook.bin", "workbook"),
    ("xl/", "xlsx"),
    ("word/", N_("Word document")),
    ("ppt/", N_("PowerPoint document")),
    ("Index/", N_("Numbers, Pages or Keynote document")),
    ("Index.zip", N_("Numbers, Pages or Keynote document")),
)
_READ_BYTES = 1 << 17
_SAMPLE_BYTES = 1 << 16
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# cp932 and never shift_jis, which lacks the characters that Windows adds; for the same reason cp1252 for Latin-1.
_CANDIDATES = ("utf-8", "cp932", "euc_jp", "cp1252")
_SUPERSETS = {"shift_jis": "cp932", "iso8859-1": "cp1252", "utf-8": "utf-8-sig", "ascii": "utf-8-sig"}
_NOT_ASCII_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*[\r\n]*")
_NOT_ASCII_WORD = re.compile(r"[^\x00-\x7f][^\x00-\x2f:-@\[-`{-\x7f]*")
_KANA_IN_LATIN_WORD = re.compile("[A-Za-z][｡-ﾟ]|[｡-ﾟ][A-Za-z]")
# Bytes of a Mac's or another country's encoding: H四熟e was Hélène.
_KANJI_IN_LATIN_WORD = re.compile("[A-Za-z][一-龠]|[一-龠][a-z]")
_UTF_16_LINE_END = re.compile(rb"[\r\n]\x00|\x00[\r\n]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")

# How much more likely an encoding must be than the next: 256 times.
_CERTAIN_BITS = 8.0
# Above this a text is in no language that we know; what is read by chance has about 14.
_MOST_BITS_A_CHARACTER = 10.5
_MOST_BITS_A_HALF_KANA = 8.5


def cannot_be_read(path: str | os.PathLike[str], error: Exception) -> CampaignError:
    """Return the error for a file that cannot be read."""
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return CampaignError("file_cannot_be_read", "{path} cannot be read: {error}", path=path, error=why)


def kind_of(path: Path) -> str:
    """Return ``xlsx``, ``workbook`` for what python-calamine reads besides, ``text`` or, for an empty file, ``empty``.

    `CampaignError` if it cannot be read, or is something else.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if head.startswith(b"PK\x03\x04"):
            return _zipped(path)
        if head.startswith(_OLE):
            return _compound(path)
    except BROKEN_ZIP as error:
        raise cannot_be_read(path, error) from None
    for pattern, what in _BINARY:
        if pattern.match(head):
            raise _no_list(path, what)
    return "text" if head else "empty"


def check_text(path: Path, head: str) -> None:
    """Refuse a file that its decoded beginning shows to be something else than a list, by a `CampaignError`."""
    beginning = head.lstrip("\ufeff \t\r\n")
    for pattern, what in _TEXT:
        if pattern.match(beginning):
            raise _no_list(path, what)
    if "\x00" in head:
        raise _no_list(path, N_("binary file"))


def _no_list(path: Path, what: str) -> CampaignError:
    return CampaignError(
        "wrong_kind",
        "{path} is not a list of recipients: {kind}. Save the list as CSV (UTF-8) or as an Excel workbook (.xlsx)",
        path=path,
        kind=what,
    )


def _zipped(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if "mimetype" in names and archive.read("mimetype").startswith(b"application/vnd.oasis.opendocument.spread"):
            return "workbook"
    what = next(
        (what for beginning, what in _ZIPPED if any(name.startswith(beginning) for name in names)), N_("archive")
    )
    if what in {"xlsx", "workbook"}:
        return what
    raise _no_list(path, what)


def _compound(path: Path) -> str:
    data = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise CampaignError(
            "encrypted", "{path} is encrypted: open it in Excel and save it without a password", path=path
        )
    for stream, what in (("WordDocument", N_("Word document")), ("PowerPoint Document", N_("PowerPoint document"))):
        if stream.encode("utf-16-le") in data:
            raise _no_list(path, what)
    return "workbook"


def named_encoding(name: str) -> str:
    """Return the Python name of an encoding that a person named; instead of some, what includes them."""
    try:
        info = codecs.lookup(name)
        "".encode(info.name)  # `base64` and the like encode no text
    except LookupError:
        raise CampaignError("no_such_encoding", "there is no encoding {name!r}", name=name) from None
    return _SUPERSETS.get(info.name, info.name)


def detect(path: Path, country: str = "JP") -> tuple[str, str]:
    """Return the encoding of a text file and, where it is only the most likely one, some letters as they were read.

    What is marked or unmistakable comes first, then what is most likely. Chinese, Korean and Thai in their old
    encodings can be read as EUC-JP or half-width kana, so in files from outside Japan these are not chosen.
    `CampaignError` if the file cannot be read, is no text, has a broken character, or could be in several encodings.
    """
    try:
        name = _unmistakable(path) or _utf8_or_ascii(path)
        if name is None:
            return _most_likely(path, country)
        if name.startswith("utf-16-") and not _can_decode(path, name):
            raise CampaignError("no_text", "{path} is neither text nor a workbook", path=path)
        check_encoding(path, name)
    except OSError as error:
        raise cannot_be_read(path, error) from None
    return name, ""


def check_encoding(path: Path, name: str) -> None:
    """Check that all of a file can be decoded; `CampaignError` says which line and character cannot."""
    if name in {"ascii", "utf-8"} or _can_decode(path, name):
        return
    read = ""
    try:
        path.read_bytes().decode(name)
    except UnicodeDecodeError as error:
        read = error.object[: error.start].decode(name, "ignore")
    lines = re.split("\r\n|\r|\n", read)
    raise CampaignError(
        "broken_character",
        "{path}, line {line}, character {column}: this is not a whole character of {encoding}: an export cut it, or "
        "the encoding is wrong (--encoding)",
        path=path,
        line=len(lines),
        column=len(lines[-1]) + 1,
        encoding=name.removesuffix("-sig"),
    )


def _unmistakable(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(_READ_BYTES)
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name
    # One line has no line end, but then most of it is ASCII; a single NUL is a fault of the program that wrote it.
    if _UTF_16_LINE_END.search(head) or head.count(b"\x00") * 16 > len(head):
        little = head[1::2].count(b"\x00") > head[::2].count(b"\x00")
        return "utf-16-le" if little else "utf-16-be"
    return None


def _utf8_or_ascii(path: Path) -> str | None:
    name = "ascii"
    try:
        for piece in _pieces(path, "utf-8"):
            if not piece.isascii():
                name = "utf-8"
            elif "\x1b" in piece and name == "ascii":
                name = "iso2022_jp_ext"
    except UnicodeError:
        return None
    return name


def _most_likely(path: Path, country: str) -> tuple[str, str]:
    sample = _sample(path)
    read = {name: sample.decode(name, "replace") for name in _CANDIDATES}
    costs = {name: _cost(text, is_unicode=name == "utf-8") for name, text in read.items()}
    if not any(not one.isascii() and one != "\ufffd" for one in read["utf-8"]):
        costs["utf-8"] = float("inf")
    first, second, *_others = sorted(_CANDIDATES, key=costs.__getitem__)
    letters = [one for one in read[first] if not one.isascii()]
    is_half_kana = sum("｡" <= one <= "ﾟ" for one in letters) > len(letters) / 2
    # What is left of a Müller whose encoding was not found.
    is_odd = is_half_kana and _KANA_IN_LATIN_WORD.search(read[first]) is not None
    if country != "JP" and first in {"cp932", "euc_jp"}:
        is_odd = is_half_kana or first == "euc_jp" or _KANJI_IN_LATIN_WORD.search(read[first]) is not None
    most = (_MOST_BITS_A_HALF_KANA if is_half_kana else _MOST_BITS_A_CHARACTER) * len(letters)
    if is_odd or costs[first] > most or costs[second] - costs[first] < _CERTAIN_BITS:
        raise CampaignError(
            "encoding_unclear",
            "the encoding of {path} is not certain: as {first} it reads {first_sample!r}, as {second} "
            "{second_sample!r}; name it by --encoding",
            path=path,
            first=first,
            first_sample=_letters(read[first]),
            second=second,
            second_sample=_letters(read[second]),
        )
    check_encoding(path, "utf-8-sig" if first == "utf-8" else first)
    return first, _letters(read[first])


def _sample(path: Path) -> bytes:
    """Return the first lines that are not ASCII."""
    found = bytearray()
    with path.open("rb") as file:
        while len(found) < _SAMPLE_BYTES and (piece := file.read(_READ_BYTES) + file.readline(_READ_BYTES)):
            for line in _NOT_ASCII_LINE.finditer(piece):
                found += line[0]
                if len(found) >= _SAMPLE_BYTES:
                    break
    return bytes(found)


def _letters(text: str) -> str:
    return ", ".join(dict.fromkeys(word[0][:12] for word in _NOT_ASCII_WORD.finditer(text[:2000])))[:40]


def _pieces(path: Path, name: str) -> Iterator[str]:
    with path.open(encoding=name, newline="") as file:
        while piece := file.read(_READ_BYTES):
            yield piece


def _can_decode(path: Path, name: str) -> bool:
    try:
        return not any(name.startswith("utf-16-") and _CONTROL.search(text) for text in _pieces(path, name))
    except UnicodeError:
        return False


# Roughly the characters of the most frequent names, places, companies and business words. Nearly all kanji of a list
# are among them when it is read rightly, and a tenth when it is read wrongly.
_FREQUENT_KANJI = frozenset(
    "佐藤鈴木高橋田中伊渡辺山本村小林加吉松井斎清森阿部池石川前岡長谷後近坂遠青西福太三上野金原竹内武子島酒宮大工"
    "横今藪市杉河浜菅平和新古関丸久保岩安柴飯塚北増矢沢服水永土荒樋堀栗熊南桜菊早黒須相澤東望浅若千葉星丹羽広栄尾"
    "桑戸牧神倉奥細根岸片秋多々成瀬白馬場角花児玉五十嵐一二四六七八九百万梅津堤向江落合渋稲垣笠篠崎﨑髙德甲斐柳富"
    "深寺日比足立泉名滝植的門間真船越亀伏見米光徳豊佳美恵裕明正義信博夫男雄郎介助樹彦司志健康隆浩誠直貴英俊哲拓翔"
    "優斗陽菜愛結衣奈香織紀代弘幸敏勝昭雅孝洋秀修学智之行芳悦節良由里理沙恭絵梨彩乃穂実咲希未来心春夏冬海空月雪風"
    "輝琴音葵凛莉桃瑠蓮湊悠颯朝律翼朔晴仁慎吾進茂治忠都道府県区町丁目番地号京阪埼兵庫知静城潟鹿沖縄賀岐阜群栃茨媛"
    "鳥取歌滋重形手株式会社有限同医療法人校財団組商店事務所支営業課係締役表総経開発製造販売舗氏姓住電話携帯郵便備"
    "考顧客様御年時分曜予約確認額円税込料請求書注文品数量単価計払期入荷送配達済了解完変更止受付診察歯科外眼皮膚女"
    "性別生誕登録員紹連絡先緊急宛種類状態契担当者険証券銀口座普通振用件容質問回答果休案峰嶋邊邉濱齋齊廣國櫻龍眞惠"
    "瀧塩畑窪柏榎椎楠桐楓柿柄枝杏李桂檜萩芝芦茅蒲菱葛藍蘭虎鶴鷹鳩鴨魚貝玲瑞珠環璃琉瑛公園駅線路台丘港浦湖温旅館食"
    "堂屋薬局院髪整体塾幼稚育病出張方物家具飾靴車輪自転動輸"
)
_BEFORE_SMALL = frozenset("ｷｼﾁﾆﾋﾐﾘﾌﾃﾄｳｸﾞﾟ")
_FREQUENT_LATIN = frozenset("éèêëáàâäãåçñíîóôöúüßÉÀÖÜÄÅÇÑÓÁÍÚÎøæ")
_SMALL_HALF_KANA = frozenset("ｧｨｩｪｫｬｭｮｯｰﾞﾟﾝｦ")
_VOICED = frozenset("ｳｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ")
_HALF_VOICED = frozenset("ﾊﾋﾌﾍﾎ")
_PUNCTUATION = frozenset("　、。・「」『』（）ー～〜－―…：；！？％＆＋＝＠＃＊／＼￥‐々〆ヶ〇№℡※→←↑↓○●◎△▲□■☆★×")
_LATIN_PUNCTUATION = frozenset("’‘“”–—…€©®°«»¿¡º")
_BROKEN = 24.0


def _cost(text: str, *, is_unicode: bool) -> float:
    """Return how unlikely the characters beyond ASCII are: the bits that a code for such lists would need for them.

    The text has U+FFFD for what could not be decoded. In Unicode, letters of all scripts are to be expected.
    """
    sides = zip(f" {text}", text, f"{text[1:]} ", strict=False)
    return sum(_bits(before, one, after, is_unicode) for before, one, after in sides if not one.isascii())


def _bits(before: str, one: str, after: str, is_unicode: bool) -> float:
    code = ord(one)
    if one in "’´" and before.isascii() and before.isalpha() and after.isascii() and after.isalpha():
        return 8.0
    if one in _FREQUENT_KANJI or one in _PUNCTUATION or 0xFF10 <= code <= 0xFF5A:
        return 8.0
    if 0x3041 <= code <= 0x30FC:
        return 6.0
    if 0xFF61 <= code <= 0xFF9F:
        return _half_kana_bits(before, one, after)
    if 0x2460 <= code <= 0x2473 or 0x3220 <= code <= 0x33FF:  # ① ㈱ ㍻
        return 11.0
    if unicodedata.name(one, "").startswith("CJK"):
        is_first_level = 0xB0 <= one.encode("euc_jp", "replace")[0] <= 0xCF
        return 12.0 if is_first_level else 17.0
    if 0xC0 <= code <= 0x17F and one.isalpha():
        return _latin_bits(before, one, after)
    if one in _LATIN_PUNCTUATION:
        return 12.0
    # Without the scripts of two bytes that Japanese text gives by chance: modifiers, Armenian, Syriac, N'Ko …
    if is_unicode and (0x370 <= code <= 0x52F or 0x590 <= code <= 0x6FF or 0x900 <= code < 0xE000 or code > 0xFFFF):
        return 8.0
    return _BROKEN if one == "\ufffd" or "\ue000" <= one <= "\uf8ff" else 16.0


def _latin_bits(before: str, one: str, after: str) -> float:
    """Accents are between plain letters; words of nothing else are another alphabet, wrongly read."""
    if not any(side.isascii() and side.isalpha() for side in (before, after)):
        return 14.0
    alone = all(side.isascii() or not side.isalpha() for side in (before, after))
    return (7.0 if one in _FREQUENT_LATIN else 13.0) + (0.0 if alone else 4.0)


def _half_kana_bits(before: str, one: str, after: str) -> float:
    if one in "｡｢｣､･":
        return 12.0
    if (one == "ﾞ" and before not in _VOICED) or (one == "ﾟ" and before not in _HALF_VOICED):
        return 20.0
    starts = not "｡" <= before <= "ﾟ"
    stray = one in _SMALL_HALF_KANA if starts else one in "ｧｨｩｪｫｬｭｮ" and before not in _BEFORE_SMALL
    # ﾄﾖﾀ自動車 is frequent; rare kanji beside such letters are not.
    sides = [side for side in (before, after) if not side.isascii() and not "｡" <= side <= "ﾟ"]
    mixed = max((3.0 if side in _FREQUENT_KANJI or side in _PUNCTUATION else 12.0 for side in sides), default=0.0)
    return 6.5 + (30.0 if stray else 0.0) + mixed
