"""The document as tests read it: what it does not name in an answer is a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xoxzo.cloudpy.simulator.openapi.shapes import Json


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


def strict(whole: Json) -> Json:
    """Return a document that is closed but for what callers send: fields that nobody knows are ignored there."""
    found: Json = closed(whole)
    for methods in whole["paths"].values():
        for operation in methods.values():
            for media_type in operation.get("requestBody", {"content": {}})["content"].values():
                name = media_type["schema"]["$ref"].rpartition("/")[2]
                found["components"]["schemas"][name] = whole["components"]["schemas"][name]
    return found
