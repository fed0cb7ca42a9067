"""How the mobile network carries a text: GSM 03.38, and what forces UCS-2."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.text import encoding
from xoxzo.cloudpy.text.alphabet import REPLACEMENTS, SEPTETS

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# The alphabet in other words than the code's: what of ASCII is in it, and everything else by its Unicode name.
ASCII = {chr(code) for code in range(0x20, 0x7F)} - set("[\\]^`{|}~") | {"\n", "\r"}
OTHERS = {
    unicodedata.lookup(name)
    for name in [
        *(f"LATIN SMALL LETTER {name}" for name in ["E WITH GRAVE", "E WITH ACUTE", "U WITH GRAVE", "I WITH GRAVE"]),
        *(f"LATIN SMALL LETTER {name}" for name in ["O WITH GRAVE", "A WITH GRAVE", "O WITH STROKE", "AE", "SHARP S"]),
        *(f"LATIN SMALL LETTER {vowel} WITH DIAERESIS" for vowel in "AOU"),
        *(f"LATIN CAPITAL LETTER {vowel} WITH DIAERESIS" for vowel in "AOU"),
        "LATIN SMALL LETTER A WITH RING ABOVE",
        "LATIN CAPITAL LETTER A WITH RING ABOVE",
        "LATIN SMALL LETTER N WITH TILDE",
        "LATIN CAPITAL LETTER N WITH TILDE",
        *(f"LATIN CAPITAL LETTER {name}" for name in ["C WITH CEDILLA", "O WITH STROKE", "AE", "E WITH ACUTE"]),
        *(f"GREEK CAPITAL LETTER {name}" for name in ["DELTA", "PHI", "GAMMA", "LAMDA", "OMEGA", "PI"]),
        *(f"GREEK CAPITAL LETTER {name}" for name in ["PSI", "SIGMA", "THETA", "XI"]),
        *(f"{name} SIGN" for name in ["POUND", "YEN", "CURRENCY", "SECTION"]),
        "INVERTED EXCLAMATION MARK",
        "INVERTED QUESTION MARK",
    ]
}
BASIC = ASCII | OTHERS
EXTENSION = set("[\\]^{|}~") | {"€", "\x0c"}


def test_alphabet() -> None:
    """The basic table has 127 characters of one septet each, the extension ten of two, and nothing else is in GSM-7."""
    assert {character for character, septets in SEPTETS.items() if septets == 1} == BASIC
    assert {character for character, septets in SEPTETS.items() if septets == 2} == EXTENSION
    assert (len(BASIC), len(EXTENSION), len(SEPTETS)) == (127, 10, 137)


def test_every_character_of_the_alphabet() -> None:
    """A text of characters of the alphabet stays in GSM-7, where those of the extension table count two."""
    for character in sorted(BASIC | EXTENSION):
        result = encoding(character * 3)
        expected = ("GSM-7", (), 6 if character in EXTENSION else 3)
        assert (result.encoding, result.forced_by, result.units) == expected, character


@patient
@given(st.text())
def test_anything_else_forces_ucs2(text: str) -> None:
    """A text is UCS-2 exactly when it has a character outside the alphabet, and each of them is named in its place."""
    strangers = [(position, one) for position, one in enumerate(text) if one not in BASIC | EXTENSION]
    result = encoding(text)

    assert result.encoding == ("UCS-2" if strangers else "GSM-7")
    assert [(forcing.position, forcing.character) for forcing in result.forced_by] == strangers


@pytest.mark.parametrize(
    ("text", "units", "segments"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("a" * 459, 459, 3),
        ("a" * 460, 460, 4),
        ("€" * 80, 160, 1),
        ("a" * 159 + "€", 161, 2),
        # The escape would be the first segment's last septet: the character moves, and 306 septets no longer fit two.
        ("a" * 152 + "€" + "a" * 152, 306, 3),
        ("a" * 151 + "€" + "a" * 153, 306, 2),
        ("€" * 153, 306, 3),
        ("a" + "€" * 152, 305, 2),
    ],
)
def test_segments_of_gsm7(text: str, units: int, segments: int) -> None:
    """GSM-7 holds 160 septets alone and 153 in each of several segments, none of which ends with an escape."""
    result = encoding(text)

    assert (result.encoding, result.units, result.segments) == ("GSM-7", units, segments)


@pytest.mark.parametrize(
    ("text", "units", "segments"),
    [
        ("あ", 1, 1),
        ("あ" * 70, 70, 1),
        ("あ" * 71, 71, 2),
        ("あ" * 134, 134, 2),
        ("あ" * 135, 135, 3),
        ("ご予約は明日18時です。", 12, 1),
        ("€" * 69 + "あ", 70, 1),
        ("😀" * 35, 70, 1),
        ("😀" * 36, 72, 2),
        # A segment of 67 units holds 33 emoji; its last unit stays empty.
        ("😀" * 66, 132, 2),
        ("😀" * 67, 134, 3),
        ("あ" * 66 + "😀" + "あ" * 66, 134, 3),
        ("あ" * 65 + "😀" + "あ" * 67, 134, 2),
    ],
)
def test_segments_of_ucs2(text: str, units: int, segments: int) -> None:
    """UCS-2 holds 70 units alone and 67 in each of several segments, none of which ends with half an emoji."""
    result = encoding(text)

    assert (result.encoding, result.units, result.segments) == ("UCS-2", units, segments)


def cut(text: str, alone: int, joined: int) -> list[str]:
    """Cut a text into the segments of UCS-2, by the bytes of the pieces."""

    def fits(piece: str, limit: int) -> bool:
        return len(piece.encode("utf-16-le")) <= 2 * limit

    pieces: list[str] = []
    while text and not (fits(text, alone) and not pieces):
        most = max(size for size in range(len(text) + 1) if fits(text[:size], joined))
        pieces.append(text[:most])
        text = text[most:]
    return pieces or [text]


@patient
@given(st.text(st.sampled_from("aあ😀€"), max_size=300).map(lambda text: text + "あ"))
def test_segments_are_those_of_the_bytes(text: str) -> None:
    """However emoji fall, the count is that of cutting the UTF-16 text into pieces of whole characters."""
    assert encoding(text).segments == len(cut(text, 70, 67))


@patient
@given(st.text(st.sampled_from("ab€[\n"), max_size=700), st.sampled_from("a€"))
def test_segments_grow_with_the_text(text: str, more: str) -> None:
    """One more character takes one more segment at most, and never saves one."""
    before, after = encoding(text).segments, encoding(text + more).segments

    assert before <= after <= before + 1


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("“It’s — fine…”", '"It\'s - fine..."'),
        ("ＡＢＣ１２３！", "ABC123!"),
        ("Ｈｅｌｌｏ　Ｗｏｒｌｄ", "Hello World"),
        ("10\u00a0%\tnow", "10 % now"),
        ("non\u00adsense\u200b\ufeff", "nonsense"),
        ("￥100～200", "¥100~200"),
        ("`code`", "'code'"),
    ],
)
def test_replacements(text: str, replaced: str) -> None:
    """Typographic and full-width characters come with what to write instead, which brings the text back to GSM-7."""
    letters = list(text)
    for forcing in encoding(text).forced_by:
        assert forcing.replacement is not None
        letters[forcing.position] = forcing.replacement

    assert "".join(letters) == replaced
    assert encoding(replaced).encoding == "GSM-7"


@pytest.mark.parametrize("character", ["あ", "漢", "😀", "ç", "ê", "①", "²", "ﾊ", "。", "\u0301", "\x00", "\ud83d"])
def test_no_replacement(character: str) -> None:
    """Where a replacement would change the text, or there is none, nothing is suggested."""
    (forcing,) = encoding(character).forced_by

    assert (forcing.position, forcing.character, forcing.replacement) == (0, character, None)


def test_replacements_can_be_sent_in_gsm7() -> None:
    """Every suggestion is in the alphabet, and stands for something that is not."""
    assert {character for replacement in REPLACEMENTS.values() for character in replacement} <= BASIC | EXTENSION
    assert not REPLACEMENTS.keys() & (BASIC | EXTENSION)


def test_full_width_ascii() -> None:
    """Full-width characters are replaced by what Unicode says they are, the grave accent by an apostrophe."""
    full_width = [chr(code) for code in range(0xFF01, 0xFF5F)]
    normal = {character: unicodedata.normalize("NFKC", character) for character in full_width}

    assert {character: REPLACEMENTS[character] for character in full_width} == {
        character: "'" if expected == "`" else expected for character, expected in normal.items()
    }


def test_a_representation_shows_no_text() -> None:
    """A value may be logged: it tells positions, and not the characters, which may be the whole text."""
    result = encoding("秘密")

    assert repr(result) == (
        "TextEncoding(encoding='UCS-2', units=2, segments=1,"
        " forced_by=(ForcingCharacter(position=0), ForcingCharacter(position=1)))"
    )
