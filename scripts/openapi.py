"""Write the OpenAPI documents into the documentation: ``scripts/openapi.py``, ``--check`` to compare only."""

import json
import sys
from pathlib import Path

from xoxzo.cloudpy.simulator.control import document as control
from xoxzo.cloudpy.simulator.openapi import document

DOCS = Path(__file__).resolve().parent.parent / "docs"
TARGETS = {DOCS / "openapi.json": document, DOCS / "simulator-openapi.json": control.document}


def main() -> int:
    """Write, or with ``--check`` compare, the documents; return the exit status."""
    status = 0
    for target, made in TARGETS.items():
        wanted = json.dumps(made(), ensure_ascii=False, indent=1) + "\n"
        if "--check" not in sys.argv[1:]:
            target.write_text(wanted, "utf-8")
        elif not target.exists() or target.read_text("utf-8") != wanted:
            print(f"{target} is not what scripts/openapi.py writes", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
