"""A configuration of the command line, and what its commands write, for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import Result


def written(home: Path, text: str, mode: int = 0o600) -> Path:
    """Write the configuration."""
    path = home / "config" / "xoxzo" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def lines(done: Result) -> list[dict[str, Any]]:
    """Read what a command has written as JSON, an object a line."""
    return [json.loads(line) for line in done.stdout.splitlines()]
