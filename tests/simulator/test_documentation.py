"""The simulator's page of the documentation says what is there."""

import re
from pathlib import Path

from simulated import Caller

from xoxzo.cloudpy.simulator import Settings
from xoxzo.cloudpy.simulator.catalogue import entries, table
from xoxzo.cloudpy.simulator.control import routes

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")


CONFIGURABLE = {3, 7, 8, 9, 11, 12, 18, 21, 22, 25, 27, 33, 38, 41, 47, 51, 52, 53, 54, 57, 60, 63, 70, 71}
"""The rows of the API's open points that are marked as configurable (API section 15)."""


def test_the_table_of_settings_is_what_the_program_writes() -> None:
    """The page ends with the very table of `--show-settings`, so that no setting goes undocumented."""
    assert PAGE.endswith(f"\n\n{table(Settings())}\n")


def test_every_configurable_row_has_a_setting() -> None:
    """Each row of section 15 that asks for it is decided by a setting that names it."""
    named = {row for entry in entries(Settings()) for row in entry.rows}
    assert named >= CONFIGURABLE


def test_every_control_path_is_in_the_table() -> None:
    """Each path of the control API stands in the page, with its method."""
    for route in routes(Caller().simulator):
        path = re.sub(r"\{(callid|ident)\}", "<id>", route.path).replace("{number}", "<number>")
        method = "POST" if route.methods == {"POST"} else "GET"
        assert f"| `{method} {path}`" in PAGE
