"""Recognise by its content what a file is, and refuse by name what is no list."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from xoxzo.cloudpy.campaigns.inputs.encodings import cannot_be_read
from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import CampaignError

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


def kind_of(path: Path) -> str:
    """Return ``xlsx``, ``workbook`` for what python-calamine reads besides, ``text`` or, for an empty file, ``empty``.

    Raises:
        CampaignError: it cannot be read, or is something else.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if head.startswith(b"PK\x03\x04"):
            return _zipped(path)
        if head.startswith(_OLE):
            return _compound(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise cannot_be_read(path, error) from None
    for pattern, what in _BINARY:
        if pattern.match(head):
            raise no_list(path, what)
    return "text" if head else "empty"


def check_text(path: Path, head: str) -> None:
    """Refuse a file that its decoded beginning shows to be something else than a list.

    Raises:
        CampaignError: it is.
    """
    beginning = head.lstrip("\ufeff \t\r\n")
    for pattern, what in _TEXT:
        if pattern.match(beginning):
            raise no_list(path, what)
    if "\x00" in head:
        raise no_list(path, N_("binary file"))


def no_list(path: Path, what: str) -> CampaignError:
    """Return the error for a file of another kind."""
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
    for beginning, what in _ZIPPED:
        if any(name.startswith(beginning) for name in names):
            if what in {"xlsx", "workbook"}:
                return what
            raise no_list(path, what)
    raise no_list(path, N_("archive"))


def _compound(path: Path) -> str:
    data = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise CampaignError(
            "encrypted", "{path} is encrypted: open it in Excel and save it without a password", path=path
        )
    for stream, what in (("WordDocument", N_("Word document")), ("PowerPoint Document", N_("PowerPoint document"))):
        if stream.encode("utf-16-le") in data:
            raise no_list(path, what)
    return "workbook"
