"""The simulator's reference page says what is there."""

from __future__ import annotations

from pathlib import Path

import control_document
from xoxzo.cloudpy.simulator import Settings
from xoxzo.cloudpy.simulator.settings_text import setting_entries, settings_table

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "simulator.md").read_text(encoding="utf-8")


CONFIGURABLE = {3, 7, 8, 9, 11, 12, 18, 21, 22, 25, 27, 33, 38, 41, 47, 51, 52, 53, 54, 57, 60, 63, 70, 71}
"""The rows of the API's open points that are marked as configurable (API section 15)."""


def test_the_table_of_settings_is_what_the_program_writes() -> None:
    """The page ends with the very table of `--show-settings`, so that no setting goes undocumented."""
    assert PAGE.endswith(f"\n\n{settings_table(Settings())}\n")


def test_every_configurable_row_has_a_setting() -> None:
    """Each row of section 15 that asks for it is decided by a setting that names it."""
    named = {row for entry in setting_entries(Settings()) for row in entry.rows}
    assert named >= CONFIGURABLE


def test_the_table_of_the_control_api_is_what_it_serves() -> None:
    """The page shows the very table from which the control API is routed."""
    assert f"\n\n{control_document.table()}\n\n" in PAGE
