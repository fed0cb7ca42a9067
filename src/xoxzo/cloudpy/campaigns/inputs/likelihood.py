"""Estimate how likely a text is as Japanese or Latin writing, to tell encodings apart that fit the same bytes."""

from __future__ import annotations

import unicodedata

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


def cost(text: str, *, is_unicode: bool) -> float:
    """Return how unlikely the characters beyond ASCII are: the bits that a code for such lists would need for them.

    Args:
        text: as it was decoded, with U+FFFD for what could not be.
        is_unicode: whether letters of all scripts were to be expected.
    """
    bits = 0.0
    padded = f" {text} "
    for position, one in enumerate(text, 1):
        if not one.isascii():
            bits += _bits(padded[position - 1], one, padded[position + 1], is_unicode=is_unicode)
    return bits


def _bits(before: str, one: str, after: str, *, is_unicode: bool) -> float:
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
        return 12.0 if _is_first_level(one) else 17.0
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


def _is_first_level(kanji: str) -> bool:
    try:
        return 0xB0 <= kanji.encode("euc_jp")[0] <= 0xCF
    except UnicodeEncodeError:
        return False
