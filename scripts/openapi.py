"""Write the API's OpenAPI document into the documentation: ``scripts/openapi.py``, ``--check`` to compare only."""

import json
import sys
from pathlib import Path

from xoxzo.cloudpy.simulator.openapi import document

TARGET = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def main() -> int:
    """Write, or with ``--check`` compare, the document; return the exit status."""
    wanted = json.dumps(document(), ensure_ascii=False, indent=1) + "\n"
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(wanted, "utf-8")
    elif not TARGET.exists() or TARGET.read_text("utf-8") != wanted:
        print(f"{TARGET} is not what scripts/openapi.py writes", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
