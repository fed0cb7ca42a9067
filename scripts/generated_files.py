"""Write generated files, or check with ``--check`` that they are up to date: for the scripts that generate them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_or_check(files: Mapping[Path, str], script: str) -> int:
    """Write files, or compare them where ``--check`` is among the arguments.

    Args:
        files: the text of each.
        script: the script that writes them.

    Returns:
        The exit status: 1 when one is not as it would be written.
    """
    status = 0
    for path, text in files.items():
        if "--check" not in sys.argv[1:]:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            print(f"{path} is not what scripts/{script} writes: run python scripts/{script}", file=sys.stderr)
            status = 1
    return status
