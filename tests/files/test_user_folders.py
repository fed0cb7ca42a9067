"""The user's folders, by the XDG base directory specification."""

from __future__ import annotations

from pathlib import Path

import pytest

from xoxzo.cloudpy.common import user_files

VARIABLES = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a home folder, and no variable that names another one."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_defaults_are_in_the_home_folder(home: Path) -> None:
    """Without a variable, each folder is where the specification has it; the runtime folder is the state folder."""
    assert user_files.config_folder() == home / ".config" / "xoxzo"
    assert user_files.data_folder() == home / ".local" / "share" / "xoxzo"
    assert user_files.state_folder() == user_files.runtime_folder() == home / ".local" / "state" / "xoxzo"


def test_variables_name_other_folders(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each variable names its folder; a runtime folder must exist, since the system creates it."""
    for name in VARIABLES:
        monkeypatch.setenv(name, str(home / name))
    assert user_files.config_folder() == home / "XDG_CONFIG_HOME" / "xoxzo"
    assert user_files.data_folder() == home / "XDG_DATA_HOME" / "xoxzo"
    assert user_files.runtime_folder() == user_files.state_folder() == home / "XDG_STATE_HOME" / "xoxzo"
    (home / "XDG_RUNTIME_DIR").mkdir()
    assert user_files.runtime_folder() == home / "XDG_RUNTIME_DIR" / "xoxzo"
