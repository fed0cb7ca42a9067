"""The configuration file: where it is, who may read it, what may stand in it."""

from __future__ import annotations

import pytest
from cli_configuration import written

from xoxzo.cloudpy.cli.core import configuration
from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, USAGE, CommandError

SAMPLE = """\
default = "shop"
sender = "Top"
confirm_above = true

[profiles.shop]
sid = "abc"
sender = "Shop"
"""


def test_where_it_is(home, monkeypatch) -> None:
    """XOXZO_CONFIG names it, else it is in XDG_CONFIG_HOME, else in ~/.config."""
    assert configuration.path() == home / "config/xoxzo/config.toml"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(home))
    assert configuration.path() == home / ".config/xoxzo/config.toml"

    monkeypatch.setenv("XOXZO_CONFIG", "~/mine.toml")
    assert configuration.path() == home / "mine.toml"


def test_no_file_is_an_empty_configuration(home) -> None:
    """Without a file nothing is set."""
    assert configuration.load() == {}
    assert configuration.default("sender", None) is None


def test_a_byte_order_mark_is_skipped(home) -> None:
    """Editors of Windows begin a file with one."""
    written(home, "").write_text(SAMPLE, encoding="utf-8-sig")
    assert configuration.load()["default"] == "shop"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_what_others_may_touch_is_refused(home, mode) -> None:
    """A file that group or others have any right to is not read, and the command that mends it is named."""
    path = written(home, SAMPLE, mode)
    with pytest.raises(CommandError) as refused:
        configuration.load()
    assert refused.value.status == CREDENTIALS
    assert refused.value.advice == (f"Type: chmod 600 {path}",)


@pytest.mark.parametrize(
    ("content", "expected"),
    [("sid = abcdef", "is not TOML"), ("profiles = 3", "profiles must be tables"), ('a = "\udcff"', "is not TOML")],
)
def test_a_file_that_cannot_be_used_is_refused(home, content, expected) -> None:
    """An error in the file is reported with the file's name, and without its content."""
    path = written(home, "")
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(CommandError, match=expected) as refused:
        configuration.load()
    assert refused.value.status == USAGE
    assert "abcdef" not in str(refused.value)


def test_a_folder_in_its_place_is_refused(home) -> None:
    """A file that cannot be read is an error."""
    configuration.path().mkdir(parents=True)
    configuration.path().chmod(0o700)
    with pytest.raises(CommandError, match="cannot be read"):
        configuration.load()


def test_a_profile_comes_before_the_rest(home) -> None:
    """A setting of the profile wins over the same one at the top; a value of another kind is refused."""
    written(home, SAMPLE)
    shop = configuration.load()["profiles"]["shop"]
    assert configuration.default("sender", shop) == "Shop"
    assert configuration.default("sender", {}) == "Top"
    with pytest.raises(CommandError, match="confirm_above is of the wrong kind"):
        configuration.default("confirm_above", None, (int, float))
    with pytest.raises(CommandError, match="sender is of the wrong kind"):
        configuration.default("sender", {"sender": 3})
