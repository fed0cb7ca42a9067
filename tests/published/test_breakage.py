"""What a program written for the last release would miss, found by comparing the two sources."""

from __future__ import annotations

from pathlib import Path

import griffe
import pytest

REPOSITORY = Path(__file__).parents[2]
MODULE = "xoxzo.cloudpy.cloudpy"
# The module's stamps were never right (version 0.1 of 2011), and the defaults that all results shared were a fault.
INTENDED = {
    ("Public object was removed", "__author__"),
    ("Public object was removed", "__date__"),
    ("Public object was removed", "__status__"),
    ("Public object was removed", "__version__"),
    ("Parameter default was changed", "XoxzoResponse.__init__"),
}


def test_only_intended_changes_break_the_published_interface() -> None:
    """Against the last release, nothing public was removed or changed but what is named here."""
    published = next(iter(REPOSITORY.glob(".venv-published/lib/python3*/site-packages")), None)
    if published is None:
        pytest.skip("the published package is not installed: `make test` does that")
    old = griffe.load(MODULE, search_paths=[published], allow_inspection=False)
    new = griffe.load(MODULE, search_paths=[REPOSITORY / "src"], allow_inspection=False)
    breaking = griffe.find_breaking_changes(old, new)
    assert {(each.kind.value, each.obj.path.removeprefix(f"{MODULE}.")) for each in breaking} == INTENDED
