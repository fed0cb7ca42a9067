"""Write the OpenAPI documents of documentation and simulator: ``scripts/openapi.py``, ``--check`` to compare only."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import api_document
import control_document
from generated_files import write_or_check

REPOSITORY = Path(__file__).resolve().parent.parent
DOCS = REPOSITORY / "docs"
SERVED = REPOSITORY / "src" / "xoxzo" / "cloudpy" / "simulator" / "openapi"
_JSON = "application/json"


def for_generators() -> dict[str, Any]:
    """Return a form of the API's document that generators of clients can turn into a whole client.

    They name parameters by letters and digits alone, so the filters of the sent list, which differ by their last
    character, become the properties of one object. They take one kind of body, so JSON alone is left. A constant number
    becomes a list of one, since what they write for a constant is no valid code.
    """
    described: dict[str, Any] = json.loads(json.dumps(api_document.document()), object_hook=_without_constant_numbers)
    for operations in described["paths"].values():
        for operation in operations.values():
            if body := operation.get("requestBody"):
                body["content"] = {_JSON: body["content"][_JSON]}
    listing = described["paths"]["/sms/messages/"]["get"]
    listing["parameters"] = [
        {
            "name": "filters",
            "in": "query",
            "description": "The filters of the sent list by their names: `sent_date`, `sent_date>` and `sent_date<`.",
            "schema": {"type": "object", "additionalProperties": {"type": "string", "format": "date"}},
            "style": "form",
            "explode": True,
            "example": {"sent_date>": "2026-05-18"},
        }
    ]
    return described


def _without_constant_numbers(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("const"), int):
        schema["enum"] = [schema.pop("const")]
    return schema


def closed(piece: Any) -> Any:  # noqa: ANN401 - any piece of a JSON document
    """Return a piece of the document whose objects have no properties but those that it names.

    The document itself leaves them open, because the real service may add some, and clients must not mind.
    """
    if isinstance(piece, list):
        return [closed(item) for item in piece]
    if not isinstance(piece, dict):
        return piece
    found = {name: closed(value) for name, value in piece.items()}
    if found.get("type") == "object" and isinstance(found.get("properties"), dict):
        found.setdefault("additionalProperties", False)
    return found


def strict(whole: dict[str, Any]) -> dict[str, Any]:
    """Return a document that is closed but for what callers send, where unknown fields are ignored."""
    found: dict[str, Any] = closed(whole)
    for methods in whole["paths"].values():
        for operation in methods.values():
            for media_type in operation.get("requestBody", {"content": {}})["content"].values():
                name = media_type["schema"]["$ref"].rpartition("/")[2]
                found["components"]["schemas"][name] = whole["components"]["schemas"][name]
    return found


TARGETS = {
    DOCS / "openapi.json": api_document.document,
    SERVED / "api.json": api_document.document,
    DOCS / "openapi-generators.json": for_generators,
    DOCS / "simulator-openapi.json": control_document.document,
    SERVED / "control.json": control_document.document,
}


def main() -> int:
    """Write, or with ``--check`` compare, the documents; return the exit status."""
    files = {target: json.dumps(made(), ensure_ascii=False, indent=1) + "\n" for target, made in TARGETS.items()}
    return write_or_check(files, "openapi.py")


if __name__ == "__main__":
    sys.exit(main())
