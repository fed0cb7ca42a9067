"""Write the synchronous client from the asynchronous one: ``scripts/unasync.py``, ``--check`` to compare only."""

from __future__ import annotations

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "xoxzo" / "cloudpy"
NOTE = "# Written by scripts/unasync.py from {}: change it there.\n"

# In this order: the sentences that differ, then the words.
RULES = [
    (r"The client for asyncio\.", "The client for threads."),
    (
        r"Xoxzo's API on asyncio\. One client may be shared by tasks; each event loop has connections of its own\.",
        "Xoxzo's API. One client may be shared by threads; after a fork it opens connections of its own.",
    ),
    (r"in an ``async with`` statement, or await ``", "in a ``with`` statement, or call ``"),
    (r", deadline_async\b", ""),
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bAwaitable\[(\w+)\]", r"\1"),
    (r"\bAwaitable, ", ""),
    (r"\bCoroutine\[Any, Any, (\w+)\]", r"\1"),
    (r", Coroutine\b", ""),
    (r"(?m)^import asyncio\n", ""),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"\bAsync(?=[A-Z])", ""),
    (r"__a(enter|exit)__", r"__\1__"),
    (r"_async\b", "_sync"),
    (r"\btransports\.aio\b", "transports.threads"),
]


def translate(source: str) -> str:
    """Return the synchronous text of an asynchronous module."""
    # A transport for threads keeps to the deadline by itself.
    source = re.sub(r"(?m)^( *)async with deadline_async\(.+\n((?:\1    .*\n)+)", _dedented, source)
    for pattern, replacement in RULES:
        source = re.sub(pattern, replacement, source)
    # A name that lost its "Async" stands elsewhere in the alphabet.
    return re.sub(r"(?m)(?<=from collections\.abc import )[A-Za-z, ]+$", _sorted_names, source)


def _dedented(block: re.Match[str]) -> str:
    return re.sub(r"(?m)^    ", "", block[2])


def _sorted_names(names: re.Match[str]) -> str:
    return ", ".join(sorted(names.group().split(", ")))


def wanted() -> dict[Path, str]:
    """Return every file that is to be, with its text."""
    found = {PACKAGE / "client/client.py": ("async_client.py", PACKAGE / "client/async_client.py")}
    for path in PACKAGE.rglob("_async/*.py"):
        found[path.parent.with_name("_sync") / path.name] = ("../_async", path)
    return {
        target: NOTE.format(origin) + translate(source.read_text("utf-8")) for target, (origin, source) in found.items()
    }


def main() -> int:
    """Write, or with ``--check`` compare, every module; return the exit status."""
    check = "--check" in sys.argv[1:]
    files = wanted()
    there = {PACKAGE / "client/client.py", *PACKAGE.rglob("_sync/*.py")}
    stale = 0
    for path in sorted(files.keys() | there):
        text = files.get(path)
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale += 1
        if check:
            print(f"{path} is not what scripts/unasync.py writes: run python scripts/unasync.py", file=sys.stderr)
        elif text is None:
            path.unlink()
        else:
            path.write_text(text, "utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
