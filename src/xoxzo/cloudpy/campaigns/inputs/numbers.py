"""Show the numbers of a workbook as Excel does, where its number format leaves no doubt."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, partial
from typing import NamedTuple

Show = Callable[[float], str | None]

_DIGITS = 15
_MAX_PLAIN = 1e15
_GENERAL = frozenset({"", "general", "@", "standard", "g/標準"})
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
BUILT_IN_FORMATS = (
    {0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 49: "@"}
    | {18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 45: "mm:ss", 46: "[h]:mm:ss"}
    | dict.fromkeys((37, 38), "#,##0;-#,##0")
    | dict.fromkeys((39, 40), "#,##0.00;-#,##0.00")
)
"""Excel's formats that have a number only, other than those that differ by the language of Windows."""
JAPANESE_FORMATS = {14: "yyyy/m/d", 22: "yyyy/m/d h:mm", 30: "m/d/yy", 31: 'yyyy"年"m"月"d"日"', 32: 'h"時"mm"分"'} | {
    33: 'h"時"mm"分"ss"秒"',
    55: 'yyyy"年"m"月"',
    56: 'm"月"d"日"',
}
"""Those of a Japanese Excel."""
_ERAS = ((date(2019, 5, 1), "令和", "R"), (date(1989, 1, 8), "平成", "H"), (date(1926, 12, 25), "昭和", "S"))
_WEEKDAYS = "月火水木金土日"
_TOKEN = re.compile(
    r"""(?P<literal>"[^"]*"|\\.|\[\$[^\]-]*(?:-[^\]]*)?\]) |
    (?P<colour>\[(?:black|blue|cyan|green|magenta|red|white|yellow|color\s?\d+)\]) |
    (?P<elapsed>\[(?:h+|m+|s+)\]) | (?P<bracket>\[[^\]]*\]) | (?P<filling>[_*].) | (?P<half>am/pm|a/p) |
    (?P<date>yyyy|yy|e+|g+|mmmmm?|mmm|mm|m|dddd|ddd|dd|d|aaaa|aaa|hh|h|ss|s) | (?P<digit>[0\#?,.]+) | (?P<other>.)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_UNCERTAIN = frozenset("@/") | frozenset("Ee")
_LOCALE = re.compile(r"\[\$([^\]-]*)-?([^\]]*)\]")


class CellFormat(NamedTuple):
    """How cells of one number format are shown."""

    code: str
    show: Show | None
    """Returns a number as it is shown, or ``None``; is ``None`` where no number is certain."""
    raw: Callable[[float], str]
    """Returns a number as it is stored; a date in ISO 8601."""
    keeps_text: bool


class Token(NamedTuple):
    """A part of a number format: what it stands for, and its text."""

    kind: str
    text: str


def shown_number(number: float) -> str:
    """Return a number with at most 15 significant digits, all that a spreadsheet has."""
    if number != number or abs(number) >= _MAX_PLAIN:  # noqa: PLR0124 - NaN
        return "" if number != number else str(number)  # noqa: PLR0124
    if number == int(number):
        return str(int(number))
    return format(Decimal(f"{number:.{_DIGITS}g}").normalize(), "f")


@lru_cache(maxsize=1024)
def cell_format(code: str | int, *, is_1904: bool, is_japanese: bool = False) -> CellFormat:
    """Return how cells of a number format are shown, by its code or the number of a built-in one."""
    is_date = isinstance(code, int) and code in _BUILT_IN_DATES
    as_date = partial(_iso, is_1904=is_1904)
    if isinstance(code, int):
        known = BUILT_IN_FORMATS.get(code) or (JAPANESE_FORMATS.get(code) if is_japanese else None)
        if known is None:
            return CellFormat(f"#{code}", None, as_date if is_date else shown_number, True)
        code = known
    is_date = is_date or (_has_date(_sections(code)[0]) and code.lower() not in _GENERAL)
    return CellFormat(
        code, _shown_by(code, is_1904=is_1904), as_date if is_date else shown_number, shows_text_as_it_is(code)
    )


def _iso(number: float, *, is_1904: bool) -> str:
    moment = moment_of(number, is_1904=is_1904)
    if moment is None:
        return shown_number(number)
    day, seconds = moment
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return clock if day is None else f"{day:%Y-%m-%d}" + (f" {clock}" if seconds else "")


def _shown_by(code: str, *, is_1904: bool) -> Show | None:
    """Return a function that shows numbers by a format code, as ``#,##0``; ``None`` where no number is certain."""
    if code.strip().lower() in _GENERAL:
        return shown_number
    sections = [_tokens(section) for section in _sections(code)[:3] if not _is_for_text(section)]
    known = [section for section in sections if section is not None]
    if not known or len(known) < len(sections):
        return None
    if any(token.kind in {"date", "elapsed"} for token in known[0]):
        locale = _LOCALE.search(code)
        return partial(_date, known[0], is_1904=is_1904, japanese=locale is not None and "411" in locale[1] + locale[2])
    return partial(_number, known)


def shows_text_as_it_is(code: str) -> bool:
    """Return whether a format code leaves texts as they are: neither hidden, nor with words around them."""
    sections = _sections(code)
    for_text = next((section for section in sections if _is_for_text(section)), None if len(sections) < 4 else "")
    return for_text is None or re.sub(r"\[\w+\]|[_*].", "", for_text).strip() == "@"


def _is_for_text(section: str) -> bool:
    return "@" in re.sub(r'"[^"]*"|\\.', "", section)


def _sections(code: str) -> list[str]:
    return re.sub(r'("[^"]*"|\\.)|;', lambda one: one[1] or "\0", code).split("\0")


def _tokens(section: str) -> list[Token] | None:
    """Return the parts of a section; ``None`` where one is not certain: a condition, a fraction, an exponent."""
    tokens: list[Token] = []
    for found in _TOKEN.finditer(section):
        kind, text = found.lastgroup or "other", found[0]
        if kind == "bracket" or (kind == "other" and text in _UNCERTAIN and not (text == "/" and _has_date(section))):
            return None
        if kind == "literal":
            currency = _LOCALE.fullmatch(text)
            if currency and currency[2].upper() in {"F800", "F400"}:  # as Windows is set
                return None
            text = currency[1] if currency else text[1:] if text.startswith("\\") else text[1:-1]
        if kind not in {"colour", "filling"}:
            tokens.append(Token("literal" if kind == "other" else kind, text))
    return tokens


def _has_date(section: str) -> bool:
    return re.search(r"[ymdhs]|aaa", re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", section), re.IGNORECASE) is not None


def _number(sections: list[list[Token]], number: float) -> str | None:
    value = Decimal(f"{number:.{_DIGITS}g}")
    chosen = 1 if value < 0 and len(sections) > 1 else 2 if value == 0 and len(sections) > 2 else 0
    tokens = sections[chosen]
    pattern = "".join(token.text for token in tokens if token.kind == "digit")
    if not pattern or pattern.count(".") > 1 or "?" in pattern or abs(value) >= Decimal(_MAX_PLAIN):
        return None
    whole, _point, fraction = pattern.partition(".")
    if whole.endswith(","):  # in thousands
        return None
    value = abs(value) * 100 ** sum(token == ("literal", "%") for token in tokens)
    places = sum(one in "0#" for one in fraction)
    digits = format(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), "f")
    whole_digits, _point, fraction_digits = digits.partition(".")
    whole_digits = whole_digits.lstrip("0").zfill(whole.count("0"))
    optional = len(fraction) - len(fraction.rstrip("#"))
    fraction_digits = fraction_digits[: places - optional] + fraction_digits[places - optional :].rstrip("0")
    shown = _filled(tokens, whole_digits, fraction_digits, grouped="," in whole)
    is_zero = not (whole_digits + fraction_digits).strip("0")
    return ("-" if number < 0 and chosen == 0 and not is_zero else "") + shown.strip()


def _filled(tokens: list[Token], whole: str, fraction: str, *, grouped: bool) -> str:
    """Put digits into the places of a format, from the right; the first place takes all that are left."""
    parts = [(token.kind, one) for token in tokens for one in ([token.text] if token.kind != "digit" else token.text)]
    point = next((n for n, part in enumerate(parts) if part == ("digit", ".")), len(parts))
    places = [n for n, (kind, one) in enumerate(parts[:point]) if kind == "digit" and one in "0#"]
    if grouped:
        places, whole = places[:1], f"{int(whole):,}".zfill(len(whole)) if whole else ""
    shown = [one if kind != "digit" else "" for kind, one in parts]
    for place in reversed(places):
        taken = whole if place == places[0] else whole[-1:]
        shown[place], whole = taken, whole[: len(whole) - len(taken)]
    if point < len(parts):
        decimals = [n for n, (kind, one) in enumerate(parts) if n > point and kind == "digit" and one in "0#"]
        for place, digit in zip(decimals, fraction, strict=False):
            shown[place] = digit
        shown[point] = "."
    return "".join(shown)


def _date(tokens: list[Token], number: float, *, is_1904: bool, japanese: bool) -> str | None:
    moment = moment_of(number, is_1904=is_1904)
    if moment is None:
        return None
    parts = _date_parts(*moment, half=any(token.kind == "half" for token in tokens), japanese=japanese)
    shown = [
        token.text if token.kind == "literal" or token == ("digit", ".") else parts.get(_part_name(tokens, position))
        for position, token in enumerate(tokens)
    ]
    return None if None in shown else "".join(map(str, shown))


def moment_of(number: float, *, is_1904: bool) -> tuple[date | None, int] | None:
    """Return the day, ``None`` for a time of no day, and the seconds since midnight, or, without a day, in all."""
    seconds = round(number * 86_400, 3)
    if number < 0 or number >= 2_958_466 or abs(seconds - round(seconds)) > 0.001:
        return None
    days, rest = divmod(round(seconds), 86_400)
    start = date(1904, 1, 1) if is_1904 else date(1899, 12, 30)
    if (days < 61 and not is_1904) or days > (date.max - start).days:  # Excel has a 29th of February 1900
        return None if days else (None, rest)
    return start + timedelta(days=days), rest


def _part_name(tokens: list[Token], position: int) -> str:
    """Return a part's text in small letters; for an ``m`` beside hours or seconds, which means minutes, ``n``."""
    text = tokens[position].text.lower()
    if text not in {"m", "mm"}:
        return text
    parts = [n for n, token in enumerate(tokens) if token.kind in {"date", "elapsed"}]
    place = parts.index(position)
    before = tokens[parts[place - 1]].text.lower().strip("[") if place else ""
    after = tokens[parts[place + 1]].text.lower() if place + 1 < len(parts) else ""
    return text.replace("m", "n") if before.startswith("h") or after.startswith("s") else text


def _date_parts(day: date | None, seconds: int, *, half: bool, japanese: bool) -> dict[str, str]:
    """Return what each part stands for, without names of months and days: they are in the language of Windows."""
    hour = seconds // 3600
    values = {"h": (hour % 12 or 12) if half else hour, "n": seconds // 60 % 60, "s": seconds % 60}
    parts = {"am/pm": "PM" if seconds >= 43_200 else "AM"}
    if day is None:
        values["[h]"] = hour
    else:
        values |= {"m": day.month, "d": day.day}
        parts |= {"yyyy": f"{day.year}", "yy": f"{day.year % 100:02}"}
    if day is not None and japanese:
        weekday = _WEEKDAYS[day.weekday()]
        parts |= {"aaa": weekday, "aaaa": f"{weekday}曜日"}
        start, era, letter = next((one for one in _ERAS if day >= one[0]), (day, "", ""))
        if day.year > start.year:
            values["e"] = day.year - start.year + 1
            parts |= {"g": letter, "gg": era[0], "ggg": era}
    for name, value in values.items():
        parts |= {name: f"{value}", name.replace(name.strip("[]"), name.strip("[]") * 2): f"{value:02}"}
    return parts
