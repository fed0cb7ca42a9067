"""Write the synchronous resources from the asynchronous ones: ``scripts/unasync.py``, ``--check`` to compare only."""

import re
import sys
from pathlib import Path

RESOURCES = Path(__file__).resolve().parent.parent / "src" / "xoxzo" / "cloudpy" / "resources"
NOTE = "# Written by scripts/unasync.py from ../_async: change it there.\n"

RULES = [
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bAsync(?=[A-Z])", ""),
    (r"\b_async\b", "_sync"),
    (r"\bthe asynchronous client\b", "the client"),
]


def translate(source: str) -> str:
    """Return the synchronous text of an asynchronous module."""
    for pattern, replacement in RULES:
        source = re.sub(pattern, replacement, source)
    return NOTE + source


def main() -> int:
    """Write, or with ``--check`` compare, every module; return the exit status."""
    check = "--check" in sys.argv[1:]
    wanted = {path.name: translate(path.read_text("utf-8")) for path in (RESOURCES / "_async").glob("*.py")}
    present = {path.name: path.read_text("utf-8") for path in (RESOURCES / "_sync").glob("*.py")}
    stale = sorted(name for name in wanted | present if wanted.get(name) != present.get(name))
    for name in stale:
        path = RESOURCES / "_sync" / name
        if check:
            print(f"{path} is not what scripts/unasync.py writes", file=sys.stderr)
        elif name in wanted:
            path.write_text(wanted[name], "utf-8")
        else:
            path.unlink()
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
