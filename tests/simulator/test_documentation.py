"""The simulator's page of the documentation says what is there."""

import dataclasses
from pathlib import Path

import pytest
from simulated import Caller

from xoxzo.cloudpy.simulator import Settings
from xoxzo.cloudpy.simulator.control import routes

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Settings)])
def test_every_setting_is_in_the_table(name: str) -> None:
    """A setting that is not documented does not exist for users."""
    assert f"\n| `{name}` | " in PAGE


def test_every_control_path_is_in_the_table() -> None:
    """Each path of the control API stands in the page, with its method."""
    for route in routes(Caller().simulator):
        path = route.path.replace("{callid}", "<id>").replace("{number}", "<number>")
        method = "POST" if route.methods == {"POST"} else "GET"
        assert f"| `{method} {path}`" in PAGE
