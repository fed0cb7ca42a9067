"""Open files that hold phone numbers or messages: only their owner may read them, even if others could before."""

from __future__ import annotations

import os
import stat


def open_private(path: str | os.PathLike[str], *, append: bool = False) -> int:
    """Open a file for writing, create it if it is not there, and return its descriptor.

    Args:
        path: the file. A device, such as ``/dev/stdout``, keeps its permissions.
        append: whether to write after what the file holds, instead of in its place.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC), 0o600)
    if hasattr(os, "fchmod") and stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, 0o600)
    return descriptor
