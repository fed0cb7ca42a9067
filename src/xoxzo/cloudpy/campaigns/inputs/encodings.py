"""Detect a file's encoding by strict trial decoding, since statistical detectors misread short Japanese lists."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, BinaryIO

from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    import os
    from pathlib import Path

_READ_BYTES = 1 << 20
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# cp932 and never shift_jis, which lacks the characters that Windows adds.
_CANDIDATES = ("ascii", "utf-8", "cp932", "euc_jp")
_ISO_2022_ESCAPE = b"\x1b$"


def cannot_be_read(path: str | os.PathLike[str], error: Exception) -> CampaignError:
    """Return the error for a file that cannot be read."""
    why = error.strerror if isinstance(error, OSError) else None
    return CampaignError("file_cannot_be_read", "{path} cannot be read: {error}", path=path, error=why or error)


def detect(path: Path) -> str:
    """Return the encoding of a text file: the first in which all of it can be decoded.

    Raises:
        CampaignError: it cannot be read, or not be decoded in any known encoding.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_READ_BYTES)
            marked = tuple(name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark))[:1]
            for name in marked or (("iso2022_jp_ext",) if _ISO_2022_ESCAPE in head else _CANDIDATES):
                file.seek(0)
                if _can_decode(file, name):
                    return name
    except OSError as error:
        raise cannot_be_read(path, error) from None
    raise CampaignError(
        "unknown_encoding", "{path} is in no known encoding: save it as UTF-8, or name it with encoding=", path=path
    )


def _can_decode(file: BinaryIO, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)("strict")
    try:
        while piece := file.read(_READ_BYTES):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True
