"""The folders of the user, by the XDG base directory specification, and files that only their owner can read."""

from __future__ import annotations

import os
import stat
from functools import partial
from pathlib import Path

_FOLDER = "xoxzo"


def _in(variable: str, default: str) -> Path:
    base = os.environ.get(variable)
    return (Path(base) if base else Path.home() / default) / _FOLDER


config_folder = partial(_in, "XDG_CONFIG_HOME", ".config")
"""Returns the folder of the configuration: in ``XDG_CONFIG_HOME``, else ``~/.config``."""
data_folder = partial(_in, "XDG_DATA_HOME", ".local/share")
"""Returns the folder of the user's data, for instance campaigns: in ``XDG_DATA_HOME``, else ``~/.local/share``."""
state_folder = partial(_in, "XDG_STATE_HOME", ".local/state")
"""Returns the folder of what has happened on this machine: in ``XDG_STATE_HOME``, else ``~/.local/state``."""


def runtime_folder() -> Path:
    """Return the folder of what ends with the session: in ``XDG_RUNTIME_DIR`` if that exists, else the state folder."""
    folder = os.environ.get("XDG_RUNTIME_DIR")
    return Path(folder, _FOLDER) if folder and Path(folder).is_dir() else state_folder()


def open_private(path: str | os.PathLike[str], *, append: bool = False) -> int:
    """Open a file that only its owner can read to write or append to it, create it if need be; return its descriptor.

    A device, such as ``/dev/stdout``, keeps its permissions.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC), 0o600)
    if hasattr(os, "fchmod") and stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, 0o600)
    return descriptor
