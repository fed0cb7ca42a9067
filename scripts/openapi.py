"""Write the OpenAPI documents into the documentation: ``scripts/openapi.py``, ``--check`` to compare only."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from generated_files import write_or_check
from xoxzo.cloudpy.simulator.openapi import document
from xoxzo.cloudpy.simulator.web.control_api import routes as control

DOCS = Path(__file__).resolve().parent.parent / "docs"
TARGETS = {DOCS / "openapi.json": document, DOCS / "simulator-openapi.json": control.document}


def main() -> int:
    """Write, or with ``--check`` compare, the documents; return the exit status."""
    files = {target: json.dumps(made(), ensure_ascii=False, indent=1) + "\n" for target, made in TARGETS.items()}
    return write_or_check(files, "openapi.py")


if __name__ == "__main__":
    sys.exit(main())
