"""The hook of the build: compiles the translations for the wheel and for an editable install."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
import translations


class CompileTranslations(BuildHookInterface[Any]):
    """Compiles the catalogue before the files of a wheel are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; `artifacts` in pyproject.toml takes the result into the wheel, although git ignores it."""
        del version, build_data
        translations.compile_catalogue()
