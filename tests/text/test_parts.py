"""How long a text is (API section 2.4)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.text import measure

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

ASCII = [(0, 1), (1, 1), (140, 1), (141, 2), (264, 2), (265, 3), (396, 3), (397, 4), (528, 4), (529, 5), (660, 5)]
OTHER = [
    (1, 1),
    (70, 1),
    (71, 2),
    (132, 2),
    (133, 3),
    (198, 3),
    (199, 4),
    (264, 4),
    (265, 5),
    (330, 5),
    (331, 6),
    (396, 6),
    (397, 7),
    (462, 7),
    (463, 8),
    (528, 8),
    (529, 9),
    (594, 9),
    (595, 10),
    (660, 10),
]


@pytest.mark.parametrize(("units", "parts"), [*ASCII, (661, None), (5000, None)])
def test_parts_of_ascii(units: int, parts: int | None) -> None:
    """An ASCII text is billed by the table's upper row, which begins with 140."""
    length = measure("a" * units)

    assert (length.units, length.ascii_only, length.parts, length.limit) == (units, True, parts, 660)


@pytest.mark.parametrize(("units", "parts"), [*OTHER, (661, None)])
def test_parts_of_other_text(units: int, parts: int | None) -> None:
    """One character that is not ASCII puts the whole text on the table's lower row, which begins with 70."""
    length = measure("あ" + "a" * (units - 1))

    assert (length.units, length.ascii_only, length.parts, length.limit) == (units, False, parts, 660)


@pytest.mark.parametrize(
    ("text", "units", "ascii_only"),
    [
        ("é", 1, False),
        ("£", 1, False),
        ("\x7f", 1, True),
        ("\x00", 1, True),
        ("\x80", 1, False),
        ("\uffff", 1, False),
        ("\U00010000", 2, False),
        ("😀", 2, False),
        ("👨‍👩‍👧", 8, False),
        ("か\u3099", 2, False),
        ("\n\r\n", 3, True),
    ],
)
def test_units(text: str, units: int, *, ascii_only: bool) -> None:
    """Units are those of UTF-16, unnormalised, and GSM-7's own letters such as é make a text non-ASCII."""
    assert (measure(text).units, measure(text).ascii_only) == (units, ascii_only)


@patient
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_units_are_utf16(text: str) -> None:
    """The count is that of the text's UTF-16 encoding, whatever the text."""
    assert measure(text).units == len(text.encode("utf-16-le")) // 2


@patient
@given(st.text(max_size=700))
def test_parts_never_fall_as_a_text_grows(text: str) -> None:
    """One more character never makes a message cheaper."""
    shorter, longer = measure(text).parts, measure(text + "a").parts

    assert longer is None or (shorter is not None and shorter <= longer)


def test_length_is_frozen() -> None:
    """A count is a value: it cannot be changed, and equals its like."""
    assert measure("abc") == measure("xyz")
    with pytest.raises(AttributeError):
        measure("abc").units = 1  # type: ignore[misc]
