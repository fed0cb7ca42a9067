"""Recognise a list of recipients that was changed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.inputs.encodings import cannot_be_read

if TYPE_CHECKING:
    import os


def hash_file(source: str | os.PathLike[str]) -> str:
    """Return a hash of a file's bytes.

    Raises:
        CampaignError: it cannot be read.
    """
    try:
        with Path(source).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise cannot_be_read(source, error) from None
