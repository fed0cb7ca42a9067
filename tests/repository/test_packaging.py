"""The distribution: what it requires, what the wheel contains, its pins, and its version."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from without_coverage import uncounted_environment

import xoxzo.cloudpy

REPOSITORY = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
REQUIREMENTS = sorted((REPOSITORY / "requirements").iterdir())


def names(requirements: list[str]) -> set[str]:
    """Give the distributions that some requirements name."""
    return {re.match(r"[A-Za-z0-9._-]+", requirement)[0] for requirement in requirements}  # type: ignore[index]


def test_xoxzo_is_shared() -> None:
    """``xoxzo`` is a namespace that other distributions live in too, so it has no ``__init__.py`` of ours."""
    assert not (REPOSITORY / "src/xoxzo/__init__.py").exists()


def test_core_needs_little() -> None:
    """The core asks for httptools and msgspec, and nothing else where OpenSSL can read the system's certificates."""
    everywhere = [each for each in PROJECT["dependencies"] if ";" not in each]
    assert names(everywhere) == {"httptools", "msgspec"}
    assert names(PROJECT["dependencies"]) == {"httptools", "msgspec", "truststore"}


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_requirements_name_no_index(path: Path) -> None:
    """Pins install from whatever index a machine is set up for: no address, no path, no option stands among them."""
    text = path.read_text()

    assert "://" not in text
    assert not re.search(
        r"^\s*-(?!r [a-z-]+\.in$)", re.sub(r"^\s*--hash=.*$", "", text, flags=re.MULTILINE), re.MULTILINE
    )


@pytest.mark.parametrize("path", [path for path in REQUIREMENTS if path.suffix == ".txt"], ids=lambda path: path.name)
def test_requirements_are_pinned_with_hashes(path: Path) -> None:
    """Every package installed for development is one known version with known contents."""
    entries = re.split(r"\n(?=[a-z])", re.sub(r"^\s*#.*$", "", path.read_text(), flags=re.MULTILINE).strip())

    assert entries
    assert [entry for entry in entries if not re.match(r"\S+==\S+", entry) or "--hash=sha256:" not in entry] == []


def test_pins_cover_what_the_package_asks_for() -> None:
    """What pyproject.toml asks for is among the demo's pins; if this fails, `make lock` was forgotten."""
    asked = names([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["simulator"]]) - {PROJECT["name"]}
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", (REPOSITORY / "requirements/demo.txt").read_text(), re.MULTILINE))

    assert asked <= pinned


def test_the_index_page_has_absolute_links() -> None:
    """What the package index shows of README.md has no link and no picture that is relative to the repository."""
    metadata = ProjectMetadata(str(REPOSITORY), PluginManager())
    links = re.findall(r"\]\(([^)]+)\)", metadata.core.readme)
    assert len(links) > 10
    assert [link for link in links if not link.startswith("https://")] == []
    own = [link.partition("/HEAD/")[2] for link in links if "/HEAD/" in link]
    assert [path for path in own if not (REPOSITORY / path.partition("#")[0]).exists()] == []


def test_version_is_in_the_changelog() -> None:
    """The version at hand has a heading in CHANGELOG.md."""
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")

    assert re.search(rf"^## \[?{re.escape(xoxzo.cloudpy.__version__)}\b", changelog, re.MULTILINE)


ABOVE = tuple(
    f"xoxzo/cloudpy/{package}/"
    for package in ("simulator", "campaigns", "callbacks", "cli", "integrations", "common/locale", "testing")
)
"""The packages above the client, and their translations."""


def test_wheel(tmp_path: Path) -> None:
    """The wheel holds ``xoxzo/cloudpy`` and its type mark, nothing beside it, and is small, the client most of all."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True, env=uncounted_environment())
    (wheel,) = tmp_path.glob("*.whl")

    with zipfile.ZipFile(wheel) as archive:
        files = [name for name in archive.namelist() if ".dist-info/" not in name]
        client = sum(one.compress_size for one in archive.infolist() if not one.filename.startswith(ABOVE))
    assert "xoxzo/cloudpy/py.typed" in files
    assert [name for name in files if not name.startswith("xoxzo/cloudpy/")] == []
    assert [name for name in files if "__pycache__" in name] == []
    assert [name for name in files if name.endswith(".mo")]
    assert client <= 250_000
    assert wheel.stat().st_size <= 1_100_000


@pytest.mark.parametrize("way", ["test", "module"])
def test_skips_fail_where_asked(way: str, tmp_path: Path) -> None:
    """With XOXZO_TESTS_NO_SKIP=1 a skipped test, or a skipped module, is a failure that tells the reason."""
    shutil.copy(REPOSITORY / "tests/conftest.py", tmp_path)
    skip = "pytest.skip('no curl here', allow_module_level=True)"
    body = f"import pytest\n{skip}\n" if way == "module" else f"import pytest\ndef test_it(): {skip}\n"
    (tmp_path / "test_skipping.py").write_text(body)
    # No plugin but those that are built in is needed, and loading them takes longer than anything else here.
    environment = uncounted_environment() | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment["PYTHONPATH"] = str(REPOSITORY / "tests" / "support")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]

    strict = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment | {"XOXZO_TESTS_NO_SKIP": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    lenient = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment | {"XOXZO_TESTS_NO_SKIP": "0"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "no curl here" in strict.stdout
    assert strict.returncode in {1, 2}
    assert lenient.returncode in {0, 5}
