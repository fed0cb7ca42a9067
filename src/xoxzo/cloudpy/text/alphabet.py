"""How the mobile network carries a text: GSM-7 or UCS-2, in how many segments, and because of which characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from xoxzo.cloudpy.text.gsm import LOOKALIKES, SEPTETS

if TYPE_CHECKING:
    from collections.abc import Sequence

# A message carries 140 bytes: 160 septets, or 70 units of 16 bits. In a text of several segments each begins with a
# header of 6 bytes, which leaves 134: 153 septets (the header is filled up to whole ones) or 67 units.
_GSM_ROOM = (160, 153)
_UCS_ROOM = (70, 67)


class ForcingCharacter(msgspec.Struct, frozen=True, kw_only=True):
    """A character that is not in GSM-7, and so puts the whole text into UCS-2.

    Its ``repr`` shows the position only: of a Japanese text these characters are the text.

    Attributes:
        position: its index in the text, so that ``text[position]`` is the character.
        character: the character.
        replacement: what looks and means the same in GSM-7, perhaps several characters, or nothing at all (``""``) for
            a character that cannot be seen; ``None`` where there is no obvious choice.
    """

    position: int
    character: str
    replacement: str | None

    def __repr__(self) -> str:
        return f"ForcingCharacter(position={self.position})"


class TextEncoding(msgspec.Struct, frozen=True, kw_only=True):
    """What the network makes of a text.

    Attributes:
        encoding: ``"GSM-7"`` when every character is in that alphabet, else ``"UCS-2"``.
        units: septets in GSM-7, where characters of the extension table such as ``€`` and ``[`` count two; UTF-16 units
            in UCS-2, where an emoji counts two or more.
        segments: messages that the network carries, at least 1. The phone joins them again.
        forced_by: the characters that are not in GSM-7, in their order; empty in GSM-7.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int
    forced_by: tuple[ForcingCharacter, ...]


def encoding(text: str) -> TextEncoding:
    """Say how the network carries a text by the field's rules. Xoxzo bills by another rule: see `measure`.

    GSM-7 holds 160 septets in one segment and 153 in each of several, UCS-2 70 and 67 units. A segment never ends
    within a character: neither between the halves of an emoji nor after the escape of an extended character.

    Args:
        text: the message as it will be sent, of any length.

    Returns:
        The encoding, its units and segments, and the characters that forced UCS-2.
    """
    forced_by = tuple(
        ForcingCharacter(position=position, character=character, replacement=LOOKALIKES.get(character))
        for position, character in enumerate(text)
        if character not in SEPTETS
    )
    if forced_by:
        sizes = [2 if character > "\uffff" else 1 for character in text]
        segments = _segments(sizes, *_UCS_ROOM)
        return TextEncoding(encoding="UCS-2", units=sum(sizes), segments=segments, forced_by=forced_by)
    sizes = [SEPTETS[character] for character in text]
    return TextEncoding(encoding="GSM-7", units=sum(sizes), segments=_segments(sizes, *_GSM_ROOM), forced_by=())


def _segments(sizes: Sequence[int], alone: int, joined: int) -> int:
    """Count segments: one if everything fits, else each filled with as many whole characters as it takes."""
    if sum(sizes) <= alone:
        return 1
    segments, used = 1, 0
    for size in sizes:
        if used + size > joined:
            segments, used = segments + 1, 0
        used += size
    return segments
