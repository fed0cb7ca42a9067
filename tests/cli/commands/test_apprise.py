"""`xoxzo apprise`: the file that it writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from xoxzo.cloudpy.cli.app import xoxzo
from xoxzo.cloudpy.cli.commands import apprise


def install(*arguments: object, **environment: str) -> Result:
    """Run the command in this process."""
    return CliRunner(env=environment).invoke(xoxzo, ["apprise", "install", *map(str, arguments)])


def test_where_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written into Apprise's folder of this system, or into a given one; a second time changes nothing."""
    for _ in range(2):
        written = install(HOME=str(tmp_path))
        assert (written.exit_code, written.output) == (0, f"{tmp_path}/.config/apprise/plugins/notify_xoxzo.py\n")
    assert install("--folder", tmp_path / "x").output == f"{tmp_path}/x/notify_xoxzo.py\n"
    monkeypatch.setattr("sys.platform", "win32")
    assert install(APPDATA=str(tmp_path)).output == f"{tmp_path}/Apprise/plugins/notify_xoxzo.py\n"


def test_what_is_left_alone(tmp_path: Path) -> None:
    """A file of another content is not overwritten, and a folder that cannot be made is reported."""
    other = tmp_path / "notify_xoxzo.py"
    other.write_text("import this")
    refused = install("--folder", tmp_path)
    assert (refused.exit_code, "nothing was written" in refused.output) == (2, True)
    assert other.read_text() == "import this"
    refused = install("--folder", other / "below")
    assert (refused.exit_code, "Not a directory" in refused.output) == (2, True)


def test_without_apprise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Apprise is not installed, the command that installs it is shown."""
    monkeypatch.setattr(apprise, "find_spec", lambda _: None)
    written = install("--folder", tmp_path, XOXZO_LANG="ja")
    assert written.exit_code == 0
    assert "xoxzo-cloudpy[apprise]" in written.output
