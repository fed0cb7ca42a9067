"""Which encoding a file is in: by strict trial, since detectors misread exactly these files."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    from pathlib import Path

_PIECE = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# cp932 and never shift_jis, which lacks the characters that Windows writes.
_TRIALS = ("ascii", "utf-8", "cp932", "euc_jp")
_ESCAPE = b"\x1b$"


def detect(path: Path) -> str:
    """Return the encoding of a text file: the first in which all of it makes sense.

    Raises:
        CampaignError: it cannot be read, or makes sense in none.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_PIECE)
            marked = tuple(name for mark, name in _MARKS if head.startswith(mark))[:1]
            trials = marked or (("iso2022_jp_ext",) if _ESCAPE in head else _TRIALS)
            for name in trials:
                file.seek(0)
                if _makes_sense(file.read, name):
                    return name
    except OSError as error:
        raise CampaignError(f"{path} cannot be read: {error.strerror or error}") from None
    raise CampaignError(f"{path} is in no encoding that is known: save it as UTF-8, or name it with encoding=")


def _makes_sense(read: object, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)("strict")
    try:
        while piece := read(_PIECE):  # type: ignore[operator]
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True
