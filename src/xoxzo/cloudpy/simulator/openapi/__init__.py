"""The whole API as an OpenAPI 3.1 document, made from data; it has nothing to do with the rules themselves."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.openapi.document import document

__all__ = ["document"]
