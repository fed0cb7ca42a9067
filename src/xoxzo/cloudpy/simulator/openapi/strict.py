"""The document as a test reads it: what it does not name is a fault."""

from typing import Any


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
