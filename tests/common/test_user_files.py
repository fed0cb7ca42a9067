"""Files with numbers or messages in them are their owner's alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from xoxzo.cloudpy.common.user_files import open_private


@pytest.mark.parametrize(("append", "content"), [(False, b"new"), (True, b"oldnew")])
def test_a_file_that_others_could_read_becomes_private(tmp_path: Path, append: bool, content: bytes) -> None:
    """Whether it is replaced or added to, only its owner can read it afterwards."""
    path = tmp_path / "list.csv"
    path.write_bytes(b"old")
    path.chmod(0o666)
    with os.fdopen(open_private(path, append=append), "wb") as file:
        file.write(b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (content, 0o600)


def test_a_new_file_is_private(tmp_path: Path) -> None:
    """Whatever the umask allows."""
    before = os.umask(0)
    try:
        os.close(open_private(tmp_path / "new"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


def test_devices_keep_their_permissions() -> None:
    """The null device would be lost to everybody else."""
    before = Path(os.devnull).stat().st_mode
    os.close(open_private(os.devnull))
    assert Path(os.devnull).stat().st_mode == before
