"""The OpenAPI documents of the API and of the control API, which `scripts/openapi.py` writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal


def document(name: Literal["api", "control"], server: str | None = None) -> dict[str, Any]:
    """Return a document; `server` is the only address in it, by default those that are written there."""
    described: dict[str, Any] = json.loads((Path(__file__).parent / f"{name}.json").read_bytes())
    return described if server is None else {**described, "servers": [{"url": server}]}
