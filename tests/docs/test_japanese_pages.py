"""Japanese pages: each says of which English text it is the version, and shows the same commands and programs."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([*REPOSITORY.glob("*.ja.md"), *(REPOSITORY / "docs").rglob("*.ja.md")])
ORIGIN = re.compile(r"<!-- Japanese version of (\S+), sha256 ([0-9a-f]{12}) -->\n")
BLOCK = re.compile(r"^```(?!text)\w.*?\n.*?^```$", re.DOTALL | re.MULTILINE)


def test_there_are_pages() -> None:
    """The README at least is there in Japanese."""
    assert REPOSITORY / "README.ja.md" in PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_it_is_no_older_than_the_english_page(page: Path) -> None:
    """Who changes the English page reads the Japanese one too, and writes the new checksum into its first line."""
    found = ORIGIN.match(page.read_text(encoding="utf-8"))
    assert found, f"the first line of {page.name} must name the English page and its checksum"
    english = page.with_name(found[1])
    checksum = hashlib.sha256(english.read_bytes()).hexdigest()[:12]
    assert found[2] == checksum, f"{english.name} has changed: bring {page.name} up to date, then write {checksum}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_it_shows_the_same_commands_and_programs(page: Path) -> None:
    """Blocks are the same, in the same order."""
    english = page.with_name(page.name.replace(".ja.md", ".md"))
    assert BLOCK.findall(page.read_text(encoding="utf-8")) == BLOCK.findall(english.read_text(encoding="utf-8"))
