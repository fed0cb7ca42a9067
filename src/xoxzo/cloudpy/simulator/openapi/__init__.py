"""The whole API as an OpenAPI 3.1 document, made from one description; it has nothing to do with the rules themselves.

`document` makes it; `closed` and `strict` make one for tests, where what it does not name is a fault. The chapters
(`sms`, `voice`, `account`) hold the endpoints.
"""

from __future__ import annotations

from xoxzo.cloudpy.simulator.openapi.document import closed, document, strict

__all__ = ["closed", "document", "strict"]
